"""Releases of code systems that value sets are compiled from, one file each."""

from cds_service.terminology.sources.athena import open_athena
from cds_service.terminology.sources.gems import Equivalence, read_equivalences, sharing
from cds_service.terminology.sources.gps import open_gps
from cds_service.terminology.sources.packages import open_equivalences, open_packages
from cds_service.terminology.sources.rf2 import open_rf2
from cds_service.terminology.sources.source import (
    Concept,
    Condition,
    Operator,
    Release,
    Source,
    SourceError,
    UnsupportedFilterError,
)
from cds_service.terminology.sources.systems import ICD9CM, ICD9CM_PROCEDURES, ICD10PCS

__all__ = [
    "ICD9CM",
    "ICD9CM_PROCEDURES",
    "ICD10PCS",
    "Concept",
    "Condition",
    "Equivalence",
    "Operator",
    "Release",
    "Source",
    "SourceError",
    "UnsupportedFilterError",
    "open_athena",
    "open_equivalences",
    "open_gps",
    "open_packages",
    "open_rf2",
    "read_equivalences",
    "sharing",
]
