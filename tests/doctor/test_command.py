"""`cds-service doctor` as a command: its exit codes, its two formats, and that it tells nothing of a patient."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cds_service.cli import app
from cds_service.library import Library
from tests.cds_hooks.tokens import PUBLIC, client, clients_file
from tests.doctor.requests import (
    MARKERS,
    NAME,
    PATIENT,
    SERVER,
    TOKEN,
    Json,
    bundle,
    changed,
    condition,
    encoded,
    platelets,
    request,
)
from tests.ports import free_port
from tests.waiting import HANG

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("rules_at_hand")
FHIR = {"CDS_FHIR_SERVERS": SERVER}


def run(content: Json | bytes, *words: str, stdin: bool = False, folder: Path, **environment: str) -> Result:
    body = content if isinstance(content, bytes) else encoded(content)
    file = folder / "request.json"
    file.write_bytes(body)
    given = "-" if stdin else str(file)
    arguments = ["doctor", given, "--as-of", "2026-05-15", *words]
    return CliRunner().invoke(app, arguments, env=environment, input=body if stdin else None)


def duties(result: Result) -> dict[str, str]:
    return {duty["duty"]: duty["state"] for duty in json.loads(result.stdout)["duties"]}


def test_the_exit_code_says_whether_every_duty_that_can_be_judged_is_green(library: Library, tmp_path: Path) -> None:
    sound = request(library)
    good = run(sound, "--format", "json", folder=tmp_path, **FHIR)
    assert good.exit_code == 0, good.output
    assert duties(good) == {
        "request": "green",
        "registration": "not seen",
        "token": "not seen",
        "prefetch": "green",
        "fhir_access": "green",
        "feedback": "not seen",
        "display": "not seen",
    }
    assert run(sound, stdin=True, folder=tmp_path, **FHIR).exit_code == 0
    assert run(sound, folder=tmp_path).exit_code == 1, "its FHIR server is not among those that may be asked"
    assert run(b"nothing", folder=tmp_path).exit_code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.json"], "No such file"),
        (["https://127.0.0.1:9000"], "give http"),
        (["http://cds.example.org:9000"], "not of this machine"),
        (["http://0.0.0.0:9000"], "not of this machine"),
        (["http://127.0.0.1:9000/cds-services?x"], "give http"),
        (["http://127.0.0.1:70000"], "no address"),
        (["-", "--format", "xml"], "json or text"),
        (["-", "--client", "ehr"], "Known: none"),
    ],
)
def test_what_can_not_be_used_is_said_to_be_so(words: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["doctor", *words], input=b"{}")
    assert result.exit_code == 2
    assert says in result.stderr


def test_the_client_is_the_one_with_the_requests_fhir_server(library: Library, tmp_path: Path) -> None:
    file = clients_file(
        tmp_path,
        client(id="south", fhir_servers=["https://south.example.org/fhir"]),
        client(
            id="north",
            issuer="https://n.example.org",
            fhir_servers=[SERVER],
            prefetch_aliases={"ProblemList": "conditions"},
        ),
    )
    clients = {"CDS_CLIENTS_FILE": str(file), "CDS_PUBLIC_URL": PUBLIC}
    content = request(library, conditions=..., ProblemList=bundle(condition()))
    assert duties(run(content, "--format", "json", folder=tmp_path, **clients))["prefetch"] == "green"
    other = run(content, "--format", "json", "--client", "south", folder=tmp_path, **clients)
    assert duties(other)["fhir_access"] == "red"


@pytest.mark.parametrize("format", ["text", "json"])
def test_nothing_of_a_patient_is_told(library: Library, tmp_path: Path, format: str) -> None:
    content = request(
        library,
        observations=bundle(
            platelets(valueQuantity={"value": 1, "unit": f"as told by {NAME} herself"}),
            platelets(id="obs-2", status=f"said {NAME}"),
            platelets(id="obs-3", code={"text": f"note on {NAME}"}, valueString=NAME),
            platelets(id="obs-4", valueQuantity=None, valueString=f"many, says {NAME}"),
            platelets(id="obs-5", code={"coding": [{"system": "http://lab.example.org", "code": "ORD8472915"}]}),
        ),
        conditions=bundle(
            condition(),
            condition(id="cond-2", code={"text": f"{NAME} has something"}),
            condition(id="cond-3", code=NAME),
            condition(id="cond-4", code={"coding": [{"system": f"list of {NAME}", "code": f"of {NAME}"}]}),
        ),
        immunizations=f"<html>{NAME}</html>",
        **{f"extra of {NAME}": bundle(condition(id="cond-5", code={"text": NAME}))},
    )
    broken = changed(content, userId=NAME, subject=NAME, hookInstance=NAME)
    result = run(broken, "--format", format, folder=tmp_path, **FHIR)
    assert result.exit_code == 1
    assert [one for one in (*MARKERS, "ORD8472915") if one in result.output] == []
    assert "prefetch.observations entry 2" in result.output
    mixed = run(changed(content, patientId="another"), "--format", format, folder=tmp_path, **FHIR)
    assert [one for one in (PATIENT, NAME, TOKEN) if one in mixed.output] == []


def test_the_line_to_paste_stands_alone_on_its_line(library: Library, tmp_path: Path) -> None:
    result = run(request(library, devices=...), folder=tmp_path)
    assert "devices  Device?patient={{context.patientId}}" in result.stdout.splitlines()
    assert "see docs/integration.md#2-prefetch-what-the-ehr-sends-along" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stands_in_until_it_is_ended_and_then_sums_up(library: Library, tmp_path: Path, how: int) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")} | {"PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "cds_service.cli", "doctor", address, "--format", "json", "--as-of", "2026-05-15"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **piped) as process:  # type: ignore[call-overload]
        try:
            assert f"{address}/cds-services" in process.stderr.readline()
            posted = urllib.request.Request(f"{address}/cds-services/clinical-trial-match", encoded(request(library)))
            posted.add_header("Content-Type", "application/json")
            with urllib.request.urlopen(posted, timeout=HANG) as answer:
                assert "cards" in json.load(answer)
            told: dict[str, Any] = json.loads(process.stdout.readline())
            process.send_signal(how)
            rest, errors = process.communicate(timeout=HANG)
        finally:
            process.kill()
    assert told["request"] == "POST /cds-services/clinical-trial-match"
    summary = {duty["duty"]: duty["state"] for duty in json.loads(rest)["summary"]}
    assert (summary["prefetch"], summary["token"]) == ("green", "red"), told
    assert (process.returncode, errors) == (1, "")
    assert [one for one in MARKERS if one in json.dumps(told) + rest] == []
