"""A hook request with nothing to complain of, and what breaks it. All patients, names and tokens are invented."""

import json
from copy import deepcopy
from typing import Any

from cds_service.cds_hooks import prefetch_templates, resource_type
from cds_service.library import Library

Json = dict[str, Any]

SERVER = "https://ehr.example.org/fhir"
PATIENT, NAME, TOKEN = "pat-8472915", "Mustermann", "token-qwertz"
MARKERS = (PATIENT, NAME, TOKEN, "8472915", "1990-04-02", "obs-1", "cond-1")
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"


def bundle(*resources: Json, **fields: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **fields}


def condition(**fields: Any) -> Json:
    lupus = {"coding": [{"system": SNOMED, "code": "55464009"}], "text": f"SLE of {NAME}"}
    subject = {"reference": f"Patient/{PATIENT}", "display": NAME}
    return {"resourceType": "Condition", "id": "cond-1", "subject": subject, "code": lupus, **fields}


def platelets(**fields: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "obs-1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "777-3", "display": f"Platelets of {NAME}"}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": "2026-05-10",
        "valueQuantity": {"value": 210, "unit": "10*9/L", "system": UCUM, "code": "10*9/L"},
        "note": [{"text": f"told {NAME}"}],
        **fields,
    }


def treated() -> Json:
    """Prednisolone and azathioprine for long, so that what trials ask of a treatment that failed is on record."""
    drugs = [("H02AB06", "2025-06-01"), ("L04AX01", "2025-06-01")]
    return bundle(
        *(
            {
                "resourceType": "MedicationStatement",
                "id": f"drug-{code}",
                "status": "active",
                "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": code}]},
                "subject": {"reference": f"Patient/{PATIENT}"},
                "effectivePeriod": {"start": start},
            }
            for code, start in drugs
        )
    )


def request(library: Library, **prefetch: Any) -> Json:
    """Every key whole, a FHIR server and a token with every scope. Keywords replace keys; `...` leaves one out."""
    keys = prefetch_templates(library.catalogue, library.facts_read)
    person = {
        "resourceType": "Patient",
        "id": PATIENT,
        "gender": "female",
        "birthDate": "1990-04-02",
        "name": [{"family": NAME}],
    }
    values: Json = {key: bundle() for key in keys}
    values |= {"patient": person, "conditions": bundle(condition()), "observations": bundle(platelets())}
    values["medicationStatements"] = treated()
    values |= prefetch
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": f"Practitioner/{NAME}", "patientId": PATIENT},
        "fhirServer": SERVER,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": " ".join(f"patient/{resource_type(key)}.read" for key in keys),
            "subject": "cds-service",
        },
        "prefetch": {key: value for key, value in values.items() if value is not ...},
    }


def changed(sound: Json, **fields: Any) -> Json:
    """With these fields of `fhirAuthorization`, `context` or the request itself; `...` leaves one out."""
    found = deepcopy(sound)
    for name, value in fields.items():
        holder = next((found[part] for part in ("fhirAuthorization", "context") if name in found[part]), found)
        if value is ...:
            holder.pop(name)
        else:
            holder[name] = value
    return found


def encoded(content: Json) -> bytes:
    return json.dumps(content).encode()
