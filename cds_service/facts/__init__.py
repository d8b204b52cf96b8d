"""The patient in the rule author's words: facts with their evidence."""

from cds_service.facts.building import Builder, RecordContent
from cds_service.facts.completeness import coverage_of
from cds_service.facts.describe import PRESUMED, describe_fact, presumed_words, value_text
from cds_service.facts.document import fact_document
from cds_service.facts.knowledge import READING_VERSION, FactReaders, load_facts
from cds_service.facts.observation_filters import observation_filter_of
from cds_service.facts.patient import age_at, sex_of
from cds_service.facts.recent import Recent
from cds_service.facts.schemas import fact_schemas
from cds_service.facts.sheet import FactReader, FactSheet, build_sheet
from cds_service.facts.supply import types_read

__all__ = [
    "PRESUMED",
    "READING_VERSION",
    "Builder",
    "FactReader",
    "FactReaders",
    "FactSheet",
    "Recent",
    "RecordContent",
    "age_at",
    "build_sheet",
    "coverage_of",
    "describe_fact",
    "fact_document",
    "fact_schemas",
    "load_facts",
    "observation_filter_of",
    "presumed_words",
    "sex_of",
    "types_read",
    "value_text",
]
