"""Every answer is remembered well enough to be computed again, and what was dealt with is not shown again."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service import __version__
from cds_service.app import create_app
from cds_service.cards import NON_ADHERENCE, OWN_REASONS
from cds_service.cli import app as command_line
from cds_service.facts import READING_VERSION
from cds_service.library import Library, load_library
from cds_service.logic import LANGUAGE_VERSION
from cds_service.settings import Settings, default_rules_dir
from cds_service.store import Database, database_address, decisions, head, metadata, served_cards
from tests.cds_hooks.charts import ABSENT, asking_of, complete, ehr, haemoglobin
from tests.cds_hooks.charts import request as fhir_request
from tests.cds_hooks.conftest import bundle, lupus
from tests.cds_hooks.servers import Says
from tests.waiting import until

URL = "/cds-services/clinical-trial-match"
AS_OF = date(2026, 5, 15)
NOW = datetime(2026, 5, 15, 9, 30, tzinfo=UTC)
TRIAL = "NCT07083349"

HookRequest = Callable[..., dict[str, Any]]


class Service:
    """A service with a database of its own, whose clock the test sets."""

    def __init__(self, folder: Path, library: Library) -> None:
        self.folder = folder
        self.library = library
        self.now = NOW
        self.as_of = AS_OF
        self.instances = 0
        self.by_the_moment = False

    def start(self, **settings: Any) -> TestClient:
        given = Settings(log_level="error", state_dir=self.folder, **settings)
        clock = None if self.by_the_moment else lambda: self.as_of
        return TestClient(create_app(given, self.library, clock, now=lambda: self.now))

    def rows(self, table: Any) -> list[Any]:
        """What is in a table once everything that was put is written."""
        database = Database(database_address(None, self.folder))
        with database.transaction(writes=False) as connection:
            found = list(connection.execute(select(table)))
        database.close()
        return found

    def ask(self, client: TestClient, request: dict[str, Any], **context: Any) -> dict[str, dict[str, Any]]:
        """The cards by trial, for a new hook instance."""
        self.instances += 1
        instance = f"d1577c69-dfbe-44ad-ba6d-{self.instances:012}"
        sent = {**request, "hookInstance": instance, "context": {**request["context"], **context}}
        response = client.post(URL, json=sent)
        assert response.status_code == 200
        # The next request must find the served cards written.
        self.settle(client)
        return {card["source"]["topic"]["code"]: card for card in response.json()["cards"]}

    def settle(self, client: TestClient) -> None:
        until(lambda: "cds_decisions_queued 0.0" in client.get("/metrics").text, "the decision log")

    def tell(self, client: TestClient, card: dict[str, Any], outcome: str, **fields: Any) -> None:
        item = {"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": self.now.isoformat(), **fields}
        assert client.post(f"{URL}/feedback", json={"feedback": [item]}).status_code == 200


@pytest.fixture
def service(tmp_path: Path, library: Library) -> Service:
    return Service(tmp_path, library)


def because(code: str, system: str = NON_ADHERENCE) -> dict[str, Any]:
    return {"overrideReason": {"reason": {"code": code, "system": system}}}


def test_an_answer_is_logged_with_all_that_it_rests_on(service: Service, hook_request: HookRequest) -> None:
    with service.start() as client:
        response = client.post(URL, json=hook_request())
    [row] = service.rows(decisions)
    cards = response.json()["cards"]
    assert row.hook_instance == hook_request()["hookInstance"]
    assert (row.answered_at, row.as_of, row.client) == (NOW, AS_OF, "")
    assert (row.service_version, row.language_version) == (__version__, LANGUAGE_VERSION)
    assert re.fullmatch(r"datalogic-py [\d.]+", row.engine_version)
    assert len(row.verdicts) + row.options["passed_over"] == len(service.library.trials)
    assert row.options["skipped"] == []
    assert row.verdicts[TRIAL] == "possibly_eligible"
    assert row.cards == [card["uuid"] for card in cards]
    assert row.options["cards"]["max_cards"] == 5
    assert (row.reading, row.site_digest, row.unread) == (READING_VERSION, None, 0)
    assert 0 <= row.latency_ms < 60_000
    served = service.rows(served_cards)
    assert {one.uuid for one in served} == set(row.cards)
    [mine] = [one for one in served if one.trial == TRIAL]
    [card] = [card for card in cards if card["source"]["topic"]["code"] == TRIAL]
    assert set(mine.suggestions) == {suggestion["uuid"] for suggestion in card["suggestions"]}
    assert list(mine.suggestions.values()).count("refer") == 1


def test_an_answer_without_cards_is_logged_and_a_refusal_is_not(
    service: Service, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    with service.start() as client:
        client.post(URL, json=hook_request(patient=made.patient(), conditions=made.bundle()))
        client.post(URL, json={**hook_request(), "prefetch": {}})
        client.post(URL, json={})
    assert [row.cards for row in service.rows(decisions)] == [[]]


def test_nothing_in_the_database_names_the_patient_or_the_token(
    service: Service, hook_request: HookRequest, made: SimpleNamespace
) -> None:
    patient = made.patient(id="SECRETID", name=[{"family": "SECRETNAME"}])
    lupus = made.lupus(subject={"reference": "Patient/SECRETID", "display": "SECRETNAME"})
    request = hook_request(patient=patient, conditions=made.bundle(lupus))
    request["context"] = {"userId": "Practitioner/SECRETUSER", "patientId": "SECRETID", "encounterId": "SECRETVISIT"}
    request["fhirServer"] = "https://ehr.example.org/SECRETSERVER"
    request["fhirAuthorization"] = {
        "access_token": "SECRETTOKEN",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "SECRETSUBJECT",
    }
    with service.start() as client:
        assert client.post(URL, json=request).json()["cards"]
    for table in metadata.tables.values():
        assert "SECRET" not in repr(service.rows(table))
    for path in service.folder.iterdir():
        assert b"SECRET" not in path.read_bytes()
    [row] = {row.patient for row in service.rows(served_cards)}
    [encounter] = {row.encounter for row in service.rows(served_cards)}
    assert re.fullmatch(r"[0-9a-f]{64}", row)
    assert re.fullmatch(r"[0-9a-f]{64}", encounter)


# Suppression.


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("patient-refuses", NON_ADHERENCE),
        ("patient-ineligible", NON_ADHERENCE),
        ("already-enrolled", OWN_REASONS),
        ("not-interested-in-research", OWN_REASONS),
    ],
)
def test_a_trial_overridden_for_a_lasting_reason_is_not_shown_again_for_half_a_year(
    service: Service, hook_request: HookRequest, code: str, system: str
) -> None:
    with service.start() as client:
        cards = service.ask(client, hook_request())
        service.tell(client, cards[TRIAL], "overridden", **because(code, system))
        assert set(service.ask(client, hook_request())) == set(cards) - {TRIAL}
        service.now += timedelta(days=181)
        assert set(service.ask(client, hook_request())) == set(cards)


def test_a_trial_overridden_for_the_moment_is_shown_again(service: Service, hook_request: HookRequest) -> None:
    with service.start() as client:
        cards = service.ask(client, hook_request())
        service.tell(client, cards[TRIAL], "overridden", **because("limited-time"))
        assert set(service.ask(client, hook_request())) == set(cards)


def test_a_referral_that_was_accepted_is_not_offered_again(service: Service, hook_request: HookRequest) -> None:
    with service.start() as client:
        card = service.ask(client, hook_request())[TRIAL]
        service.tell(client, card, "accepted", acceptedSuggestions=[{"id": card["suggestions"][0]["uuid"]}])
        assert TRIAL not in service.ask(client, hook_request())


def test_after_ordering_tests_the_card_comes_back_when_there_is_something_new(service: Service) -> None:
    path = Path(__file__).parents[2] / "fhir_samples" / "requests" / "patient-view-sle.json"
    request = json.loads(path.read_text())
    service.as_of = date(2026, 11, 24)
    result = {
        "resourceType": "Observation",
        "id": "hbsag-new",
        "status": "final",
        "subject": {"reference": f"Patient/{request['context']['patientId']}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "5196-1"}]},
        "effectiveDateTime": "2026-11-23",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260385009"}]},
    }
    with service.start() as client:
        card = service.ask(client, request)[TRIAL]
        orders = [{"id": suggestion["uuid"]} for suggestion in card["suggestions"][:-1]]
        assert orders, "what is to be ordered comes first, the referral last"
        service.tell(client, card, "accepted", acceptedSuggestions=orders)
        assert TRIAL not in service.ask(client, request)
        request["prefetch"]["observations"]["entry"].append({"resource": result})
        assert TRIAL in service.ask(client, request)


def test_it_is_about_one_patient(service: Service, hook_request: HookRequest, made: SimpleNamespace) -> None:
    other = made.lupus(subject={"reference": "Patient/2"})
    with service.start() as client:
        card = service.ask(client, hook_request())[TRIAL]
        service.tell(client, card, "overridden", **because("patient-refuses"))
        request = hook_request(patient=made.patient(id="2"), conditions=made.bundle(other))
        assert TRIAL in service.ask(client, request, patientId="2")


def test_it_can_be_turned_off(service: Service, hook_request: HookRequest) -> None:
    with service.start(suppress_days=0) as client:
        card = service.ask(client, hook_request())[TRIAL]
        service.tell(client, card, "overridden", **because("patient-refuses"))
        assert TRIAL in service.ask(client, hook_request())


def test_a_chart_that_is_opened_again_shows_its_cards_again_unless_told_otherwise(
    service: Service, hook_request: HookRequest
) -> None:
    with service.start() as client:
        assert service.ask(client, hook_request(), encounterId="1")
        assert service.ask(client, hook_request(), encounterId="1")
    with service.start(suppress_repeats=True) as client:
        assert not service.ask(client, hook_request(), encounterId="1")
        assert service.ask(client, hook_request(), encounterId="2")
        assert not service.ask(client, hook_request(), encounterId="2")
        assert service.ask(client, hook_request())


def test_a_database_that_cannot_be_read_hides_nothing(
    service: Service, hook_request: HookRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    with service.start() as client:
        card = service.ask(client, hook_request())[TRIAL]
        service.tell(client, card, "overridden", **because("patient-refuses"))
        database = Database(database_address(None, service.folder))
        with database.transaction(writes=True) as connection:
            connection.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
        database.close()
        response = client.post(URL, json={**hook_request(), "hookInstance": "d1577c69-dfbe-44ad-ba6d-ffffffffffff"})
        assert TRIAL in {card["source"]["topic"]["code"] for card in response.json()["cards"]}
        assert 'cds_database_failures_total{what="suppression"} 1.0' in client.get("/metrics").text


def test_a_client_can_have_a_policy_of_its_own(tmp_path: Path) -> None:
    from cds_service.cds_hooks.trust import Client, Clients  # noqa: PLC0415
    from cds_service.server import suppression_policies  # noqa: PLC0415
    from cds_service.store import Policy  # noqa: PLC0415

    keys = {"jwks_url": "https://ehr.example/jwks"}
    clients = (
        Client(id="plain", issuer="https://a.example", **keys),
        Client(id="own", issuer="https://b.example", suppress_days=0, suppress_repeats=True, **keys),
    )
    policies = suppression_policies(Settings(suppress_days=30), Clients(clients, {}))
    assert policies == {None: Policy(30, False), "plain": Policy(30, False), "own": Policy(0, True)}


# Replay and report, by the command line.


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, service: Service) -> Callable[..., Any]:
    monkeypatch.setenv("CDS_STATE_DIR", str(service.folder))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(command_line, arguments)

    return run


@pytest.fixture
def answered(service: Service, hook_request: HookRequest, tmp_path: Path) -> tuple[str, Path, bytes]:
    """An answer that was given: its decision's id, the file with the request, and the bytes that were sent."""
    request = {**hook_request(), "context": {**hook_request()["context"], "encounterId": "1"}}
    with service.start(max_cards=1) as client:
        earlier = service.ask(client, request)
        service.tell(client, next(iter(earlier.values())), "overridden", **because("patient-refuses"))
        response = client.post(URL, json=request)
    file = tmp_path / "request.json"
    # As somebody would keep it: laid out, in another order, with another token.
    kept = dict(sorted({**request, "fhirAuthorization": None}.items(), reverse=True))
    file.write_text(json.dumps(kept, indent=2))
    [decision] = [row.id for row in service.rows(decisions) if row.hook_instance == request["hookInstance"]]
    return decision, file, response.content


