"""Nothing about a patient gets into the log."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.log import open_log
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"


def test_only_listed_keys_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    open_log("info").info("request_answered", status=200, name="Jane Doe", patient_id="1288992")
    line = json.loads(capsys.readouterr().err)
    assert {key: line[key] for key in line if key != "timestamp"} == {
        "event": "request_answered",
        "level": "info",
        "status": 200,
    }


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    open_log("warning").info("request_answered")
    assert capsys.readouterr().err == ""


def test_no_name_identifier_or_token_is_logged_on_any_path(
    library: Library, hook_request: Callable[..., Any], made: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = ["SECRETNAME", "SECRETID", "SECRETTOKEN", "SECRETKEY", "SECRETMRN"]
    patient = made.patient(
        id="SECRETID", name=[{"family": "SECRETNAME"}], identifier=[{"system": "urn:x", "value": "SECRETMRN"}]
    )
    lupus = made.lupus(id="SECRETID", subject={"reference": "Patient/SECRETID", "display": "SECRETNAME"})
    malformed = made.lupus(id="SECRETID", subject=lupus["subject"], onsetDateTime=["SECRETNAME"])
    answered = hook_request(
        patient=patient, conditions=made.bundle(lupus, malformed), SECRETKEY={"resourceType": "SECRETNAME"}
    )
    answered["context"]["patientId"] = "SECRETID"
    answered["fhirServer"] = "https://ehr.example.org/fhir"
    answered["fhirAuthorization"] = {
        "access_token": "SECRETTOKEN",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds-service",
    }
    mixed = {**answered, "context": {"userId": "Practitioner/1", "patientId": "other"}}
    missing = {**answered, "prefetch": {"SECRETKEY": "SECRETNAME", "conditions": "SECRETNAME"}}
    wrong = {**answered, "hookInstance": "SECRETID", "context": {"patientId": "SECRETID/", "userId": "SECRETNAME"}}
    with TestClient(create_app(Settings(log_level="debug"), library)) as client:
        responses = [client.post(URL, json=body) for body in (answered, mixed, missing, wrong)]
        responses.append(client.post(URL, content=b'{"SECRETNAME'))
        responses.append(client.post("/cds-services/SECRETID?name=SECRETNAME"))
    assert [response.status_code for response in responses] == [200, 400, 412, 400, 400, 404]
    out, err = capsys.readouterr()
    assert '"hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"' in err
    refusals = "".join(response.text for response in responses[1:])
    assert [secret for secret in secrets if secret in out + err + refusals] == []
