"""More information: a fact document that says everything another one says, and something besides."""

import random
from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_service.durations import Duration
from tests.logic.small_world import (
    AGES,
    DAYS,
    ELAPSED_FIELDS,
    FACTS,
    MAX,
    VALUES,
    boolean,
    exactly,
    node_of,
    number,
    put,
    usable,
)


def refined(document: Mapping[str, Any], as_of: date, lookback: Duration | None, rng: random.Random) -> dict[str, Any]:
    """The document with some of its facts known better."""
    better: dict[str, Any] = {}
    for name, kind in FACTS.items():
        node = node_of(document, name)
        if kind.kind == "age":
            for part in AGES:
                put(better, f"{name}.{part}", narrowed(node.get(part, {}), DAYS, rng))
        elif kind.kind == "events":
            put(better, name, _more_of_events(node, rng))
        else:
            fresh = usable(node, name, as_of, lookback)
            # What is stale says nothing, so anything may take its place.
            known = {k: v for k, v in node.items() if k in ("lo", "hi", "is")} if fresh else {}
            if kind.kind in ("number", "elapsed"):
                found = narrowed(known, DAYS if kind.kind == "elapsed" else VALUES, rng)
            elif kind.kind == "boolean":
                found = _settled(known, rng)
            else:
                found = known if known or rng.random() < 0.5 else {"is": rng.choice(sorted(kind.values))}
            if found:
                put(better, name, {**found, "age": 0})
    return better


def narrowed(interval: Mapping[str, Any], usual: tuple[float, ...], rng: random.Random) -> dict[str, Any]:
    """The same interval, a narrower one, or one number in it."""
    if rng.random() < 0.3:
        return dict(interval)
    value = number(interval, usual, rng)
    if rng.random() < 0.5:
        return dict(exactly(value))
    low, high = interval.get("lo", -MAX), interval.get("hi", MAX)
    return {"lo": low, "hi": value} if rng.random() < 0.5 else {"lo": value, "hi": high}


def _settled(node: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return dict(node) if rng.random() < 0.5 else {"is": boolean(node, rng)}


def _more_of_events(node: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    items = [_more_of_record(item, rng) for item in node.get("items", ())]
    for item in list(items):
        if not item.get("sure") and rng.random() < 0.5:
            if rng.random() < 0.5:
                items.remove(item)
            else:
                item["sure"] = True
    whole = node.get("whole", False)
    if not whole:
        items += [{"sure": rng.random() < 0.5} for _ in range(rng.randrange(3))]
        whole = rng.random() < 0.5
    any_known = _settled(node.get("any", {}), rng)
    return {"items": items, "whole": whole, **({"any": any_known} if any_known else {})}


def _more_of_record(item: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    better = dict(item)
    for field in ELAPSED_FIELDS:
        found = narrowed(item.get(field, {}), DAYS, rng)
        if found:
            better[field] = found
    active = _settled(item.get("active", {}), rng)
    return {**better, "active": active} if active else better
