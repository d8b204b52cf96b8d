"""What the second reading of the sources changed and test cases can't show: outcomes of whole records."""

import json
from typing import Any

import pytest

from cds_service.explanation import explain
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from tests.trials.conftest import AS_OF, LOINC

SNOMED, ICD10CM, OWN = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "urn:cds-service:facts"
SUBJECT = {"reference": "Patient/x"}


def observed(code: str, value: float, unit: str = "", day: str = "2026-11-20", system: str = LOINC) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{code}",
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": system, "code": code}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value} | ({"unit": unit} if unit else {}),
    }


def condition(code: str, system: str = SNOMED, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "Condition", "id": f"c{code}", "subject": SUBJECT, "code": concept} | more


def outcome(library: Library, trial: str, criterion: str, *resources: dict[str, Any], born: str = "1985-01-01") -> str:
    patient = {"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": born}
    entries = [{"resource": one} for one in (patient, *resources)]
    record = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    [found] = explain(match(record, library, AS_OF), trial)["trials"]
    criteria = [*found["criteria"], *(c for cohort in found["cohorts"] for c in cohort["criteria"])]
    return str(next(c["outcome"] for c in criteria if c["id"] == criterion))


NEPHRITIS = condition("68815009", clinicalStatus={"coding": [{"code": "active"}]}, onsetDateTime="2024-02-01")
UPCR, DAILY = "2890-2", "2889-4"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([NEPHRITIS], "fail"),
        ([NEPHRITIS, observed(UPCR, 0.49, "g/g")], "unknown"),
        ([NEPHRITIS, observed(UPCR, 0.5, "g/g")], "fail"),
        ([NEPHRITIS, observed(UPCR, 0.3, "g/g", "2026-06-01")], "fail"),
        ([NEPHRITIS, observed(DAILY, 0.4, "g/(24.h)")], "unknown"),
        ([NEPHRITIS, observed(UPCR, 0.3, "g/g"), observed(DAILY, 0.6, "g/(24.h)")], "fail"),
        ([], "pass"),
        ([observed(UPCR, 0.49, "g/g")], "pass"),
        ([observed(UPCR, 0.5, "g/g")], "unknown"),
        ([observed(UPCR, 2, "g/g", "2026-06-01")], "pass"),
    ],
    ids=[
        "nephritis, urine not examined", "nephritis, 0.49 g/g", "nephritis, 0.5 g/g",
        "nephritis, 0.3 g/g half a year ago", "nephritis, 0.4 g/day", "nephritis, 0.3 g/g and 0.6 g/day",
        "neither", "0.49 g/g", "0.5 g/g", "2 g/g half a year ago",
    ],
)  # fmt: skip
def test_urine_protein_leaves_active_nephritis_open(
    library: Library, resources: list[dict[str, Any]], expected: str
) -> None:
    assert outcome(library, "NCT07083349", "exc-01", *resources) == expected


ITEMS = [
    f"829{n}" for n in ("40-8", "41-6", "42-4", "43-2", "44-0", "46-5", "47-3", "48-1", "49-9", "50-7", "51-5", "52-3")
]


def scored(*scores: int) -> list[dict[str, Any]]:
    return [observed(code, score) for code, score in zip(ITEMS, scores, strict=True)]


def total(value: int) -> dict[str, Any]:
    return observed("alsfrs-r-total", value, system=OWN)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([], "unknown"),
        ([total(29)], "fail"),
        ([total(30)], "unknown"),
        ([total(47)], "unknown"),
        ([total(48)], "pass"),
        (scored(*[2] * 9, 4, 4, 4), "pass"),
        (scored(*[2] * 8, 1, 4, 4, 4), "fail"),
        ([*scored(*[3] * 9, 4, 4, 4), total(39)], "pass"),
    ],
    ids=["nothing", "29", "30", "47", "48", "the items pass", "an item fails", "items and total"],
)
def test_of_the_alsfrs_r_total_alone(library: Library, resources: list[dict[str, Any]], expected: str) -> None:
    assert outcome(library, "NCT06598202", "inc-04", *resources) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("J18.9", "fail"),
        ("J21.9", "fail"),
        ("J20.9", "fail"),
        ("J10.1", "fail"),
        ("A41.9", "fail"),
        ("J00", "unknown"),
        ("J05.0", "unknown"),
        ("H66.90", "pass"),
        ("B37.0", "pass"),
    ],
    ids=["pneumonia", "bronchiolitis", "bronchitis", "influenza", "sepsis", "a cold", "croup", "otitis", "thrush"],
)
def test_an_infection_of_last_week_in_a_child(library: Library, code: str, expected: str) -> None:
    ill = condition(code, ICD10CM, onsetDateTime="2026-11-15")
    assert outcome(library, "NCT07617779", "exc-06a", ill, born="2026-01-01") == expected
