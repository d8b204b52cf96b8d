"""Resources as plain dictionaries, in the fewest words, and records made of them."""

import json
from typing import Any

from cds_service.fhir import Record, read_bundle
from tests.facts.small_rules import LOINC, RXNORM, SNOMED

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/p"}
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def concept(
    code: str | None = None, system: str | None = SNOMED, text: str | None = None, display: str | None = None
) -> Json:
    coding = {
        key: value for key, value in {"system": system, "code": code, "display": display}.items() if value is not None
    }
    return ({"coding": [coding]} if code or display else {}) | ({"text": text} if text else {})


def quantity(value: Any, unit: str | None = None, comparator: str | None = None, code: str | None = None) -> Json:
    found: Json = {"value": value}
    if unit is not None:
        found["unit"] = unit
    if comparator is not None:
        found["comparator"] = comparator
    if code is not None:
        found |= {"system": UCUM, "code": code}
    return found


def observation(loinc: str = "718-7", date: str | None = "2026-05-20", **elements: Any) -> Json:
    """A final Observation; `id` is made from what it says unless given."""
    found: Json = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(loinc, LOINC),
        "subject": SUBJECT,
        **({} if date is None else {"effectiveDateTime": date}),
        **elements,
    }
    return {"id": _id(found), **found}


def lab(loinc: str, value: Any, unit: str | None = None, date: str | None = "2026-05-20", **elements: Any) -> Json:
    comparator = elements.pop("comparator", None)
    return observation(loinc, date, valueQuantity=quantity(value, unit, comparator), **elements)


def coded(loinc: str, answer: str, date: str | None = "2026-05-20", **elements: Any) -> Json:
    return observation(loinc, date, valueCodeableConcept=concept(answer), **elements)


def flag(code: str) -> list[Json]:
    return [concept(code, INTERPRETATION)]


def condition(
    code: str | None = "55464009", system: str = SNOMED, /, clinical: str | None = "active", **elements: Any
) -> Json:
    found: Json = {"resourceType": "Condition", "subject": SUBJECT, **elements}
    if code is not None:
        found["code"] = concept(code, system)
    if clinical is not None:
        found["clinicalStatus"] = concept(clinical, "http://terminology.hl7.org/CodeSystem/condition-clinical")
    return {"id": _id(found), **found}


def verified(status: str) -> Json:
    return {"verificationStatus": concept(status, "http://terminology.hl7.org/CodeSystem/condition-ver-status")}


def request(drug: str = "8640", status: str = "active", authored: str | None = "2026-01-10", **elements: Any) -> Json:
    found: Json = {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept(drug, RXNORM),
        "subject": SUBJECT,
        **({} if authored is None else {"authoredOn": authored}),
        **elements,
    }
    return {"id": _id(found), **found}


def statement(drug: str = "8640", status: str = "active", **elements: Any) -> Json:
    found: Json = {
        "resourceType": "MedicationStatement",
        "status": status,
        "medicationCodeableConcept": concept(drug, RXNORM),
        "subject": SUBJECT,
        **elements,
    }
    return {"id": _id(found), **found}


def procedure(code: str = "232717009", status: str = "completed", **elements: Any) -> Json:
    found: Json = {
        "resourceType": "Procedure",
        "status": status,
        "code": concept(code),
        "subject": SUBJECT,
        **elements,
    }
    return {"id": _id(found), **found}


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-06-15", **elements}


def record(*resources: Json, about: Json | None = None) -> Record:
    """The whole record of patient `p`."""
    everything = [patient() if about is None else about, *resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in everything]}
    return read_bundle(json.dumps(bundle))


def _id(content: Json) -> str:
    """The same for the same content, so that the order of a record does not show in it."""
    text = json.dumps(content, sort_keys=True)
    return f"x{sum(ord(letter) * (place % 997 + 1) for place, letter in enumerate(text))}"
