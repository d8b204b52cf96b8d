"""The fact document: what rules are evaluated on (shape: `docs/facts.md`). What is unknown is simply not in it.

Numbers are closed pairs of floats in the fact's canonical unit; see `intervals` for open and missing bounds.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.fact import UNBOUNDED, Age, DaySpan, Event, Events, Fact, World
from cds_service.facts.intervals import MAX, Interval
from cds_service.facts.parts import LateNode, LateParts

Branches = dict[str, dict[str, Mapping[str, Any]]]
"""The nodes of a document by all words of the fact's name but the last, and by the last."""


class Nodes(NamedTuple):
    """What the documents say of a fact in either world, empty where it is unknown; the same object where they agree."""

    closed: Mapping[str, Any]
    opened: Mapping[str, Any]


class Differences(NamedTuple):
    """A document by the branches of the document that many share, and the nodes that differ, by their facts' names."""

    shared: Branches
    changed: dict[str, Mapping[str, Any]]

    def document(self) -> dict[str, Any]:
        """The document that many share."""
        return grown(self.shared, {}, "closed")


def fact_document(facts: Iterable[Fact], world: World) -> dict[str, Any]:
    """The facts of one world, nested by the dots of their names."""
    document: dict[str, Any] = {}
    for fact in facts:
        node = _in(world, nodes_of(fact))
        if node:
            *steps, last = fact.name.split(".")
            at = document
            for step in steps:
                at = at.setdefault(step, {})
            at[last] = node
    return document


def _in(world: World, nodes: Nodes) -> Mapping[str, Any]:
    return nodes.closed if world == "closed" else nodes.opened


def grown(branches: Branches, facts: Mapping[str, Nodes], world: World) -> dict[str, Any]:
    """The document of some branches in which these facts, by name, are put in place of what is there."""
    changed: Branches = {}
    for name, nodes in facts.items():
        stem, _, last = name.rpartition(".")
        branch = changed.get(stem)
        if branch is None:
            branch = changed[stem] = dict(branches.get(stem, ()))
        node = _in(world, nodes)
        if node:
            branch[last] = node
        else:
            branch.pop(last, None)
    document: dict[str, Any] = {}
    for stem, branch in {**branches, **changed}.items():
        if branch:
            at = document
            for step in stem.split("."):
                at = at.setdefault(step, {})
            at.update(branch)
    return document


def nodes_of(fact: Fact, deadline: Deadline = NEVER, *, late: bool = False) -> Nodes:
    """What both documents say of a fact. `late`: its parts may be made when they are asked for (`LateNode`).

    Raises `OutOfTime`.
    """
    if isinstance(fact.value, Events):
        return _events(fact.value, deadline)
    if fact.value is None and fact.presumed is None:
        return _UNKNOWN
    node = {} if fact.value is None else _node(fact, late=late)
    presumed = fact.presumed
    if presumed is None:
        return Nodes(node, node)
    return Nodes({"is": presumed, "age": 0} if isinstance(presumed, str) else _number(presumed, 0), node)


_UNKNOWN = Nodes({}, {})


def _node(fact: Fact, *, late: bool) -> Mapping[str, Any]:
    match fact.value:
        case Interval() as number:
            node = _number(number, fact.age)
            parts = fact.parts
            if late and isinstance(parts, LateParts):
                return LateNode(node, lambda: _parts(parts))
            return {**node, **_parts(parts)}
        case DaySpan() as days:
            return {"days_since": _days(days), "age": fact.age}
        case Age() as age:
            units = {"a": age.years, "mo": age.months, "d": age.days}
            return {unit: {"lo": lo, "hi": hi} for unit, (lo, hi) in units.items()}
        case bool() as answer:
            return {"is": answer}
        case word if word in {"positive", "negative"}:
            return {"is": word, "age": fact.age}
    return {"is": fact.value}


def _parts(parts: Mapping[str, Fact]) -> dict[str, Any]:
    return {word: _number(one.value, one.age) for word, one in parts.items() if isinstance(one.value, Interval)}


def _number(value: Interval, age: int) -> dict[str, Any]:
    lo, hi = value.closed()
    return {"lo": lo, "hi": hi, "age": age}


def _events(events: Events, deadline: Deadline) -> Nodes:
    # Two records that say the same say it once: no rule counts them.
    items: list[dict[str, Any]] = []
    for item in map(_item, deadline.each(events.items)):
        if not items or item != items[-1]:
            items.append(item)
    closed: dict[str, Any] = {"items": items, "whole": events.complete}
    for word, answer in (
        ("any", events.exists("closed")),
        ("active", events.active("closed")),
        ("history", events.history("closed")),
    ):
        if answer is not None:
            closed[word] = {"is": answer}
    if not events.complete:
        return Nodes(closed, closed)
    # In the open world nothing is absent: there may be others than those listed.
    told = {word: node for word, node in closed.items() if node != {"is": False}}
    return Nodes(closed, told | {"whole": False})


def _item(item: Event) -> dict[str, Any]:
    node: dict[str, Any] = {"sure": item.sure}
    if item.active is not None:
        node["active"] = {"is": item.active}
    node["days_since_start"] = _days(item.start)
    node["days_since_end"] = _days(item.end)
    node["days_since_course_start"] = _days(item.course)
    if item.dose is not None:
        node["days_since_dose_change"] = _days(item.dose)
    if item.half_life is not None:
        node["half_life"] = {"lo": item.half_life[0], "hi": item.half_life[1]}
        node["half_lives_since_end"] = _half_lives(item.end, *item.half_life)
    return node


def _half_lives(end: DaySpan, least: float, greatest: float) -> dict[str, Any]:
    """How many half-lives have passed since the end, of a half-life between these."""
    return {"lo": end.lo / greatest, "hi": MAX if end.hi >= UNBOUNDED or not least else end.hi / least}


def _days(days: DaySpan) -> dict[str, Any]:
    return {"lo": days.lo, "hi": MAX if days.hi >= UNBOUNDED else days.hi}
