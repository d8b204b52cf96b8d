"""Suggested actions: a referral to the study team, and orders for the tests that are missing.

Resources are built with the fhir.resources models (R4B, the nearest to R4 that the library has), so that what leaves is
valid. They carry codes, references and this project's own words only, never text from the record.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from fhir.resources.R4B.servicerequest import ServiceRequest

from cds_service.facts.specs import Code
from cds_service.trials.model import Trial

CARD_NAMESPACE = uuid.UUID("6a1f7a36-5d0c-4a5e-9a44-0d6a0d2c8f51")
REFERRAL = {
    "system": "http://snomed.info/sct",
    "code": "103696004",
    "display": "Patient referral to specialist (procedure)",
}


def stable_uuid(*parts: str) -> str:
    """A UUID (version 5) that is the same for the same parts, so that a replayed answer is the same to the byte."""
    return str(uuid.uuid5(CARD_NAMESPACE, "\x1f".join(parts)))


def referral(trial: Trial, patient_id: str, reasons: Iterable[str], seed: str) -> dict[str, Any]:
    """A draft referral to the study team. `reasons` are references to the Conditions behind the trial's gates."""
    request = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [REFERRAL], "text": f"Referral to the study team of trial {trial.id}"},
        "subject": {"reference": f"Patient/{patient_id}"},
        "reasonReference": [{"reference": reason} for reason in reasons],
        "supportingInfo": [{"identifier": {"system": "https://clinicaltrials.gov", "value": trial.id}}],
    }
    label = f"Refer to the study team of {trial.id}"
    return _suggestion(label, "Draft a referral to the study team", request, stable_uuid(seed, trial.id, "refer"))


def order(
    trial: Trial, test: Code, patient_id: str, reasons: Iterable[str], *, title: str, seed: str
) -> dict[str, Any]:
    """A draft order for one missing test. `title` is the catalogue's name of the fact."""
    request = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [{"system": test.system, "code": test.code, "display": test.display}], "text": title},
        "subject": {"reference": f"Patient/{patient_id}"},
        "reasonReference": [{"reference": reason} for reason in reasons],
    }
    label = f"Order {title}"
    return _suggestion(label, f"Draft an order: {title}", request, stable_uuid(seed, trial.id, "order", test.code))


def _suggestion(label: str, description: str, resource: dict[str, Any], suggestion_id: str) -> dict[str, Any]:
    if not resource["reasonReference"]:
        del resource["reasonReference"]
    valid = ServiceRequest.model_validate(resource).model_dump(mode="json")
    action = {"type": "create", "description": description, "resource": valid}
    return {"label": label, "uuid": suggestion_id, "actions": [action]}
