"""Rules in plain words."""

from cds_service.logic.words.figures import age_words, apart, day_words, rounded
from cds_service.logic.words.measure_words import comparison
from cds_service.logic.words.numerals import limit_of_normal, number, quantity, title_of, unit, written
from cds_service.logic.words.rules import words

__all__ = [
    "age_words",
    "apart",
    "comparison",
    "day_words",
    "limit_of_normal",
    "number",
    "quantity",
    "rounded",
    "title_of",
    "unit",
    "words",
    "written",
]
