"""`POST /cds-services/clinical-trial-match`: what is answered, and what is never taken for an answer."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fhir.resources.R4B.operationoutcome import OperationOutcome
from httpx2 import Response
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"
HookRequest = Callable[..., dict[str, Any]]


def diagnostics(response: Response) -> list[str]:
    """The diagnostics of a response, once it is sure that it is an OperationOutcome."""
    outcome = OperationOutcome.model_validate(response.json())
    assert response.headers["content-type"] == "application/json"
    return [issue.diagnostics for issue in outcome.issue]


def lupus_card(response: Response) -> dict[str, Any] | None:
    """The card of NCT07083349, which is for patients with lupus; other trials that take them come and go."""
    assert response.status_code == 200
    cards = {card["source"]["topic"]["code"]: card for card in response.json()["cards"]}
    return cards.get("NCT07083349")


def test_lupus_on_record_gives_a_card(client: TestClient, hook_request: HookRequest) -> None:
    assert lupus_card(client.post(URL, json=hook_request()))


def test_without_lupus_the_list_is_empty(client: TestClient, hook_request: HookRequest, made: SimpleNamespace) -> None:
    response = client.post(URL, json=hook_request(patient=made.patient(), conditions=made.bundle()))
    assert (response.status_code, response.json()) == (200, {"cards": []})


@pytest.mark.parametrize("fields", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-01"}])
def test_a_deceased_patient_gets_no_card(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, fields: dict[str, Any]
) -> None:
    request = hook_request(patient=made.patient(**fields), conditions=made.bundle(made.lupus()))
    response = client.post(URL, json=request)
    assert (response.status_code, response.json()) == (200, {"cards": []})


def test_the_same_hook_instance_is_given_the_same_cards(client: TestClient, hook_request: HookRequest) -> None:
    first, second = (client.post(URL, json=hook_request()).content for _ in range(2))
    assert first == second
    request = {**hook_request(), "hookInstance": "0190d1c0-7b1e-7cc0-98c4-dc0c0c07398f"}
    card = lupus_card(client.post(URL, json=request))
    assert card is not None
    assert card["uuid"].encode() not in first


def test_an_answer_is_not_to_be_cached(client: TestClient, hook_request: HookRequest) -> None:
    assert client.post(URL, json=hook_request()).headers["cache-control"] == "no-store"


def test_a_field_that_breaks_the_rules_is_400_and_named(client: TestClient, hook_request: HookRequest) -> None:
    request = hook_request()
    request["context"]["patientId"] = "Person/1288992"
    response = client.post(URL, json=request)
    assert response.status_code == 400
    (text,) = diagnostics(response)
    assert text.startswith("context.patientId: ")


def test_another_hook_is_400(client: TestClient, hook_request: HookRequest) -> None:
    response = client.post(URL, json={**hook_request(), "hook": "order-sign"})
    assert response.status_code == 400
    assert diagnostics(response) == ["hook: must be `patient-view`"]


# One person's answer must never rest on another's record.


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("patient", {"id": "2"}),
        ("conditions", {"subject": {"reference": "Patient/2"}}),
        ("conditions", {"subject": {"reference": "https://ehr.example.org/fhir/Patient/2"}}),
    ],
)
def test_a_resource_of_another_patient_is_400_and_its_key_named(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, key: str, fields: dict[str, Any]
) -> None:
    values = {"patient": made.patient(), "conditions": made.bundle(made.lupus())}
    values[key] = made.patient(**fields) if key == "patient" else made.bundle(made.lupus(), made.lupus(**fields))
    response = client.post(URL, json=hook_request(**values))
    assert response.status_code == 400
    assert diagnostics(response) == [f"prefetch.{key}: holds a resource of another patient than `context.patientId`"]


def test_another_patient_under_a_key_that_is_not_ours_is_400_without_repeating_the_key(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    values = {"patient": made.patient(), "conditions": made.bundle(), "Jane Doe": made.bundle(made.patient(id="2"))}
    response = client.post(URL, json=hook_request(**values))
    assert response.status_code == 400
    assert diagnostics(response) == ["prefetch: holds a resource of another patient than `context.patientId`"]


def test_a_token_for_another_patient_is_400(client: TestClient, hook_request: HookRequest) -> None:
    request = hook_request()
    request["fhirServer"] = "https://ehr.example.org/fhir"
    request["fhirAuthorization"] = {
        "access_token": "opaque",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds-service",
        "patient": "2",
    }
    response = client.post(URL, json=request)
    assert response.status_code == 400
    assert diagnostics(response) == ["fhirAuthorization.patient: is another patient than `context.patientId`"]


# What each state of a prefetch value means. Each row: the value under `conditions`, whose SLE entry would give a card.

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NO_RESULTS = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
NEXT = [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]


@pytest.mark.parametrize(
    ("value", "has_cards"),
    [
        (lambda made: made.bundle(made.lupus()), True),
        (lambda made: made.lupus(), True),
        (lambda made: made.bundle(made.lupus(), link=NEXT), True),
        (lambda made: made.bundle(made.lupus(), NO_RESULTS), True),
        (lambda made: made.bundle(made.lupus(), {"resourceType": "Condition", "code": 7}), True),
        (lambda made: made.bundle(), False),
        (lambda made: made.bundle(NO_RESULTS), False),
    ],
)
def test_conditions_that_can_be_had_are_answered(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, value: Callable[..., Any], has_cards: bool
) -> None:
    response = client.post(URL, json=hook_request(patient=made.patient(), conditions=value(made)))
    assert response.status_code == 200
    assert bool(response.json()["cards"]) is has_cards


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (lambda made: None, "it is null"),
        (lambda made: [], "it is an empty list, which is no answer to a query"),
        (lambda made: OUTCOME, "it holds an error instead"),
        (lambda made: made.bundle(OUTCOME), "it holds an error instead"),
        (lambda made: "<html>502 Bad Gateway</html>", "it holds nothing that can be read as such"),
        (lambda made: 7, "it holds nothing that can be read as such"),
        (lambda made: {}, "it holds nothing that can be read as such"),
        (lambda made: made.patient(), "it holds nothing that can be read as such"),
    ],
)
def test_conditions_that_cannot_be_had_are_412(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, value: Callable[..., Any], why: str
) -> None:
    response = client.post(URL, json=hook_request(patient=made.patient(), conditions=value(made)))
    assert response.status_code == 412
    assert diagnostics(response) == [f"prefetch.conditions: the conditions cannot be had: {why}"]


def test_no_card_because_the_conditions_are_incomplete_is_412(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    response = client.post(URL, json=hook_request(patient=made.patient(), conditions=made.bundle(link=NEXT)))
    assert response.status_code == 412
    assert diagnostics(response)[0].startswith("prefetch.conditions: ")


def test_incomplete_conditions_do_not_matter_to_a_patient_whom_no_trial_takes(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    too_young = made.patient(birthDate="2020-01-01")
    response = client.post(URL, json=hook_request(patient=too_young, conditions=made.bundle(link=NEXT)))
    assert (response.status_code, response.json()) == (200, {"cards": []})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (lambda made: None, "it is null"),
        (lambda made: [], "it is an empty list, which is no answer to a query"),
        (lambda made: OUTCOME, "it holds an error instead"),
        (lambda made: made.bundle(), "it is empty"),
        (lambda made: made.patient(birthDate=["1990"]), "it holds nothing that can be read as such"),
        (lambda made: "Jane Doe", "it holds nothing that can be read as such"),
    ],
)
def test_a_patient_who_cannot_be_had_is_412(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, value: Callable[..., Any], why: str
) -> None:
    response = client.post(URL, json=hook_request(patient=value(made), conditions=made.bundle(made.lupus())))
    assert response.status_code == 412
    assert diagnostics(response) == [f"prefetch.patient: the Patient cannot be had: {why}"]


def test_a_patient_in_a_bundle_is_taken(client: TestClient, hook_request: HookRequest, made: SimpleNamespace) -> None:
    request = hook_request(patient=made.bundle(made.patient()), conditions=made.bundle(made.lupus()))
    assert lupus_card(client.post(URL, json=request))


@pytest.mark.parametrize("prefetch", [{}, None])
def test_without_prefetch_both_required_keys_are_named(
    client: TestClient, hook_request: HookRequest, prefetch: object
) -> None:
    response = client.post(URL, json={**hook_request(), "prefetch": prefetch})
    assert response.status_code == 412
    assert diagnostics(response) == [
        "prefetch.patient: the Patient cannot be had: it was not supplied",
        "prefetch.conditions: the conditions cannot be had: it was not supplied",
    ]


@pytest.mark.parametrize("key", ["patient", "conditions", "record", "chart.everything", "2"])
def test_a_whole_chart_under_any_key_is_sorted_by_type(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace, key: str
) -> None:
    request = hook_request(**{key: made.bundle(made.patient(), made.lupus())})
    assert lupus_card(client.post(URL, json=request))


def test_a_whole_chart_without_a_condition_does_not_say_that_there_are_none(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    response = client.post(URL, json=hook_request(record=made.bundle(made.patient())))
    assert response.status_code == 412
    assert diagnostics(response) == ["prefetch.conditions: the conditions cannot be had: it was not supplied"]


def test_the_names_of_resource_types_are_keys_too(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    request = hook_request(Patient=made.patient(), Condition=made.bundle())
    assert client.post(URL, json=request).json() == {"cards": []}
    response = client.post(URL, json=hook_request(Patient=made.patient(), Condition=OUTCOME))
    assert response.status_code == 412
    assert diagnostics(response) == ["prefetch.conditions: the conditions cannot be had: it holds an error instead"]


def test_one_malformed_observation_does_not_cost_its_neighbours(
    client: TestClient, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    values = {"patient": made.patient(), "conditions": made.bundle(made.lupus())}
    # A QTc of 500 ms excludes, so it is the trial's card that tells whether the good observation counted.
    good = {
        "resourceType": "Observation",
        "id": "qtc",
        "status": "final",
        "subject": {"reference": "Patient/1288992"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "8636-3"}]},
        "effectiveDateTime": "2026-05-14",
        "valueQuantity": {"value": 500, "unit": "ms", "system": "http://unitsofmeasure.org", "code": "ms"},
    }
    bad = {"resourceType": "Observation", "id": "odd", "status": ["final"], "code": {"text": 5}}
    request = hook_request(**values, observations=made.bundle(bad, good))
    assert lupus_card(client.post(URL, json=request)) is None
    request = hook_request(**values, observations=made.bundle(bad))
    assert lupus_card(client.post(URL, json=request)) is not None


# Failures.


def test_a_failure_of_the_service_is_500_and_says_nothing_of_its_cause(
    library: Library, hook_request: HookRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken_clock() -> Any:
        raise RuntimeError("patient Jane Doe")

    app = create_app(Settings(), library, broken_clock)
    with TestClient(app) as client:
        response = client.post(URL, json=hook_request())
    assert response.status_code == 500
    assert diagnostics(response) == ["The service failed. Its log says where."]
    logged = capsys.readouterr().err
    assert '"error": "RuntimeError"' in logged
    assert "broken_clock" in logged
    assert "Jane" not in logged + response.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/cds-services/another-service", 404),
        ("GET", "/cds-services/another-service", 404),
        ("POST", "/cds-services/clinical-trial-match//", 404),
        ("GET", "/nowhere", 404),
        ("GET", URL, 405),
        ("PUT", URL, 405),
        ("DELETE", URL, 405),
        ("OPTIONS", URL, 405),
        ("POST", "/cds-services", 405),
        ("POST", "/healthz", 405),
    ],
)
def test_what_is_not_served_is_an_outcome_too(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert len(diagnostics(response)) == 1
    assert ("allow" in response.headers) == (status == 405)


def test_no_answer_mixes_up_concurrent_patients(app: FastAPI, hook_request: HookRequest, made: SimpleNamespace) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only this test runs threads

    with_lupus, without = hook_request(), copy.deepcopy(hook_request(patient=made.patient(), conditions=made.bundle()))
    with TestClient(app) as client, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: client.post(URL, json=with_lupus if n % 2 else without), range(64)))
    assert [bool(answer.json()["cards"]) for answer in answers] == [bool(n % 2) for n in range(64)]
