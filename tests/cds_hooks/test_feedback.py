"""`POST /cds-services/clinical-trial-match/feedback`: what is kept before 200, and what is not feedback."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import Database, database_address, feedback

URL = "/cds-services/clinical-trial-match/feedback"
CARD = "5c0ab9b1-0f6e-5d1c-9a0e-6f1c5d1f2a10"
MOMENT = "2026-05-15T09:30:00Z"
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

Item = dict[str, Any]


def item(**fields: Any) -> Item:
    """An acceptance; keyword arguments set or replace fields, None takes one away."""
    given = {"card": CARD, "outcome": "accepted", "outcomeTimestamp": MOMENT, **fields}
    return {name: value for name, value in given.items() if value is not None}


def override(**reason: Any) -> Item:
    return item(outcome="overridden", overrideReason=reason)


@pytest.fixture
def app(library: Library, tmp_path: Path) -> FastAPI:
    return create_app(Settings(log_level="error", state_dir=tmp_path, keep_comments=True), library)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def database(client: TestClient, tmp_path: Path) -> Iterator[Database]:
    found = Database(database_address(None, tmp_path))
    yield found
    found.close()


def kept(database: Database) -> list[Any]:
    with database.transaction(writes=False) as connection:
        return list(connection.execute(select(feedback).order_by(feedback.c.id)))


def send(client: TestClient, *items: Any) -> Response:
    return client.post(URL, json={"feedback": list(items)})


def diagnostics(response: Response) -> list[str]:
    assert response.json()["resourceType"] == "OperationOutcome"
    return [issue["diagnostics"] for issue in response.json()["issue"]]


def test_an_acceptance_is_kept(client: TestClient, database: Database) -> None:
    response = send(client, item(acceptedSuggestions=[{"id": "1"}, {"id": "2"}]))
    assert (response.status_code, response.json()) == (200, {})
    [row] = kept(database)
    assert (row.card, row.outcome, row.suggestions) == (CARD, "accepted", ["1", "2"])
    assert row.outcome_at == datetime(2026, 5, 15, 9, 30, tzinfo=UTC)


def test_an_override_is_kept_with_its_reason_and_comment(client: TestClient, database: Database) -> None:
    reason = {"code": "patient-refuses", "system": REASONS, "display": "Patient declined"}
    assert send(client, override(reason=reason, userComment="too far away")).status_code == 200
    [row] = kept(database)
    assert (row.reasons, row.comment) == ([reason], "too far away")


def test_a_batch_with_several_outcomes_of_one_card_is_kept_whole(client: TestClient, database: Database) -> None:
    later = {"outcomeTimestamp": "2026-05-15T09:31:00Z"}
    batch = [item(), item(**later), override(), item(card="another"), item()]
    assert send(client, *batch).status_code == 200
    assert len(kept(database)) == 4


def test_a_repeated_batch_is_acknowledged_again_and_kept_once(client: TestClient, database: Database) -> None:
    assert [send(client, item(), override()).status_code for _ in range(3)] == [200, 200, 200]
    assert len(kept(database)) == 2


def test_an_empty_batch_is_no_error(client: TestClient) -> None:
    assert send(client).status_code == 200


# What clients send that the specification does not have.

LENIENT: dict[str, tuple[Item, dict[str, Any]]] = {
    "Epic's overrideReasons": (
        item(outcome="overridden", overrideReasons=[{"reason": {"code": "a"}}, {"reason": {"code": "b"}}]),
        {"reasons": ["a", "b"]},
    ),
    "Epic's overrideReasons, one of them": (
        item(outcome="overridden", overrideReasons={"reason": {"code": "a"}, "userComment": "why"}),
        {"reasons": ["a"], "comment": "why"},
    ),
    "an extension inside": (
        override(reason={"code": "a"}, extension={"x": [1]}) | {"extension": {}},
        {"reasons": ["a"]},
    ),
    "unknown fields": (item(somethingNew={"a": 1}), {}),
    "a card that is no uuid": (item(card="1.2.840.114350#77"), {"card": "1.2.840.114350#77"}),
    "a uuid in capitals": (item(card=CARD.upper()), {"card": CARD}),
    "no display and no system": (override(reason={"code": "a"}), {"reasons": ["a"]}),
    "a display alone": (override(reason={"display": "Other"}), {"reasons": [""]}),
    "a CodeableConcept": (override(reason={"coding": [{"code": "a"}, {"code": "b"}]}), {"reasons": ["a", "b"]}),
    "a code alone": (override(reason="a"), {"reasons": ["a"]}),
    "a coding without `reason`": (override(code="a"), {"reasons": ["a"]}),
    "a reason that is null": (override(reason=None, userComment="why"), {"reasons": [], "comment": "why"}),
    "a reason that is nonsense": (override(reason=[[7, "x", {"code": 5}]], userComment=7), {"reasons": []}),
    "an override without a reason": (item(outcome="overridden"), {"reasons": []}),
    "null for what is optional": (item() | {"acceptedSuggestions": None, "overrideReason": None}, {"suggestions": []}),
    "an acceptance without suggestions": (item(), {"suggestions": []}),
    "suggestions by id alone": (item(acceptedSuggestions=["1"]), {"suggestions": ["1"]}),
    "an outcome in capitals": (item(outcome="Accepted"), {"outcome": "accepted"}),
    "a time with a fraction": (item(outcomeTimestamp="2026-05-15T09:30:00.1234567Z"), {}),
    "a time of another zone": (item(outcomeTimestamp="2026-05-15T11:30:00+02:00"), {"outcome_at": 9}),
    "a time without a zone": (item(outcomeTimestamp="2026-05-15T09:30:00"), {"outcome_at": 9}),
    "a zone in lower case": (item(outcomeTimestamp="2026-05-15t09:30:00z"), {"outcome_at": 9}),
    "a NUL in the comment": (override(userComment="a\u0000b"), {"comment": "a\ufffdb"}),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_clients_send_besides_is_taken(client: TestClient, database: Database, name: str) -> None:
    sent, expected = LENIENT[name]
    assert send(client, sent).status_code == 200
    [row] = kept(database)
    found = {**row._mapping, "reasons": [reason["code"] for reason in row.reasons], "outcome_at": row.outcome_at.hour}
    assert {key: found[key] for key in expected} == expected


def test_a_media_type_of_fhir_and_a_byte_order_mark_are_taken(client: TestClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"feedback": [item()]}).encode()
    response = client.post(URL, content=body, headers={"Content-Type": "application/fhir+json"})
    assert response.status_code == 200


# What is not feedback.

MALFORMED: dict[str, tuple[bytes | Any, str]] = {
    "no JSON": (b'{"feedback": [', "The body is not JSON"),
    "no object": (b"[]", "The body must be a JSON object."),
    "nothing": (b"", "The body is not JSON"),
    "no UTF-8": (b'{"feedback": "\xff"}', "The body is not UTF-8"),
    "nested without end": (b'{"a":' * 100_000, "The body is nested too deeply."),
    "no feedback": ({}, "feedback: is required"),
    "feedback that is no array": ({"feedback": {"card": CARD}}, "feedback: is required and must be an array"),
    "an item that is no object": (["x"], "feedback[0]: must be a JSON object"),
    "no card": ([item(card=None)], "feedback[0].card: "),
    "a card that is a number": ([item(card=7)], "feedback[0].card: "),
    "a card of blanks": ([item(card="  ")], "feedback[0].card: "),
    "a card without end": ([item(card="x" * 256)], "feedback[0].card: must be at most 255 characters"),
    "no outcome": ([item(outcome=None)], "feedback[0].outcome: "),
    "an outcome that there is not": ([item(outcome="ignored")], "feedback[0].outcome: "),
    "an outcome that is a list": ([item(outcome=["accepted"])], "feedback[0].outcome: "),
    "no time": ([item(outcomeTimestamp=None)], "feedback[0].outcomeTimestamp: "),
    "a time that is none": ([item(outcomeTimestamp="yesterday")], "feedback[0].outcomeTimestamp: "),
    "a time that is a number": ([item(outcomeTimestamp=1715765400)], "feedback[0].outcomeTimestamp: "),
    "a time before there was time": (
        [item(outcomeTimestamp="0001-01-01T00:00:00+14:00")],
        "feedback[0].outcomeTimestamp: ",
    ),
    "a suggestion without an id": (
        [item(acceptedSuggestions=[{"id": "1"}, {}])],
        "feedback[0].acceptedSuggestions[1]: ",
    ),
    "an override that is no object": ([item(overrideReason=7)], "feedback[0].overrideReason: "),
    "an override in a list that is no object": ([item(overrideReasons=[{}, 7])], "feedback[0].overrideReasons[1]: "),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_feedback_is_400_and_its_place_named(client: TestClient, database: Database, name: str) -> None:
    sent, expected = MALFORMED[name]
    content = sent if isinstance(sent, bytes) else json.dumps({"feedback": sent} if isinstance(sent, list) else sent)
    response = client.post(URL, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    [problem] = diagnostics(response)
    assert problem.startswith(expected)
    assert kept(database) == []


def test_every_problem_of_a_batch_is_named_up_to_a_number(client: TestClient) -> None:
    response = send(client, item(card=None, outcome=None), *[item(outcomeTimestamp="SECRET")] * 50)
    problems = diagnostics(response)
    assert len(problems) == 20
    assert [problem.partition(":")[0] for problem in problems[:3]] == [
        "feedback[0].card",
        "feedback[0].outcome",
        "feedback[1].outcomeTimestamp",
    ]
    assert "SECRET" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/cds-services/another-service/feedback", 404),
        ("POST", "/cds-services/clinical-trial-match/feedback//", 404),
        ("GET", URL, 405),
        ("PUT", URL, 405),
    ],
)
def test_another_service_or_method_is_an_outcome(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path, json={"feedback": [item()]})
    assert response.status_code == status
    assert len(diagnostics(response)) == 1


def test_a_body_that_is_too_large_is_413(client: TestClient) -> None:
    assert send(client, override(userComment="x" * 1_000_001)).status_code == 413


def test_another_media_type_is_415(client: TestClient) -> None:
    assert client.post(URL, content="{}", headers={"Content-Type": "text/plain"}).status_code == 415


# The database in trouble.


def fail(*_arguments: Any) -> None:
    raise OperationalError("INSERT SECRET", {"comment": "SECRET"}, Exception("SECRET"))


def test_without_the_database_it_is_503_until_it_is_back(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Database] = []
    real = Database.__init__

    def noting(self: Database, *arguments: Any) -> None:
        real(self, *arguments)
        opened.append(self)

    monkeypatch.setattr(Database, "__init__", noting)
    with TestClient(create_app(Settings(log_level="info", state_dir=tmp_path), library)) as client:
        assert send(client, item()).status_code == 200
        event.listen(opened[0].engine(), "before_cursor_execute", fail)
        response = send(client, item(card="SECRET"), override(userComment="SECRET"))
        assert response.status_code == 503
        assert response.headers["retry-after"] == "30"
        assert [issue["code"] for issue in response.json()["issue"]] == ["transient"]
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"], ready.json()["database"]) == (200, "degraded", "unavailable")
        event.remove(opened[0].engine(), "before_cursor_execute", fail)
        assert send(client, item(card="SECRET")).status_code == 200
        assert client.get("/readyz").json()["status"] == "ok"
        metrics = client.get("/metrics").text
    assert 'cds_database_failures_total{what="feedback"} 1.0' in metrics
    out, err = capsys.readouterr()
    assert "feedback_not_kept" in err
    assert "SECRET" not in out + err + response.text + metrics


def test_what_was_acknowledged_is_told_by_the_metrics(
    client: TestClient, database: Database, hook_request: Callable[..., Any]
) -> None:
    reasons = ["patient-refuses", "SECRET PATIENT NAME", None]
    send(client, *(override(reason={"code": code}) for code in reasons), item())
    metrics = client.get("/metrics").text
    for labels in (
        'outcome="overridden",reason="patient-refuses"',
        'outcome="overridden",reason="other"',
        'outcome="overridden",reason="none"',
        'outcome="accepted",reason="none"',
    ):
        assert f"cds_feedback_total{{{labels}}} 1.0" in metrics
    assert "SECRET" not in metrics
