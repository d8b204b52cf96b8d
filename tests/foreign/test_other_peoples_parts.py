"""The service between other people's parts: a FHIR server and a client of CDS Hooks, both Medplum's, over real HTTP.

They are installed from the npm registry into a cache outside the repository, once.
"""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings
from tests.foreign.npm import NEEDS_NODE, installed
from tests.waiting import HANG, until

VERSION = "5.2.13"
PACKAGES = [f"@medplum/{name}@{VERSION}" for name in ("core", "definitions", "fhir-router", "fhirtypes")]
AS_OF = date(2026, 5, 15)
TOKEN = "token-of-dr-one"
LUPUS = "NCT07083349"

pytestmark = [pytest.mark.slow, NEEDS_NODE]
OpenChart = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def medplum() -> Path:
    """The folder that has the packages in its `node_modules`."""
    return installed(f"medplum-{VERSION}", PACKAGES)


def record() -> dict[str, Any]:
    """A patient for the trial in refractory lupus, with more results than fit on a page, and another patient."""
    mine = {"subject": {"reference": "Patient/1288992"}}
    drugs = {"prednisolone": "H02AB06", "azathioprine": "L04AX01"}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "1288992", "gender": "female", "birthDate": "1990-04-02"},
        {"resourceType": "Patient", "id": "other", "gender": "male", "birthDate": "1950-01-01"},
        {"resourceType": "Condition", "id": "sle", **mine, "code": coded("http://snomed.info/sct", "55464009")},
        {
            "resourceType": "Condition",
            "id": "not-hers",
            "subject": {"reference": "Patient/other"},
            "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "J45.909"),
        },
    ]
    resources += [
        {
            "resourceType": "MedicationStatement",
            "id": name,
            "status": "active",
            **mine,
            "medicationCodeableConcept": coded("http://www.whocc.no/atc", code),
            "effectivePeriod": {"start": "2025-10-01"},
        }
        for name, code in drugs.items()
    ]
    # The newest comes last, so that only who reads every page finds it.
    resources += [
        {
            "resourceType": "Observation",
            "id": f"hb{day}",
            "status": "final",
            **mine,
            "code": coded("http://loinc.org", "718-7"),
            "effectiveDateTime": f"2026-05-{day:02}",
            "valueQuantity": {
                "value": 7.1 if day < 14 else 12.5,
                "unit": "g/dL",
                "system": "http://unitsofmeasure.org",
                "code": "g/dL",
            },
        }
        for day in range(1, 15)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


@pytest.fixture(scope="module")
def ehr(medplum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running EHR, whose pages hold five resources."""
    # Node looks for packages beside the script and above it.
    script = Path(shutil.copy(Path(__file__).with_name("ehr.mjs"), medplum / f"ehr-{os.getpid()}.mjs"))
    file = tmp_path_factory.mktemp("ehr") / "record.json"
    file.write_text(json.dumps(record()))
    command = ["node", str(script), str(file), TOKEN, "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            port = process.stdout.readline().strip()
            assert port, process.stderr.read()[-2000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            script.unlink()


@contextmanager
def running(library: Library, **settings: Any) -> Iterator[str]:
    """The address of a running service."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = create_app(Settings(**settings), library, lambda: AS_OF)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until(lambda: server.started, "the service")
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=HANG)


@pytest.fixture(scope="module")
def service(ehr: str, library: Library) -> Iterator[str]:
    with running(library, fhir_servers=(f"{ehr}/fhir/R4",), fhir_timeout=60) as address:
        yield address


@pytest.fixture
def open_chart(ehr: str, service: str) -> OpenChart:
    def opened(patient: str = "1288992", *, prefetch: bool, cds: str = service) -> dict[str, Any]:
        asked = {"cds": cds, "patient": patient, "prefetch": prefetch, "headers": {}}
        response = httpx2.post(f"{ehr}/open-chart", json=asked, timeout=HANG)
        assert response.status_code == 200, response.text
        return dict(response.json())

    return opened


def card(opened: dict[str, Any]) -> dict[str, Any]:
    [found] = [card for card in opened["response"]["cards"] if card["source"]["topic"]["code"] == LUPUS]
    return dict(found)


def queries(ehr: str) -> list[str]:
    return [str(one) for one in httpx2.get(f"{ehr}/asked", timeout=HANG).json()]


def test_their_client_reads_discovery_and_fills_the_prefetch(open_chart: OpenChart, service: str) -> None:
    opened = open_chart(prefetch=True)
    offered = httpx2.get(f"{service}/cds-services", timeout=HANG).json()["services"][0]["prefetch"]
    assert opened["discovery"]["services"][0]["prefetch"] == offered
    assert opened["request"]["prefetch"].keys() == offered.keys()
    assert opened["request"]["prefetch"]["patient"]["id"] == "1288992"
    assert card(opened)["summary"]


def test_the_pages_that_their_client_left_out_are_fetched_from_their_server(open_chart: OpenChart, ehr: str) -> None:
    opened = open_chart(prefetch=True)
    [observations] = [v for k, v in opened["request"]["prefetch"].items() if k == "observations"]
    assert len(observations["entry"]) < 14, "their client reads one page"
    assert any("Observation?" in query and "_offset=10" in query for query in queries(ehr))
    # By her haemoglobin she fits only with the newest, which is on the last page.
    assert "incomplete" not in card(opened)["detail"]


def test_without_prefetch_all_of_it_is_fetched_from_their_server(open_chart: OpenChart, ehr: str) -> None:
    before = len(queries(ehr))
    with_prefetch, without = open_chart(prefetch=True), open_chart(prefetch=False)
    assert without["request"].get("prefetch", {}) == {}
    assert card(without)["detail"] == card(with_prefetch)["detail"]
    assert "/fhir/R4/Patient/1288992" in queries(ehr)[before:]


def test_a_patient_without_the_disease_gets_no_card(open_chart: OpenChart) -> None:
    for prefetch in (True, False):
        assert open_chart("other", prefetch=prefetch)["response"] == {"cards": []}


def test_a_patient_whom_their_server_does_not_know_is_no_empty_list(ehr: str, service: str) -> None:
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/one", "patientId": "nobody"},
        "fhirServer": f"{ehr}/fhir/R4",
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "x",
            "subject": "y",
        },
    }
    response = httpx2.post(f"{service}/cds-services/clinical-trial-match", json=request, timeout=HANG)
    assert response.status_code == 412
    assert "status 404" in response.text
    request["fhirAuthorization"] = {**request["fhirAuthorization"], "access_token": "another"}  # type: ignore[dict-item]
    response = httpx2.post(f"{service}/cds-services/clinical-trial-match", json=request, timeout=HANG)
    assert response.status_code == 412
    assert "status 401" in response.text


def test_a_server_that_is_not_allowed_is_not_asked(ehr: str, library: Library, open_chart: OpenChart) -> None:
    with running(library) as closed:
        before = len(queries(ehr))
        opened = open_chart(prefetch=True, cds=closed)
        [other] = opened["response"]["cards"]
        assert "The record came incomplete: observations were sent in part." in other["detail"]
        assert not [query for query in queries(ehr)[before:] if "_offset" in query]
