"""Releases of code systems that value sets are compiled from, one file each."""

from cds_service.terminology.sources.loinc import Loinc, open_loinc
from cds_service.terminology.sources.loinc_names import axes_of
from cds_service.terminology.sources.rxnorm import open_rxnorm
from cds_service.terminology.sources.rxnorm_names import drug_of, names_of
from cds_service.terminology.sources.source import (
    Concept,
    Condition,
    Operator,
    Release,
    Source,
    SourceError,
    UnsupportedFilterError,
)
from cds_service.terminology.sources.table import Table, open_table
from cds_service.terminology.sources.tx import open_tx

__all__ = [
    "Concept",
    "Condition",
    "Loinc",
    "Operator",
    "Release",
    "Source",
    "SourceError",
    "Table",
    "UnsupportedFilterError",
    "axes_of",
    "drug_of",
    "names_of",
    "open_loinc",
    "open_rxnorm",
    "open_table",
    "open_tx",
]
