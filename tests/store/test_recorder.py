"""The decision log is written beside the answers: nothing waits for it, and it catches up after trouble."""

import io
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from cds_service.store import Database, Recorder, decisions, find_decisions, rule_sets, served_cards
from tests.postgres import Postgres
from tests.waiting import HANG, until


class Counts:
    """A `Watch` that adds up."""

    def __init__(self) -> None:
        self.written = 0
        self.dropped: Counter[str] = Counter()
        self.queued: list[int] = []
        self.available: list[bool] = []

    def decisions_written(self, number: int) -> None:
        self.written += number

    def decisions_dropped(self, number: int, why: str) -> None:
        self.dropped[why] += number

    def decisions_queued(self, number: int) -> None:
        self.queued.append(number)

    def database_available(self, available: bool) -> None:
        self.available.append(available)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.store.recorder.PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("cds_service.store.recorder._LINGER_SECONDS", 0.01)


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def logged() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def recorder_on(counts: Counts, logged: io.StringIO) -> Iterator[Callable[..., Recorder]]:
    started = []

    def build(database: Database, **options: Any) -> Recorder:
        log = structlog.wrap_logger(structlog.PrintLogger(logged), processors=[structlog.processors.JSONRenderer()])
        started.append(Recorder(database, log, counts, **options))
        return started[-1]

    yield build
    for recorder in started:
        recorder.stop(1)


def number_of(database: Database) -> int:
    with database.transaction(writes=False) as connection:
        return connection.execute(select(func.count()).select_from(decisions)).scalar_one()


