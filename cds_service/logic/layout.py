"""What some rules read of a fact document, as one flat list.

The engine copies each document that it is given and looks names up step by step. Rules read a few of the hundreds of
values in it, so the engine is given only these, each by its place in a list.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

from cds_service.logic.lower import Json

SPAN = "span"
"""The first word of the paths that give lengths of time in days."""
_NOTHING: dict[str, Any] = {}


class Layout:
    """The places of all paths that some lowered rules read."""

    def __init__(self, rules: Iterable[Json]) -> None:
        paths = dict.fromkeys(path for rule in rules for path in _paths(rule))
        self._places = {path: place for place, path in enumerate(paths)}
        nodes = {"": 0}
        self._levels: list[tuple[list[int], list[str]]] = []
        for level in _levels(paths):
            steps = [path.rpartition(".") for path in level]
            self._levels.append(([nodes[parent] for parent, _, _ in steps], [step for _, _, step in steps]))
            nodes |= {path: len(nodes) + i for i, path in enumerate(level)}
        leaves = [path.rpartition(".") for path in paths]
        self._parents = [nodes[parent] for parent, _, _ in leaves]
        self._keys = [key for _, _, key in leaves]

    def values(self, facts: Mapping[str, Any], spans: Mapping[str, int]) -> list[Any]:
        """The document's values in their places; None where it has none. `spans`: length of time -> days."""
        # Level by level with `map`, because this runs for each patient and takes half the time of a plain loop.
        nodes: list[dict[str, Any]] = [{**facts, SPAN: spans}]
        for parents, steps in self._levels:
            nodes += list(map(dict.get, [nodes[i] for i in parents], steps, repeat(_NOTHING)))
        return list(map(dict.get, [nodes[i] for i in self._parents], self._keys))

    def placed(self, rule: Json, *, in_record: bool = False) -> Json:
        """One of the rules with places for its paths. The fields of single records keep their names."""
        match rule:
            case list():
                return [self.placed(part, in_record=in_record) for part in rule]
            case {"var": path}:
                return rule if in_record else {"var": self._places[path]}
            case {"val": [level, *steps]}:
                return {"val": [level, self._places[".".join(steps)]]}
            case {"some": [items, test]} | {"none": [items, test]}:
                return {next(iter(rule)): [self.placed(items), self.placed(test, in_record=True)]}
            case dict():
                return {key: self.placed(part, in_record=in_record) for key, part in rule.items()}
        return rule


def _paths(rule: Json, *, in_record: bool = False) -> Iterator[str]:
    """Every path into the document, again each time it stands."""
    match rule:
        case list():
            for part in rule:
                yield from _paths(part, in_record=in_record)
        case {"var": path}:
            if not in_record:
                yield path
        case {"val": [_, *steps]}:
            yield ".".join(steps)
        case {"some": [items, test]} | {"none": [items, test]}:
            yield from _paths(items)
            yield from _paths(test, in_record=True)
        case dict():
            for part in rule.values():
                yield from _paths(part, in_record=in_record)


def _levels(paths: Iterable[str]) -> Iterator[list[str]]:
    """What stands above the paths: first all first words, then what stands directly below these, and so on."""
    above = [path.split(".")[:-1] for path in paths]
    for depth in range(1, max(map(len, above), default=0) + 1):
        yield list(dict.fromkeys(".".join(steps[:depth]) for steps in above if len(steps) >= depth))
