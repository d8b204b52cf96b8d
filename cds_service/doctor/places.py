"""Where in a request each entry stands. References and ids are for looking up here and are never shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.cds_hooks import HookRequest
from cds_service.errors import RecordError
from cds_service.fhir import RESOURCE_TYPES, Found, decode_entries, read_document

ANOTHER_KEY = "another key"
# What a client calls a key is shown where it is a name, and not where it may be a sentence or a number of somebody.
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,47}")
_IN_BRACKETS = re.compile(r".*\((?P<place>.+)\)", re.DOTALL)
_PLACE = re.compile(r"( (entry|item|line|parameter) \d+)*")


def shown_key(key: str) -> str:
    """A prefetch key as it may be shown."""
    return key if _NAME.fullmatch(key) else ANOTHER_KEY


@dataclass(frozen=True, slots=True)
class Places:
    """The entries of a request's prefetch, each with its place, such as `prefetch.observations entry 3`.

    `types`: the resource types under each key, by the key as it was sent.
    """

    found: tuple[tuple[str, Found], ...]
    types: Mapping[str, frozenset[str]]
    _by_label: Mapping[str, str]

    def of(self, source: str) -> str:
        """The place of what evidence or an issue names; empty where that can't be told."""
        label = source.strip().partition("#")[0]
        named = self._by_label.get(label)
        if named is not None:
            return named
        if label in RESOURCE_TYPES:
            return self._without_id(label)
        bracketed = _IN_BRACKETS.fullmatch(label)
        inner = label if bracketed is None else bracketed["place"]
        for key in self.types:
            rest = inner.removeprefix(f"prefetch.{key}")
            if rest != inner and _PLACE.fullmatch(rest):
                return f"prefetch.{shown_key(key)}{rest}"
        return ""

    def _without_id(self, type_: str) -> str:
        """Of an entry without an id only its type is told: its place where there is one such, else their key's."""
        places = [place for place, one in self.found if one.entry.type == type_ and one.item.id is None]
        keys = {place.partition(" ")[0] for place in places}
        return places[0] if len(places) == 1 else keys.pop() if len(keys) == 1 else ""


def _rest(one: Found, key: str) -> str:
    return one.entry.place.removeprefix(f"prefetch.{key}")


def places_of(request: HookRequest) -> Places:
    """Read each prefetch value by itself. What is no FHIR has no entries; never raises on any value."""
    found: list[tuple[str, Found]] = []
    types: dict[str, frozenset[str]] = dict.fromkeys(request.prefetch, frozenset())
    for key, value in request.prefetch.items():
        try:
            entries = read_document(bytes(value), f"prefetch.{key}").entries
        except RecordError:
            continue
        types[key] = frozenset(entry.type for entry in entries)
        found += ((f"prefetch.{shown_key(key)}{_rest(one, key)}", one) for one in decode_entries(entries))
    by_label: dict[str, str] = {}
    for place, one in found:
        by_label.setdefault(one.label, place)
    return Places(tuple(found), types, by_label)
