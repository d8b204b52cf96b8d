"""Who can bear children (READING.md, section 10): the cases a clinician would check, one below the other."""

import json
from datetime import date
from typing import Any

import pytest

from cds_service.explanation import fact_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library

AS_OF = date(2026, 11, 24)
SNOMED, ICD10CM = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
FACT = "derived.childbearing_potential"


def condition(code: str, system: str = ICD10CM, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "Condition", "id": f"c{code}", "code": concept} | more


def procedure(code: str, day: str = "2015-03-02") -> dict[str, Any]:
    concept = {"coding": [{"system": SNOMED, "code": code}]}
    found = {"resourceType": "Procedure", "id": f"p{code}{day}", "status": "completed", "code": concept}
    return found | {"performedDateTime": day}


def bundle(*resources: dict[str, Any], **person: Any) -> bytes:
    patient = {"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": "1986-05-05"} | person
    patient = {key: value for key, value in patient.items() if value is not None}
    entries = [{"resource": one | {"subject": {"reference": "Patient/x"}}} for one in resources]
    content = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, *entries]}
    return json.dumps(content).encode()


def potential(library: Library, *resources: dict[str, Any], **person: Any) -> Any:
    facts = fact_sheet(read_bundle(bundle(*resources, **person)), library, AS_OF, [FACT])["facts"]
    [found] = [fact["value"] for fact in facts if fact["name"] == FACT]
    return found


@pytest.mark.parametrize(
    ("birth", "expected"),
    [("2014-11-25", False), ("2014-11-24", True), ("1970-11-25", True), ("1970-11-24", False), ("1970", None)],
    ids=["11 years", "12 today", "55, 56 tomorrow", "56 today", "55 or 56"],
)
def test_the_years(library: Library, birth: str, expected: bool | None) -> None:
    assert potential(library, birthDate=birth) is expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({}, True),
        ({"gender": "male"}, False),
        ({"gender": "other"}, None),
        ({"gender": "unknown"}, None),
        ({"gender": None}, None),
        ({"extension": [{"url": BIRTH_SEX, "valueCode": "F"}]}, True),
        ({"extension": [{"url": BIRTH_SEX, "valueCode": "M"}]}, None),
        ({"gender": "male", "extension": [{"url": BIRTH_SEX, "valueCode": "F"}]}, None),
        ({"gender": "male", "birthDate": "1950-01-01", "extension": [{"url": BIRTH_SEX, "valueCode": "F"}]}, False),
    ],
    ids=[
        "a woman", "a man", "other", "unknown", "missing", "a woman at birth too", "a man at birth",
        "a man, a woman at birth", "the same at 76",
    ],
)  # fmt: skip
def test_the_sex(library: Library, person: dict[str, Any], expected: bool | None) -> None:
    assert potential(library, **person) is expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([procedure("236886002")], False),
        ([procedure("80146002")], True),
        ([procedure("609275002")], False),
        ([procedure("60890002")], False),
        ([condition("Z90.710")], False),
        ([condition("Z98.51")], False),
        ([condition("Z90.721")], True),
        ([procedure("302376006")], True),
        ([procedure("302376006"), procedure("302377002", "2019-01-01")], None),
        ([procedure("176916000"), procedure("78698008", "2019-01-01")], None),
        ([procedure("86894005"), procedure("86894005", "2019-01-01")], None),
        ([condition("Z78.0")], False),
        ([condition("Z78.0", recordedDate="2026-11-01")], False),
        ([condition("N95.1")], None),
        ([condition("N95.1"), condition("Z78.0")], False),
        ([condition("198436008", SNOMED)], None),
        ([condition("161712005", SNOMED)], False),
        ([condition("E11.9")], True),
    ],
    ids=[
        "hysterectomy", "appendicectomy", "both ovaries removed", "sterilisation", "uterus absent",
        "tubal ligation status", "one ovary absent", "right ovary removed", "right, then left ovary removed",
        "a tube, then a tube and an ovary", "one side and one side, which is not said", "menopause without a date",
        "menopause lately", "menopausal symptoms", "symptoms and menopause", "flushing", "menopause by SNOMED CT",
        "diabetes",
    ],
)  # fmt: skip
def test_operations_and_menopause(library: Library, records: list[dict[str, Any]], expected: bool | None) -> None:
    assert potential(library, *records) is expected
