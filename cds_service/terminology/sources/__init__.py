"""Releases of code systems that value sets are compiled from, one file each."""

from cds_service.terminology.sources.opening import open_source
from cds_service.terminology.sources.source import (
    Concept,
    Condition,
    Operator,
    Release,
    Source,
    SourceError,
    UnsupportedFilterError,
)

__all__ = [
    "Concept",
    "Condition",
    "Operator",
    "Release",
    "Source",
    "SourceError",
    "UnsupportedFilterError",
    "open_source",
]
