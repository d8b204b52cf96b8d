"""Where there is no time for all trials, that is said; what was found goes out, and nothing is never called none."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cards import CardOptions
from cds_service.cli import app as command_line
from cds_service.deadline import Deadline
from cds_service.library import Library
from cds_service.matching import Match
from cds_service.server import answering
from cds_service.settings import Settings
from cds_service.store import Database, database_address, decisions
from cds_service.trials import TrialExplainer

URL = "/cds-services/clinical-trial-match"
AS_OF = date(2026, 5, 15)

Request = Callable[..., dict[str, Any]]
Start = Callable[[], TestClient]


class Hourglass:
    """Monotonic seconds that pass while trials are looked at.

    `left_out` are the trials that it is then too late for, and `invented` ids of more of them.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_000.0
        self.passes = 0.0
        self.left_out: Callable[[str], bool] = lambda _: True
        self.invented: tuple[str, ...] = ()
        self.arguments: dict[str, Any] = {}
        self._match = answering.match
        monkeypatch.setattr(answering, "match", self.match)

    def __call__(self) -> float:
        return self.seconds

    def match(self, *arguments: Any, deadline: Deadline, **options: Any) -> Match:
        self.arguments = options
        result = self._match(*arguments, **options)
        self.seconds += self.passes
        if not deadline.is_over():
            return result
        skipped = tuple(t.trial.id for t in result.trials if self.left_out(t.trial.id))
        kept = tuple(t for t in result.trials if t.trial.id not in skipped)
        return replace(result, trials=kept, timed_out=(*skipped, *self.invented))


@pytest.fixture
def glass(monkeypatch: pytest.MonkeyPatch) -> Hourglass:
    return Hourglass(monkeypatch)


@pytest.fixture
def start(library: Library, glass: Hourglass, tmp_path: Path) -> Callable[[], TestClient]:
    """Starts a service. To be called within a test: its log goes where standard error is at that moment."""
    settings = Settings(state_dir=tmp_path, decision_seconds=2.0)
    return lambda: TestClient(create_app(settings, library, lambda: AS_OF, monotonic=glass))


def logged(capsys: pytest.CaptureFixture[str], event: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    [found] = [line for line in lines if line["event"] == event]
    return found


def counted(client: TestClient, name: str) -> float:
    [line] = [line for line in client.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def trials(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def cut_short(start: Start, glass: Hourglass, body: dict[str, Any], capsys: Any) -> tuple[Any, Any, Any]:
    """A request that had time for the trial of one card only: it, what was answered, and the line in the log."""
    request = {**body, "hookInstance": "d1577c69-dfbe-44ad-ba6d-000000000002"}
    with start() as client:
        first, *others = trials(client.post(URL, json=body).json()["cards"])
        assert others
        capsys.readouterr()
        glass.passes, glass.left_out = 2.1, lambda trial: trial != first
        answer = client.post(URL, json=request).json()
        line = logged(capsys, "request_answered")
    glass.passes = 0
    assert trials(answer["cards"]) == [first]
    assert set(others) <= set(line["skipped_trials"])
    return request, answer, line


def test_in_time_nothing_is_skipped(start: Start, glass: Hourglass, hook_request: Request, capsys: Any) -> None:
    glass.passes = 1.9
    with start() as client:
        assert client.post(URL, json=hook_request()).json()["cards"]
        assert counted(client, "cds_answers_cut_short_total") == 0
    line = logged(capsys, "request_answered")
    assert "skipped" not in line
    assert line["passed_over"] >= 0
    assert line["ms"] == 1900
    assert glass.arguments == {"candidates_only": True, "near": False}


def test_too_late_for_every_card_is_a_failure_and_not_an_empty_list(
    start: Start, glass: Hourglass, hook_request: Request, capsys: Any
) -> None:
    glass.passes = 2.1
    with start() as client:
        response = client.post(URL, json=hook_request())
        line = logged(capsys, "answer_cut_short")
        assert counted(client, "cds_trials_skipped_total") == line["skipped"]
        assert counted(client, "cds_answers_cut_short_total") == 1
        glass.passes = 0
        assert client.post(URL, json=hook_request()).json()["cards"]
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    [issue] = OperationOutcome.model_validate(response.json()).issue
    assert (issue.code, "Not all trials" in issue.diagnostics) == ("timeout", True)
    assert line["hook_instance"] == hook_request()["hookInstance"]
    assert line["skipped"] == len(line["skipped_trials"]) > 0


def test_the_cards_that_were_found_go_out_and_the_rest_is_remembered(
    start: Start, glass: Hourglass, hook_request: Request, capsys: Any, tmp_path: Path
) -> None:
    request, answer, line = cut_short(start, glass, hook_request(), capsys)
    database = Database(database_address(None, tmp_path))
    with database.transaction(writes=False) as connection:
        rows = {row.hook_instance: row for row in connection.execute(select(decisions))}
    database.close()
    row = rows[request["hookInstance"]]
    assert row.options["skipped"] == line["skipped_trials"]
    assert set(row.verdicts) == set(trials(answer["cards"]))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("CDS_STATE_DIR", str(tmp_path))
    return lambda *arguments, sent: CliRunner().invoke(command_line, arguments, input=sent)


def test_a_replay_has_the_time_and_gives_the_same_answer(
    start: Start, glass: Hourglass, hook_request: Request, capsys: Any, command: Callable[..., Any]
) -> None:
    request, _, line = cut_short(start, glass, hook_request(), capsys)
    arguments = ("replay", "--decision", line["decision"], "--request", "-")
    replayed = command(*arguments, sent=json.dumps(request))
    assert replayed.exit_code == 0, replayed.output
    assert "It was cut short: there was no time for" in replayed.output
    assert "The same answer, byte for byte." in replayed.output
    as_json = json.loads(command(*arguments, "--format", "json", sent=json.dumps(request)).output)
    assert as_json["skipped"] == line["skipped_trials"]
    assert as_json["verdicts"] == {}


def test_a_line_of_the_log_names_some_of_many_skipped_trials(
    start: Start, glass: Hourglass, hook_request: Request, capsys: Any
) -> None:
    glass.passes, glass.invented = 2.1, tuple(f"NCT{n:08}" for n in range(3_000))
    with start() as client:
        assert client.post(URL, json=hook_request()).status_code == 503
    line = logged(capsys, "answer_cut_short")
    assert (line["skipped"] >= 3_000, len(line["skipped_trials"])) == (True, 20)


def test_where_no_card_was_due_skipped_trials_are_a_failure_all_the_same(
    start: Start, glass: Hourglass, hook_request: Request, made: Any
) -> None:
    request = hook_request(patient=made.patient(), conditions=made.bundle())
    with start() as client:
        assert client.post(URL, json=request).json() == {"cards": []}
        glass.passes, glass.invented = 2.1, ("NCT00000001",)
        assert client.post(URL, json=request).status_code == 503


def test_rules_are_made_ready_before_they_serve_and_only_while_there_is_time(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    names = {id(trial.explainer): trial.id for trial in library.trials}
    monkeypatch.setattr(TrialExplainer, "prepare", lambda one: made.append(names[id(one)]))

    def ready_within(times: int) -> list[str]:
        made.clear()
        left = iter(range(times))
        answering.warm(library, CardOptions(), AS_OF, lambda: next(left, None) is not None)
        return list(made)

    every = [trial.id for trial in library.trials]
    assert ready_within(0) == []
    assert ready_within(2) == every[:2]
    assert ready_within(10_000) == every
