"""No unknown where there is no doubt: on rules that ask for each fact once, an unknown outcome can go either way.

Where the same fact stands twice, or arithmetic is not exact on intervals, an unknown can be had that is none; those
cases are listed here one by one, and `docs/rule-language.md` names them.
"""

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.logic import Program, Truth3
from cds_service.logic.check import typed_rule
from tests.logic.oracle import plain_value
from tests.logic.small_world import (
    AGES,
    DAYS,
    ELAPSED_FIELDS,
    FACTS,
    MAX,
    VALUES,
    VOCABULARY,
    complete,
    key,
    node_of,
    usable,
)
from tests.logic.strategies import as_ofs, documents

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


def record_list(node: Any, rng: random.Random) -> list[dict[str, Any]]:
    """A list of records that the node allows, with at most one further record where it is not whole."""
    items = [*node.get("items", ()), *([] if node.get("whole") else [{}])]
    return [
        {
            "active": rng.choice(either(item.get("active", {}))),
            **{field: rng.choice(ends(item.get(field, {}), (0, 60, 61))) for field in ELAPSED_FIELDS},
        }
        for item in items
        if item.get("sure") or rng.random() < 0.5
    ]


def world(document: dict[str, Any], names: set[str], as_of: date, rng: random.Random) -> dict[str, Any]:
    """A world that the document allows, made of values that matter to the leaves."""
    found: dict[str, Any] = {}
    for name in sorted(names):
        node, kind = node_of(document, name), FACTS[name].kind
        if kind == "age":
            found |= {f"{key(name)}_{part}": rng.choice(ends(node.get(part, {}), (1, 2, 3))) for part in AGES}
        elif kind == "events":
            found[f"{key(name)}_records"] = record_list(node, rng)
        else:
            seen = node if usable(node, name, as_of, None) else {}
            if kind == "boolean":
                found[key(name)] = rng.choice(either(seen))
            elif kind == "code":
                found[key(name)] = seen["is"] if seen else rng.choice(sorted(FACTS[name].values))
            else:
                found[key(name)] = rng.choice(ends(seen, DAYS if kind == "elapsed" else VALUES))
    return found


def names_in(rule: Any) -> set[str]:
    """The facts that a rule names, fields of records aside."""
    if isinstance(rule, list):
        return set().union(*map(names_in, rule))
    if not isinstance(rule, dict):
        return set()
    [(operator, body)] = rule.items()
    return {body} & FACTS.keys() if operator == "var" else names_in(body)


@given(read_once(), documents(), as_ofs)
@settings(max_examples=200)
def test_an_unknown_outcome_can_go_either_way(rule: Any, document: dict[str, Any], as_of: date) -> None:
    if truth(rule, document, as_of) is not None:
        return
    rng, seen = random.Random(0), set()
    for _ in range(WORLDS):
        seen.add(plain_value(rule, world(document, names_in(rule), as_of, rng), as_of))
        if len(seen) == 2:
            return
    raise AssertionError(f"unknown, yet always {seen}: {rule}")


def between(low: float, high: float) -> dict[str, float]:
    return {"lo": low, "hi": high, "age": 0}


UNDECIDED_ALTHOUGH_ALL_AGREE = {
    "the same fact twice": ({"or": [{"<": [HB, LIMIT]}, {">=": [HB, LIMIT]}]}, {}, True),
    "the same boolean twice": ({"==": [{"var": "sits"}, {"!": [{"var": "sits"}]}]}, {}, False),
    "a difference with itself": (
        {"<=": [{"-": [ECOG, ECOG]}, 0]},
        {"score": {"ecog": between(1, 2)}},
        True,
    ),
    "a limit above the other": (
        {"<=": [{"quantity": [90, "g/L"]}, HB, LIMIT]},
        {"lab": {"hb": between(70, 100)}},
        False,
    ),
    "a product of two facts": (
        {"<": [{"*": [ECOG, COPIES]}, 100]},
        {"score": {"ecog": between(1, 2), "copies": between(1, 2)}},
        True,
    ),
    "a quotient of two facts": (
        {"<": [{"/": [ECOG, COPIES]}, 100]},
        {"score": {"ecog": between(1, 2), "copies": between(1, 2)}},
        True,
    ),
    "a remainder": ({"<": [{"%": [ECOG, 3]}, 3]}, {"score": {"ecog": between(1, 2)}}, True),
    "a code that is one of all": ({"in": [{"var": "patient.sex"}, ["male", "female"]]}, {}, True),
    "two records that rule each other out": (
        {"and": [{"some": [{"var": "condition.stroke"}, True]}, {"none": [{"var": "condition.stroke"}, True]}]},
        {},
        False,
    ),
}


@pytest.mark.parametrize("case", UNDECIDED_ALTHOUGH_ALL_AGREE)
def test_where_an_unknown_is_more_cautious_than_need_be(case: str) -> None:
    rule, document, always = UNDECIDED_ALTHOUGH_ALL_AGREE[case]
    rng = random.Random(0)
    assert truth(rule, document) is None
    assert {plain_value(rule, complete(document, AS_OF, None, rng), AS_OF) for _ in range(200)} == {always}