def test_a_decision_is_replayed_byte_for_byte(
    command: Callable[..., Any], answered: tuple[str, Path, bytes], tmp_path: Path
) -> None:
    decision, file, sent = answered
    result = command("replay", "--decision", decision, "--request", str(file), "--save", str(tmp_path / "again.json"))
    assert result.exit_code == 0, result.output
    assert "The same answer, byte for byte." in result.output
    assert "This is not the request" not in result.output
    assert (tmp_path / "again.json").read_bytes() == sent


def test_it_is_found_by_its_hook_instance_too_and_told_as_json(
    command: Callable[..., Any], answered: tuple[str, Path, bytes], hook_request: HookRequest
) -> None:
    decision, file, _ = answered
    instance = hook_request()["hookInstance"]
    result = command("replay", "--decision", instance, "--request", str(file), "--format", "json")
    document = json.loads(result.output)
    assert (document["decision"], document["identical"], document["same_input"]) == (decision, True, True)
    assert document["rules"] == document["versions"] == document["verdicts"] == {}


@pytest.mark.parametrize(
    ("zone", "day", "set_now"),
    [
        ("Asia/Shanghai", "2026-05-16", "Asia/Shanghai"),
        ("Asia/Shanghai", "2026-05-16", "Pacific/Honolulu"),
        ("Pacific/Honolulu", "2026-05-15", ""),
        (None, "2026-05-15", "Asia/Shanghai"),
    ],
)
def test_an_answer_is_replayed_as_of_its_instant_in_the_zone_of_then(
    *,
    command: Callable[..., Any],
    service: Service,
    hook_request: HookRequest,
    made: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    zone: str | None,
    day: str,
    set_now: str,
) -> None:
    """At 22:30 in Greenwich, half past six of the next day in Shanghai: of two haemoglobins, written there, one was
    taken half an hour before and the other will be half an hour later."""
    service.by_the_moment, service.now = True, datetime(2026, 5, 15, 22, 30, tzinfo=UTC)
    taken = haemoglobin(effectiveDateTime="2026-05-16T06:00:00+08:00", id="taken")
    planned = haemoglobin(effectiveDateTime="2026-05-16T07:00:00+08:00", id="planned")
    person, found = made.patient(birthDate="2008-05-16"), made.bundle(made.lupus())
    request = hook_request(patient=person, conditions=found, observations=made.bundle(taken, planned))
    with service.start(timezone=zone) as client:
        sent = client.post(URL, json=request).content
    assert (TRIAL.encode() in sent) == (day == "2026-05-16"), "she is 18 in Shanghai, and 17 for another day elsewhere"
    [row] = service.rows(decisions)
    assert (str(row.as_of), row.options["instant"]) == (day, "2026-05-15T22:30:00+00:00")
    assert row.options["time_zone"] == (zone or "UTC")
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request))
    monkeypatch.setenv("CDS_TIMEZONE", set_now)
    again = tmp_path / "again.json"
    result = command("replay", "--decision", row.id, "--request", str(file), "--save", str(again))
    assert result.exit_code == 0, result.output
    assert again.read_bytes() == sent
    assert f"as of {day} up to 2026-05-15T22:30:00+00:00" in result.output