def finish(recorder: Recorder) -> None:
    """All is written, and its thread has ended: so it has told all that it tells."""
    assert recorder.flush(HANG)
    recorder.stop(HANG)


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Every transaction fails as if the server were gone."""

    def fail(_connection: Any) -> None:
        raise OperationalError("BEGIN", None, Exception("gone"))

    event.listen(database.engine(), "begin", fail)
    yield
    event.remove(database.engine(), "begin", fail)


def test_what_is_put_is_written_with_its_cards(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    recorder = recorder_on(database)
    recorder.start(HANG)
    for number in range(500):
        recorder.put(make.decision(number), make.request)
    finish(recorder)
    assert number_of(database) == counts.written == 500
    with database.transaction(writes=False) as connection:
        assert connection.execute(select(func.count()).select_from(served_cards)).scalar_one() == 500
        assert connection.execute(select(func.count()).select_from(rule_sets)).scalar_one() == 1
        [found] = find_decisions(connection, make.decision(7).id)
    assert found.decision == make.decision(7)
    assert counts.available == [True]
    assert counts.queued[-1] == 0


def test_a_repeated_request_keeps_both_decisions_and_the_card_once(database: Database, make: SimpleNamespace) -> None:
    make.serve(database, make.rows(1))
    make.serve(database, make.rows(2, hook_instance=make.decision(1).hook_instance, cards=(make.card(1),)))
    with database.transaction(writes=False) as connection:
        found = find_decisions(connection, make.decision(1).hook_instance.upper())
        owners = connection.execute(select(served_cards.c.decision)).scalars().all()
    assert {one.decision.id for one in found} == {make.decision(1).id, make.decision(2).id}
    assert owners == [make.decision(1).id]


def test_putting_takes_no_time_while_the_database_is_locked(
    database: Database,
    opened: Callable[[], Database],
    recorder_on: Callable[..., Recorder],
    counts: Counts,
    make: SimpleNamespace,
) -> None:
    recorder = recorder_on(database)
    recorder.start(HANG)
    with opened().transaction(writes=True) as connection:
        connection.execute(text("DELETE FROM decisions"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE"))
        began = time.thread_time()
        for number in range(200):
            recorder.put(make.decision(number), make.request)
        took = time.thread_time() - began
        assert counts.written == 0, "all that while nothing could be written"
    assert took / 200 < 0.001, "processor time"
    assert recorder.flush(HANG)
    assert number_of(database) == 200


def test_after_an_outage_the_log_catches_up(
    database: Database,
    recorder_on: Callable[..., Recorder],
    counts: Counts,
    logged: io.StringIO,
    make: SimpleNamespace,
) -> None:
    recorder = recorder_on(database)
    recorder.start(HANG)
    with outage(database):
        for number in range(50):
            recorder.put(make.decision(number), make.request)
        until(lambda: counts.available == [True, False], "a first attempt")
        assert not recorder.flush(0)
    finish(recorder)
    assert number_of(database) == 50
    assert counts.available == [True, False, True]
    events = [json.loads(line)["event"] for line in logged.getvalue().splitlines()]
    assert events == ["database_available", "database_unavailable", "database_available"]


def test_a_server_that_is_stopped_and_started_again_is_found_again(
    postgres: Postgres,
    new_postgres_url: Callable[[], str],
    recorder_on: Callable[..., Recorder],
    make: SimpleNamespace,
) -> None:
    from pathlib import Path  # noqa: PLC0415 - for this one test

    from cds_service.store import database_address  # noqa: PLC0415

    database = Database(database_address(new_postgres_url(), Path()))
    recorder = recorder_on(database)
    recorder.start(HANG)
    recorder.put(make.decision(1), make.request)
    assert recorder.flush(HANG)
    postgres.stop()
    try:
        recorder.put(make.decision(2), make.request)
        until(lambda: not database.available, "a first attempt")
        assert not recorder.flush(0)
    finally:
        postgres.start()
    assert recorder.flush(HANG)
    assert number_of(database) == 2
    recorder.stop(1)
    database.close()


def test_a_full_queue_drops_the_newest_counts_them_and_says_so_once(
    database: Database,
    recorder_on: Callable[..., Recorder],
    counts: Counts,
    logged: io.StringIO,
    make: SimpleNamespace,
) -> None:
    recorder = recorder_on(database, most_queued=10)
    with outage(database):
        recorder.start(HANG)
        for number in range(25):
            recorder.put(make.decision(number), make.request)
    finish(recorder)
    assert number_of(database) == 10
    assert counts.dropped == {"full": 15}
    said = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "decisions_dropped"]
    assert said == [{"event": "decisions_dropped", "dropped": 1, "why": "full"}]


def test_large_requests_are_not_piled_up_in_memory(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    recorder = recorder_on(database, most_queued_bytes=10_000)
    large = json.dumps({"prefetch": "x" * 4_000}).encode()
    for number in range(5):
        recorder.put(make.decision(number), large)
    assert recorder._queued_bytes == 2 * len(large)
    recorder.start()
    finish(recorder)
    assert number_of(database) == 5
    assert counts.dropped == {}


def test_one_decision_that_is_refused_costs_no_other(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    recorder = recorder_on(database)
    for number in range(20):
        # A NULL where there must be something.
        fields = {"patient": None} if number == 11 else {}
        recorder.put(make.decision(number, **fields), b"not JSON" if number == 5 else make.request)
    recorder.start()
    finish(recorder)
    assert number_of(database) == 18
    assert counts.dropped == {"refused": 2}
    assert counts.written == 18


POISON = 3
"""The number of the decision that cannot be written."""


@contextmanager
def poisoned(database: Database, error: Exception) -> Iterator[None]:
    """A write that holds decision number 3 fails, though the database is sound."""

    def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("INSERT INTO decisions") and f"{POISON:012}" in str(parameters):
            raise error

    event.listen(database.engine(), "before_cursor_execute", fail)
    yield
    event.remove(database.engine(), "before_cursor_execute", fail)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT", None, Exception("a timeout, or memory that did not suffice")),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        OverflowError("Python int too large to convert to SQLite INTEGER"),
        ValueError("Out of range float values are not JSON compliant"),
        TypeError("type 'object' is not supported"),
        RecursionError("nested too deeply"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_that_cannot_be_written_holds_up_nothing_beside_or_behind_it(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace, error: Exception
) -> None:
    recorder = recorder_on(database)
    for number in range(10):
        recorder.put(make.decision(number), make.request)
    with poisoned(database, error):
        recorder.start(HANG)
        until(lambda: number_of(database) == 9, "all beside it")
        for number in range(10, 20):
            recorder.put(make.decision(number), make.request)
            until(lambda number=number: number_of(database) == number, "one behind it")
        finish(recorder)
    assert counts.dropped == {"refused": 1}
    assert (counts.written, counts.queued[-1]) == (19, 0)


def test_nothing_is_given_up_because_of_an_outage(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    """However often it is tried meanwhile."""
    tries: list[None] = []

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            tries.append(None)
            raise OperationalError("INSERT", None, Exception("database or disk is full"))

    recorder = recorder_on(database)
    recorder.start(HANG)
    event.listen(database.engine(), "before_cursor_execute", fail)
    for number in range(20):
        recorder.put(make.decision(number), make.request)
    until(lambda: len(tries) > 20, "many attempts")
    assert not database.available, "that it answers questions is not enough"
    event.remove(database.engine(), "before_cursor_execute", fail)
    finish(recorder)
    assert (number_of(database), counts.dropped) == (20, {})


def test_a_row_that_postgresql_has_no_room_for_is_refused_and_no_outage(
    new_postgres_url: Callable[[], str], recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    """Its code is of class 54, which psycopg counts among the outages: here an index entry of more than 2,700 bytes."""
    from pathlib import Path  # noqa: PLC0415 - for this one test

    from cds_service.store import database_address  # noqa: PLC0415

    database = Database(database_address(new_postgres_url(), Path()))
    with database.transaction(writes=True) as connection:
        connection.execute(text("CREATE INDEX wide ON decisions ((options ->> 'wide'))"))
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
    recorder = recorder_on(database)
    for number in range(4):
        recorder.put(make.decision(number, options={"wide": noise} if number == 2 else {}), make.request)
    recorder.start(HANG)
    finish(recorder)
    assert (number_of(database), counts.dropped, counts.available) == (3, {"refused": 1}, [True])
    database.close()


def test_stopping_writes_what_is_queued(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    recorder = recorder_on(database)
    recorder.start(HANG)
    for number in range(300):
        recorder.put(make.decision(number), make.request)
    recorder.stop(HANG)
    assert number_of(database) == 300
    recorder.start(HANG)
    recorder.put(make.decision(301), make.request)
    recorder.stop(HANG)
    assert number_of(database) == 301
    assert counts.dropped == {}


def test_stopping_without_a_database_ends_all_the_same_and_counts_what_is_lost(
    database: Database, recorder_on: Callable[..., Recorder], counts: Counts, make: SimpleNamespace
) -> None:
    recorder = recorder_on(database)
    with outage(database):
        recorder.start(HANG)
        for number in range(7):
            recorder.put(make.decision(number), make.request)
        recorder.stop(0.3)
    assert counts.dropped == {"shutdown": 7}


def test_its_thread_survives_whatever_goes_wrong(
    database: Database,
    recorder_on: Callable[..., Recorder],
    logged: io.StringIO,
    make: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = threading.Semaphore(0)

    def maintenance() -> None:
        calls.release()
        raise RuntimeError("SECRET")

    monkeypatch.setattr("cds_service.store.recorder._CHORE_SECONDS", 0)
    recorder = recorder_on(database, maintenance=maintenance)
    recorder.start(HANG)
    assert calls.acquire(timeout=HANG)
    recorder.put(make.decision(1), make.request)
    assert recorder.flush(HANG)
    assert '"error": "RuntimeError"' in logged.getvalue()
    assert "SECRET" not in logged.getvalue()
