"""Nothing about a patient gets into the log."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import LibraryFormatter, library_log_config, open_log
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"
JSON = {"Content-Type": "application/json"}


def test_only_listed_keys_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    open_log("info").info("request_answered", status=200, name="Jane Doe", patient_id="1288992")
    line = json.loads(capsys.readouterr().err)
    assert {key: line[key] for key in line if key != "timestamp"} == {
        "event": "request_answered",
        "level": "info",
        "status": 200,
    }


def test_in_a_terminal_it_is_a_line_to_read_and_holds_the_same_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    open_log("info", for_people=True).info("request_answered", status=200, name="Jane Doe")
    line = capsys.readouterr().err
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[info +\] request_answered +status=200\n", line)


def test_in_a_terminal_a_library_says_it_in_a_line_to_read() -> None:
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "Invalid HTTP request received.", None, None)
    assert LibraryFormatter(for_people=True).format(record) == "warning: Invalid HTTP request received."
    record = logging.LogRecord("httpx", logging.WARNING, "", 0, "asked for Patient/SECRETID", None, None)
    assert LibraryFormatter(for_people=True).format(record) == "warning: library_message"


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
    said = {
        "card": "SECRETID",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-05-15T09:30:00Z",
        "acceptedSuggestions": [{"id": "SECRETID"}],
        "overrideReason": {"reason": {"code": "SECRETNAME", "system": "SECRETKEY"}, "userComment": "SECRETNAME"},
    }
    unreadable = {**said, "outcome": "SECRETNAME", "outcomeTimestamp": "SECRETMRN", "overrideReason": "SECRETNAME"}
    with TestClient(
        create_app(Settings(log_level="debug"), library), headers={"Authorization": "Bearer SECRETTOKEN"}
    ) as client:
        responses = [client.post(URL, json=body) for body in (answered, mixed, missing, wrong)]
        responses.append(client.post(URL, content=b'{"SECRETNAME', headers=JSON))
        responses.append(client.post("/cds-services/SECRETID?name=SECRETNAME"))
        responses.append(client.post("/cds-services/SECRETID/feedback", json={"feedback": [said]}))
        responses += [client.post(f"{URL}/feedback", json={"feedback": [item]}) for item in (said, unreadable)]
        responses.append(client.post(f"{URL}/feedback", content=b'{"feedback": "SECRETNAME', headers=JSON))
        responses.append(client.request("SECRETNAME", f"{URL}?SECRETID"))
        responses.append(client.post(URL, content=b"SECRETNAME", headers={"Content-Type": "SECRETNAME"}))
        metrics = client.get("/metrics").text
    statuses = [200, 400, 412, 400, 400, 404, 404, 200, 400, 400, 405, 415]
    assert [response.status_code for response in responses] == statuses
    out, err = capsys.readouterr()
    assert '"hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"' in err
    assert '"event": "feedback_kept"' in err
    refusals = "".join(response.text for response in responses[1:])
    assert [secret for secret in secrets if secret in out + err + refusals + metrics] == []


def test_of_libraries_only_what_cannot_be_about_a_patient_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    def line(name: str, message: str, error: type[Exception] | None = None) -> dict[str, Any]:
        information = None if error is None else (error, error("SECRET"), None)
        record = logging.LogRecord(name, logging.ERROR, "", 1, message, (), information)
        return json.loads(LibraryFormatter().format(record))

    assert line("uvicorn.error", "Application startup complete.")["event"] == "Application startup complete."
    about = {"event": "library_message", "level": "error"}
    assert line("uvicorn.error", "SECRET", KeyError) == {**about, "logger": "uvicorn.error", "error": "KeyError"}
    assert line("sqlalchemy.pool", "SECRET") == {**about, "logger": "sqlalchemy.pool"}


def test_what_libraries_log_goes_through_one_formatter() -> None:
    config = library_log_config("debug")
    assert {handler["formatter"] for handler in config["handlers"].values()} == {"library"}
    assert config["root"]["handlers"] == list(config["handlers"])


@pytest.mark.parametrize(("zone", "said"), [(None, "UTC (not set)"), ("Asia/Shanghai", "Asia/Shanghai (CDS_TIMEZONE)")])
def test_the_time_zone_is_said_once_at_the_start(
    library: Library, zone: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_app(Settings(state_dir=tmp_path, timezone=zone), library)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["zones"] for line in lines if line["event"] == "time_zones"] == [{"*": said}]
