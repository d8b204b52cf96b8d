"""A small vocabulary, and concrete worlds: what a partial fact document leaves open, settled one way or another.

Nothing here uses `lower` or `durations`: what a document means is written down a second time.
"""

import calendar
import random
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cds_service.durations import Duration
from cds_service.logic import FactType, Vocabulary

MAX = sys.float_info.max
MASS = {"g/L": Decimal(1), "g/dL": Decimal(10)}

FACTS: dict[str, FactType] = {
    "lab.hb": FactType("number", "Haemoglobin", "g/L", MASS, fresh_for=Duration(days=90), dated=True),
    "lab.alb": FactType("number", "Albumin", "g/L", MASS, fresh_for=Duration(months=3), dated=True),
    "lab.alt.x_uln": FactType("number", "ALT × ULN", "1", fresh_for=Duration(days=90), dated=True),
    "score.ecog": FactType("number", "ECOG performance status", "1", dated=True),
    "score.copies": FactType("number", "SMN2 copies", "1"),
    "onset.days_since": FactType("elapsed", "Time since onset", "d"),
    "patient.age": FactType("age", "Age", "a"),
    "patient.sex": FactType("code", "Sex", values=frozenset({"male", "female"})),
    "result.hbsag": FactType(
        "code", "HBsAg", values=frozenset({"positive", "negative"}), fresh_for=Duration(months=12), dated=True
    ),
    "sits": FactType("boolean", "Sits independently", fresh_for=Duration(days=90), dated=True),
    "condition.stroke.history": FactType("boolean", "Stroke, ever"),
    "condition.stroke": FactType("events", "Stroke"),
    "medication.steroid": FactType("events", "Systemic glucocorticoid"),
}
DEFINITIONS: dict[str, Any] = {
    "defined.steady": {
        "and": [{"var": "sits"}, {"!": {"within": [{"var": "condition.stroke"}, {"quantity": [1, "a"]}]}}]
    },
    "defined.anaemic": {"<": [{"var": "lab.hb"}, {"quantity": [8, "g/dL"]}]},
    "defined.either": {"or": [{"var": "defined.anaemic"}, {"var": "defined.steady"}]},
}
TITLES = {name: kind.title for name, kind in FACTS.items()}
VOCABULARY = Vocabulary(
    FACTS,
    DEFINITIONS,
    {"defined.steady": "Steady", "defined.anaemic": "Anaemic", "defined.either": "Anaemic or steady"},
)

NUMBERS = [name for name, kind in FACTS.items() if kind.kind == "number"]
EVENTS = [name for name, kind in FACTS.items() if kind.kind == "events"]
ELAPSED_FIELDS = ("days_since_start", "days_since_end", "days_since_course_start")
AGES = ("a", "mo", "d")

AS_OFS = (date(2024, 2, 29), date(2024, 5, 31), date(2025, 3, 1), date(2026, 11, 24), date(2026, 12, 31))

VALUES = (-1, 0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 12, 30, 79, 79.5, 80, 80.5, 85, 90, 170, 1000)
"""Numbers near the limits that the random rules use, and far from them."""
DAYS = (0, 6, 7, 8, 28, 29, 59, 60, 61, 90, 91, 92, 181, 183, 184, 365, 366, 2000)


def key(name: str) -> str:
    """A fact's name in a concrete world, which is flat."""
    return name.replace(".", "_")


def days_back(as_of: date, count: int, unit: str) -> int:
    """Days from the date this far back; months and years by the calendar, clipped to the end of a shorter month."""
    if unit in ("d", "wk"):
        return count * (7 if unit == "wk" else 1)
    months = as_of.year * 12 + as_of.month - 1 - count * (12 if unit == "a" else 1)
    year, month = divmod(months, 12)
    if year < 1:
        return (as_of - date.min).days
    day = min(as_of.day, calendar.monthrange(year, month + 1)[1])
    return (as_of - date(year, month + 1, day)).days


