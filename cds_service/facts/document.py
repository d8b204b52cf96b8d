"""The fact document: what rules are evaluated on (shape: `docs/facts.md`). What is unknown is simply not in it.

Numbers are closed pairs of floats in the fact's canonical unit; see `intervals` for open and missing bounds.
"""

from collections.abc import Iterable
from typing import Any

from cds_service.facts.fact import UNBOUNDED, Age, Days, Event, Events, Fact, World
from cds_service.facts.intervals import MAX, Interval


def fact_document(facts: Iterable[Fact], world: World) -> dict[str, Any]:
    """The facts of one world, nested by the dots of their names."""
    document: dict[str, Any] = {}
    for fact in facts:
        node = _node(fact, world)
        if node:
            *steps, last = fact.name.split(".")
            at = document
            for step in steps:
                at = at.setdefault(step, {})
            at[last] = node
    return document


def _node(fact: Fact, world: World) -> dict[str, Any]:
    if fact.value is None:
        if fact.presumed is not None and world == "closed":
            presumed = fact.presumed
            return {"is": presumed, "age": 0} if isinstance(presumed, str) else _number(presumed, 0)
        return {}
    match fact.value:
        case Interval() as number:
            return _number(number, fact.age) | {
                word: _number(part.value, part.age)
                for word, part in fact.parts.items()
                if isinstance(part.value, Interval)
            }
        case Events() as events:
            return _events(events, world)
        case Days() as days:
            return {"days_since": _days(days), "age": fact.age}
        case Age() as age:
            units = {"a": age.years, "mo": age.months, "d": age.days}
            return {unit: {"lo": lo, "hi": hi} for unit, (lo, hi) in units.items()}
        case bool() as answer:
            return {"is": answer}
        case str() as word:
            return {"is": word, "age": fact.age} if word in {"positive", "negative"} else {"is": word}


def _number(value: Interval, age: int) -> dict[str, Any]:
    lo, hi = value.closed()
    return {"lo": lo, "hi": hi, "age": age}


def _events(events: Events, world: World) -> dict[str, Any]:
    # Two records that say the same say it once: no rule counts them.
    items: list[dict[str, Any]] = []
    for item in map(_item, events.items):
        if not items or item != items[-1]:
            items.append(item)
    node: dict[str, Any] = {"items": items, "whole": events.whole(world)}
    answers = {"any": events.exists(world), "active": events.active(world), "history": events.history(world)}
    return node | {word: {"is": answer} for word, answer in answers.items() if answer is not None}


def _item(item: Event) -> dict[str, Any]:
    node: dict[str, Any] = {"sure": item.sure}
    if item.active is not None:
        node["active"] = {"is": item.active}
    node["days_since_start"] = _days(item.start)
    node["days_since_end"] = _days(item.end)
    node["days_since_course_start"] = _days(item.course)
    return node


def _days(days: Days) -> dict[str, Any]:
    return {"lo": days.lo, "hi": MAX if days.hi >= UNBOUNDED else days.hi}
