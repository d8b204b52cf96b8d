"""What a code in the record does to a criterion, through value set, fact and rule.

Each row: a sample patient to whom one coded entry is added, the criterion, its outcome. Seen from 24 November 2026.
Cases beside the trials state facts; these rows hold that the codes lead to those facts.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.trials.conftest import LOINC, Story

SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ALS, AML, SLE, SMA = "NCT06598202", "NCT06027853", "NCT07083349", "NCT07617779"
LIKELY = {ALS: "als-likely", AML: "aml-likely", SLE: "sle-likely", SMA: "sma-likely"}

OPERATIONS = [
    # code, what was done, day, trial, criterion, outcome
    ("52734007", "total replacement of hip", "2026-11-07", AML, "exc-15", "fail"),
    ("52734007", "total replacement of hip", "2026-10-26", AML, "exc-15", "pass"),
    ("443435007", "total replacement of right hip", "2026-11-07", AML, "exc-15", "fail"),
    ("443681002", "total replacement of left knee", "2026-11-07", AML, "exc-15", "fail"),
    ("31884000", "prosthesis of the shoulder", "2026-11-07", AML, "exc-15", "fail"),
    ("768847008", "revision of a part of a hip replacement", "2026-11-07", AML, "exc-15", "fail"),
    ("180030006", "amputation of the foot", "2026-11-07", AML, "exc-15", "fail"),
    ("52734007", "total replacement of hip", "2026-11-14", SLE, "exc-08", "fail"),
    ("713207007", "neck dissection not done", "2026-11-07", AML, "exc-15", "pass"),
    ("396781004", "no chemotherapy before lymphadenectomy", "2026-11-07", AML, "exc-15", "unknown"),
    ("3640000", "late effect of a traumatic amputation", "2026-11-07", AML, "exc-15", "unknown"),
    ("445715009", "blood and marrow transplantation", "2026-11-07", AML, "exc-15", "pass"),
]


@pytest.mark.parametrize("row", OPERATIONS, ids=" ".join)
def test_an_operation(story: Callable[[str], Story], row: tuple[str, ...]) -> None:
    code, name, day, trial, criterion, outcome = row
    concept = {"coding": [{"system": SNOMED, "code": code, "display": name}]}
    patient = story(LIKELY[trial]).add("Procedure", status="completed", performedDateTime=day, code=concept)
    assert patient.outcomes(trial)[criterion] == outcome


DIAGNOSES = [
    # system, code, what it says, onset, trial, criterion, outcome
    (SNOMED, "183366004", "use of bathroom aids", ALS, "exc-08", "pass"),
    (SNOMED, "183366004", "use of bathroom aids", ALS, "exc-09", "pass"),
    (SNOMED, "183368003", "use of indoor mobility aids", ALS, "exc-08", "pass"),
    (SNOMED, "229026006", "sharing of sex aids", SLE, "exc-06", "pass"),
    (SNOMED, "62479008", "acquired immune deficiency syndrome", ALS, "exc-08", "fail"),
    (ICD10CM, "B97.35", "HIV 2 as the cause of another disease", ALS, "exc-08", "fail"),
    (ICD10CM, "B97.35", "HIV 2 as the cause of another disease", SLE, "exc-06", "fail"),
    (SNOMED, "113861009", "Mycobacterium tuberculosis, the organism", ALS, "exc-08", "unknown"),
    (SNOMED, "415621005", "a serogroup of pneumococci", AML, "exc-11", "unknown"),
    (ICD10CM, "S72.001A", "fracture of neck of femur", SLE, "exc-08", "fail"),
    (ICD10CM, "S72.001D", "fracture of neck of femur, subsequent encounter", SLE, "exc-08", "unknown"),
    (ICD10CM, "S72.001K", "fracture of neck of femur, nonunion", SLE, "exc-08", "unknown"),
    (ICD10CM, "S72.001S", "fracture of neck of femur, sequela", SLE, "exc-08", "pass"),
    (ICD10CM, "T81.44XA", "sepsis after a procedure", ALS, "exc-08", "fail"),
    (ICD10CM, "T81.44XD", "sepsis after a procedure, subsequent encounter", ALS, "exc-08", "unknown"),
    (ICD10CM, "T81.44XS", "sepsis after a procedure, sequela", ALS, "exc-08", "pass"),
    (ICD10CM, "S02.2XXA", "fracture of the nasal bones", ALS, "exc-02", "fail"),
    (ICD10CM, "S02.2XXS", "fracture of the nasal bones, sequela", ALS, "exc-02", "unknown"),
    (SNOMED, "413096007", "never injecting drug user", AML, "exc-13", "pass"),
    (SNOMED, "273850003", "a diagnostic schedule for substance use", AML, "exc-13", "unknown"),
    (SNOMED, "420524008", "Kaposi sarcoma in AIDS", SLE, "exc-09", "fail"),
    (ICD10CM, "I25.811", "coronary disease of a transplanted heart", SLE, "exc-06", "fail"),
    (ICD10CM, "G43.609", "migraine aura with cerebral infarction", AML, "exc-10b", "fail"),
    (ICD10CM, "O24.811", "other pre-existing diabetes in pregnancy", SMA, "exc-06c", "fail"),
    (ICD10CM, "O24.911", "unspecified diabetes in pregnancy", SMA, "exc-06c", "unknown"),
]


@pytest.mark.parametrize("row", DIAGNOSES, ids=" ".join)
def test_a_diagnosis_of_18_november(story: Callable[[str], Story], row: tuple[str, ...]) -> None:
    system, code, name, trial, criterion, outcome = row
    named = {"display": name} if system == SNOMED else {}  # a code of SNOMED CT that no set lists is read by its name
    concept = {"coding": [{"system": system, "code": code, **named}]}
    patient = story(LIKELY[trial]).add("Condition", code=concept, onsetDateTime="2026-11-18")
    assert patient.outcomes(trial)[criterion] == outcome


def amount(value: float, unit: str, high: float | None = None) -> dict[str, Any]:
    ranges = {"referenceRange": [{"high": {"value": high, "unit": unit}}]} if high is not None else {}
    return {"valueQuantity": {"value": value, "unit": unit}, **ranges}


def word(text: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"text": text}}


TESTS = [
    # code, in place of, result, trial, criterion, outcome
    ("54347-0", "1751-7", amount(648, "umol/L"), ALS, "exc-04e", "pass"),  # 43.1 g/L
    ("54347-0", "1751-7", amount(452, "umol/L"), ALS, "exc-04e", "pass"),  # 30.06 g/L
    ("54347-0", "1751-7", amount(450, "umol/L"), ALS, "exc-04e", "fail"),  # 29.93 g/L
    ("54347-0", "1751-7", amount(0.45, "mmol/L"), ALS, "exc-04e", "fail"),
    ("5220-9", "56888-1", amount(0.2, "[IU]/mL", high=1), ALS, "exc-06d", "pass"),
    ("5220-9", "56888-1", amount(14, "[IU]/mL", high=1), ALS, "exc-06d", "fail"),
    ("5220-9", "56888-1", amount(14, "[IU]/mL"), ALS, "exc-06d", "unknown"),
    ("41399-7", "16944-1", word("Negative"), SMA, "exc-05e", "pass"),
    ("41399-7", "16944-1", word("Positive"), SMA, "exc-05e", "fail"),
    ("54206-8", "24119-0", word("Not detected"), SMA, "exc-05e", "pass"),
    ("54206-8", "24119-0", amount(1200, "{copies}/mL"), SMA, "exc-05e", "fail"),
]


@pytest.mark.parametrize("row", TESTS, ids=str)
def test_a_result_of_17_november(story: Callable[[str], Story], row: tuple[Any, ...]) -> None:
    code, instead_of, result, trial, criterion, outcome = row
    concept = {"coding": [{"system": LOINC, "code": code}]}
    patient = story(LIKELY[trial]).without(instead_of)
    patient.add("Observation", status="final", effectiveDateTime="2026-11-17", code=concept, **result)
    assert patient.outcomes(trial)[criterion] == outcome
