"""What a Bundle's link to itself tells of the search that it answers: what was searched for, and what was left out.

A filtered set is not whole: of what a search left out, nothing may be presumed absent. What was asked for by the
service's own query leaves out nothing that is needed.
https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/bundle.html#searchset
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cds_service.wire import AddressProblem, parameters

Values = Mapping[str, frozenset[str]]
"""Parameters by name, each with the codes that it names, without their systems."""

_PATH = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)(?:/_search)?/?", re.S)
_LONGEST = 16_000
_MOST = 200
# Whose it is.
_PERSON = frozenset({"patient", "subject", "individual"})
# What changes how the answer is written, and not what is in it.
_HARMLESS = frozenset(
    {
        *("_count", "_format", "_pretty", "_sort", "_include", "_revinclude", "_total", "_contained", "_containedtype"),
        *("_maxresults", "_bundletype", "_language", "ct", "apikey", "api-version", "api_version"),
    }
)
# Servers have names of their own for a place in a long answer.
_PAGING = re.compile(r"page|cursor|token|offset|skip|session|snapshot|continu|search-?id|state-?id", re.IGNORECASE)
_WHOLE_SUMMARY = frozenset({"false", "data"})  # `data` leaves out the narrative, which is never read
_SHOWABLE = re.compile(r"[A-Za-z_-]{1,30}")


class SearchedType(NamedTuple):
    """`type`: the resource type that was searched for, where it was for that one alone. `narrowed`: the parameters that
    left something out; `types`: where that was done by naming the types that are wanted, these."""

    type: str | None
    narrowed: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()


def values_of(query: str) -> Values:
    """The parameters of a query of the service's own, such as `Observation?patient=…&code=718-7,777-3`."""
    return {name: _codes(text) for name, text in parameters(query.partition("?")[2]) if name not in _PERSON}


def search_of(url: str, own: Values) -> SearchedType:
    """The search that a Bundle says it answers. `own`: the parameters of the query that was made for it, if any was.

    A parameter that is not known is taken to leave something out.
    """
    path, _, query = url.partition("?")
    found = _PATH.fullmatch(path[:_LONGEST])
    type = None if found is None else found[1]
    # A search for a Patient may be made for what it brings along.
    own_type = None if type == "Patient" and "_revinclude" in query else type
    try:
        pairs = parameters(query[:_LONGEST], _MOST)
    except AddressProblem:
        return SearchedType(own_type, ("too many parameters",))
    narrowed: dict[str, None] = {}
    types: frozenset[str] = frozenset()
    for name, text in pairs:
        if name == "_type":
            types = _codes(text)
        elif _narrows(name, text, type, own):
            narrowed[name if _SHOWABLE.fullmatch(name) else "a parameter"] = None
    return SearchedType(own_type, tuple(narrowed), types)


def _narrows(name: str, text: str, type: str | None, own: Values) -> bool:
    base = re.split(r"[:.]", name, maxsplit=1)[0].casefold()
    if base in _PERSON or base in _HARMLESS or _PAGING.search(base) is not None:
        return False
    if base == "_summary":
        return text.casefold() not in _WHOLE_SUMMARY
    if type == "Patient" and base not in {"_elements", "_has", "_lastupdated", "_since"}:
        return False  # it says which patient is meant
    # What our own query asks for, and whatever else besides.
    return not (name in own and own[name] <= _codes(text))


def _codes(text: str) -> frozenset[str]:
    return frozenset(value.rpartition("|")[2].strip() for value in text.split(",") if value)
