"""Blood counts beside what raises them: only too low is certain within two weeks of a transfusion or growth factor."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from cds_service.explanation import explain, fact_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match

AS_OF = date(2026, 11, 24)
LOINC, SNOMED, ATC = "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc"
COUNTS = {
    "lab.hemoglobin": ("718-7", 95, "g/L"),
    "lab.platelets": ("777-3", 120, "10*9/L"),
    "lab.neutrophils": ("751-8", 2, "10*9/L"),
    "lab.leukocytes": ("6690-2", 5, "10*9/L"),
    "lab.lymphocytes": ("731-0", 1, "10*9/L"),
}


def ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def count(name: str, days: int = 1, value: float | None = None) -> dict[str, Any]:
    code, usual, unit = COUNTS[name]
    return {
        "resourceType": "Observation",
        "id": code,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": ago(days),
        "valueQuantity": {"value": usual if value is None else value, "unit": unit},
    }


def procedure(snomed: str, days: int, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": SNOMED, "code": snomed}]}
    return {
        "resourceType": "Procedure", "id": "p", "status": "completed", "code": concept, "performedDateTime": ago(days)
    } | more  # fmt: skip


def drug(atc: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": atc}]},
        "effectivePeriod": {"start": ago(start), "end": ago(end)},
    } | more


RED_CELLS, PLATELETS = "288170000", "12719002"
EPO, G_CSF, TPO_AGONIST, RED_CELL_PRODUCT = "B03XA01", "L03AA02", "B02BX05", "B05AX01"


def facts(library: Library, *resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    patient = {"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": "1985-01-01"}
    entries = [{"resource": one | {"subject": {"reference": "Patient/x"}}} for one in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, *entries]}
    found = fact_sheet(read_bundle(json.dumps(bundle)), library, AS_OF, COUNTS)
    return {fact["name"]: fact for fact in found["facts"]}


@pytest.mark.parametrize(
    ("given", "unsettled"),
    [
        (procedure(RED_CELLS, 3), {"lab.hemoglobin"}),
        (drug(RED_CELL_PRODUCT, 3, 3), {"lab.hemoglobin"}),
        (drug(EPO, 30, 5), {"lab.hemoglobin"}),
        (procedure(PLATELETS, 3), {"lab.platelets"}),
        (drug(TPO_AGONIST, 30, 5), {"lab.platelets"}),
        (drug(G_CSF, 6, 4), {"lab.neutrophils", "lab.leukocytes"}),
    ],
    ids=["red cells", "red cells as a product", "erythropoietin", "platelets", "eltrombopag", "filgrastim"],
)
def test_each_treatment_unsettles_what_it_raises(library: Library, given: dict[str, Any], unsettled: set[str]) -> None:
    found = facts(library, *map(count, COUNTS), given)
    assert {name for name, fact in found.items() if fact["reason"] == "after_transfusion"} == unsettled
    for name, fact in found.items():
        usual = COUNTS[name][1]
        assert fact["value"] == usual


@pytest.mark.parametrize(
    ("sample", "transfusion", "unsettled"),
    [
        (0, 14, True),
        (0, 15, False),
        (1, 15, True),
        (1, 16, False),
        (80, 94, True),
        (80, 95, False),
        (10, 3, True),
    ],
    ids=[
        "14 days before the sample", "15 days before", "14 days before a sample of yesterday", "15 days before",
        "14 days before an old sample", "15 days before", "after the sample: the next one will be raised",
    ],
)  # fmt: skip
def test_two_weeks_before_the_sample_and_ever_since(
    library: Library, sample: int, transfusion: int, unsettled: bool
) -> None:
    found = facts(library, count("lab.hemoglobin", sample), procedure(RED_CELLS, transfusion))["lab.hemoglobin"]
    assert (found["value"], found["reason"]) == (95, "after_transfusion" if unsettled else None)


@pytest.mark.parametrize(
    ("given", "unsettled"),
    [
        (procedure(RED_CELLS, 3, status="not-done"), False),
        (procedure(RED_CELLS, 3, status="entered-in-error"), False),
        (procedure(RED_CELLS, 3, code={"text": "packed red cells"}), True),
        (procedure(RED_CELLS, 3, performedDateTime=None), True),
        (procedure(RED_CELLS, -3, status="preparation"), False),
        (drug(EPO, 30, 5, status="not-taken"), False),
        (drug(G_CSF, 30, 5), False),
    ],
    ids=["not done", "in error", "in words", "without a date", "planned", "not taken", "another growth factor"],
)
def test_what_may_have_been_given_counts(library: Library, given: dict[str, Any], unsettled: bool) -> None:
    given = {key: value for key, value in given.items() if value is not None}
    found = facts(library, count("lab.hemoglobin"), given)["lab.hemoglobin"]
    assert (found["value"], found["reason"]) == (95, "after_transfusion" if unsettled else None)


def percent(code: str, value: float) -> dict[str, Any]:
    share = {"id": code, "code": {"coding": [{"system": LOINC, "code": code}]}}
    return count("lab.leukocytes") | share | {"valueQuantity": {"value": value, "unit": "%"}}


def test_a_differential_is_unsettled_only_where_its_own_kind_is_raised(library: Library) -> None:
    found = facts(library, count("lab.leukocytes"), percent("770-8", 60), percent("736-9", 30), drug(G_CSF, 6, 4))
    assert {name: (fact["value"], fact["reason"]) for name, fact in found.items() if fact["evidence"]} == {
        "lab.leukocytes": (5, "after_transfusion"),
        "lab.neutrophils": (3, "after_transfusion"),
        "lab.lymphocytes": (1.5, None),
    }


def test_nothing_known_stays_nothing_known(library: Library) -> None:
    found = facts(library, procedure(RED_CELLS, 3))["lab.hemoglobin"]
    assert (found["status"], found["value"], found["reason"]) == ("unknown", None, "no_result")


@pytest.mark.parametrize(
    ("trial", "criterion", "name", "given", "cases"),
    [
        ("NCT07083349", "inc-07c", "lab.hemoglobin", procedure(RED_CELLS, 3), {79: "fail", 80: "unknown"}),
        ("NCT07083349", "inc-07c", "lab.platelets", procedure(PLATELETS, 3), {49: "fail", 50: "unknown"}),
        ("NCT07083349", "inc-07c", "lab.neutrophils", drug(G_CSF, 6, 4), {1.4: "fail", 1.5: "unknown"}),
        ("NCT06598202", "exc-04a", "lab.hemoglobin", drug(EPO, 9, 9), {99: "fail", 100: "unknown"}),
        ("NCT06598202", "exc-04b", "lab.neutrophils", drug(G_CSF, 6, 4), {1.4: "fail", 1.5: "unknown"}),
        ("NCT06598202", "exc-04c", "lab.platelets", drug(TPO_AGONIST, 9, 9), {99: "fail", 100: "unknown"}),
        ("NCT06598202", "exc-04d", "lab.leukocytes", drug(G_CSF, 6, 4), {3.9: "fail", 4: "unknown", 12: "unknown"}),
        ("NCT06676631", "inc-07a", "lab.leukocytes", drug(G_CSF, 6, 4), {1.9: "fail", 2: "unknown"}),
        ("NCT07617779", "exc-07c", "lab.hemoglobin", procedure(RED_CELLS, 3), {79: "fail", 80: "unknown"}),
        ("NCT07617779", "exc-07c", "lab.hemoglobin", procedure(RED_CELLS, 3), {180: "unknown", 181: "unknown"}),
        ("NCT07617779", "exc-07d", "lab.leukocytes", drug(G_CSF, 6, 4), {4.2: "fail", 4.3: "unknown"}),
        ("NCT07617779", "exc-07e", "lab.platelets", procedure(PLATELETS, 3), {182: "fail", 183: "unknown"}),
    ],
)  # fmt: skip
def test_what_fails_even_so_still_fails(  # noqa: PLR0917 (pytest hands over a table's columns by name)
    library: Library, trial: str, criterion: str, name: str, given: dict[str, Any], cases: dict[float, str]
) -> None:
    others = [count(other) for other in COUNTS if other != name]
    for value, outcome in cases.items():
        resources = [*others, count(name, value=value), given]
        patient = {"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": "1985-01-01"}
        entries = [{"resource": one | {"subject": {"reference": "Patient/x"}}} for one in resources]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, *entries]}
        [found] = explain(match(read_bundle(json.dumps(bundle)), library, AS_OF), trial)["trials"]
        [one] = [c for c in found["criteria"] if c["id"] == criterion]
        assert (value, one["outcome"]) == (value, outcome)
        if outcome == "unknown":
            assert "after_transfusion" in {fact["reason"] for fact in one["facts"]}
            assert found["verdict"] == "not_eligible" or "after_transfusion" in found["reasons"]
