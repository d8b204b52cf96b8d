"""One hook instance for two patients, two clients or two tenants: each has cards of its own, and so has feedback."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cards import CURRENT, MATCH_CLIENT, SeedError, answer_seed, stable_uuid
from cds_service.library import Library
from cds_service.server import replay
from cds_service.settings import Settings
from cds_service.store import (
    Database,
    LoggedDecision,
    Suppression,
    database_address,
    decisions,
    digest_of,
    find_decisions,
    served_cards,
)
from tests.cds_hooks.conftest import bundle, lupus, patient
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, client, clients_file, token
from tests.waiting import until

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
TRIAL = "NCT07083349"
DECLINED = {"overrideReason": {"reason": {"code": "patient-refuses"}}}
NORTH = {"iss": "https://north.example.org"}
SOUTH = {"iss": "https://south.example.org"}

Cards = dict[str, dict[str, Any]]


def request_about(who: str) -> dict[str, Any]:
    """A request for the cards of a woman with lupus, always under the same hook instance."""
    subject = {"reference": f"Patient/{who}"}
    return {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/1", "patientId": who},
        "prefetch": {"patient": patient(id=who), "conditions": bundle(lupus(subject=subject))},
    }


class Service:
    """A service with a database of its own; `claims` of a token say which client asks."""

    def __init__(self, http: TestClient, folder: Path) -> None:
        self.http = http
        self.folder = folder

    def post(self, path: str, body: Any, claims: Mapping[str, Any] | None) -> Any:
        headers = {} if claims is None else bearer(token(path, **claims))
        response = self.http.post(path, json=body, headers=headers)
        assert response.status_code == 200, response.text
        return response

    def ask(self, who: str, claims: Mapping[str, Any] | None = None) -> Cards:
        """The cards by trial."""
        response = self.post(HOOK, request_about(who), claims)
        self.settle()
        return {card["source"]["topic"]["code"]: card for card in response.json()["cards"]}

    def decline(self, card: Mapping[str, Any], claims: Mapping[str, Any] | None = None) -> None:
        item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW.isoformat(), **DECLINED}
        self.post(f"{HOOK}/feedback", {"feedback": [item]}, claims)

    def settle(self) -> None:
        """Wait until the log is written: the next request must find the cards that were served."""
        until(lambda: "cds_decisions_queued 0.0" in self.http.get("/metrics").text, "the decision log")

    def rows(self, table: Any) -> list[Any]:
        with self.opened() as connection:
            return list(connection.execute(select(table)))

    @contextmanager
    def opened(self) -> Iterator[Any]:
        database = Database(database_address(None, self.folder))
        with database.transaction(writes=False) as connection:
            yield connection
        database.close()


@pytest.fixture
def patient_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, what to hold back is waited for."""
    result = Suppression.result
    monkeypatch.setattr(Suppression, "result", lambda self, asked: result(self, asked, 60.0))


@pytest.fixture
def serve(library: Library, tmp_path: Path, patient_lookup: None) -> Callable[..., Any]:
    """Start the service, with these entries in its clients file, if any."""

    @contextmanager
    def start(*entries: dict[str, Any]) -> Iterator[Service]:
        trust = {"clients_file": clients_file(tmp_path, *entries), "public_url": PUBLIC} if entries else {}
        settings = Settings(log_level="error", state_dir=tmp_path, decision_seconds=60, request_seconds=120, **trust)
        with TestClient(create_app(settings, library, NOW.date, now=lambda: NOW)) as http:
            yield Service(http, tmp_path)

    return start


TWO_CLIENTS = (
    client(id="north", issuer=NORTH["iss"]),
    client(id="south", issuer=SOUTH["iss"]),
)
TWO_TENANTS = (client(id="ehr", issuer=NORTH["iss"], tenants=["a", "b"]),)
CASES: dict[str, tuple[tuple[dict[str, Any], ...], tuple[str, Any], tuple[str, Any]]] = {
    "two patients": ((), ("anna", None), ("berta", None)),
    "two patients of one client": (TWO_CLIENTS, ("anna", NORTH), ("berta", NORTH)),
    "two clients, each with a patient 1": (TWO_CLIENTS, ("1", NORTH), ("1", SOUTH)),
    "two tenants, each with a patient 1": (TWO_TENANTS, ("1", NORTH | {"tenant": "a"}), ("1", NORTH | {"tenant": "b"})),
}


def ids_of(cards: Cards) -> set[str]:
    """Of cards and suggestions."""
    return {part["uuid"] for card in cards.values() for part in (card, *card["suggestions"])}


@pytest.mark.parametrize("case", CASES)
def test_what_one_declines_stays_on_show_for_the_other(serve: Callable[..., Any], case: str) -> None:
    entries, one, other = CASES[case]
    with serve(*entries) as service:
        cards, others = service.ask(*one), service.ask(*other)
        assert set(cards) == set(others) > {TRIAL}
        assert not ids_of(cards) & ids_of(others)
        service.decline(others[TRIAL], other[1])
        assert set(service.ask(*one)) == set(cards)
        assert set(service.ask(*other)) == set(others) - {TRIAL}
        served = {(row.uuid, row.client, row.patient) for row in service.rows(served_cards)}
    assert len(served) == len({uuid for uuid, _, _ in served}) == 2 * len(cards)
    assert len({(client, patient) for _, client, patient in served}) == 2


