"""The store on SQLite and on a real PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import json

from cds_service.cds_hooks import Feedback, OverrideReason
from cds_service.store import (
    Database,
    Decision,
    Rows,
    RuleSet,
    ServedCard,
    Versions,
    database_address,
    insert_decisions,
    record_feedback,
    rows_of,
)

NOW = datetime(2026, 5, 15, 9, 30, tzinfo=UTC)
REQUEST = json.encode({"hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite3"
    new: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return new()


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], Database]]:
    """Opens the database; each call is like another process with connections of its own."""
    all_of_them = []

    def open_it() -> Database:
        database = Database(database_address(url, Path()))
        all_of_them.append(database)
        return database

    yield open_it
    for database in all_of_them:
        database.close()


@pytest.fixture
def database(opened: Callable[[], Database]) -> Database:
    return opened()


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Is set when the test ends. Named last among a test's arguments: before those are closed that wait for it."""
    event = threading.Event()
    yield event
    event.set()


def decision(number: int = 1, **fields: Any) -> Decision:
    values: dict[str, Any] = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "hook_instance": f"11111111-0000-4000-8000-{number:012}",
        "answered_at": NOW,
        "latency_ms": 12.5,
        "client": "ehr",
        "patient": "p" * 64,
        "encounter": None,
        "as_of": date(2026, 5, 15),
        "rules": RuleSet.of({"trials/NCT1/trial.json": "a" * 64}),
        "versions": Versions("0.1.0", "1.0", "datalogic-py 5.9.0"),
        "options": {"cards": {}, "held_back": {"trials": [], "cards": []}, "prefetch_aliases": {}, "fetched": {}},
        "verdicts": {"NCT1": "likely_eligible"},
        "cards": (card(number),),
        "response_digest": "b" * 64,
        "hook": "patient-view",
    }
    return Decision(**{**values, **fields})


def card(number: int = 1, **fields: Any) -> ServedCard:
    values: dict[str, Any] = {
        "uuid": f"22222222-0000-4000-8000-{number:012}",
        "trial": "NCT1",
        "key": "NCT1@1/fits/likely_eligible/3",
        "suggestions": {f"33333333-0000-4000-8000-{number:012}": "refer", "an-order": "order"},
    }
    return ServedCard(**{**values, **fields})


def rows(number: int = 1, **fields: Any) -> Rows:
    return rows_of(decision(number, **fields), REQUEST)


def item(number: int = 1, outcome: Any = "accepted", **fields: Any) -> Feedback:
    return Feedback(**{"card": card(number).uuid, "outcome": outcome, "outcome_at": NOW, **fields})


def because(code: str, system: str = "") -> tuple[OverrideReason, ...]:
    return (OverrideReason(code, system, ""),)


def serve(database: Database, *batch: Rows) -> None:
    with database.transaction(writes=True) as connection:
        insert_decisions(connection, batch)


def say(database: Database, *items: Feedback, client: str = "ehr", at: datetime = NOW, keep: bool = True) -> int:
    return record_feedback(database, client, items, at, keep_comments=keep)


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders: `decision`, `card`, `rows`, `item`, `because`; and `serve`, `say`, which write to a database."""
    return SimpleNamespace(
        decision=decision, card=card, rows=rows, item=item, because=because, serve=serve, say=say, now=NOW,
        request=REQUEST,
    )  # fmt: skip
