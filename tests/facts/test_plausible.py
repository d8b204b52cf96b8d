"""No slip of a unit by a thousand decides anything; and every number of ours says where it is plausible, and why."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts import build_sheet
from cds_service.facts.catalogue import Code, DerivedFact, QuantityFact
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
NORMALLY_NONE = {"lab.hbv_dna_iu", "lab.hbv_dna", "vital.oxygen_flow", "vital.niv_hours_per_day"}
NO_UNIT = {"ScoreFact", "TiterFact"}
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


COMPUTED = [spec for spec in LIBRARY.catalogue if isinstance(spec, DerivedFact) and spec.parts]


def parts_of(spec: DerivedFact) -> list[QuantityFact]:
    found = (LIBRARY.catalogue.facts[name] for name in spec.parts)
    return [part for part in found if isinstance(part, QuantityFact)]


@pytest.mark.parametrize("spec", COMPUTED, ids=lambda spec: spec.name)
def test_nor_does_it_decide_what_is_computed_from_it(spec: DerivedFact) -> None:
    normal = {part.name: middle(part) for part in parts_of(spec)}

    def computed(**changed: Decimal) -> Fact:
        values = {**normal, **changed}
        held = [measured(part.codes[0], values[part.name], part.unit) for part in parts_of(spec)]
        return build_sheet(record(*held), LIBRARY.facts, AS_OF)[spec.name]

    assert computed().value is not None, "of normal parts it is known"
    for name, value in normal.items():
        for slipped in (value * THOUSAND, value / THOUSAND):
            assert computed(**{name: slipped}).value is None, (name, slipped)


def test_every_number_of_the_catalogue_is_looked_at() -> None:
    """Titres and scores have no unit to slip; all the others with a number are quantities, or computed from them."""
    others = {type(spec).__name__ for spec in LIBRARY.catalogue if spec not in NUMBERS}
    assert others <= {"EventsFact", "ResultFact", "PatientFact", "DateFact", "DefinedFact", "DerivedFact", *NO_UNIT}
    chosen = {name for spec in LIBRARY.catalogue if isinstance(spec, DerivedFact) for name in spec.of}
    numeric = {spec.name for spec in (*NUMBERS, *COMPUTED)}
    assert {name for name in chosen if not name.startswith(("result.", "lab.aav9", "lab.ana"))} <= numeric


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