@pytest.mark.parametrize("case", ["two clients, each with a patient 1", "two tenants, each with a patient 1"])
def test_feedback_of_another_client_on_a_card_counts_for_nobody(serve: Callable[..., Any], case: str) -> None:
    entries, one, other = CASES[case]
    with serve(*entries) as service:
        cards = service.ask(*one)
        service.ask(*other)
        service.decline(cards[TRIAL], other[1])
        assert TRIAL in service.ask(*one)
        assert TRIAL in service.ask(*other)


def test_the_same_request_again_has_the_same_ids(serve: Callable[..., Any]) -> None:
    with serve() as service:
        assert ids_of(service.ask("anna")) == ids_of(service.ask("anna"))
    with serve() as service:  # the key is kept beside the database
        assert ids_of(service.ask("anna")) == {card for row in service.rows(served_cards) for card in _all(row)}


def _all(row: Any) -> set[str]:
    return {row.uuid, *row.suggestions}


def test_another_key_gives_other_ids(serve: Callable[..., Any], tmp_path: Path) -> None:
    """They come from the keyed hash, so nobody can tell from an id of a card whose it is by trying patients' ids."""
    with serve() as service:
        first = service.ask("anna")
    (tmp_path / "hash.key").write_text("another key, of at least 32 bytes: 0123456789")
    with serve() as service:
        assert not ids_of(service.ask("anna")) & ids_of(first)


# Replay.


def logged(service: Service, who: int = 0) -> LoggedDecision:
    with service.opened() as connection:
        found: list[LoggedDecision] = find_decisions(connection, INSTANCE)
    return sorted(found, key=lambda one: one.decision.patient)[who]


def test_the_log_names_the_version_and_both_patients_replay(serve: Callable[..., Any], library: Library) -> None:
    with serve() as service:
        sent = {who: set(ids_of(service.ask(who))) for who in ("anna", "berta")}
        assert [row.options["seed"] for row in service.rows(decisions)] == [CURRENT, CURRENT]
        results = [
            replay(logged(service, n), json.dumps(request_about(who)).encode(), library) for n in (0, 1) for who in sent
        ]
    assert [one.identical for one in results] == [one.same_input for one in results]
    assert sum(one.identical for one in results) == 2


def test_an_older_decision_replays_as_it_was_answered(serve: Callable[..., Any], library: Library) -> None:
    """As version 0.1 logged it: without a version of the seed, with ids from the hook instance alone."""
    request = json.dumps(request_about("anna")).encode()
    with serve() as service:
        cards = service.ask("anna")
        found = logged(service)
    then = _as_then(cards)
    body = json.dumps({"cards": then}, ensure_ascii=False, separators=(",", ":")).encode()
    options = {name: value for name, value in found.decision.options.items() if name != "seed"}
    old = replace(found.decision, options=options, response_digest=digest_of(body))
    result = replay(replace(found, decision=old), request, library)
    assert json.loads(result.response)["cards"] == then
    assert result.response == body
    assert result.identical
    ids = [part["uuid"] for card in then for part in (card, *card["suggestions"])]
    # Written down from what 0.1 answered.
    assert {"63cbb98c-31f1-5889-adff-e4cbac757b5c", "635916dc-de41-5c1d-9c49-9815e35f223e"} <= set(ids)


def _as_then(cards: Cards) -> list[dict[str, Any]]:
    """The same cards with the ids of version 1."""
    found = []
    for trial, card in cards.items():
        suggestions = []
        for suggestion in card["suggestions"]:
            codings = suggestion["actions"][0]["resource"]["code"]["coding"]
            test = codings[-1]["code"]
            parts = ("refer",) if test == "103696004" else ("order", test)
            suggestions.append({**suggestion, "uuid": stable_uuid(INSTANCE, trial, *parts)})
        found.append({**card, "uuid": stable_uuid(INSTANCE, trial), "suggestions": suggestions})
    return found


def test_a_version_that_is_not_known_is_said_so(serve: Callable[..., Any], library: Library) -> None:
    with serve() as service:
        service.ask("anna")
        found = logged(service)
    later = replace(found.decision, options={**found.decision.options, "seed": CURRENT + 1})
    with pytest.raises(SeedError, match="are of version 3; this service knows 1 to 2"):
        replay(replace(found, decision=later), json.dumps(request_about("anna")).encode(), library)


def test_nothing_that_a_client_sends_or_is_called_makes_two_seeds_one() -> None:
    parts = [
        (INSTANCE, "", "a" * 64),
        (INSTANCE, "", "b" * 64),
        (INSTANCE, "ehr", "a" * 64),
        (INSTANCE, "ehr/north", "a" * 64),
        (INSTANCE.upper(), "ehr", "a" * 64),
        ("2026-05-15", MATCH_CLIENT, "anna"),
        ("2026-05-15", MATCH_CLIENT, "berta"),
    ]
    assert len({answer_seed(*one) for one in parts}) == len(parts)
    assert answer_seed(INSTANCE, "ehr", "a" * 64, 1) == INSTANCE
