"""Age by the calendar, sex, and death."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cds_service.facts import FactSheet, sex_of
from cds_service.facts.fact import Fact
from tests.facts.records import patient, record

# birth date, day, completed years, completed months, why
AGES: list[tuple[str, str, tuple[tuple[int, int], tuple[int, int]], str]] = [
    ("1980-06-15", "2026-06-14", ((45, 45), (551, 551)), "the day before the birthday"),
    ("1980-06-15", "2026-06-15", ((46, 46), (552, 552)), "the birthday"),
    ("2000-02-29", "2018-02-28", ((17, 17), (215, 215)), "born on a leap day: not yet"),
    ("2000-02-29", "2018-03-01", ((18, 18), (216, 216)), "born on a leap day: on 1 March"),
    ("2000-02-29", "2020-02-29", ((20, 20), (240, 240)), "and on the day itself"),
    ("2026-01-31", "2026-02-28", ((0, 0), (0, 0)), "28 February is no 31st"),
    ("2026-01-31", "2026-03-01", ((0, 0), (1, 1)), "the first day after"),
    ("2026-01-31", "2026-03-31", ((0, 0), (2, 2)), "the 31st"),
    ("1980", "2026-06-01", ((45, 46), (545, 557)), "a year only"),
    ("1980-06", "2026-06-01", ((45, 46), (551, 552)), "a month only"),
    ("2026", "2026-06-01", ((0, 0), (0, 5)), "this year"),
    ("2026-06-01", "2026-06-01", ((0, 0), (0, 0)), "born that day"),
    ("1956-06-01", "2026-06-01", ((70, 70), (840, 840)), "70 for a year"),
    ("1956-06-01", "2027-05-31", ((70, 70), (851, 851)), "until the 71st birthday"),
]


@pytest.mark.parametrize(("birth", "day", "expected", "why"), AGES)
def test_age(birth: str, day: str, expected: tuple[Any, Any], why: str, node: Callable[..., dict[str, Any]]) -> None:
    found = node("patient.age", about=patient(birthDate=birth), as_of=date.fromisoformat(day))
    assert tuple((found[unit]["lo"], found[unit]["hi"]) for unit in ("a", "mo")) == expected, why


def test_age_in_days(node: Callable[..., dict[str, Any]]) -> None:
    assert node("patient.age", about=patient(birthDate="2026-05-22"))["d"] == {"lo": 10, "hi": 10}
    assert node("patient.age", about=patient(birthDate="2026-05"))["d"] == {"lo": 1, "hi": 31}


@pytest.mark.parametrize(
    ("birth", "reason"),
    [
        (None, "not_supplied"),
        ("2027-01-01", "value_not_understood"),
        ("0000-01-01", "value_not_understood"),
        ("1066-10-14", "value_not_understood"),
        ("9999", "value_not_understood"),
        ("last year", "value_not_understood"),
    ],
)
def test_no_age(birth: str | None, reason: str, fact: Callable[..., Fact]) -> None:
    assert fact("patient.age", about=patient(birthDate=birth)).reason == reason


@pytest.mark.parametrize(
    ("gender", "expected"),
    [
        ("female", "female"),
        ("male", "male"),
        ("other", "value_not_understood"),
        ("unknown", "value_not_understood"),
        (None, "not_supplied"),
    ],
)
def test_sex(gender: str | None, expected: str, fact: Callable[..., Fact]) -> None:
    found = fact("patient.sex", about=patient(gender=gender))
    assert (found.value or found.reason) == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2026-05-01"}, True),
        ({"deceasedDateTime": "2026"}, True),
        ({"deceasedDateTime": "2026-06-02"}, False),
        ({"deceasedDateTime": "?"}, True),
    ],
)
def test_deceased(elements: dict[str, Any], expected: bool, sheet: Callable[..., FactSheet]) -> None:
    found = sheet(about=patient(**elements))
    assert found.deceased is expected
    assert found["patient.deceased"].value is expected


def birth_sex(code: str) -> dict[str, Any]:
    return {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": code}


def recorded(value: str, what: str = "76689-9") -> dict[str, Any]:
    """HL7's recorded sex or gender; the type is a LOINC code."""
    system = "http://hl7.org/fhir/administrative-gender"
    return {
        "url": "http://hl7.org/fhir/StructureDefinition/individual-recordedSexOrGender",
        "extension": [
            {"url": "value", "valueCodeableConcept": {"coding": [{"system": system, "code": value}]}},
            {"url": "type", "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": what}]}},
        ],
    }


@pytest.mark.parametrize(
    ("gender", "extensions", "expected"),
    [
        ("female", [birth_sex("F")], "female"),
        ("female", [birth_sex("M")], "conflicting_results"),
        ("male", [birth_sex("F")], "conflicting_results"),
        ("female", [birth_sex("UNK")], "female"),
        ("female", [birth_sex("OTH")], "female"),
        ("female", [birth_sex("ASKU")], "female"),
        ("female", [recorded("female")], "female"),
        ("female", [recorded("male")], "conflicting_results"),
        ("female", [recorded("unknown")], "female"),
        ("female", [recorded("male", "76691-5")], "female"),
        ("female", [birth_sex("F"), birth_sex("M")], "conflicting_results"),
        ("female", [birth_sex("F"), recorded("male")], "conflicting_results"),
        ("other", [birth_sex("F")], "value_not_understood"),
        (None, [birth_sex("F")], "not_supplied"),
        ("female", [{"url": "http://example.org/birthsex", "valueCode": "M"}], "female"),
        ("female", [{"url": 7}, {"valueCode": []}, "M", None], "female"),
    ],
)
def test_a_sex_that_differs_from_one_at_birth_is_not_known(
    gender: str | None, extensions: list[Any], expected: str, fact: Callable[..., Fact]
) -> None:
    found = fact("patient.sex", about=patient(gender=gender, extension=extensions))
    assert (found.value or found.reason) == expected


def test_two_versions_of_a_patient_keep_what_either_says_of_the_birth() -> None:
    one, other = patient(extension=[birth_sex("F")]), patient(extension=[birth_sex("M")])
    found = record(other, about=one).patient
    assert sex_of(found) is None


@pytest.mark.parametrize(
    ("elements", "issues"),
    [
        ({"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]}, 1),
        ({"active": False}, 0),
        ({"active": True, "link": [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]}, 0),
        ({"active": False, "link": [{"type": "seealso", "other": {"reference": "Patient/q"}}]}, 0),
        ({"active": "no", "link": [7, None, {"type": []}]}, 0),
    ],
    ids=["replaced", "inactive only", "active all the same", "another link", "malformed"],
)
def test_a_patient_that_was_replaced_is_an_issue_and_the_facts_stand(elements: dict[str, Any], issues: int) -> None:
    found = record(about=patient(**elements))
    assert [issue.code for issue in found.issues if issue.code == "replaced_patient"] == ["replaced_patient"] * issues
    assert found.patient is not None
    assert found.patient.gender == "female"
