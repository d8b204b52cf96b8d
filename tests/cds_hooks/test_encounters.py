"""An Encounter changes no answer, whatever its key and whatever is wrong with it: nothing rests on it yet."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

URL = "/cds-services/clinical-trial-match"
Body = dict[str, Any]
HookRequest = Callable[..., Body]

ENCOUNTERS: dict[str, Body] = {
    "a visit": {},
    "planned": {"status": "planned", "period": {"start": "2027-01-01"}},
    "cancelled": {"status": "cancelled"},
    "with a status that FHIR does not know": {"status": "finishd"},
    "malformed": {"period": "yesterday", "type": 7},
    "with a diagnosis that nobody recorded": {
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "93143009"}]}],
    },
    "with a modifier": {"modifierExtension": [{"url": "https://example.org/x"}]},
    "of nobody knows whom": {"subject": {"display": "Ms X"}},
    "of another server": {"subject": {"reference": "https://elsewhere.example/fhir/Patient/1288992"}},
}
KEYS = ["encounter", "encounters", "Encounter", "conditions", "patientChart"]


def encounter(**fields: Any) -> Body:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/1288992"},
        "period": {"start": "2026-05-15T08:00:00Z"},
        **fields,
    }


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("fields", ENCOUNTERS.values(), ids=ENCOUNTERS)
def test_an_encounter_changes_no_answer(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, key: str, fields: Body
) -> None:
    hypertension = made.lupus(code={"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]})
    for disease, has_card in ((made.lupus(), True), (hypertension, False)):
        request = hook_request(patient=made.patient(), conditions=made.bundle(disease))
        # The server is named, so that a reference to another one shows.
        request["fhirServer"] = "https://ehr.example/fhir"
        before = client.post(URL, json=request)
        assert before.status_code == 200
        assert bool(before.json()["cards"]) is has_card
        held = [disease] if key == "conditions" else []
        request["prefetch"][key] = made.bundle(*held, encounter(**fields))
        after = client.post(URL, json=request)
        assert (after.status_code, after.content) == (200, before.content)


def test_an_encounter_alone_under_its_key_changes_no_answer(client: TestClient, hook_request: HookRequest) -> None:
    request = hook_request()
    before = client.post(URL, json=request)
    request["prefetch"]["encounter"] = encounter()
    assert client.post(URL, json=request).content == before.content


def test_another_patients_encounter_is_refused(client: TestClient, hook_request: HookRequest) -> None:
    """A request that mixes two people is refused, whatever the mixed-in resource is."""
    request = hook_request()
    request["prefetch"]["encounter"] = encounter(subject={"reference": "Patient/another"})
    assert client.post(URL, json=request).status_code == 400
