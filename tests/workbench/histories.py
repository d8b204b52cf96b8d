"""Records with several results of a kind, for charts: invented, and none of them a sample."""

import json
from collections.abc import Mapping
from typing import Any

LUPUS = {"system": "http://snomed.info/sct", "code": "55464009", "display": "Systemic lupus erythematosus"}
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
HEMOGLOBIN, PLATELETS, ALT, CREATININE, ANA, HEIGHT = "718-7", "777-3", "1742-6", "2160-0", "5048-4", "8302-2"


def result(code: str, day: str | None, value: float | str | None = None, unit: str = "", **more: Any) -> dict[str, Any]:
    """An Observation. `value` is a number, a text such as `1:80`, or None where `more` has the value."""
    said: Mapping[str, Any] = {}
    if isinstance(value, str):
        said = {"valueString": value}
    elif value is not None:
        said = {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}
    dated = {} if day is None else {"effectiveDateTime": day}
    coded = {"coding": [{"system": LOINC, "code": code}]}
    return {"resourceType": "Observation", "status": "final", "code": coded, **dated, **said, **more}


def quantity(value: float, unit: str, comparator: str = "") -> dict[str, Any]:
    """A Quantity, with a comparator such as `<`."""
    sign = {"comparator": comparator} if comparator else {}
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **sign}


def bundle(*results: dict[str, Any], condition: dict[str, str] | None = None) -> bytes:
    """A woman of 41 with these results, and lupus or another condition; the whole record."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1985-03-02"}
    disease = {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [condition or LUPUS]},
        "onsetDateTime": "2016-05",
    }
    entries = [patient, {**disease, "id": "c"}, *({**r, "id": f"o{n}"} for n, r in enumerate(results))]
    for entry in entries[1:]:
        entry["subject"] = {"reference": "Patient/p"}
    content = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": e} for e in entries]}
    return json.dumps(content).encode()


def course() -> bytes:
    """A year of results of every kind that a chart has to draw."""
    normal = {"referenceRange": [{"low": quantity(120, "g/L"), "high": quantity(155, "g/L")}]}
    upper = {"referenceRange": [{"high": quantity(40, "U/L")}]}
    later = {"referenceRange": [{"high": quantity(45, "U/L")}]}
    return bundle(
        result(HEMOGLOBIN, "2025-10-02", 11.8, "g/dL", **normal),
        result(HEMOGLOBIN, "2026-01", 104, "g/L", **normal),
        result(HEMOGLOBIN, "2026-03-20", 1080, "g/L", **normal),
        result(HEMOGLOBIN, "2026-06-11", 98, "g/L", **normal),
        result(HEMOGLOBIN, "2026-09-30", 79, "g/L", **normal),
        result(HEMOGLOBIN, "2026-11-18", 96, "g/L", **{**normal, "status": "preliminary"}),
        result(PLATELETS, "2026-02-03", None, valueQuantity=quantity(20, "10*9/L", "<")),
        result(PLATELETS, "2026-05-12", 61, "10*9/L"),
        result(
            PLATELETS, "2026-08-01", None, valueRange={"low": quantity(70, "10*9/L"), "high": quantity(90, "10*9/L")}
        ),
        result(PLATELETS, "2026-11-18", 141, "10*9/L"),
        result(ALT, "2025-12-01", 33, "U/L", **upper),
        result(ALT, "2026-04-01", None, valueQuantity=quantity(600, "U/L", ">"), **upper),
        result(ALT, "2026-05-15", 97, "U/L", **later),
        result(ALT, "2026-11-18", 41, "U/L", **later),
        result(CREATININE, "2026-02-01", 0.8, "mg/dL"),
        result(CREATININE, "2026-11-18", 0.9, "furlong"),
        result(ANA, "2024-02-01", "1:80"),
        result(ANA, "2026-10-05", "1:1280"),
    )
