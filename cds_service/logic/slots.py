"""Slot tables: the parts of a fact document that rules read, as short lists.

The engine copies each document that it is given and looks names up step by step. Rules read a few of the hundreds of
values in it, so the engine is given only these, each by its place: a page and a line on it. A document is filled in for
the pages that the rules at hand read; what thousands of other rules read costs it nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

from cds_service.logic.lower import Json

SPAN = "span"
"""The first word of the paths that give lengths of time in days."""
LINES = 32
"""Places on a page."""
_NOTHING: Mapping[str, Any] = {}
_MOST_BASES = 64
"""Documents whose pages are remembered for others that differ from them, each with some kilobytes."""
_Below = list[tuple[int, int, tuple[str, ...]]]
"""The places of the paths below one: page, line, and the steps that are left."""


class Overlaid(NamedTuple):
    """A document by what is different from another one, from which many documents differ.

    `base` is known by its identity, and `document` gives it. `changed` are the nodes that differ, by their whole paths;
    an empty one is not in the document.
    """

    base: object
    document: Callable[[], Mapping[str, Any]]
    changed: Mapping[str, Mapping[str, Any]]


Facts = Mapping[str, Any] | Overlaid
"""A fact document, whole or by what is different."""


class SlotTable:
    """Gives each path that rules read a place; places are only ever added. `placed` rewrites a lowered rule, `values` a
    document. `values` may run while another thread is in `placed`; two threads must not be in `placed` at once."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._pages: list[_Page] = []
        self._below: dict[str, _Below] = {}
        # By the identity of the document, which is kept so that it stays the only one of it.
        self._bases: OrderedDict[int, tuple[object, dict[int, list[Any]]]] = OrderedDict()

    def placed(self, rule: Json, pages: set[int], *, in_record: bool = False) -> Json:
        """The rule with places for its paths; `pages` gains those that they are on. The fields of single records keep
        their names."""
        match rule:
            case list():
                return [self.placed(part, pages, in_record=in_record) for part in rule]
            case {"var": path}:
                if in_record:
                    return rule
                page, line = self._place(path, pages)
                return {"var": f"{page}.{line}"}
            case {"val": [level, *steps]}:
                return {"val": [level, *self._place(".".join(steps), pages)]}
            case {"some": [items, test]} | {"none": [items, test]}:
                return {next(iter(rule)): [self.placed(items, pages), self.placed(test, pages, in_record=True)]}
            case dict():
                return {operator: self.placed(parts, pages, in_record=in_record) for operator, parts in rule.items()}
        return rule

    def values(self, facts: Facts, spans: Mapping[str, int], pages: Iterable[int]) -> list[Any]:
        """The document's values on these pages, None where it has none; no other page is filled in.

        `spans`: length of time -> days.
        """
        filled: list[Any] = [None] * len(self._pages)
        if isinstance(facts, Overlaid):
            known = self._of_base(facts, pages)
            for page in pages:
                filled[page] = known[page].copy()
            self._overlay(chain(facts.changed.items(), ((SPAN, spans),)), filled)
            return filled
        root = {**facts, SPAN: spans}
        for page in pages:
            filled[page] = self._pages[page].values(root)
        return filled

    def _of_base(self, facts: Overlaid, pages: Iterable[int]) -> dict[int, list[Any]]:
        """What the base of a document has on these pages, if not on more. The last few bases are remembered."""
        _, known = self._bases.pop(id(facts.base), (None, {}))
        missing = [page for page in pages if len(known.get(page, ())) < self._pages[page].size]
        if missing:
            root = facts.document()
            known.update([(page, self._pages[page].values(root)) for page in missing])
        with suppress(KeyError):  # another thread was here as well
            while len(self._bases) >= _MOST_BASES:
                self._bases.popitem(last=False)
        self._bases[id(facts.base)] = facts.base, known
        return known

    def _overlay(self, changed: Iterable[tuple[str, Mapping[str, Any]]], filled: list[Any]) -> None:
        """Put what is different in place of what is on the pages that are filled."""
        for path, node in changed:
            for page, line, steps in self._below.get(path, ()):
                values = filled[page] if page < len(filled) else None
                if values is not None and line < len(values):
                    at: Any = node or None
                    for step in steps:
                        at = None if at is None else at.get(step)
                    values[line] = at

    def _place(self, path: str, pages: set[int]) -> tuple[int, int]:
        place = self._places.get(path)
        if place is None:
            if not self._pages or self._pages[-1].is_full:
                self._pages.append(_Page())
            place = self._places[path] = (len(self._pages) - 1, self._pages[-1].add(path))
            steps = path.split(".")
            for count in range(1, len(steps) + 1):
                below = self._below.setdefault(".".join(steps[:count]), [])
                below.append((*place, tuple(steps[count:])))
        pages.add(place[0])
        return place


class _Page:
    def __init__(self) -> None:
        self._nodes = {"": 0}
        # Replaced as a whole, so that who reads it while another thread adds a line sees the one or the other.
        self._shape: tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]] = ((), ())

    @property
    def size(self) -> int:
        return len(self._shape[1])

    @property
    def is_full(self) -> bool:
        return self.size == LINES

    def add(self, path: str) -> int:
        """Add a line; its number."""
        steps, leaves = self._shape
        added = list(steps)
        parent, _, key = path.rpartition(".")
        node = self._node(parent, added)
        self._shape = (tuple(added), (*leaves, (node, key)))
        return len(leaves)

    def values(self, root: Mapping[str, Any]) -> list[Any]:
        steps, leaves = self._shape
        nodes = [root]
        for parent, step in steps:
            nodes.append(nodes[parent].get(step, _NOTHING))
        return [nodes[parent].get(key) for parent, key in leaves]

    def _node(self, path: str, steps: list[tuple[int, str]]) -> int:
        """Where `values` keeps the part of the document at this path."""
        if path not in self._nodes:
            parent, _, step = path.rpartition(".")
            steps.append((self._node(parent, steps), step))
            self._nodes[path] = len(steps)
        return self._nodes[path]
