"""Tools for the codes and words of a site: which of them its feed holds, and what becomes of each."""

from cds_service.codes.drafts import concept_map, phrases
from cds_service.codes.nearest import NearestFacts
from cds_service.codes.sighting import OUTCOMES, Sighting
from cds_service.codes.survey import Survey
from cds_service.codes.table import Line, Table, table_of
from cds_service.codes.tally import MOST_KEYS, Tally

__all__ = [
    "MOST_KEYS",
    "OUTCOMES",
    "Line",
    "NearestFacts",
    "Sighting",
    "Survey",
    "Table",
    "Tally",
    "concept_map",
    "phrases",
    "table_of",
]
