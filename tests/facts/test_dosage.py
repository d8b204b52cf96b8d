"""Lengths of time, doses and half-lives as records and tables state them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import ValidationError

from cds_service.durations import Duration
from cds_service.facts.catalogue import MODELS
from cds_service.facts.events import Dose, length_of
from cds_service.fhir import Quantity

# value, code, unit, comparator, the least length in whole days or months
LENGTHS: list[tuple[str | None, str | None, str | None, str | None, Duration | None]] = [
    ("30", "d", "days", None, Duration(days=30)),
    ("30", None, "Days", None, Duration(days=30)),
    ("30", None, "天", None, Duration(days=30)),
    ("4", "wk", None, None, Duration(days=28)),
    ("3", "mo", None, None, Duration(months=3)),
    ("1", "a", None, None, Duration(months=12)),
    ("1.5", "mo", None, None, Duration(days=42)),
    ("48", "h", None, None, Duration(days=2)),
    ("36", "h", None, None, Duration(days=1)),
    ("5", "d", None, ">=", Duration(days=5)),
    ("5", "d", None, "<", None),
    ("5", None, None, None, None),
    ("5", None, "tablets", None, None),
    ("5", "mg", None, None, None),
    ("-5", "d", None, None, None),
    ("1e9", "d", None, None, None),
    (None, "d", None, None, None),
]


@pytest.mark.parametrize(("value", "code", "unit", "comparator", "length"), LENGTHS)
def test_a_quantity_of_time(
    value: str | None, code: str | None, unit: str | None, comparator: str | None, length: Duration | None
) -> None:
    quantity = Quantity(None if value is None else Decimal(value), comparator, unit, None, code)
    assert length_of(quantity) == length


def test_a_quantity_without_a_unit_takes_the_one_that_its_element_means() -> None:
    assert length_of(Quantity(Decimal(30)), "d") == Duration(days=30)
    assert length_of(Quantity(Decimal(30), unit="tablets"), "d") is None
    assert length_of(None, "d") is None


def dose(
    mg: int | None = None, tablets: int | None = None, strength: int | None = None, times: int | None = None
) -> Dose:
    amounts = {(Fraction(n), unit) for n, unit in ((mg, "mg"), (tablets, "{count}")) if n is not None}
    strengths = frozenset() if strength is None else frozenset({(Fraction(strength), "mg")})
    return Dose(frozenset(amounts), None if times is None else Fraction(times), strengths)


# one dose, another, whether the record shows that they differ, why
DOSES: list[tuple[Dose, Dose, bool, str]] = [
    (dose(10, times=1), dose(10, times=1), False, "the same"),
    (dose(10, times=1), dose(20, times=1), True, "twice as much"),
    (dose(10, times=2), dose(20, times=1), False, "as much in a day"),
    (dose(10), dose(20, times=1), True, "more at a time"),
    (dose(10), dose(10, times=1), False, "how often is stated once"),
    (dose(10), dose(tablets=2, strength=5), False, "10 mg as 2 tablets of 5 mg"),
    (dose(10), dose(tablets=2, strength=10), True, "2 tablets of 10 mg"),
    (dose(tablets=1), dose(tablets=2), True, "a tablet more"),
    (dose(tablets=1, strength=5), dose(tablets=1), False, "a strength is stated once"),
    (dose(strength=5), dose(strength=10), True, "stronger tablets"),
    (dose(times=1), dose(times=2), True, "more often"),
    (dose(), dose(10), False, "a dose is stated once"),
    (dose(10, strength=5), dose(10, strength=10), False, "the same dose in other tablets"),
]


@pytest.mark.parametrize(("one", "other", "differ", "why"), DOSES)
def test_doses_differ_where_the_record_shows_it(one: Dose, other: Dose, differ: bool, why: str) -> None:
    assert one.differs(other) is differ, why
    assert other.differs(one) is differ, why


DRUG = {"name": "medication.x", "kind": "events", "resource": "Medication", "title": "x"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "Procedure", "gap": "P14D"},
        {"resource": "Condition", "course": {"lasts": "P14D", "reason": "x"}},
        {"resource": "Procedure", "half_lives": {"at_most": "P14D", "reason": "x"}},
        {"resource": "Condition", "treats": True},
        {"state_of": "condition.x"},
        {"gap": "P1M"},
        {"course": {"lasts": "P14D"}},
        {"half_lives": {"at_most": "P14D", "reason": ""}},
    ],
)
def test_what_only_drugs_have_is_refused_elsewhere_and_without_a_reason(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MODELS["events"].model_validate({**DRUG, **wrong})
