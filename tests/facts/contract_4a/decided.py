"""READING.md, 10 and 15: people, and the questions that were decided, where no other table has them."""

from typing import Any

from tests.facts.contract_4a.entries import said
from tests.facts.contract_4a.rows import Table, row
from tests.facts.lasting import LISTED, VISIT, entry
from tests.facts.records import Json, condition, lab, observation, patient, procedure, quantity, request
from tests.facts.small_rules import ICD10CM, SNOMED

FERTILE = "NCT06027853/inc-06"  # of childbearing potential: a negative serum test
BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
PNEUMONIA, ILL = "233604007", "condition.pulmonary_infection"
SLE, ACTIVE = "condition.sle", "condition.sle.active"
RELAPSED = "NCT06027853/inc-02b"
HB, BMI, EGFR, LVEF, ALT = "lab.hemoglobin", "body.bmi", "kidney.egfr", "vital.lvef", "lab.alt.x_uln"


def born_as(sex: str, gender: str = "female") -> Json:
    return patient(gender=gender, extension=[{"url": BIRTH_SEX, "valueCode": sex}])


def alt(*ranges: Json, value: float = 120, **elements: Any) -> Json:
    return lab("1742-6", value, "U/L", referenceRange=list(ranges), **elements)


def up_to(high: float, **elements: Any) -> Json:
    return {"high": quantity(high, "U/L"), **elements}


TABLE: Table = {
    "a gender that differs from a birth sex on record: unknown": [
        row("the same", "patient.sex", "female", person=born_as("F")),
        row("the other", "patient.sex", "conflicting_results", person=born_as("M")),
        row("only male or female can differ", "patient.sex", "female", person=born_as("UNK")),
        row("so that nobody knows whether she can bear children", FERTILE, "unknown", person=born_as("F", "male")),
    ],
    "a modified Patient has neither age nor sex": [
        row("age", "patient.age", "value_not_understood", person=patient(modifierExtension=[{"url": "urn:x", "valueBoolean": True}])),
        row("sex", "patient.sex", "value_not_understood", person=patient(modifierExtension=[{"url": "urn:x", "valueBoolean": True}])),
    ],
    "menopause": [
        row("N95.1 leaves it open", FERTILE, "unknown", condition("N95.1", ICD10CM)),
        row("on record, without a day, where no duration is asked", FERTILE, "pass", condition("Z78.0", ICD10CM)),
        row("two operations on one side each", FERTILE, "unknown", procedure("83152002"), procedure("83152002", performedDateTime="2020")),
    ],
    "conditions": [
        row("no category but active, past its duration", ILL, "unknown", entry(PNEUMONIA, onsetDateTime="2023-05-25")),
        row("a visit's, past it", ILL, "no", entry(PNEUMONIA, onsetDateTime="2023-05-25", **VISIT)),
        row("inactive: on record", SLE, "yes", entry("55464009", clinicalStatus="inactive")),
        row("inactive: not active", ACTIVE, "no", entry("55464009", clinicalStatus="inactive")),
        row("the newest statement by the day of record", ACTIVE, "no", entry("55464009", recordedDate="2024-01-01", id="a"), entry("55464009", clinicalStatus="remission", recordedDate="2025-01-01", id="b")),
        row("a newer resolved ends it", SLE, "no", entry("55464009", recordedDate="2024-01-01", id="a"), entry("55464009", clinicalStatus="resolved", recordedDate="2025-01-01", id="b")),
        row("not comparable", ACTIVE, "unknown", entry("55464009", id="a"), entry("55464009", clinicalStatus="remission", id="b")),
        row("code and status that contradict each other", RELAPSED, "unknown", entry("C92.01", ICD10CM, clinicalStatus="relapse")),
        row("in remission: neither relapsed nor refractory", RELAPSED, "unknown", entry("C92.02", ICD10CM, clinicalStatus="remission", **LISTED)),
    ],
    "codes": [
        row("the dagger is dropped", SLE, "yes", said(code="M32.1†", system="http://hl7.org/fhir/sid/icd-10")),
        row("the asterisk too", SLE, "yes", said(code="M32.1*", system="http://hl7.org/fhir/sid/icd-10")),
    ],
    "derived from the newest parts": [
        row("a part that is not understood: unknown", BMI, "unit_not_understood", lab("8302-2", 170, "cm"), lab("29463-7", 70, "kg", "2026-05-01"), lab("29463-7", 70, "qw")),
        row("a reported one too old: derived", EGFR, "70.8012888134", lab("98979-8", 20, "mL/min/1.73m2", "2025-01-01"), lab("2160-0", 88.4016973126, "umol/L")),
        row("a reported one not understood: none steps in", EGFR, "unit_not_understood", lab("98979-8", 20, "qw"), lab("2160-0", 88.4016973126, "umol/L")),
    ],
    "ranges": [
        row("a therapeutic one beside a normal one drops alone", ALT, "3", alt(up_to(40), up_to(90, text="therapeutic < 90"))),
        row("equal limits are one", ALT, "3", alt(up_to(40), up_to(40))),
        row("text and numbers equal to 2 per cent agree", ALT, "3", alt(up_to(40, text="0 - 40.5"))),
    ],
    "plausible": [
        row("only an interval wholly outside", HB, "<25", lab("718-7", 25, "g/L", comparator="<")),
        row("0.55 with %", LVEF, "value_not_understood", lab("10230-1", 0.55, "%")),
        row("55 with 1", LVEF, "value_not_understood", lab("10230-1", 55, "1")),
    ],
    "drugs": [
        row("validityPeriod.end is no end", "medication.systemic_glucocorticoid.active", "yes", request(dispenseRequest={"validityPeriod": {"end": "2026-02-01"}})),
        row("an end to come: current", "medication.systemic_glucocorticoid.active", "yes", request(dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-05-01", "end": "2026-07-01"}}}}])),
    ],
    "freshness": [
        row("a height from 18 years on has no limit", "vital.body_height", "170", lab("8302-2", 170, "cm", "2005-01-01")),
        row("a child's has", "vital.body_height", "too_old", lab("8302-2", 100, "cm", "2026-01-01"), person=patient(birthDate="2021-06-15")),
    ],
    "dates": [
        row("within text, where one reading is possible", HB, "80", observation("718-7", "20.05.2026", valueQuantity=quantity(80, "g/L"))),
        row("with two fresh readings: undated", HB, "undated", observation("718-7", "04/05/2026", valueQuantity=quantity(80, "g/L"))),
        row("24 o'clock", HB, "80", lab("718-7", 80, "g/L", "2026-05-20T24:00:00Z")),
    ],
    "without a subject, in a Bundle of one patient": [
        row("it counts", SLE, "yes", {key: value for key, value in condition().items() if key != "subject"}),
        row("malformed, its kind is incomplete", "condition.hiv", "unknown", {"resourceType": "Condition", "id": "x", "code": "cancer"}),
        row("of another patient it never counts", SLE, "no", {**condition(), "subject": {"reference": "Patient/q"}}),
    ],
    "what is undated": [
        row("a stroke without any date: ever", "condition.stroke.history", "yes", condition("230690007", SNOMED)),
        row("and when is not known", "condition.stroke", "unknown", condition("230690007", SNOMED)),
    ],
}  # fmt: skip
