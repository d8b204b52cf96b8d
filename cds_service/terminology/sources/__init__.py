"""Releases of code systems that value sets are compiled from, one file each."""

from cds_service.terminology.sources.athena import open_athena
from cds_service.terminology.sources.gps import open_gps
from cds_service.terminology.sources.loinc import Loinc, open_loinc
from cds_service.terminology.sources.loinc_names import axes_of
from cds_service.terminology.sources.opening import open_source
from cds_service.terminology.sources.packages import open_packages
from cds_service.terminology.sources.released import ReleasedCodes
from cds_service.terminology.sources.rf2 import open_rf2
from cds_service.terminology.sources.rxnorm import open_rxnorm
from cds_service.terminology.sources.rxnorm_names import drug_of, names_of
from cds_service.terminology.sources.source import (
    Concept,
    FilterCondition,
    Operator,
    PartialSource,
    Release,
    Source,
    SourceError,
    UnsupportedFilterError,
)
from cds_service.terminology.sources.table import CodeTable, open_table
from cds_service.terminology.sources.tx import open_tx

__all__ = [
    "CodeTable",
    "Concept",
    "FilterCondition",
    "Loinc",
    "Operator",
    "PartialSource",
    "Release",
    "ReleasedCodes",
    "Source",
    "SourceError",
    "UnsupportedFilterError",
    "axes_of",
    "drug_of",
    "names_of",
    "open_athena",
    "open_gps",
    "open_loinc",
    "open_packages",
    "open_rf2",
    "open_rxnorm",
    "open_source",
    "open_table",
    "open_tx",
]
