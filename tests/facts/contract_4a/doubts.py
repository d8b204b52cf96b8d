"""READING.md, 2 and 14: stated doubt, by status, letter or words, and elements that are modified."""

from typing import Any

from tests.facts.contract_4a.entries import said
from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import SUBJECT, Json, concept, condition, lab, observation, quantity, request, verified
from tests.facts.small_rules import ICD10CM, LOINC, RXNORM, SNOMED

SLE, EVER, STROKE, PREGNANT = "condition.sle", "condition.sle.history", "condition.stroke", "condition.pregnancy"
GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
SURE = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
LETTERS = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"
HB, ALT, STEROID = "lab.hemoglobin", "lab.alt.x_uln", "medication.systemic_glucocorticoid"
ALLERGIC = "NCT07617779/exc-09"  # to a glucocorticoid
MODIFIED: Json = {"modifierExtension": [{"url": "http://example.org/of-the-donor", "valueBoolean": True}]}


def lettered(letter: str) -> Json:
    """Lupus with its Diagnosesicherheit."""
    sure = {"url": SURE, "valueCoding": {"system": LETTERS, "code": letter}}
    return condition(None, code={"coding": [{"system": GM, "code": "M32.9", "extension": [sure]}]})


def lupus(text: str) -> Json:
    return said(text, "M32.9", ICD10CM)


def stroke(text: str) -> Json:
    return said(text, "I63.9", ICD10CM)


def panel(**elements: Any) -> Json:
    part = {"code": concept("718-7", LOINC), "valueQuantity": quantity(112, "g/L")}
    return observation("58410-2", component=[part | elements])


def ranged(**elements: Any) -> Json:
    return lab("1742-6", 120, "U/L", referenceRange=[{"high": quantity(40, "U/L")} | elements])


def steroid(**elements: Any) -> Json:
    return request(dosageInstruction=[{"route": concept("26643006")} | elements])


def allergy(**elements: Any) -> Json:
    reaction = {"substance": concept("8638", RXNORM)} | elements
    return {"resourceType": "AllergyIntolerance", "id": "a", "patient": SUBJECT, "code": {"text": "penicillin"}, "reaction": [reaction]}  # fmt: skip


TABLE: Table = {
    "ICD-10-GM: V, A, Z, G": [
        row("V, suspected", SLE, "unknown", lettered("V")),
        row("A, ruled out", SLE, "no", lettered("A")),
        row("A: never had", EVER, "no", lettered("A")),
        row("Z, it was once", SLE, "no", lettered("Z")),
        row("Z: ever", EVER, "yes", lettered("Z")),
        row("G, certain", SLE, "yes", lettered("G")),
    ],
    "words beside a code that say so": [
        *(row(words, SLE, "unknown", lupus(words)) for words in ("rule out SLE", "suspected SLE", "Probable SLE", "SLE?", "疑似系统性红斑狼疮", "Verdacht auf SLE", "V. a. SLE")),
        row("against confirmed: doubt wins", SLE, "unknown", {**lupus("rule out SLE"), **verified("confirmed")}),
        row("of another disease", SLE, "yes", lupus("SLE, rule out stroke")),
    ],
    "history of, beside a code, makes it history": [
        *(row(f"{words}: ever", f"{STROKE}.history", "yes", stroke(words)) for words in ("History of stroke", "status post stroke", "Zustand nach Schlaganfall", "既往脑梗死")),
        *(row(f"{words}: not now", STROKE, "no", stroke(words)) for words in ("History of stroke", "status post stroke", "Zustand nach Schlaganfall", "既往脑梗死")),
    ],
    "an official name states no doubt": [
        row("pregnancy with history of infertility", PREGNANT, "yes", condition(None, code=concept("O09.01", ICD10CM, "Supervision of pregnancy with history of infertility, first trimester"), onsetDateTime="2026-04-01")),
        row("probable ALS, a category of El Escorial", "condition.als", "yes", condition(None, code=concept("G12.21", ICD10CM, "probable ALS"))),
    ],
    "modified elements are unread": [
        row("an observation", HB, "incomplete_record", lab("718-7", 112, "g/L", **MODIFIED)),
        row("a component", HB, "incomplete_record", panel(**MODIFIED)),
        row("without it", HB, "112", panel()),
        row("a reference range", ALT, "no_reference_range", ranged(**MODIFIED)),
        row("the value stands", "lab.alt", "120", ranged(**MODIFIED)),
        row("a dosage: the route is not known", STEROID, "unknown", steroid(**MODIFIED)),
        row("and without it by mouth", STEROID, "yes", steroid()),
        row("a drug for which neither route nor times are asked", "medication.biologic", "yes", request("121191", dosageInstruction=[{"text": "50 mg", **MODIFIED}])),
        row("a reaction", ALLERGIC, "unknown", allergy(**MODIFIED)),
        row("and without it", ALLERGIC, "fail", allergy()),
        row("a condition", SLE, "unknown", condition(**MODIFIED)),
        row("a drug", STEROID, "unknown", request(**MODIFIED)),
    ],
    "a status that FHIR does not know: a hint": [
        row("confiroed", SLE, "unknown", condition(**verified("confiroed"))),
        row("a clinical status", SLE, "unknown", condition("55464009", SNOMED, "aktive")),
        row("of a drug", STEROID, "unknown", request(status="actve")),
        row("of an order's intent", STEROID, "unknown", request(intent="ordr")),
    ],
}  # fmt: skip
