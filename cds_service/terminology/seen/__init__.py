"""Tools for the codes and words of a site: which of them its feed holds, and what becomes of each."""

from cds_service.terminology.seen.drafts import concept_map, phrases
from cds_service.terminology.seen.nearest import NearestFacts
from cds_service.terminology.seen.placed import NotUnderstood, not_understood
from cds_service.terminology.seen.sighting import BECAME, OUTCOMES, Outcome, Sighting
from cds_service.terminology.seen.survey import Survey
from cds_service.terminology.seen.table import HIDDEN, CodeLine, SightingTable, table_of
from cds_service.terminology.seen.tally import MOST_KEYS, SightingCounts

__all__ = [
    "BECAME",
    "HIDDEN",
    "MOST_KEYS",
    "OUTCOMES",
    "CodeLine",
    "NearestFacts",
    "NotUnderstood",
    "Outcome",
    "Sighting",
    "SightingCounts",
    "SightingTable",
    "Survey",
    "concept_map",
    "not_understood",
    "phrases",
    "table_of",
]
