"""Words beside a code, and words alone: what of an entry stays certain. A clinician can check the table."""

import json
from datetime import date
from typing import Any

import pytest

from cds_service.facts import build_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library

AS_OF = date(2026, 11, 24)
SLE = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M32.9"}
STROKE = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I63.9"}


def fact(library: Library, name: str, resource: dict[str, Any]) -> bool | None:
    """Whether the fact is there: yes, no, or unknown."""
    subject = {"reference": "Patient/p1"}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1985-03-12"}},
            {"resource": {**resource, "id": "e1", "subject": subject}},
        ],
    }
    sheet = build_sheet(read_bundle(json.dumps(bundle).encode()), library.facts, AS_OF, [name])
    events = sheet[name].value
    if any(event.sure for event in events.items):
        return True
    return None if events.items or not events.whole("closed") else False


def condition(text: str | None, coding: dict[str, str] | None = None) -> dict[str, Any]:
    code: dict[str, Any] = {} if text is None else {"text": text}
    return {"resourceType": "Condition", "code": code | ({} if coding is None else {"coding": [coding]})}


def drug(text: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-11-01",
        "medicationCodeableConcept": {"text": text},
    }


BESIDE_A_CODE = [
    # words beside the code, what of SLE stays certain
    (None, True),
    ("SLE", True),
    ("Systemic lupus erythematosus, unspecified", True),
    ("SLE with nephritis", True),
    ("Rule out SLE", None),
    ("r/o SLE", None),
    ("SLE?", None),
    ("suspected SLE", None),
    ("Probable SLE", None),
    ("V. a. SLE", None),
    ("Verdacht auf systemischen Lupus", None),
    ("Lupus ausgeschlossen", None),
    ("疑似系统性红斑狼疮", None),
    ("系统性红斑狼疮待排", None),
    ("No SLE", None),
    ("FH of SLE", None),
    ("Mother with lupus", None),
]


@pytest.mark.parametrize(("text", "expected"), BESIDE_A_CODE, ids=[str(text) for text, _ in BESIDE_A_CODE])
def test_words_beside_a_code_of_lupus(library: Library, text: str | None, expected: bool | None) -> None:
    assert fact(library, "condition.sle", condition(text, SLE)) is expected


def test_what_is_past_by_its_words_is_on_record_and_not_current(library: Library) -> None:
    name = "condition.stroke"
    assert fact(library, name, condition("History of stroke", STROKE)) is True
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p1"}},
            {"resource": {**condition("Z.n. Apoplex", STROKE), "id": "e1", "subject": {"reference": "Patient/p1"}}},
        ],
    }
    (event,) = build_sheet(read_bundle(json.dumps(bundle).encode()), library.facts, AS_OF, [name])[name].value.items
    assert (event.sure, event.only_past, event.active) == (True, True, False)


WORDS_ALONE = [
    # words alone, fact, what is known: named in words is unknown, denied or another's is not on record
    ("AIDS", "condition.hiv", None),
    ("HIV", "condition.hiv", None),
    ("艾滋病", "condition.hiv", None),
    ("hearing aids", "condition.hiv", False),
    ("HIV screening", "condition.hiv", False),
    ("HIV negative", "condition.hiv", False),
    ("lung ca", "condition.malignancy", None),
    ("肺癌", "condition.malignancy", None),
    ("Mammakarzinom links, Z.n. OP", "condition.malignancy", None),
    ("No h/o cancer", "condition.malignancy", False),
    ("FH of breast cancer", "condition.malignancy", False),
    ("乳腺癌家族史", "condition.malignancy", False),
    # What is denied here is not the disease.
    ("breast cancer HER2 negative", "condition.malignancy", None),
    ("no recurrence of breast cancer", "condition.malignancy", None),
    ("without progression of SLE", "condition.sle", None),
    ("low back pain", "condition.malignancy", False),
    ("GERD", "condition.malignancy", False),
    ("高血压病", "condition.stroke", False),
    ("MI 08/2026", "condition.acute_coronary_syndrome", None),
    ("心梗", "condition.acute_coronary_syndrome", None),
    ("CHF", "condition.heart_failure", None),
    ("Herzinsuffizienz", "condition.heart_failure", None),
    ("without heart failure", "condition.heart_failure", False),
    ("CVA", "condition.stroke", None),
    ("脑梗死", "condition.stroke", None),
    ("rule out stroke", "condition.stroke", None),
    ("stroke ruled out", "condition.stroke", False),
    ("LN class IV", "condition.lupus_nephritis", None),
]


@pytest.mark.parametrize(("text", "name", "expected"), WORDS_ALONE, ids=[row[0] for row in WORDS_ALONE])
def test_a_diagnosis_in_words_alone(library: Library, text: str, name: str, expected: bool | None) -> None:
    assert fact(library, name, condition(text)) is expected


DRUGS_IN_WORDS = [
    ("MTX 15 mg weekly", "medication.immunosuppressant", None),
    ("泼尼松片 5mg", "medication.systemic_glucocorticoid", None),
    ("Prednisolon 5 mg", "medication.systemic_glucocorticoid", None),
    ("rituximab-abbs 10 MG/ML Injection", "medication.biologic", None),
    ("amlodipine 5 mg", "medication.immunosuppressant", False),
    ("阿司匹林", "medication.systemic_glucocorticoid", False),
]


@pytest.mark.parametrize(("text", "name", "expected"), DRUGS_IN_WORDS, ids=[row[0] for row in DRUGS_IN_WORDS])
def test_a_drug_in_words_alone(library: Library, text: str, name: str, expected: bool | None) -> None:
    assert fact(library, name, drug(text)) is expected


@pytest.mark.parametrize("text", ["BMT (allogeneic)", "allo-HSCT", "造血干细胞移植"])
def test_a_transplant_in_words_alone(library: Library, text: str) -> None:
    done = {"resourceType": "Procedure", "status": "completed", "performedDateTime": "2026-11-01"}
    assert fact(library, "procedure.stem_cell_transplant", {**done, "code": {"text": text}}) is None