def test_another_request_is_told_apart(
    command: Callable[..., Any], answered: tuple[str, Path, bytes], tmp_path: Path
) -> None:
    decision, file, _ = answered
    request = json.loads(file.read_text())
    request["prefetch"]["patient"]["birthDate"] = "2020-04-02"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(request))
    result = command("replay", "--decision", decision, "--request", str(changed))
    assert result.exit_code == 1
    assert "Another answer." in result.output
    assert "This is not the request that was answered." in result.output
    # Not eligible, or, where the index knows that, not looked at.
    assert f"{TRIAL}: possibly_eligible then, not" in result.output


def test_an_answer_that_rests_on_fetched_data_is_replayed_from_a_request_that_holds_it(
    command: Callable[..., Any], service: Service, tmp_path: Path
) -> None:
    fetched = {"conditions": bundle(lupus()), "observations": bundle(haemoglobin())}
    fhir = ehr(Condition=Says(fetched["conditions"]), Observation=Says(fetched["observations"]))
    given = complete(conditions=ABSENT, observations=ABSENT)
    settings = {"state_dir": service.folder, "log_level": "error"}
    with asking_of(service.library, fhir, **settings) as (ask, server):
        sent = ask(given)
        request = fhir_request(f"{server.url}/fhir", given | fetched)
    [row] = service.rows(decisions)
    assert row.options["fetched"] == {"conditions": "whole", "observations": "whole"}
    file = tmp_path / "completed.json"
    file.write_text(json.dumps(request))
    result = command("replay", "--decision", row.id, "--request", str(file), "--save", str(tmp_path / "again.json"))
    assert "Asked of the FHIR server then, and to be put under `prefetch`" in result.output
    assert (tmp_path / "again.json").read_bytes() == sent.content
    assert result.exit_code == 0, result.output


