"""Facts of which nothing is on record, and what the fact documents say of them: made once, the same for all patients.

They depend on nothing but how far a record can be relied on to be everything (`Coverage`). What is made here is shared
between requests and must not be changed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import Struct

from cds_service.facts.catalogue import Catalogue
from cds_service.facts.document import Branches, Nodes, nodes_of
from cds_service.facts.fact import Events, Fact, World
from cds_service.facts.recent import Recent

_MOST_SHEETS = 4_096
"""Choices of facts that are remembered, some 11 kB each: as many as there are diagnoses with other candidates."""


@dataclass(frozen=True, slots=True)
class AbsentSheet:
    """Some facts and all that they are made of, by name and in the order of the names, and both documents of them."""

    facts: dict[str, Fact]
    closed: Branches
    opened: Branches

    def branches(self, world: World) -> Branches:
        """The document of a world."""
        return self.closed if world == "closed" else self.opened


class _Leaf(Struct, frozen=True, gc=False):
    """A fact, where it is in the documents, and its nodes there."""

    fact: Fact
    stem: str
    last: str
    nodes: Nodes


class AbsentFacts:
    """The facts of a record of one coverage without any entry. `fact` gives one, always the same."""

    def __init__(self, catalogue: Catalogue, fact: Callable[[str], Fact]) -> None:
        self.fact = fact
        self._catalogue = catalogue
        self._leaves: dict[str, _Leaf] = {}
        self._nodes: dict[bool, Nodes] = {}
        self._sheets = Recent[frozenset[str], AbsentSheet](_MOST_SHEETS)

    def sheet(self, names: Iterable[str] | None) -> AbsentSheet:
        """The facts of these names (all if `None`) and all they are made of. The last few choices are remembered."""
        chosen = frozenset(self._catalogue.facts if names is None else names)
        return self._sheets.get(chosen, lambda: self._sheet(chosen))

    def _sheet(self, names: frozenset[str]) -> AbsentSheet:
        sheet = AbsentSheet({}, {}, {})
        for name in sorted(self._catalogue.closure(names)):
            leaf = self._leaves.get(name)
            if leaf is None:
                leaf = self._leaves[name] = self._leaf(name)
            sheet.facts[name] = leaf.fact
            if leaf.nodes.closed:
                sheet.closed.setdefault(leaf.stem, {})[leaf.last] = leaf.nodes.closed
            if leaf.nodes.opened:
                sheet.opened.setdefault(leaf.stem, {})[leaf.last] = leaf.nodes.opened
        return sheet

    def _leaf(self, name: str) -> _Leaf:
        fact = self.fact(name)
        stem, _, last = name.rpartition(".")
        if not isinstance(fact.value, Events):
            return _Leaf(fact, stem, last, nodes_of(fact))
        nodes = self._nodes.get(fact.value.complete)
        if nodes is None:  # the same for all facts without events
            nodes = self._nodes[fact.value.complete] = nodes_of(fact)
        return _Leaf(fact, stem, last, nodes)
