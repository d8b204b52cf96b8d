"""The clock of the machine leaps by a day, and back, while tokens are checked.

| what must hold | |
| --- | --- |
| a token is judged by the time that the clock shows now | 401 for one of the other day |
| no token is accepted twice, whatever the clock did in between | |
| nothing fails | no 5xx |
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.trust import MemoryReplayGuard
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import SeenTokens
from tests.cds_hooks.tokens import DISCOVERY, NOW, PUBLIC, bearer, clients_file, token

DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Does what the service does every ten minutes, and forgets what a restart would."""
    found: list[SeenTokens] = []
    made_by = SeenTokens.__init__

    def noting(self: SeenTokens, *args: Any, **options: Any) -> None:
        found.append(self)
        made_by(self, *args, **options)

    monkeypatch.setattr(SeenTokens, "__init__", noting)

    def do() -> None:
        for tokens in found:
            tokens.forget_expired()
            tokens._here = MemoryReplayGuard(tokens._now)

    return do


@pytest.fixture(params=["database", "memory"])
def http(
    request: pytest.FixtureRequest, library: Library, clock: Clock, tmp_path: Path, sweep: object
) -> Iterator[TestClient]:
    """A service that goes by the clock, and remembers tokens in its database or only in memory."""
    settings = Settings(clients_file=clients_file(tmp_path), public_url=PUBLIC, state_dir=tmp_path, log_level="error")
    guard = MemoryReplayGuard(clock) if request.param == "memory" else None
    with TestClient(create_app(settings, library, NOW.date, now=clock, replay_guard=guard)) as client:
        yield client


def made(at: datetime) -> str:
    """A token of that moment, good for five minutes."""
    seconds = int(at.timestamp())
    return token(DISCOVERY, iat=seconds, exp=seconds + 300)


def status(http: TestClient, text: str) -> int:
    return http.get(DISCOVERY, headers=bearer(text)).status_code


@pytest.mark.parametrize("leap", [DAY, -DAY], ids=["ahead", "back"])
def test_tokens_are_judged_by_the_new_time(http: TestClient, clock: Clock, leap: timedelta) -> None:
    assert status(http, made(NOW)) == 200
    clock.now = NOW + leap
    assert status(http, made(NOW)) == 401
    assert status(http, made(NOW + leap)) == 200
    clock.now = NOW
    assert status(http, made(NOW + leap)) == 401
    assert status(http, made(NOW)) == 200


@pytest.mark.parametrize("leap", [DAY, -DAY, timedelta(minutes=20)], ids=["day ahead", "day back", "minutes ahead"])
def test_a_token_that_was_used_stays_used(
    http: TestClient, clock: Clock, leap: timedelta, sweep: Callable[[], None]
) -> None:
    used = made(NOW)
    assert status(http, used) == 200
    clock.now = NOW + leap
    # Others meanwhile, which is when what has expired is forgotten.
    assert status(http, made(clock.now)) == 200
    sweep()
    clock.now = NOW
    assert status(http, used) == 401


def test_under_load_nothing_fails_and_no_token_counts_twice(http: TestClient, clock: Clock) -> None:
    tokens = [made(NOW + day * DAY) for day in (-1, 0, 1) for _ in range(40)]
    done, leaps = threading.Event(), [0]

    def leap() -> None:
        while not done.is_set():
            leaps[0] += 1
            clock.now = NOW + (leaps[0] % 3 - 1) * DAY
            done.wait(0.005)  # clock: how often the clock leaps is no condition of anything

    with ThreadPoolExecutor(9) as threads:
        leaping = threads.submit(leap)
        answers = list(threads.map(lambda text: (text, status(http, text)), tokens * 5))
        done.set()
        leaping.result()
    assert {answer for _, answer in answers} <= {200, 401}
    accepted = Counter(text for text, answer in answers if answer == 200)
    assert accepted
    assert max(accepted.values()) == 1
