"""Rules that can never be true, or never false."""

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from cds_service.logic.check import impossible, typed_rule
from tests.logic.oracle import PlainError, plain_value
from tests.logic.small_world import AS_OFS, VOCABULARY, complete
from tests.logic.strategies import rules

HB, ECOG, COPIES, AGE = {"var": "lab.hb"}, {"var": "score.ecog"}, {"var": "score.copies"}, {"var": "patient.age"}
SITS, SEX, STROKE, ONSET = (
    {"var": "sits"},
    {"var": "patient.sex"},
    {"var": "condition.stroke"},
    {"var": "onset.days_since"},
)
ACTIVE, START, END = {"var": "active"}, {"var": "days_since_start"}, {"var": "days_since_end"}
COURSE = {"var": "days_since_course_start"}


def q(value: float, unit: str) -> dict[str, list[Any]]:
    return {"quantity": [value, unit]}


LOW, HIGH = {"<": [HB, q(80, "g/L")]}, {">": [HB, q(18, "g/dL")]}
RECENT = {"within": [STROKE, q(6, "mo")]}
FAR_APART = [{"some": [STROKE, {"<": [START, q(n, "d")]}]} for n in (10, 20, 30, 40)]

# rule, what it can never be
IMPOSSIBLE: list[tuple[Any, tuple[bool, ...]]] = [
    (False, (True,)),
    (True, (False,)),
    (None, ()),
    (SITS, ()),
    ({"and": [SITS, {"!": [SITS]}]}, (True,)),
    ({"or": [SITS, {"!": [SITS]}]}, (False,)),
    ({"and": [SITS, None]}, ()),
    ({"and": [SITS, None, False]}, (True,)),
    ({"and": [LOW, HIGH]}, (True,)),
    ({"or": [LOW, HIGH]}, ()),
    ({"and": [{"!": [LOW]}, {"!": [HIGH]}]}, ()),
    ({"or": [{"!": [LOW]}, {"!": [HIGH]}]}, (False,)),
    ({"<=": [q(90, "g/L"), HB, q(8, "g/dL")]}, (True,)),
    ({"<": [q(80, "g/L"), HB, q(80, "g/L")]}, (True,)),
    ({"<": [q(80, "g/L"), HB, q(81, "g/L")]}, ()),
    ({"if": [SITS, LOW, LOW]}, ()),
    ({"if": [LOW, HIGH, False]}, (True,)),
    ({"==": [LOW, HIGH]}, ()),
    ({"and": [LOW, {"==": [LOW, HIGH]}]}, (True,)),
    ({"!": [{"var": "defined.either"}]}, ()),
    ({"and": [{"var": "defined.anaemic"}, HIGH]}, (True,)),
    ({"in": [SEX, ["male", "female"]]}, (False,)),
    ({"and": [{"==": [SEX, "male"]}, {"==": [SEX, "female"]}]}, (True,)),
    ({"and": [{"==": [SEX, "male"]}, {"var": "condition.stroke.history"}]}, ()),
    ({"in": [COPIES, [2, 3]]}, ()),
    ({"and": [{"==": [COPIES, 2]}, {"==": [COPIES, 3]}]}, (True,)),
    # ages: months and years of one patient
    ({"and": [{"<=": [AGE, q(24, "mo")]}, {">=": [AGE, q(3, "a")]}]}, (True,)),
    ({"and": [{"<=": [AGE, q(24, "mo")]}, {">=": [AGE, q(2, "a")]}]}, ()),
    ({">=": [AGE, q(0, "a")]}, (False,)),
    ({"<=": [AGE, q(4, "wk")]}, ()),
    # time that has passed is never negative
    ({"<": [ONSET, q(0, "d")]}, (True,)),
    ({"and": [{"<": [ONSET, q(6, "mo")]}, {">": [ONSET, q(1, "a")]}]}, (True,)),
    # six months have 181 to 184 days, so this can happen on some days
    ({"and": [{"<": [ONSET, q(6, "mo")]}, {">": [ONSET, q(182, "d")]}]}, ()),
    ({"and": [{"<": [ONSET, q(6, "mo")]}, {">": [ONSET, q(184, "d")]}]}, (True,)),
    # records
    (RECENT, ()),
    ({"and": [RECENT, {"none": [STROKE, {"<=": [END, q(1, "a")]}]}]}, (True,)),
    ({"and": [RECENT, {"none": [STROKE, {"<=": [END, q(1, "mo")]}]}]}, ()),
    ({"some": [STROKE, {"and": [ACTIVE, {"!": [ACTIVE]}]}]}, (True,)),
    ({"and": [{"active": [STROKE]}, {"all": [STROKE, {"!": [ACTIVE]}]}]}, (True,)),
    ({"and": [{"active": [STROKE]}, {"some": [STROKE, {"!": [ACTIVE]}]}]}, ()),
    ({"or": [{"all": [STROKE, ACTIVE]}, {"none": [STROKE, ACTIVE]}]}, ()),
    ({"or": [{"some": [STROKE, ACTIVE]}, {"none": [STROKE, ACTIVE]}]}, (False,)),
    ({"none": [STROKE, True]}, ()),
    # what the search does not look into counts as possible
    ({"and": [{">": [ECOG, COPIES]}, {"<": [ECOG, COPIES]}]}, ()),
    ({"<": [{"*": [ECOG, 0]}, 0]}, ()),
    ({"and": [{">": [ECOG, COPIES]}, LOW, HIGH]}, (True,)),
    ({"and": [*FAR_APART[:3], {"none": [STROKE, True]}]}, ()),
    (
        {
            "some": [
                STROKE,
                {"and": [{">": [f, q(n, "d")]} for f in (START, END, COURSE) for n in (10, 20, 30, 40)] + [False]},
            ]
        },
        (),
    ),
    # a contradiction beyond the budget
    ({"and": [*({"in": [fact, list(range(40))]} for fact in (ECOG, COPIES, {"var": "lab.alt.x_uln"})), LOW, HIGH]}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "never"), IMPOSSIBLE, ids=[f"{i}" for i in range(len(IMPOSSIBLE))])
def test_what_a_rule_can_never_be(rule: Any, never: tuple[bool, ...]) -> None:
    typed, findings = typed_rule(rule, VOCABULARY)
    assert typed is not None, list(findings)
    assert impossible(typed, VOCABULARY) == never


@given(rules)
@settings(max_examples=150)
def test_what_is_called_impossible_never_happens(rule: Any) -> None:
    typed, _ = typed_rule(rule, VOCABULARY)
    assert typed is not None
    never = impossible(typed, VOCABULARY)
    rng = random.Random(0)
    for i in range(60 if never else 0):
        as_of: date = AS_OFS[i % len(AS_OFS)]
        try:
            assert plain_value(rule, realistic(complete({}, as_of, None, rng)), as_of, rng) not in never
        except PlainError:
            continue


def realistic(world: dict[str, Any]) -> dict[str, Any]:
    """The world with nothing before birth or in the future, and an age in months that fits the one in years."""
    months = abs(int(world["patient_age_mo"]))
    for record in world["condition_stroke_records"] + world["medication_steroid_records"]:
        record |= {field: abs(record[field]) for field in record if field != "active"}
    return world | {
        "patient_age_mo": months,
        "patient_age_a": months // 12,
        "patient_age_d": abs(world["patient_age_d"]),
        "onset_days_since": abs(world["onset_days_since"]),
    }
