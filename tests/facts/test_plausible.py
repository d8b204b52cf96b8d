"""No slip of a unit by a thousand decides anything; and every number of ours says where it is plausible, and why."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts import build_sheet
from cds_service.facts.catalogue import Code, QuantityFact
from cds_service.facts.fact import Fact
from cds_service.facts.intervals import Interval
from cds_service.facts.observations import Unreadable
from cds_service.library import load_library
from cds_service.settings import default_rules_dir
from tests.facts.contract_4a.rows import AS_OF
from tests.facts.records import Json, concept, observation, quantity, record
from tests.facts.small_rules import LOINC

LIBRARY = load_library(default_rules_dir())
NUMBERS = [spec for spec in LIBRARY.catalogue if isinstance(spec, QuantityFact)]
THOUSAND = Decimal(1000)
# Their normal value is 0, and a thousand times nothing is nothing (docs/facts.md lists what is not noticed).
NORMALLY_NONE = {"lab.hbv_dna", "lab.hbv_dna_copies", "vital.oxygen_flow", "vital.niv_hours_per_day"}
each_number = pytest.mark.parametrize("spec", NUMBERS, ids=lambda spec: spec.name)


def measured(code: Code, value: Decimal, unit: str) -> Json:
    written = None if unit == "1" else unit
    number = quantity(float(value), written, code=written)
    return {**observation("x", valueQuantity=number), "code": concept(code.code, code.system)}


def read(spec: QuantityFact, value: Decimal) -> Fact:
    return build_sheet(record(measured(spec.codes[0], value, spec.unit)), LIBRARY.facts, AS_OF)[spec.name]


def middle(spec: QuantityFact) -> Decimal:
    assert spec.normal is not None
    return (spec.normal[0] + spec.normal[1]) / 2


@each_number
def test_every_number_says_where_it_is_plausible_and_why(spec: QuantityFact) -> None:
    assert spec.plausible is not None
    assert spec.plausible_limit is not None
    assert spec.normal is not None
    assert spec.plausible_reason.endswith(".")
    low, high = spec.plausible
    assert 0 < low < high, "0 is said by `zero`"
    assert all(low <= value <= high or (spec.zero and value == 0) for value in spec.normal)
    assert all(low <= limit <= high for limit in spec.plausible_limit), "a limit is a plausible value"


@each_number
def test_a_thousand_times_more_or_less_than_normal_never_decides(spec: QuantityFact) -> None:
    normal = middle(spec)
    assert (normal == 0) == (spec.name in NORMALLY_NONE)
    if normal == 0:
        return
    assert read(spec, normal).value is not None, "the normal value itself counts"
    for slipped in (normal * THOUSAND, normal / THOUSAND):
        unknown = read(spec, slipped)
        assert unknown.value is None
        assert unknown.reason in {"implausible", "value_not_understood"}
        assert unknown.evidence, "what was sent is shown"
        assert all(part.value is None for part in unknown.parts.values())


ends = st.decimals(min_value=-10, max_value=10**7, places=3) | st.none()
intervals = st.builds(Interval, ends, ends, st.booleans(), st.booleans()).filter(lambda value: not value.is_empty)


def holds(value: Interval, number: Decimal) -> bool:
    above = value.lo is None or value.lo < number or (value.lo == number and not value.lo_open)
    below = value.hi is None or value.hi > number or (value.hi == number and not value.hi_open)
    return above and below


@given(st.sampled_from(NUMBERS), intervals)
def test_only_what_lies_wholly_outside_is_refused_and_nothing_is_cut(spec: QuantityFact, value: Interval) -> None:
    found = LIBRARY.facts.numbers[spec.name].judge(value)
    assert spec.plausible is not None
    low, high = spec.plausible
    plausible = [low, high, (low + high) / 2, *([Decimal(0)] if spec.zero else [])]
    if any(holds(value, number) for number in plausible):
        assert not isinstance(found, Unreadable)
    if not isinstance(found, Unreadable):
        assert found == value.at_least(spec.minimum)


@given(st.sampled_from(NUMBERS), intervals, intervals)
def test_what_says_less_is_not_refused_where_more_is_not(spec: QuantityFact, value: Interval, other: Interval) -> None:
    reader = LIBRARY.facts.numbers[spec.name]
    if not isinstance(reader.judge(value), Unreadable):
        assert not isinstance(reader.judge(value.hull(other)), Unreadable)


def test_the_issue_says_that_it_is_not_plausible() -> None:
    absurd = measured(Code(system=LOINC, code="718-7"), Decimal(112), "g/dL")
    issues = build_sheet(record(absurd), LIBRARY.facts, AS_OF).issues
    assert [(issue.code, issue.message) for issue in issues] == [
        ("implausible", "its value is not plausible for lab.hemoglobin")
    ]
