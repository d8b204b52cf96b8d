"""One value from many results: select, read, convert."""

from cds_service.facts.observations.answers import LESS_THAN_ASKED, NOT_UNDERSTOOD, Unreadable, has_value, shown
from cds_service.facts.observations.beside import bounded, makes_newer, share_of
from cds_service.facts.observations.hints import UNCONFIRMED, is_no_hint, or_hinted
from cds_service.facts.observations.numbers import NumberReader
from cds_service.facts.observations.observations import ObservationCodes, ObservationOrComponent, Result
from cds_service.facts.observations.of_day import Extreme, extreme
from cds_service.facts.observations.qualitative import Qualitative, QualitativeTable, load_qualitative
from cds_service.facts.observations.range_bounds import Side
from cds_service.facts.observations.range_words import RangeTable, RangeWords, load_range_words
from cds_service.facts.observations.reference_ranges import RangePerson, RawNumber
from cds_service.facts.observations.result_set import Merge, ResultSet, agreeing, hull, matching
from cds_service.facts.observations.results import ResultReader
from cds_service.facts.observations.selection import NewestResults, effective, is_void, select

__all__ = [
    "LESS_THAN_ASKED",
    "NOT_UNDERSTOOD",
    "UNCONFIRMED",
    "Extreme",
    "Merge",
    "NewestResults",
    "NumberReader",
    "ObservationCodes",
    "ObservationOrComponent",
    "Qualitative",
    "QualitativeTable",
    "RangePerson",
    "RangeTable",
    "RangeWords",
    "RawNumber",
    "Result",
    "ResultReader",
    "ResultSet",
    "Side",
    "Unreadable",
    "agreeing",
    "bounded",
    "effective",
    "extreme",
    "has_value",
    "hull",
    "is_no_hint",
    "is_void",
    "load_qualitative",
    "load_range_words",
    "makes_newer",
    "matching",
    "or_hinted",
    "select",
    "share_of",
    "shown",
]
