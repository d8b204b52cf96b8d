"""A token counts once, whichever worker meets it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from cds_service.cds_hooks.trust import LONGEST_LEAP, ReplayGuard, ReplayGuardDown
from cds_service.store import MOST_DELETED, Database, SeenTokens, seen_tokens
from tests.waiting import HANG


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(make: SimpleNamespace) -> Clock:
    return Clock(make.now)


@pytest.fixture
def failures() -> list[None]:
    return []


@pytest.fixture
def worker(opened: Callable[[], Database], clock: Clock, failures: list[None]) -> Iterator[Callable[..., SeenTokens]]:
    """Makes another worker's view of the tokens."""
    started = []

    def start(**choice: bool) -> SeenTokens:
        database = opened()
        database.ping()
        started.append(SeenTokens(database, clock, lambda: failures.append(None), **choice))
        return started[-1]

    yield start
    for tokens in started:
        tokens.close()


def test_it_is_what_the_gate_asks(worker: Callable[[], SeenTokens], clock: Clock) -> None:
    guard: ReplayGuard = worker()
    assert guard.first_time("https://ehr.example", "1", clock.now)


def test_the_first_use_is_the_first_for_all_workers(worker: Callable[[], SeenTokens], clock: Clock) -> None:
    here, there = worker(), worker()
    until = clock.now + timedelta(minutes=5)
    assert here.first_time("https://ehr.example", "1", until)
    assert not here.first_time("https://ehr.example", "1", until)
    assert not there.first_time("https://ehr.example", "1", until)
    assert there.first_time("https://other.example", "1", until)
    assert there.first_time("https://ehr.example", "2", until)


def test_no_two_pairs_are_mistaken_for_one_another(worker: Callable[[], SeenTokens], clock: Clock) -> None:
    tokens = worker()
    pairs = [("a", "b c"), ("a b", "c"), ("a", "b c "), ("a", "\ud800"), ("a", "x" * 10_000)]
    assert [tokens.first_time(*pair, clock.now) for pair in pairs] == [True] * len(pairs)


def test_of_many_at_the_same_moment_one_is_the_first(worker: Callable[[], SeenTokens], clock: Clock) -> None:
    workers = [worker() for _ in range(6)]
    with ThreadPoolExecutor(24) as threads:
        for jti in range(5):
            answers = threads.map(lambda n: workers[n % 6].first_time("i", f"{jti}", clock.now), range(24))  # noqa: B023
            assert sum(answers) == 1


def test_what_has_expired_is_forgotten(
    worker: Callable[[], SeenTokens], opened: Callable[[], Database], clock: Clock
) -> None:
    tokens = worker()
    tokens.first_time("i", "short", clock.now + timedelta(minutes=1))
    tokens.first_time("i", "long", clock.now + timedelta(hours=1))
    clock.now += LONGEST_LEAP + timedelta(minutes=7)
    assert tokens.forget_expired() == 1
    with opened().transaction(writes=False) as connection:
        assert connection.execute(select(func.count()).select_from(seen_tokens)).scalar_one() == 1


def test_without_the_database_each_worker_still_knows_its_own(
    worker: Callable[[], SeenTokens], opened: Callable[[], Database], clock: Clock, failures: list[Any]
) -> None:
    tokens = worker()
    with opened().transaction(writes=True) as connection:
        connection.execute(text("DROP TABLE seen_tokens"))
    assert [tokens.first_time("i", jti, clock.now) for jti in "1122"] == [True, False, True, False]
    assert len(failures) == 2


@pytest.mark.parametrize("leap", [timedelta(minutes=7), timedelta(days=1), timedelta(days=-1), LONGEST_LEAP])
def test_without_the_database_a_clock_that_leaps_and_comes_back_brings_no_token_back(
    worker: Callable[[], SeenTokens], opened: Callable[[], Database], clock: Clock, leap: timedelta
) -> None:
    tokens, before = worker(), clock.now
    with opened().transaction(writes=True) as connection:
        connection.execute(text("DROP TABLE seen_tokens"))
    assert tokens.first_time("i", "used", before + timedelta(minutes=5))
    clock.now = before + leap
    assert tokens.first_time("i", "another", clock.now + timedelta(minutes=5))
    clock.now = before
    assert not tokens.first_time("i", "used", before + timedelta(minutes=5))


def test_where_it_fails_closed_nobody_is_let_in_without_the_database_and_the_token_stays_good(
    worker: Callable[..., SeenTokens],
    opened: Callable[[], Database],
    clock: Clock,
    failures: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cds_service.store.database.PAUSE_SECONDS", 0)
    tokens, until = worker(fails_open=False), clock.now + timedelta(minutes=5)
    rename = "ALTER TABLE {} RENAME TO {}"
    with opened().transaction(writes=True) as connection:
        connection.execute(text(rename.format("seen_tokens", "away")))
    for _ in range(2):
        with pytest.raises(ReplayGuardDown):
            tokens.first_time("i", "1", until)
    assert len(failures) == 2
    with opened().transaction(writes=True) as connection:
        connection.execute(text(rename.format("away", "seen_tokens")))
    assert [tokens.first_time("i", "1", until) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("issuer", ["https://ehr.example/\x00", "\ud800", "i" * 1_000])
def test_whatever_the_issuer_is_called_the_database_remembers_its_tokens(
    worker: Callable[..., SeenTokens], clock: Clock, failures: list[Any], issuer: str
) -> None:
    here, there = worker(), worker()
    assert [guard.first_time(issuer, "1", clock.now) for guard in (here, there)] == [True, False]
    assert failures == []


def test_what_has_expired_is_deleted_some_at_a_time(
    worker: Callable[..., SeenTokens], opened: Callable[[], Database], clock: Clock
) -> None:
    tokens, database = worker(), opened()
    rows = [{"token": f"{n}", "issuer": "i", "expires": clock.now} for n in range(2 * MOST_DELETED + 1)]
    with database.transaction(writes=True) as connection:
        connection.execute(insert(seen_tokens), rows)
    clock.now += LONGEST_LEAP + timedelta(hours=1)
    assert tokens.forget_expired() == 2 * MOST_DELETED + 1


def test_a_database_that_hangs_is_not_waited_for(
    worker: Callable[[], SeenTokens],
    clock: Clock,
    failures: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    over: threading.Event,
) -> None:
    begun = []

    def hang(*_arguments: Any) -> int:
        begun.append(None)
        over.wait(HANG)
        return 1

    monkeypatch.setattr("cds_service.store.tokens.DEADLINE_SECONDS", 0.05)
    monkeypatch.setattr("cds_service.store.database.PAUSE_SECONDS", HANG)
    monkeypatch.setattr("cds_service.store.tokens.insert_new", hang)
    tokens = worker()
    assert [tokens.first_time("i", str(n % 50), clock.now) for n in range(100)] == [True] * 50 + [False] * 50
    assert len(failures) == 50
    assert len(begun) <= 1, "the first has waited a little, and the others have not even asked"
