"""What `explain` prints: every criterion of every trial, and every fact, with the evidence."""

from cds_service.explanation.facts import fact_sheet
from cds_service.explanation.trials import each_once, explain, said
from cds_service.explanation.undetermined import (
    EXTENSION,
    MOST_NAMED,
    Undetermined,
    is_misread,
    none_readable,
    response,
    sentence,
    undetermined,
    unreadable_conditions,
)

__all__ = [
    "EXTENSION",
    "MOST_NAMED",
    "Undetermined",
    "each_once",
    "explain",
    "fact_sheet",
    "is_misread",
    "none_readable",
    "response",
    "said",
    "sentence",
    "undetermined",
    "unreadable_conditions",
]