def node_of(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A fact's node; empty where there is none."""
    node: Any = document
    for step in name.split("."):
        node = node.get(step, {})
    return node


def put(document: dict[str, Any], name: str, node: Mapping[str, Any]) -> None:
    """Add a node to a nested document."""
    *steps, last = name.split(".")
    for step in steps:
        document = document.setdefault(step, {})
    document.setdefault(last, {}).update(node)


def usable(node: Mapping[str, Any], name: str, as_of: date, lookback: Duration | None) -> bool:
    """Whether a node says something that is fresh enough."""
    kind = FACTS[name]
    if not ("is" in node or "lo" in node):
        return False
    limit = lookback or kind.fresh_for
    if not kind.dated or limit is None:
        return True
    return "age" in node and node["age"] <= days_back(as_of, limit.months, "mo") + limit.days


def complete(document: Mapping[str, Any], as_of: date, lookback: Duration | None, rng: random.Random) -> dict[str, Any]:
    """One concrete world that the document allows."""
    world: dict[str, Any] = {}
    for name, kind in FACTS.items():
        node = node_of(document, name)
        if kind.kind == "age":
            for part in AGES:
                world[f"{key(name)}_{part}"] = number(node.get(part, {}), DAYS, rng)
        elif kind.kind == "events":
            world[f"{key(name)}_any"] = boolean(node.get("any", {}), rng)
            world[f"{key(name)}_records"] = records(node, rng)
        else:
            seen = node if usable(node, name, as_of, lookback) else {}
            if kind.kind in ("number", "elapsed"):
                world[key(name)] = number(seen, DAYS if kind.kind == "elapsed" else VALUES, rng)
            elif kind.kind == "boolean":
                world[key(name)] = boolean(seen, rng)
            else:
                world[key(name)] = seen.get("is", rng.choice(sorted(kind.values)))
    return world


def number(node: Mapping[str, Any], usual: tuple[float, ...], rng: random.Random) -> float:
    """A number in the node's interval, often an end of it or a value near a limit of the rule."""
    low, high = node.get("lo", -MAX), node.get("hi", MAX)
    inside = [value for value in (low, high, *usual) if low <= value <= high and abs(value) < MAX]
    if not inside or rng.random() < 0.1:
        return rng.uniform(max(low, -1e6), min(high, 1e6))
    return rng.choice(inside)


def boolean(node: Mapping[str, Any], rng: random.Random) -> bool:
    """What the node says, or either."""
    return node.get("is", rng.random() < 0.5)


def records(node: Mapping[str, Any], rng: random.Random) -> list[dict[str, Any]]:
    """The records that are there for certain, some of the hints, and others where the list is not whole."""
    listed = [item for item in node.get("items", ()) if item.get("sure") or rng.random() < 0.5]
    extra: list[Mapping[str, Any]] = [] if node.get("whole") else [{}] * rng.randrange(3)
    return [
        {
            "active": boolean(item.get("active", {}), rng),
            **{field: number(item.get(field, {}), DAYS, rng) for field in ELAPSED_FIELDS},
        }
        for item in (*listed, *extra)
    ]


def settled(world: Mapping[str, Any]) -> dict[str, Any]:
    """The fact document that says all there is to know of a world."""
    document: dict[str, Any] = {}
    for name, kind in FACTS.items():
        if kind.kind == "age":
            for part in AGES:
                put(document, f"{name}.{part}", exactly(world[f"{key(name)}_{part}"]))
        elif kind.kind == "events":
            items = [settled_record(record) for record in world[f"{key(name)}_records"]]
            put(document, name, {"items": items, "whole": True, "any": {"is": world[f"{key(name)}_any"]}})
        elif kind.kind in ("number", "elapsed"):
            put(document, name, {**exactly(world[key(name)]), "age": 0})
        else:
            put(document, name, {"is": world[key(name)], "age": 0})
    return document


def settled_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of which everything is known."""
    return {
        "sure": True,
        "active": {"is": record["active"]},
        **{field: exactly(record[field]) for field in ELAPSED_FIELDS},
    }


def exactly(value: float) -> dict[str, float]:
    """An interval of one number."""
    return {"lo": value, "hi": value}


def ago(as_of: date, day: date) -> dict[str, float]:
    """The days from a date to as_of, as an interval of one number."""
    return exactly((as_of - day) // timedelta(days=1))
