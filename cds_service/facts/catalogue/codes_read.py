"""Which codes anything reads: facts, value sets of facts, results and routes."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from cds_service.errors import Finding
from cds_service.facts.catalogue.catalogue import Catalogue
from cds_service.facts.catalogue.codesystems import CodeSystems, Key
from cds_service.facts.catalogue.event_facts import EventsFact
from cds_service.facts.catalogue.fact_definition import Code
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.valuesets import ValueSets


class CodesRead:
    """`more`: codes of the tables beside the facts. Looked up when first asked for: few rules and sites have maps."""

    def __init__(self, catalogue: Catalogue, valuesets: ValueSets, systems: CodeSystems, more: Iterable[Key]) -> None:
        self._catalogue, self._valuesets, self._systems, self._more = catalogue, valuesets, systems, more

    def reads(self, key: Key) -> bool:
        """Whether a code says something of a fact, or only may say it: one above the codes of a value set."""
        sets = self._valuesets.members(key) | self._valuesets.above(key)
        return key in self._codes or not sets.isdisjoint(self._sets)

    @cached_property
    def _codes(self) -> frozenset[Key]:
        of_facts = {self._systems.key(code.system, code.code) for spec in self._catalogue for code in codes_in(spec)}
        return frozenset({*of_facts, *self._more})

    @cached_property
    def _sets(self) -> frozenset[str]:
        return frozenset(
            one
            for spec in self._catalogue
            if isinstance(spec, EventsFact)
            for one in (*spec.valuesets, spec.by_route)
            if one is not None
        )


def codes_in(value: Any) -> Iterator[Code]:
    """Every code in an entry of the catalogue."""
    if isinstance(value, Code):
        yield value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from codes_in(getattr(value, name))
    elif isinstance(value, list | tuple | frozenset):
        for one in value:
            yield from codes_in(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from codes_in(one)


def read_as_they_are(systems: CodeSystems, codes: CodesRead) -> tuple[Finding, ...]:
    """Leave out what maps make of codes that are read as they are, with a finding for each statement."""
    mapped = {key: places for key, places in systems.maps.standard.items() if codes.reads(key)}
    if mapped:
        systems.lay(systems.maps.without(mapped))
    return tuple(
        finding("conceptmap-standard-source", place.file, place.pointer, f"{place.code!r} ({key[0]}) is read as it is")
        for key, places in mapped.items()
        for place in places
    )
