"""No unknown where there is no doubt: on rules that ask for each fact once, an unknown outcome can go either way.

Where the same fact stands twice, or arithmetic is not exact on intervals, an unknown can be had that is none; those
cases are listed here one by one, and `docs/rule-language.md` names them.
"""

import random
from collections.abc import Iterator
from datetime import date
from itertools import islice, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.logic.oracle import plain_value
from tests.logic.small_world import AGES, DAYS, ELAPSED_FIELDS, FACTS, MAX, VALUES, VOCABULARY, key, node_of, usable
from tests.logic.strategies import as_ofs, documents

from cds_service.logic.check import typed_rule
from cds_service.logic.program import Program, Truth3

AS_OF = date(2026, 11, 24)
WORLDS = 3_000
HB, ALB = {"var": "lab.hb"}, {"var": "lab.alb"}
ECOG, COPIES = {"var": "score.ecog"}, {"var": "score.copies"}
LIMIT = {"quantity": [80, "g/L"]}


def truth(rule: Any, document: dict[str, Any], as_of: date = AS_OF) -> Truth3:
    typed, findings = typed_rule(rule, VOCABULARY)
    assert typed is not None, list(findings)
    return Program([typed]).evaluate(document, as_of).truths[0]


# One leaf for each fact, by what it asks; none asks twice.
LEAVES: dict[str, list[Any]] = {
    "lab.hb": [
        {">=": [HB, LIMIT]},
        {"<": [LIMIT, HB]},
        {"<=": [LIMIT, HB, {"quantity": [9, "g/dL"]}]},
        {"==": [HB, LIMIT]},
        {">": [{"+": [HB, ALB]}, {"quantity": [160, "g/L"]}]},
        {"<=": [{"max": [HB, ALB]}, LIMIT]},
        {"<": [HB, ALB]},
        {"<=": [HB, LIMIT, ALB]},
        {"!=": [HB, ALB]},
        {"<": [{"-": [HB, {"*": [ALB, 2]}]}, {"quantity": [-80, "g/L"]}]},
    ],
    "score.ecog": [{"<=": [ECOG, 1]}, {"in": [ECOG, [0, 1]]}, {">": [{"-": [ECOG]}, -2]}, {">": [{"*": [2, ECOG]}, 3]}],
    "score.copies": [{"==": [COPIES, 2]}, {"!=": [2, COPIES]}, {">": [3, COPIES, 1]}],
    "onset.days_since": [
        {">=": [{"var": "onset.days_since"}, {"quantity": [6, "mo"]}]},
        {"<": [{"quantity": [60, "d"]}, {"var": "onset.days_since"}, {"quantity": [1, "a"]}]},
    ],
    "patient.age": [{">=": [{"var": "patient.age"}, {"quantity": [2, "a"]}]}],
    "patient.sex": [{"==": [{"var": "patient.sex"}, "female"]}, {"!=": ["male", {"var": "patient.sex"}]}],
    "result.hbsag": [{"in": [{"var": "result.hbsag"}, ["positive"]]}],
    "sits": [{"var": "sits"}, {"!": [{"var": "sits"}]}],
    "condition.stroke.history": [{"var": "condition.stroke.history"}],
    "condition.stroke": [
        {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]},
        {"all": [{"var": "condition.stroke"}, {"var": "active"}]},
    ],
    "medication.steroid": [
        {"some": [{"var": "medication.steroid"}, {"var": "active"}]},
        {"none": [{"var": "medication.steroid"}, {"<": [{"var": "days_since_start"}, {"quantity": [2, "mo"]}]}]},
        {"all": [{"var": "medication.steroid"}, {">": [{"var": "days_since_end"}, {"quantity": [60, "d"]}]}]},
        {"active": [{"var": "medication.steroid"}]},
    ],
}


@st.composite
def read_once(draw: st.DrawFn) -> Any:
    """A rule in which no fact stands twice."""
    names = draw(st.lists(st.sampled_from(sorted(LEAVES)), min_size=1, max_size=3, unique=True))
    parts = [draw(st.sampled_from(LEAVES[name])) for name in names]
    while len(parts) > 1:
        operator = draw(st.sampled_from(["and", "or", "==", "!=", "if"]))
        if operator == "if":
            if len(parts) < 3:
                continue
            taken, parts = parts[:3], parts[3:]
        else:
            taken, parts = parts[:2], parts[2:]
        joined = {operator: taken}
        parts.append({"!": [joined]} if draw(st.booleans()) else joined)
    return parts[0]


def ends(node: Any, usual: tuple[float, ...]) -> list[float]:
    """The ends of an interval and the usual values in it."""
    low, high = node.get("lo", -MAX), node.get("hi", MAX)
    return sorted({value for value in (low, high, *usual, -1e9, 1e9) if low <= value <= high and abs(value) < MAX})


def either(node: Any) -> list[bool]:
    return [node["is"]] if "is" in node else [True, False]


def record_lists(node: Any) -> Iterator[list[dict[str, Any]]]:
    """Every list of records that the node allows, with one further record where it is not whole."""
    choices = []
    for item in (*node.get("items", ()), *([] if node.get("whole") else [{}])):
        fields = [ends(item.get(field, {}), (0, 60, 61, 2000)) for field in ELAPSED_FIELDS]
        settled = [
            {"active": active, **dict(zip(ELAPSED_FIELDS, values, strict=True))}
            for active in either(item.get("active", {}))
            for values in product(*[[v for v in (f[0], f[-1])] for f in fields])
        ]
        choices.append(settled if item.get("sure") else [None, *settled])
    for chosen in product(*choices):
        yield [record for record in chosen if record is not None]


def worlds(document: dict[str, Any], names: set[str], as_of: date) -> Iterator[dict[str, Any]]:
    """The worlds that the document allows, by the values that matter to the leaves; only these facts differ."""
    axes: dict[str, list[Any]] = {}
    for name in sorted(names):
        node, kind = node_of(document, name), FACTS[name].kind
        if kind == "age":
            axes |= {f"{key(name)}_{part}": ends(node.get(part, {}), (1, 2, 3)) for part in AGES}
        elif kind == "events":
            axes[f"{key(name)}_records"] = list(islice(record_lists(node), 400))
        else:
            seen = node if usable(node, name, as_of, None) else {}
            if kind == "boolean":
                axes[key(name)] = either(seen)
            elif kind == "code":
                axes[key(name)] = [seen["is"]] if seen else sorted(FACTS[name].values)
            else:
                axes[key(name)] = ends(seen, DAYS if kind == "elapsed" else VALUES)
    rng = random.Random(0)
    everything = list(islice(product(*axes.values()), 200_000))
    rng.shuffle(everything)
    yield from (dict(zip(axes, values, strict=True)) for values in everything[:WORLDS])


def names_in(rule: Any) -> set[str]:
    """The facts that a rule names, fields of records aside."""
    if isinstance(rule, list):
        return set().union(*map(names_in, rule))
    if not isinstance(rule, dict):
        return set()
    [(operator, body)] = rule.items()
    return {body} & FACTS.keys() if operator == "var" else names_in(body)


@given(read_once(), documents(), as_ofs)
@settings(max_examples=200, deadline=None)
def test_an_unknown_outcome_can_go_either_way(rule: Any, document: dict[str, Any], as_of: date) -> None:
    if truth(rule, document, as_of) is not None:
        return
    seen = set()
    for world in worlds(document, names_in(rule), as_of):
        seen.add(plain_value(rule, world, as_of))
        if len(seen) == 2:
            return
    raise AssertionError(f"unknown, yet always {seen}: {rule}")
