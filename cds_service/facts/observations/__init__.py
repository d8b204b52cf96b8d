"""One value from many results: select, read, convert."""

from cds_service.facts.observations.answers import LESS_THAN_ASKED, NOT_UNDERSTOOD, Unreadable, has_value, shown
from cds_service.facts.observations.measured import Measured, agreeing, hull, matching
from cds_service.facts.observations.numbers import NumberReader, Reading
from cds_service.facts.observations.observations import Measurement, ObservationCodes, Saying
from cds_service.facts.observations.qualitative import Qualitative, QualitativeTable, load_qualitative
from cds_service.facts.observations.reference_ranges import Person, Side
from cds_service.facts.observations.results import ResultReader
from cds_service.facts.observations.selection import Selection, effective, select

__all__ = [
    "LESS_THAN_ASKED",
    "NOT_UNDERSTOOD",
    "Measured",
    "Measurement",
    "NumberReader",
    "ObservationCodes",
    "Person",
    "Qualitative",
    "QualitativeTable",
    "Reading",
    "ResultReader",
    "Saying",
    "Selection",
    "Side",
    "Unreadable",
    "agreeing",
    "effective",
    "has_value",
    "hull",
    "load_qualitative",
    "matching",
    "select",
    "shown",
]
