"""Tools for the codes and words of a site: which of them its feed holds, and what becomes of each."""

from cds_service.codes.drafts import concept_map, phrases
from cds_service.codes.nearest import NearestFacts
from cds_service.codes.placed import NotUnderstood, not_understood
from cds_service.codes.sighting import BECAME, OUTCOMES, Outcome, Sighting
from cds_service.codes.survey import Survey
from cds_service.codes.table import HIDDEN, Line, Table, table_of
from cds_service.codes.tally import MOST_KEYS, Tally

__all__ = [
    "BECAME",
    "HIDDEN",
    "MOST_KEYS",
    "OUTCOMES",
    "Line",
    "NearestFacts",
    "NotUnderstood",
    "Outcome",
    "Sighting",
    "Survey",
    "Table",
    "Tally",
    "concept_map",
    "not_understood",
    "phrases",
    "table_of",
]
