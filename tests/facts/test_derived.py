"""Derived facts against values worked out by hand, and against what their parts leave open."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.facts.fact import Fact
from cds_service.facts.intervals import Interval
from tests.facts.records import Json, coded, condition, lab, observation, patient, verified

MAN = patient(gender="male", birthDate="1976-01-01")  # 50 years on 1 June 2026
WOMAN = patient(gender="female", birthDate="1976-01-01")


def bounds(fact: Fact) -> tuple[float, float]:
    assert isinstance(fact.value, Interval), fact.reason
    return fact.value.closed()


# sex, creatinine in mg/dL, eGFR by CKD-EPI 2021 at 50 years, worked out from the published equation
EGFR: list[tuple[Json, float, float]] = [
    (MAN, 0.9, 104.053),  # 142 * 0.9938^50
    (MAN, 1.8, 45.292),  # * 2^-1.2
    (MAN, 0.45, 128.284),  # * 0.5^-0.302
    (WOMAN, 0.7, 105.302),  # * 1.012
    (WOMAN, 1.4, 45.836),
    (WOMAN, 0.35, 124.448),  # * 0.5^-0.241
]


@pytest.mark.parametrize(("about", "creatinine", "expected"), EGFR)
def test_egfr_ckd_epi_2021(about: Json, creatinine: float, expected: float, fact: Callable[..., Fact]) -> None:
    low, high = bounds(fact("derived.egfr", lab("2160-0", creatinine, "mg/dL"), about=about))
    assert low == high == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(
    ("about", "weight", "creatinine", "expected"),
    [
        (MAN, 72, 1.0, 90.0),  # (140 - 50) * 72 / (72 * 1.0)
        (WOMAN, 72, 1.0, 76.5),  # * 0.85
        (MAN, 80, 2.0, 50.0),
    ],
)
def test_cockcroft_gault(
    about: Json, weight: float, creatinine: float, expected: float, fact: Callable[..., Fact]
) -> None:
    held = [lab("2160-0", creatinine, "mg/dL"), lab("29463-7", weight, "kg")]
    low, high = bounds(fact("derived.clearance", *held, about=about))
    assert low == high == pytest.approx(expected, rel=1e-4)


def test_bmi(fact: Callable[..., Fact]) -> None:
    assert bounds(fact("derived.bmi", lab("29463-7", 81, "kg"), lab("8302-2", 180, "cm"))) == (25.0, 25.0)


def test_upcr_is_of_one_urine(fact: Callable[..., Fact]) -> None:
    protein, creatinine = lab("2888-6", 100, "mg/dL"), lab("2161-8", 8.84016973126, "mmol/L")
    assert bounds(fact("derived.upcr", protein, creatinine)) == pytest.approx((1.0, 1.0))
    other = lab("2161-8", 8.84, "mmol/L", "2026-05-19")
    assert fact("derived.upcr", protein, other).value is None


@pytest.mark.parametrize(
    ("held", "about", "expected"),
    [
        ([lab("2160-0", 1.0, "mg/dL")], patient(birthDate="2010-01-01"), "value_not_understood"),  # a minor
        ([lab("2160-0", 1.0, "mg/dL")], patient(gender="other"), "value_not_understood"),
        ([lab("2160-0", 1.0, "mg/dL")], patient(birthDate=None), "not_supplied"),
        ([lab("2160-0", 1.0)], WOMAN, "unit_not_understood"),
        ([], WOMAN, "no_result"),
    ],
)
def test_no_egfr(held: list[Json], about: Json, expected: str, fact: Callable[..., Fact]) -> None:
    assert fact("derived.egfr", *held, about=about).reason == expected


def test_intervals_stay_intervals(fact: Callable[..., Fact]) -> None:
    low, high = bounds(fact("derived.egfr", lab("2160-0", 1.8, "mg/dL", comparator=">"), about=MAN))
    assert low == 0.0
    assert high == pytest.approx(45.292, rel=2e-4)
    low, high = bounds(fact("derived.egfr", lab("2160-0", 0.9, "mg/dL", comparator="<"), about=MAN))
    assert low == pytest.approx(104.053, rel=2e-4)
    assert high > 1e300
    low, high = bounds(
        fact("derived.egfr", lab("2160-0", 0.9, "mg/dL"), about=patient(gender="male", birthDate="1976"))
    )
    assert low < high


def test_it_is_as_old_as_its_oldest_part_that_goes_stale(fact: Callable[..., Fact]) -> None:
    held = [lab("29463-7", 81, "kg", "2026-05-20"), lab("8302-2", 180, "cm", "2010-01-01")]
    assert fact("derived.bmi", *held).age == 12
    held = [lab("2160-0", 1.0, "mg/dL", "2026-05-31"), lab("29463-7", 72, "kg", "2026-05-20")]
    assert fact("derived.clearance", *held).age == 12


def test_a_childs_height_goes_stale(fact: Callable[..., Fact], node: Callable[..., dict[str, Any]]) -> None:
    child = patient(birthDate="2020-01-01")
    old = lab("8302-2", 110, "cm", "2025-12-01")
    assert fact("vital.body_height", old, about=child).reason == "too_old"
    assert node("vital.body_height", old, about=patient(birthDate=None)) == {}
    assert node("vital.body_height", old)["lo"] == 110.0


REPORTED, CREATININE = lab("62238-1", 25, "mL/min/{1.73_m2}"), lab("2160-0", 0.9, "mg/dL")


def test_a_report_wins_over_what_is_derived(fact: Callable[..., Fact]) -> None:
    assert bounds(fact("kidney.egfr", REPORTED, CREATININE)) == (25.0, 25.0)
    assert fact("kidney.egfr", CREATININE).via == "derived.egfr"


def test_a_stale_report_does_not(fact: Callable[..., Fact]) -> None:
    old = lab("62238-1", 25, "mL/min/{1.73_m2}", "2025-01-01")
    assert fact("kidney.egfr", old, CREATININE).via == "derived.egfr"
    assert bounds(fact("kidney.egfr", old)) == (25.0, 25.0), "alone it is shown, with its age"


def test_a_report_that_is_not_understood_is_not_passed_over(fact: Callable[..., Fact]) -> None:
    assert fact("kidney.egfr", lab("62238-1", 25), CREATININE).reason == "unit_not_understood"


POSITIVE, NEGATIVE, UNSURE = "10828004", "260385009", "419984006"


@pytest.mark.parametrize(
    ("antibody", "rna", "expected"),
    [
        (POSITIVE, None, "positive"),
        (None, POSITIVE, "positive"),
        (POSITIVE, NEGATIVE, "positive"),
        (NEGATIVE, None, "negative"),
        (None, NEGATIVE, "negative"),
        (NEGATIVE, NEGATIVE, "negative"),
        (UNSURE, NEGATIVE, "indeterminate"),
        (UNSURE, POSITIVE, "positive"),
        ("17621005", NEGATIVE, "value_not_understood"),
        (None, None, "no_result"),
    ],
)
def test_either_test(antibody: str | None, rna: str | None, expected: str, fact: Callable[..., Fact]) -> None:
    held = [coded(code, answer) for code, answer in (("13955-0", antibody), ("11259-9", rna)) if answer]
    found = fact("infection.hcv", *held)
    assert (found.value or found.reason) == expected


@pytest.mark.parametrize(
    ("hbsag", "hcv", "expected"),
    [
        (POSITIVE, None, "positive"),
        (NEGATIVE, None, "no_result"),
        (NEGATIVE, NEGATIVE, "negative"),
        (NEGATIVE, UNSURE, "indeterminate"),
    ],
)
def test_both_parts(hbsag: str | None, hcv: str | None, expected: str, fact: Callable[..., Fact]) -> None:
    held = [coded(code, answer) for code, answer in (("5196-1", hbsag), ("13955-0", hcv)) if answer]
    found = fact("infection.both", *held)
    assert (found.value or found.reason) == expected


def test_a_stale_part_counts_as_not_done(fact: Callable[..., Fact]) -> None:
    held = [coded("13955-0", POSITIVE, "2020-01-01"), coded("11259-9", NEGATIVE)]
    assert fact("infection.hcv", *held).value == "negative"


ALS = "86044005"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([observation("65222-2", valueDateTime="2025-12-01")], {"lo": 182, "hi": 182}),
        ([observation("65222-2", valueDateTime="2025-12")], {"lo": 152, "hi": 182}),
        ([observation("65222-2", valueDateTime="2027-01-01")], None),
        ([observation("65222-2", valueString="2025-12-01")], {"lo": 182, "hi": 182}),
        ([observation("65222-2", valueString="last winter"), condition(ALS, onsetDateTime="2025-12-01")], None),
        ([condition(ALS, onsetDateTime="2025-12-01")], {"lo": 182, "hi": 182}),
        (
            [condition(ALS, onsetDateTime="2025-12-01"), condition(ALS, onsetDateTime="2026-01-01")],
            {"lo": 182, "hi": 182},
        ),
        ([condition(ALS)], {"lo": 0, "hi": 1.7976931348623157e308}),
        ([condition(ALS, **verified("provisional"))], None),
        ([], None),
    ],
)
def test_days_since_onset(held: list[Json], expected: Any, node: Callable[..., dict[str, Any]]) -> None:
    assert node("date.onset", *held).get("days_since") == expected
