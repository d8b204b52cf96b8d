"""What some rules read of a fact document, as one flat list.

The engine copies each document that it is given and looks names up step by step. Rules read a few of the hundreds of
values in it, so the engine is given only these, each by its place in a list.
"""

from collections.abc import Mapping
from typing import Any

from cds_service.logic.lower import Json

SPAN = "span"
"""The first word of the paths that give lengths of time in days."""
_NOTHING: Mapping[str, Any] = {}


class Layout:
    """Gives each path that rules read a place. `placed` rewrites a lowered rule, `values` a document."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._nodes = {"": 0}
        self._steps: list[tuple[int, str]] = []
        self._leaves: list[tuple[int, str]] = []

    def placed(self, rule: Json, *, in_record: bool = False) -> Json:
        """The rule with places for its paths. The fields of single records keep their names."""
        match rule:
            case list():
                return [self.placed(part, in_record=in_record) for part in rule]
            case {"var": path}:
                return rule if in_record else {"var": self._place(path)}
            case {"val": [level, *steps]}:
                return {"val": [level, self._place(".".join(steps))]}
            case {"some": [items, test]} | {"none": [items, test]}:
                return {next(iter(rule)): [self.placed(items), self.placed(test, in_record=True)]}
            case dict():
                return {operator: self.placed(parts, in_record=in_record) for operator, parts in rule.items()}
        return rule

    def values(self, facts: Mapping[str, Any], spans: Mapping[str, int]) -> list[Any]:
        """The document's values in their places; None where it has none. `spans`: length of time -> days."""
        nodes: list[Mapping[str, Any]] = [{**facts, SPAN: spans}]
        for parent, step in self._steps:
            nodes.append(nodes[parent].get(step, _NOTHING))
        return [nodes[parent].get(key) for parent, key in self._leaves]

    def _place(self, path: str) -> int:
        if path not in self._places:
            parent, _, key = path.rpartition(".")
            self._leaves.append((self._node(parent), key))
            self._places[path] = len(self._places)
        return self._places[path]

    def _node(self, path: str) -> int:
        """Where `values` keeps the part of the document at this path."""
        if path not in self._nodes:
            parent, _, step = path.rpartition(".")
            self._steps.append((self._node(parent), step))
            self._nodes[path] = len(self._steps)
        return self._nodes[path]
