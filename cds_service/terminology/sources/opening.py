"""A source by its name on the command line: `kind:place`, such as `rf2:DIR`. Kinds are imported when asked for."""

from importlib import import_module
from importlib.util import find_spec

from cds_service.terminology.sources.source import Source, SourceError

KINDS = ("rf2", "gps", "athena", "rxnorm", "loinc", "table", "tx", "packages")
"""Each is a module of this package with `open_KIND(place) -> Source`."""


def offered() -> tuple[str, ...]:
    """The kinds that there are in this installation."""
    return tuple(kind for kind in KINDS if find_spec(f"{__package__}.{kind}") is not None)


def open_source(spec: str) -> Source:
    """The source that a `kind:place` names. Raises SourceError."""
    kind, _, place = spec.partition(":")
    if kind not in offered():
        raise SourceError(spec, f"a source is KIND:PLACE, where KIND is one of {', '.join(offered())}")
    source: Source = getattr(import_module(f"{__package__}.{kind}"), f"open_{kind}")(place)
    return source
