"""What each service is, what it asks for, and that all give the same answer. A new hook gets rows here."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cards import NON_ADHERENCE
from cds_service.cds_hooks import SERVICES, Service, UnknownHook, service_for
from cds_service.cds_hooks.trust import MemoryReplayGuard
from cds_service.cli import app as command_line
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import Database, database_address, decisions
from tests.cds_hooks.tokens import NOW, PUBLIC, bearer, client, clients_file, token
from tests.waiting import HANG, until

Json = dict[str, Any]
VIEW, START = service_for("patient-view"), service_for("encounter-start")
SAMPLES = Path(__file__).parents[2] / "fhir_samples" / "requests"
STORIES = sorted(path.stem.removeprefix("patient-view-") for path in SAMPLES.glob("patient-view-*.json"))
AS_OF = date(2026, 11, 24)
UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ONE, TWO = "d1577c69-dfbe-44ad-ba6d-000000000001", "d1577c69-dfbe-44ad-ba6d-000000000002"
PAIRS = [(first, second) for first in SERVICES for second in SERVICES]


def request_for(service: Service, story: str = "sle", instance: str = ONE, **context: Any) -> Json:
    """The sample as a request for `service`, with an example of what its context needs besides."""
    sample: Json = json.loads((SAMPLES / f"patient-view-{story}.json").read_text())
    needed = {field.name: field.example for field in service.required}
    context = {**needed, **sample["context"], **context}
    return {**sample, "hook": service.hook, "hookInstance": instance, "context": context}


@pytest.fixture
def http(library: Library, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(log_level="error", state_dir=tmp_path), library, lambda: AS_OF)) as started:
        yield started


def diagnostics(response: Any) -> list[str]:
    assert response.status_code == 400, response.text
    return [issue["diagnostics"] for issue in response.json()["issue"]]


@pytest.fixture(scope="module")
def shared(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(log_level="error", state_dir=tmp_path_factory.mktemp("shared"))
    with TestClient(create_app(settings, library, lambda: AS_OF)) as started:
        yield started


# What an EHR's administrator reads: id, hook, the hook's version, title, and how the description ends.
ENTRIES = [
    (
        "clinical-trial-match",
        "patient-view",
        "1.0",
        "Clinical trials for this patient",
        "what a person has to confirm.",
    ),
    (
        "clinical-trial-match-encounter-start",
        "encounter-start",
        "1.0",
        "Clinical trials for this patient, at the start of an encounter",
        "The same answer as that of `clinical-trial-match`, when an encounter begins.",
    ),
]
FIELDS = ["id", "hook", "title", "description", "usageRequirements", "prefetch", "version", "hookVersion"]


def test_each_service_says_what_it_is(shared: TestClient) -> None:
    services = shared.get("/cds-services").json()["services"]
    assert [list(service) for service in services] == [FIELDS] * len(ENTRIES)
    for service, (id, hook, version, title, end) in zip(services, ENTRIES, strict=True):
        assert (service["id"], service["hook"], service["hookVersion"], service["title"]) == (id, hook, version, title)
        assert service["description"].endswith(end)


@pytest.mark.parametrize("service", [one for one in SERVICES if one is not VIEW], ids=lambda service: service.hook)
@pytest.mark.parametrize("story", STORIES)
def test_the_same_chart_gets_the_same_answer(shared: TestClient, service: Service, story: str) -> None:
    answers = [
        shared.post(VIEW.path, json=request_for(VIEW, story, ONE)),
        shared.post(service.path, json=request_for(service, story, TWO)),
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({UUID.sub(b"a uuid", answer.content) for answer in answers}) == 1
    uuids = [{card["uuid"] for card in answer.json()["cards"]} for answer in answers]
    assert not uuids[0] & uuids[1]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.hook)
def test_the_sample_of_a_hook_gets_the_card_of_its_story(shared: TestClient, service: Service) -> None:
    body = (SAMPLES / f"{service.hook}-sle.json").read_bytes()
    answer = shared.post(service.path, content=body, headers={"Content-Type": "application/json"})
    assert "NCT07083349" in {card["source"]["topic"]["code"] for card in answer.json()["cards"]}


@pytest.mark.parametrize(
    ("service", "hook", "told"),
    [
        (VIEW, "encounter-start", ["hook: must be `patient-view`"]),
        (VIEW, "order-select", ["hook: must be `patient-view`"]),
        (START, "patient-view", ["hook: must be `encounter-start`"]),
        (START, "encounter-discharge", ["hook: must be `encounter-start`"]),
        (START, "Encounter-Start", ["hook: must be `encounter-start`"]),
        (START, "", ["hook: is required and must be `encounter-start`"]),
    ],
    ids=str,
)
def test_a_service_answers_its_own_hook_only(shared: TestClient, service: Service, hook: str, told: list[str]) -> None:
    assert diagnostics(shared.post(service.path, json={**request_for(service), "hook": hook})) == told


NO_ENCOUNTER = "context.encounterId: is required and must be the id of the Encounter, without `Encounter/`"
BAD_ENCOUNTER = "context.encounterId: must be the id of the Encounter, without `Encounter/`"
BAD_USER = "context.userId: must be `Practitioner/`, `PractitionerRole/`, `Patient/` or `RelatedPerson/` with an id"
NO_PATIENT = "context.patientId: is required and must be the id of the Patient, without `Patient/`"


@pytest.mark.parametrize(
    ("service", "context", "told"),
    [
        (START, {"encounterId": None}, [NO_ENCOUNTER]),
        (START, {"encounterId": ""}, [NO_ENCOUNTER]),
        (
            START,
            {"encounterId": "Encounter/1"},
            [BAD_ENCOUNTER],
        ),
        (START, {"userId": None, "patientId": None, "encounterId": None}, [NO_PATIENT, NO_ENCOUNTER]),
        (START, {"userId": "PractitionerRole/A2340113"}, None),
        (VIEW, {"encounterId": None}, None),
        (VIEW, {"encounterId": "Encounter/1"}, [BAD_ENCOUNTER]),
        (VIEW, {"userId": None}, None),
        (VIEW, {"userId": "Group/1"}, [BAD_USER]),
    ],
    ids=str,
)
def test_what_the_context_must_hold(
    shared: TestClient, service: Service, context: Json, told: list[str] | None
) -> None:
    answer = shared.post(service.path, json=request_for(service, **context))
    assert answer.status_code == 200 if told is None else diagnostics(answer) == told


# What became of a card counts for the patient, whichever hook it was shown under.


def trials(http: TestClient, service: Service, instance: str, **context: Any) -> dict[str, str]:
    """The trials of the cards with their uuids, once what was served is written."""
    answer = http.post(service.path, json=request_for(service, instance=instance, **context))
    assert answer.status_code == 200, answer.text
    until(lambda: "cds_decisions_queued 0.0" in http.get("/metrics").text, "the decision log")
    return {card["source"]["topic"]["code"]: card["uuid"] for card in answer.json()["cards"]}


def declined(card: str) -> Json:
    reason = {"reason": {"code": "patient-refuses", "system": NON_ADHERENCE}}
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-24T09:00:00Z"}
    return {"feedback": [{**item, "overrideReason": reason}]}


@pytest.mark.parametrize("told_at", SERVICES, ids=lambda service: f"told at {service.hook}")
@pytest.mark.parametrize(("shown", "later"), PAIRS, ids=lambda service: service.hook)
def test_a_trial_that_was_declined_under_one_hook_is_not_shown_under_the_other(
    http: TestClient, shown: Service, later: Service, told_at: Service
) -> None:
    before = trials(http, shown, ONE)
    answer = http.post(told_at.feedback_path, json=declined(before["NCT07083349"]))
    assert (answer.status_code, answer.json()) == (200, {})
    assert trials(http, later, TWO).keys() == before.keys() - {"NCT07083349"}


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda service: service.hook)
def test_an_encounter_that_repeats_no_card_repeats_none_under_the_other_hook(
    library: Library, tmp_path: Path, first: Service, second: Service
) -> None:
    settings = Settings(log_level="error", state_dir=tmp_path, suppress_repeats=True)
    with TestClient(create_app(settings, library, lambda: AS_OF)) as http:
        assert trials(http, first, ONE, encounterId="e1")
        assert trials(http, second, TWO, encounterId="e1") == {}


# A token is for one address.


@pytest.mark.parametrize(("called", "audience"), PAIRS, ids=lambda service: service.hook)
def test_a_token_is_for_the_service_that_is_called(
    library: Library, tmp_path: Path, called: Service, audience: Service
) -> None:
    settings = Settings(clients_file=clients_file(tmp_path, client()), public_url=PUBLIC, state_dir=tmp_path)
    guard = MemoryReplayGuard(lambda: NOW)
    expected = 200 if called is audience else 401
    with TestClient(create_app(settings, library, NOW.date, now=lambda: NOW, replay_guard=guard)) as http:
        answer = http.post(called.path, json=request_for(called), headers=bearer(token(audience.path)))
        assert answer.status_code == expected
        signed = bearer(token(audience.feedback_path))
        assert http.post(called.feedback_path, json={"feedback": []}, headers=signed).status_code == expected
        # That of the hook is none for its feedback.
        signed = bearer(token(audience.path))
        assert http.post(called.feedback_path, json={"feedback": []}, headers=signed).status_code == 401


# What is counted and limited.


def test_each_service_is_counted_by_its_own_path(http: TestClient) -> None:
    for service in SERVICES:
        http.post(service.path, json=request_for(service))
        http.post(service.feedback_path, json={"feedback": []})
    page = http.get("/metrics").text
    for path in [path for service in SERVICES for path in (service.path, service.feedback_path)]:
        assert f'cds_requests_total{{route="{path}",status="200"}} 1.0' in page


@pytest.mark.parametrize(("busy", "other"), PAIRS, ids=lambda service: service.hook)
def test_all_services_together_have_one_limit(library: Library, tmp_path: Path, busy: Service, other: Service) -> None:
    asked, go = threading.Event(), threading.Event()

    def clock() -> date:
        asked.set()
        go.wait(HANG)
        return AS_OF

    settings = Settings(log_level="error", max_concurrent=1, state_dir=tmp_path)
    with TestClient(create_app(settings, library, clock)) as http, ThreadPoolExecutor(1) as threads:
        running = threads.submit(http.post, busy.path, json=request_for(busy))
        assert asked.wait(HANG)
        refused = [http.post(path, json=request_for(other)) for path in (other.path, other.feedback_path)]
        go.set()
        assert running.result().status_code == 200
    assert [answer.json()["issue"][0]["code"] for answer in refused] == ["throttled"] * 2


# The decision log and replay.


@pytest.fixture
def replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Json], Any]:
    """Replays the one decision from a request, by the command line."""
    monkeypatch.setenv("CDS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(request: Json) -> Any:
        (tmp_path / "request.json").write_text(json.dumps(request))
        [row] = rows(tmp_path)
        arguments = ["replay", "--decision", row.id, "--request", str(tmp_path / "request.json")]
        return CliRunner().invoke(command_line, [*arguments, "--save", str(tmp_path / "again.json")])

    return run


def rows(folder: Path, *statements: str) -> list[Any]:
    """The decisions, after `statements`."""
    database = Database(database_address(None, folder))
    with database.transaction(writes=True) as connection:
        for statement in statements:
            connection.execute(text(statement))
        found = list(connection.execute(select(decisions)))
    database.close()
    return found


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.hook)
def test_a_decision_is_replayed_under_its_own_hook(
    http: TestClient, replayed: Callable[[Json], Any], tmp_path: Path, service: Service
) -> None:
    sent = http.post(service.path, json=request_for(service))
    until(lambda: "cds_decisions_written_total 1.0" in http.get("/metrics").text, "the decision log")
    assert [row.hook for row in rows(tmp_path)] == [service.hook]
    result = replayed(request_for(service))
    assert (result.exit_code, "The same answer, byte for byte." in result.output) == (0, True), result.output
    assert (tmp_path / "again.json").read_bytes() == sent.content
    other = replayed(request_for(START if service is VIEW else VIEW))
    assert other.exit_code == 2
    assert f"would be refused (400): hook: must be `{service.hook}`" in other.output


def test_a_decision_of_before_the_column_is_one_of_patient_view(
    http: TestClient, replayed: Callable[[Json], Any], tmp_path: Path
) -> None:
    sent = http.post(VIEW.path, json=request_for(VIEW))
    until(lambda: "cds_decisions_written_total 1.0" in http.get("/metrics").text, "the decision log")
    assert [row.hook for row in rows(tmp_path, "UPDATE decisions SET hook = NULL")] == [None]
    result = replayed(request_for(VIEW))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "again.json").read_bytes() == sent.content
    assert "hook: must be `patient-view`" in replayed(request_for(START)).output


def test_a_decision_on_a_hook_of_a_later_version_is_said_to_be_one(
    http: TestClient, replayed: Callable[[Json], Any], tmp_path: Path
) -> None:
    http.post(VIEW.path, json=request_for(VIEW))
    until(lambda: "cds_decisions_written_total 1.0" in http.get("/metrics").text, "the decision log")
    rows(tmp_path, "UPDATE decisions SET hook = 'order-select'")
    result = replayed(request_for(VIEW))
    assert result.exit_code == 2
    assert "no service here answers the hook `order-select`" in result.output


def test_a_hook_has_one_service_or_none() -> None:
    assert [service_for(service.hook) for service in SERVICES] == list(SERVICES)
    assert service_for(None).hook == "patient-view"
    with pytest.raises(UnknownHook, match="order-select"):
        service_for("order-select")
