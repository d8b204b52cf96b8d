"""Which observation decides a fact (docs/design.md, 4a): a table that a clinician can read, then the odd cases."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.facts.fact import UNDATED, Fact
from tests.facts.records import Json, concept, lab, observation, quantity
from tests.facts.small_rules import LOINC

HB = "718-7"

# case -> the observations of haemoglobin, the value in g/L or the reason why it is unknown
CASES: dict[str, tuple[list[Json], str]] = {
    "the newest decides": ([lab(HB, 70, "g/L", "2026-05-01"), lab(HB, 90, "g/L", "2026-05-20")], "90"),
    "an amended one counts": ([lab(HB, 90, "g/L", status="amended")], "90"),
    "a corrected one counts": ([lab(HB, 90, "g/L", status="corrected")], "90"),
    "an entry in error never counts": ([lab(HB, 70, "g/L", status="entered-in-error")], "no_result"),
    "a cancelled one never counts": ([lab(HB, 70, "g/L", status="cancelled")], "no_result"),
    "one of status unknown never counts": ([lab(HB, 70, "g/L", status="unknown")], "no_result"),
    "preliminary counts where nothing is final": ([lab(HB, 70, "g/L", status="preliminary")], "70"),
    "registered counts where nothing is final": ([lab(HB, 70, "g/L", status="registered")], "70"),
    "an older final one wins over a preliminary one": (
        [lab(HB, 90, "g/L", "2026-05-01"), lab(HB, 70, "g/L", "2026-05-20", status="preliminary")],
        "90",
    ),
    "what lies after the day asked about does not count": ([lab(HB, 70, "g/L", "2026-06-02")], "no_result"),
    "the day asked about counts": ([lab(HB, 70, "g/L", "2026-06-01T23:30:00Z")], "70"),
    "one without value is passed over": (
        [lab(HB, 90, "g/L", "2026-05-01"), observation(HB, dataAbsentReason=concept("error"))],
        "90",
    ),
    "one without value alone is no result": ([observation(HB, dataAbsentReason=concept("error"))], "no_result"),
    "a newer value without unit is not hidden by an older one": (
        [lab(HB, 90, "g/L", "2026-05-01"), lab(HB, 9)],
        "unit_not_understood",
    ),
    "a newer value in a foreign unit is not hidden by an older one": (
        [lab(HB, 90, "g/L", "2026-05-01"), lab(HB, 9, "mg/dL")],
        "unit_not_understood",
    ),
    "a newer unreadable text is not hidden by an older value": (
        [lab(HB, 90, "g/L", "2026-05-01"), observation(HB, valueString="see comment")],
        "value_not_understood",
    ),
    "an older unreadable value is of no account": (
        [observation(HB, "2026-05-01", valueString="see comment"), lab(HB, 90, "g/L")],
        "90",
    ),
    "a newer one without any status may be an error: unknown": (
        [lab(HB, 90, "g/L", "2026-05-01"), {**lab(HB, 70, "g/L"), "status": None}],
        "value_not_understood",
    ),
    "at the same time the later issued decides": (
        [
            lab(HB, 70, "g/L", issued="2026-05-20T10:00:00Z"),
            lab(HB, 90, "g/L", issued="2026-05-20T12:00:00Z"),
        ],
        "90",
    ),
    "at the same time and not told apart: both are possible": ([lab(HB, 70, "g/L"), lab(HB, 90, "g/L")], "70 to 90"),
    "times of day are compared": (
        [lab(HB, 70, "g/L", "2026-05-20T08:00:00+02:00"), lab(HB, 90, "g/L", "2026-05-20T07:00:00Z")],
        "90",
    ),
    "a month may be later than a day in it: both are possible": (
        [lab(HB, 70, "g/L", "2026-05"), lab(HB, 90, "g/L", "2026-05-10")],
        "70 to 90",
    ),
    "an undated one may be the newest: both are possible": (
        [lab(HB, 70, "g/L", None), lab(HB, 90, "g/L", "2026-05-10")],
        "70 to 90",
    ),
    "an undated one was made before it was issued": (
        [lab(HB, 70, "g/L", None, issued="2026-05-01T10:00:00Z"), lab(HB, 90, "g/L", "2026-05-10")],
        "90",
    ),
    "an undated one that says the same changes nothing": (
        [lab(HB, 90, "g/L", None), lab(HB, 90, "g/L", "2026-05-10")],
        "90",
    ),
    "a date that is none is as good as no date": ([lab(HB, 90, "g/L", "last week")], "90"),
    "a period counts from its end": (
        [
            observation(
                HB,
                None,
                effectivePeriod={"start": "2026-01-01", "end": "2026-05-20"},
                valueQuantity=quantity(70, "g/L"),
            ),
            lab(HB, 90, "g/L", "2026-05-10"),
        ],
        "70",
    ),
    "a period that is not over may end today": (
        [
            observation(HB, None, effectivePeriod={"start": "2026-05-01"}, valueQuantity=quantity(70, "g/L")),
            lab(HB, 90, "g/L", "2026-05-10"),
        ],
        "70 to 90",
    ),
    "two values in one observation are none": (
        [observation(HB, valueQuantity=quantity(90, "g/L"), valueString="70")],
        "value_not_understood",
    ),
    "a value beside the reason for its absence is none": (
        [lab(HB, 90, "g/L", dataAbsentReason=concept("error"))],
        "value_not_understood",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_which_observation_decides(case: str, fact: Callable[..., Fact]) -> None:
    observations, expected = CASES[case]
    assert said(fact("lab.hemoglobin", *observations)) == expected
    assert said(fact("lab.hemoglobin", *reversed(observations))) == expected


def said(fact: Fact) -> str | None:
    """A number as text, or the reason why there is none."""
    value: Any = fact.value
    return fact.reason if value is None else value.text()


def test_age_is_the_largest_that_a_partial_date_allows(fact: Callable[..., Fact]) -> None:
    assert fact("lab.hemoglobin", lab(HB, 90, "g/L", "2026-05-20")).age == 12
    assert fact("lab.hemoglobin", lab(HB, 90, "g/L", "2026-05")).age == 31
    assert fact("lab.hemoglobin", lab(HB, 90, "g/L", "2026")).age == 151
    assert fact("lab.hemoglobin", lab(HB, 90, "g/L", None)).age == UNDATED


def test_undated_evidence_is_never_fresh(fact: Callable[..., Fact]) -> None:
    found = fact("lab.hemoglobin", lab(HB, 90, "g/L", None))
    assert found.at(36_500).reason == "undated"
    assert found.at(None).value is not None


def test_old_evidence_is_unknown_under_a_limit(fact: Callable[..., Fact]) -> None:
    found = fact("lab.hemoglobin", lab(HB, 90, "g/L", "2026-03-03"))
    assert found.age == 90
    assert found.at(90).value is not None
    assert found.at(89).reason == "too_old"


def test_a_component_is_an_observation_of_its_own(fact: Callable[..., Fact]) -> None:
    panel = observation(
        "85354-9",
        component=[
            {"code": concept("8480-6", LOINC), "valueQuantity": quantity(142, "mmHg", code="mm[Hg]")},
            {"code": concept("8462-4", LOINC), "valueQuantity": quantity(85, "mmHg", code="mm[Hg]")},
        ],
    )
    found = fact("vital.systolic", panel)
    assert said(found) == "142"
    assert found.age == 12
    assert found.evidence[0].code == "8480-6"


def test_a_malformed_observation_of_the_fact_is_not_hidden_by_an_older_one(fact: Callable[..., Fact]) -> None:
    broken = {**lab(HB, 70, "g/L"), "valueQuantity": {"value": "seventy", "unit": "g/L"}}
    older = lab(HB, 90, "g/L", "2026-05-01")
    assert said(fact("lab.hemoglobin", broken, older)) == "incomplete_record"
    newer = lab(HB, 90, "g/L", "2026-05-25")
    assert said(fact("lab.hemoglobin", broken, newer)) == "90"
    assert said(fact("lab.alt", broken, lab("1742-6", 30, "U/L"))) == "30"


def test_the_code_may_be_in_any_known_name_of_its_system(fact: Callable[..., Fact]) -> None:
    for system in ("urn:oid:2.16.840.1.113883.6.1", "LOINC", "https://loinc.org/", "http://loinc.org"):
        assert said(fact("lab.hemoglobin", {**lab(HB, 90, "g/L"), "code": concept(HB, system)})) == "90"
    assert said(fact("lab.hemoglobin", {**lab(HB, 90, "g/L"), "code": concept(HB, None)})) == "no_result"
    assert said(fact("lab.hemoglobin", {**lab(HB, 90, "g/L"), "code": concept(HB, "urn:site")})) == "no_result"
