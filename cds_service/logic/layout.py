"""What some rules read of a fact document, as short lists.

The engine copies each document that it is given and looks names up step by step. Rules read a few of the hundreds of
values in it, so the engine is given only these, each by its place: a page and a line on it. A document is filled in for
the pages that the rules at hand read; what thousands of other rules read costs it nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.logic.lower import Json

SPAN = "span"
"""The first word of the paths that give lengths of time in days."""
LINES = 32
"""Places on a page."""
_NOTHING: Mapping[str, Any] = {}


class Layout:
    """Gives each path that rules read a place; places are only ever added. `placed` rewrites a lowered rule, `values` a
    document. `values` may run while another thread is in `placed`; two threads must not be in `placed` at once."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._pages: list[_Page] = []

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

    def values(self, facts: Mapping[str, Any], spans: Mapping[str, int], pages: Iterable[int]) -> list[Any]:
        """The document's values on these pages, None where it has none; no other page is filled in.

        `spans`: length of time -> days.
        """
        root = {**facts, SPAN: spans}
        filled: list[Any] = [None] * len(self._pages)
        for page in pages:
            filled[page] = self._pages[page].values(root)
        return filled

    def _place(self, path: str, pages: set[int]) -> tuple[int, int]:
        place = self._places.get(path)
        if place is None:
            if not self._pages or self._pages[-1].is_full:
                self._pages.append(_Page())
            place = self._places[path] = (len(self._pages) - 1, self._pages[-1].add(path))
        pages.add(place[0])
        return place


class _Page:
    def __init__(self) -> None:
        self._nodes = {"": 0}
        # Replaced as a whole, so that who reads it while another thread adds a line sees the one or the other.
        self._shape: tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]] = ((), ())

    @property
    def is_full(self) -> bool:
        return len(self._shape[1]) == LINES

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
