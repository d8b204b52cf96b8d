"""FHIR R4 resources for boundary Bundles, without id and patient (`bundles` adds these)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cds_service.facts.catalogue import Code

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
_STATUS = "http://terminology.hl7.org/CodeSystem/"
_SNOMED = "http://snomed.info/sct"
ANSWERS = {
    "positive": {"system": _SNOMED, "code": "10828004", "display": "Positive"},
    "negative": {"system": _SNOMED, "code": "260385009", "display": "Negative"},
    "indeterminate": {"system": _SNOMED, "code": "82334004", "display": "Indeterminate"},
}
ROUTES = {
    "oral": {"system": _SNOMED, "code": "26643006", "display": "Oral route"},
    "intravenous": {"system": _SNOMED, "code": "47625008", "display": "Intravenous route"},
    "intrathecal": {"system": _SNOMED, "code": "72607000", "display": "Intrathecal route"},
    "inhalation": {"system": _SNOMED, "code": "447694001", "display": "Respiratory tract route"},
    "topical": {"system": _SNOMED, "code": "6064005", "display": "Topical route"},
}


def concept(code: Code | Json) -> Json:
    """A CodeableConcept of one coding."""
    coding = code if isinstance(code, dict) else {"system": code.system, "code": code.code, "display": code.display}
    return {"coding": [{key: value for key, value in coding.items() if value}]}


def quantity(value: Decimal, unit: str | None, comparator: str | None = None, *, says_one: bool = False) -> Json:
    """A Quantity in a UCUM unit; without unit where that is None or, unless it `says_one`, 1."""
    made: Json = {"value": plain(value)}
    if comparator is not None:
        made["comparator"] = comparator
    if unit is not None and (unit != "1" or says_one):
        made |= {"unit": unit, "system": UCUM, "code": unit}
    return made


def plain(value: Decimal) -> int | float:
    """A decimal as JSON writes it."""
    return int(value) if value == value.to_integral_value() else float(value)


def day(as_of: date, days_ago: int) -> str:
    """A date so many days before `as_of`; after it where that is negative."""
    return (as_of - timedelta(days=days_ago)).isoformat()


def observation(code: Json, effective: str, value: Json, status: str = "final") -> Json:
    """`value` holds the value element, a reference range, components: whatever the Observation says."""
    return {"resourceType": "Observation", "status": status, "code": code, "effectiveDateTime": effective, **value}


def status(system: str, code: str) -> Json:
    """A status concept such as clinicalStatus."""
    return {"coding": [{"system": _STATUS + system, "code": code}]}