def test_rules_that_have_changed_since_are_named(
    command: Callable[..., Any],
    service: Service,
    answered: tuple[str, Path, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decision, file, _ = answered
    [verdicts] = [row.verdicts for row in service.rows(decisions) if row.id == decision]
    gone = next(trial for trial in verdicts if trial != TRIAL)
    rules = tmp_path / "rules"
    shutil.copytree(default_rules_dir(), rules)
    changed = rules / "trials" / TRIAL / "trial.json"
    changed.write_text(changed.read_text().replace('"short_title": "', '"short_title": "New: '))
    shutil.rmtree(rules / "trials" / gone)
    monkeypatch.setenv("CDS_RULES_DIR", str(rules))
    result = command("replay", "--decision", decision, "--request", str(file))
    assert f"rules trials/{TRIAL}/trial.json: changed" in result.output
    assert f"rules trials/{gone}/trial.json: gone" in result.output
    assert f"{gone}: {verdicts[gone]} then, not there now" in result.output


def test_a_decision_names_the_sites_folder_and_a_replay_says_where_it_is_another(
    command: Callable[..., Any], tmp_path: Path, hook_request: HookRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "phrases").mkdir(parents=True)
    (site / "phrases" / "site.json").write_text('{"phrases": {"sle": {"de": ["Schmetterling 3b"]}}}')
    at_site = Service(tmp_path, load_library(default_rules_dir(), site_dir=site))
    with at_site.start() as client:
        assert client.post(URL, json=hook_request()).status_code == 200
    [row] = at_site.rows(decisions)
    assert row.site_digest == at_site.library.site_digest is not None
    file = tmp_path / "request.json"
    file.write_text(json.dumps(hook_request()))
    arguments = ("replay", "--decision", row.id, "--request", str(file))
    without = command(*arguments)
    assert f"site folder: {row.site_digest[:12]} then, none now" in without.output
    monkeypatch.setenv("CDS_SITE_DIR", str(site))
    again = command(*arguments, "--format", "json")
    assert again.exit_code == 0, again.output
    assert (json.loads(again.output)["site"], json.loads(again.output)["reading"]) == (None, None)


@pytest.mark.parametrize("reading", [None, 1])
def test_a_decision_by_the_first_reading_contract_is_replayed_as_such(
    command: Callable[..., Any],
    service: Service,
    answered: tuple[str, Path, bytes],
    reading: int | None,
) -> None:
    decision, file, _ = answered
    amend(service, decision, reading=reading)
    same = command("replay", "--decision", decision, "--request", str(file))
    assert (same.exit_code, "reading contract" in same.output) == (0, False)
    amend(service, decision, response_digest="0" * 64)
    other = command("replay", "--decision", decision, "--request", str(file))
    assert other.exit_code == 1
    assert "The record was read by version 1 of the reading contract then, by 2 now." in other.output
    told = json.loads(command("replay", "--decision", decision, "--request", str(file), "--format", "json").output)
    assert told["reading"] == {"then": 1, "now": 2}


def test_another_answer_by_the_same_reading_contract_has_another_reason(
    command: Callable[..., Any], service: Service, answered: tuple[str, Path, bytes]
) -> None:
    decision, file, _ = answered
    amend(service, decision, response_digest="0" * 64)
    other = command("replay", "--decision", decision, "--request", str(file))
    assert (other.exit_code, "reading contract" in other.output) == (1, False)


def amend(service: Service, decision: str, **columns: Any) -> None:
    """Put other values into the log."""
    database = Database(database_address(None, service.folder))
    with database.transaction(writes=True) as connection:
        connection.execute(decisions.update().where(decisions.c.id == decision).values(**columns))
    database.close()


def test_what_cannot_be_replayed_is_said_so(
    command: Callable[..., Any], answered: tuple[str, Path, bytes], tmp_path: Path
) -> None:
    decision, file, _ = answered
    (tmp_path / "empty.json").write_text("{}")
    unknown = command("replay", "--decision", "nothing", "--request", str(file))
    refused = command("replay", "--decision", decision, "--request", str(tmp_path / "empty.json"))
    missing = command("replay", "--decision", decision, "--request", str(tmp_path / "nowhere.json"))
    assert [result.exit_code for result in (unknown, refused, missing)] == [2, 2, 2]
    assert "There is no decision nothing" in unknown.output
    assert "would be refused (400)" in refused.output
    assert "nowhere.json" in missing.output


def test_the_digests_are_those_of_the_files_that_an_answer_depends_on(tmp_path: Path) -> None:
    shutil.copytree(default_rules_dir(), tmp_path / "rules")
    files = load_library(tmp_path / "rules").files
    for name in (f"trials/{TRIAL}/trial.json", "facts/units.json", "valuesets/sle.json"):
        assert files[name] == hashlib.sha256((tmp_path / "rules" / name).read_bytes()).hexdigest()
    assert not any(name.startswith("schema/") or name.endswith("cases.json") for name in files)


def test_the_report_tells_what_became_of_the_cards(
    command: Callable[..., Any], answered: tuple[str, Path, bytes]
) -> None:
    text = command("report", "feedback")
    assert text.exit_code == 0, text.output
    assert "patient-refuses 1" in text.output
    document = json.loads(command("report", "feedback", "--format", "json").output)
    assert sum(trial["served"] for trial in document["trials"]) == 2
    assert sum(trial["overridden"] for trial in document["trials"]) == 1
    assert document["unknown_cards"]["overridden"] == 0


def test_the_database_commands_say_where_the_schema_is(command: Callable[..., Any]) -> None:
    before = command("db", "status")
    assert (before.exit_code, "The schema is at base" in before.output) == (1, True)
    assert f"The schema is at {head()}." in command("db", "upgrade").output
    assert command("db", "status").exit_code == 0
    assert command("db", "downgrade", "base").exit_code == 2
    assert "The schema is at base." in command("db", "downgrade", "base", "--yes").output


def test_pruning_says_what_it_deleted(command: Callable[..., Any], answered: tuple[str, Path, bytes]) -> None:
    result = command("db", "prune", "--days", "1")
    assert result.exit_code == 0, result.output
    assert re.search(r"\d+ served_cards, \d+ decisions, \d+ feedback deleted", result.output)
    assert "will be shown again" in result.output


@pytest.mark.parametrize("arguments", [("db", "upgrade"), ("db", "status"), ("report", "feedback")])
def test_a_database_that_is_not_there_is_said_so_without_a_traceback(
    command: Callable[..., Any], arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", f"postgresql://cds:secret@/cds?host={tmp_path}")
    result = command(*arguments)
    assert result.exit_code == 2
    assert "OperationalError" in result.output
    assert "secret" not in result.output
