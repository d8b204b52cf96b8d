"""The service and a client that speaks as the CDS Hooks Sandbox does: from a browser, with a token nobody asked for."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from cds_service.library import Library
from tests.cds_hooks.servers import Asked, Says, serving
from tests.foreign.npm import NEEDS_NODE, installed
from tests.foreign.test_other_peoples_parts import LUPUS, record, running
from tests.waiting import HANG

PACKAGES = ["axios@1.21.1", "query-string@10.0.0"]
PATIENT = "1288992"
ORIGIN = "https://sandbox.cds-hooks.org"
ES256 = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL3NhbmRib3guY2RzLWhvb2tzLm9yZyJ9.c2lnbmVk"

pytestmark = [pytest.mark.slow, NEEDS_NODE]
Opens = Callable[..., dict[str, Any]]


def chart(refused: frozenset[str] = frozenset()) -> Callable[[Asked], Says]:
    """A FHIR server with the patient's record; types of `refused` can't be had."""
    resources = [entry["resource"] for entry in record()["entry"]]

    def answer(asked: Asked) -> Says:
        kind, _, one = urlsplit(asked.path).path.removeprefix("/fhir/").partition("/")
        if kind in refused:
            return Says("<html>", 500)
        if one:
            return Says(next(r for r in resources if r["id"] == one))
        hers = [r for r in resources if r.get("subject", {}).get("reference") == f"Patient/{PATIENT}"]
        entry = [{"resource": r} for r in hers if r["resourceType"] == kind]
        return Says({"resourceType": "Bundle", "type": "searchset", "entry": entry})

    return answer


@pytest.fixture(scope="module")
def sandbox() -> Path:
    folder = installed("sandbox", PACKAGES)
    return Path(shutil.copy(Path(__file__).with_name("sandbox.mjs"), folder / "sandbox.mjs"))


@pytest.fixture
def opens(sandbox: Path) -> Opens:
    """What the client asks, sends and is told when a chart is opened."""

    def opened(cds: str, fhir: str, **more: Any) -> dict[str, Any]:
        said = {"cds": cds, "fhir": fhir, "patient": PATIENT, "user": "Practitioner/one", "token": None, "jwt": ES256}
        done = subprocess.run(
            ["node", str(sandbox)],
            input=json.dumps({**said, **more}),
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return opened


@pytest.fixture(scope="module")
def service(library: Library) -> Iterator[str]:
    with running(library, cors_origins=(ORIGIN,)) as address:
        yield address


def summaries(opened: dict[str, Any]) -> list[str]:
    return [card["summary"] for card in opened["answer"]["cards"] if card["source"]["topic"]["code"] == LUPUS]


def test_its_prefetch_is_what_the_templates_ask_for_and_a_card_comes_back(opens: Opens, service: str) -> None:
    with serving(chart()) as fhir:
        opened = opens(service, f"{fhir.url}/fhir")
    [templates] = [one["prefetch"] for one in opened["services"] if one["hook"] == "patient-view"]
    # It puts every query together anew: nothing of ours gets lost, and nothing is asked twice.
    meant = [template.replace("{{context.patientId}}", PATIENT) for template in templates.values()]
    assert sorted(map(query, opened["asked"])) == sorted(query(f"{fhir.url}/fhir/{one}") for one in meant)
    assert opened["sent"]["prefetch"].keys() == templates.keys()
    assert opened["status"] == 200
    assert len(summaries(opened)) == 1


def query(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.path, json.dumps(parse_qs(parts.query, keep_blank_values=True), sort_keys=True)


def test_what_it_could_not_fetch_is_left_out_and_not_taken_for_none(opens: Opens, service: str) -> None:
    with serving(chart(refused=frozenset({"Condition"}))) as fhir:
        opened = opens(service, f"{fhir.url}/fhir")
    assert "conditions" not in opened["sent"]["prefetch"]
    assert opened["status"] == 412
    assert "prefetch.conditions" in opened["answer"]["issue"][0]["diagnostics"]


def test_with_leave_the_service_asks_its_server_itself(opens: Opens, library: Library) -> None:
    asked_twice: list[str] = []

    def once(asked: Asked) -> Says:
        """Condition is there only for whom asks again."""
        kind = urlsplit(asked.path).path.removeprefix("/fhir/")
        if kind == "Condition" and not asked_twice:
            asked_twice.append(kind)
            return Says("<html>", 500)
        return chart()(asked)

    with serving(once) as fhir, running(library, fhir_servers=(f"{fhir.url}/fhir",), fhir_timeout=60) as service:
        opened = opens(service, f"{fhir.url}/fhir", token="opaque")
    assert "conditions" not in opened["sent"]["prefetch"]
    assert opened["status"] == 200
    assert len(summaries(opened)) == 1


def test_a_browser_may_ask_from_its_address(service: str) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    address = f"{service}/cds-services/clinical-trial-match"
    asked = httpx2.options(address, headers=headers, timeout=HANG)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    json_from = {"Origin": ORIGIN, "Content-Type": "application/json"}
    told = httpx2.post(address, content=b"{}", headers=json_from, timeout=HANG)
    assert (told.status_code, told.headers["access-control-allow-origin"]) == (400, ORIGIN)
