"""Times the upper limit of normal, from the observation's own range only (docs/design.md, 4a)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cds_service.facts.fact import Fact
from tests.facts.records import Json, concept, lab, patient, quantity

ALT = "1742-6"
MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
SEX = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"


def limits(high: Any = 40, unit: str | None = "U/L", **more: Any) -> Json:
    return {"high": quantity(high, unit), **more}


def normal(code: str = "normal") -> Json:
    return {"type": concept(code, MEANING)}


def of_sex(code: str) -> Json:
    return {"appliesTo": [concept(code, SEX)]}


def of_age(low: int | None, high: int | None, unit: str = "a") -> Json:
    ends = {"low": low, "high": high}
    return {"age": {end: quantity(value, code=unit) for end, value in ends.items() if value is not None}}


# the ranges of an ALT of 120 U/L in a woman of 45, the multiple of the upper limit, why
RANGES: list[tuple[list[Json], str, str]] = [
    ([limits()], "3", "120 / 40"),
    ([limits(unit=None)], "3", "a limit without unit is in the value's"),
    ([limits(2, "ukat/L")], "1", "2 ukat/L are 120 U/L"),
    ([limits(unit="mg/L")], "no_reference_range", "a limit in a foreign unit is none"),
    ([], "no_reference_range", "no range"),
    ([{"low": quantity(5, "U/L")}], "no_reference_range", "no upper limit"),
    ([limits(0)], "no_reference_range", "no limit of 0"),
    ([limits(-40)], "no_reference_range", "nor below"),
    ([limits(), limits()], "3", "twice the same limit is one"),
    ([limits(), limits(50)], "no_reference_range", "two limits: which?"),
    ([limits(**normal()), limits(400, **normal("treatment"))], "3", "a treatment range is not normal"),
    ([limits(400, **normal("treatment"))], "no_reference_range", "only a treatment range"),
    ([limits(**of_sex("F")), limits(60, **of_sex("M"))], "3", "her sex"),
    ([limits(**of_sex("M"))], "no_reference_range", "not her sex"),
    ([limits(appliesTo=[concept("248152002")])], "3", "female in SNOMED CT"),
    ([limits(appliesTo=[{"text": "Female"}])], "3", "female as text"),
    ([limits(appliesTo=[{"text": "pregnant"}])], "no_reference_range", "whether that fits is not known"),
    ([limits(), limits(60, appliesTo=[{"text": "pregnant"}])], "no_reference_range", "it may be the other one"),
    ([limits(), limits(40, appliesTo=[{"text": "pregnant"}])], "3", "and that makes no difference"),
    ([limits(**of_age(18, 60)), limits(60, **of_age(61, None))], "3", "her age"),
    ([limits(**of_age(None, 17))], "no_reference_range", "not her age"),
    ([limits(**of_age(216, 720, "mo"))], "3", "her age in months"),
    ([limits(**of_age(18, 60, "eons"))], "no_reference_range", "an age in no known unit"),
    ([{"text": "0 - 40"}], "3", "text"),
    ([{"text": "<= 40"}], "3", "text"),
    ([{"text": "<40"}], "3", "text"),
    ([{"text": "up to 40 U/L"}], "3", "text with the unit"),
    ([{"text": "(0-40)"}], "3", "text in brackets"),
    ([{"text": "0–40"}], "3", "with a dash"),
    ([{"text": "> 10"}], "no_reference_range", "only a lower limit"),
    ([{"text": "40"}], "no_reference_range", "which limit?"),
    ([{"text": "F: 0-40 M: 0-60"}], "no_reference_range", "not plain"),
    ([{"text": "Negative"}], "no_reference_range", "no number"),
    ([limits(), {"text": "see manual"}], "no_reference_range", "another one that cannot be read"),
    ([{"high": quantity(40, "U/L", "<")}], "3", "below 40 is normal"),
    ([{"high": quantity(40, "U/L", ">")}], "no_reference_range", "no upper limit at all"),
]  # fmt: skip


@pytest.mark.parametrize(("ranges", "expected", "why"), RANGES)
def test_times_upper_limit(ranges: list[Json], expected: str, why: str, fact: Callable[..., Fact]) -> None:
    measured = lab(ALT, 120, "U/L", referenceRange=ranges)
    assert said(fact("lab.alt.x_uln", measured)) == expected, why
    assert said(fact("lab.alt", measured)) == "120", "the value itself needs no range"
    turned = lab(ALT, 120, "U/L", referenceRange=ranges[::-1])
    assert said(fact("lab.alt.x_uln", turned)) == expected, why


def said(fact: Fact) -> str | None:
    value: Any = fact.value
    return fact.reason if value is None else value.text()


def test_the_ratio_is_exact_in_the_same_unit(node: Callable[..., dict[str, Any]]) -> None:
    measured = lab("2160-0", 105.3, "mg/dL", referenceRange=[limits(35.1, "mg/dL")])
    assert node("lab.creatinine", measured)["x_uln"]["lo"] == 3.0


def test_interval_factors_cancel_in_the_same_unit(fact: Callable[..., Fact]) -> None:
    measured = lab("29615-2", 100, "IU/mL", referenceRange=[limits(20, "IU/mL")])
    assert said(fact("lab.hbv_dna.x_uln", measured)) == "5"
    other = lab("29615-2", 100, "IU/mL", referenceRange=[limits(100, "copies/mL")])
    assert said(fact("lab.hbv_dna.x_uln", other)) == "5 to 6"


def test_times_lower_limit(fact: Callable[..., Fact]) -> None:
    measured = lab("718-7", 60, "g/L", referenceRange=[{"low": quantity(120, "g/L"), "high": quantity(160, "g/L")}])
    assert said(fact("lab.hemoglobin.x_lln", measured)) == "0.5"


def test_an_interval_stays_one(fact: Callable[..., Fact]) -> None:
    measured = lab(ALT, 5, "U/L", comparator="<", referenceRange=[limits()])
    assert said(fact("lab.alt.x_uln", measured)) == "<0.125"


def test_a_range_for_a_sex_does_not_fit_who_has_none_on_record(fact: Callable[..., Fact]) -> None:
    measured = lab(ALT, 120, "U/L", referenceRange=[limits(**of_sex("F"))])
    assert said(fact("lab.alt.x_uln", measured, about=patient(gender="unknown"))) == "no_reference_range"


def test_the_age_is_that_at_the_time_of_the_observation(fact: Callable[..., Fact]) -> None:
    ranges = [limits(**of_age(None, 45)), limits(60, **of_age(46, None))]
    before, after = "2026-06-14", "2026-06-15"
    about = patient(birthDate="1980-06-15")
    for day, expected in ((before, "3"), (after, "2")):
        measured = lab(ALT, 120, "U/L", day, referenceRange=ranges)
        assert said(fact("lab.alt.x_uln", measured, about=about, as_of=date(2026, 7, 1))) == expected


def test_a_value_that_is_not_understood_has_no_ratio(fact: Callable[..., Fact]) -> None:
    measured = lab(ALT, 120, referenceRange=[limits()])
    assert said(fact("lab.alt.x_uln", measured)) == "unit_not_understood"
