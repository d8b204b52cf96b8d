"""The memory of one worker for tokens that were used."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from cds_service.cds_hooks.trust import LONGEST_LEAP, MOST_REMEMBERED, MemoryReplayGuard
from tests.cds_hooks.tokens import NOW


def test_of_many_at_the_same_moment_one_is_the_first() -> None:
    guard = MemoryReplayGuard(lambda: NOW)
    with ThreadPoolExecutor(16) as threads:
        first = list(
            threads.map(lambda n: guard.first_time("iss", str(n % 50), NOW + timedelta(minutes=5)), range(2000))
        )
    assert sum(first) == 50


def test_another_issuer_has_tokens_of_its_own() -> None:
    guard = MemoryReplayGuard(lambda: NOW)
    until = NOW + timedelta(minutes=5)
    assert [guard.first_time(iss, jti, until) for iss, jti in (("a", "bc"), ("ab", "c"), ("a", "bc"))] == [
        True,
        True,
        False,
    ]


def test_what_has_expired_is_forgotten_and_what_has_not_is_kept() -> None:
    now = [NOW]
    guard = MemoryReplayGuard(lambda: now[0], kept=timedelta(0))
    for n in range(100):
        assert guard.first_time("iss", f"short{n}", NOW + timedelta(seconds=30))
    assert guard.first_time("iss", "long", NOW + timedelta(hours=1))
    now[0] = NOW + timedelta(minutes=2)
    assert not guard.first_time("iss", "long", NOW + timedelta(hours=1))
    assert len(guard._seen) == 1, "memory does not grow with every request"


@pytest.mark.parametrize("leap", [timedelta(days=1), timedelta(days=-1), timedelta(minutes=7)])
def test_a_clock_that_leaps_and_comes_back_brings_no_token_back(leap: timedelta) -> None:
    now = [NOW]
    guard, until = MemoryReplayGuard(lambda: now[0]), NOW + timedelta(minutes=5)
    assert guard.first_time("iss", "used", until)
    now[0] = NOW + leap
    assert guard.first_time("iss", "another", now[0] + timedelta(minutes=5))
    assert not guard.first_time("iss", "used", until), "its time was looked at a moment before"
    now[0] = NOW
    assert not guard.first_time("iss", "used", until)


def test_nothing_is_kept_for_ever() -> None:
    now = [NOW]
    guard = MemoryReplayGuard(lambda: now[0])
    assert guard.first_time("iss", "used", NOW)
    now[0] += LONGEST_LEAP + timedelta(seconds=1)
    assert guard.first_time("iss", "another", now[0])
    assert len(guard._seen) == 1


def test_of_more_expired_tokens_than_there_is_room_for_the_newest_are_remembered() -> None:
    now = [NOW]
    guard = MemoryReplayGuard(lambda: now[0], most=100)
    for n in range(1_000):
        assert guard.first_time("iss", f"{n}", now[0] + timedelta(minutes=1))
        now[0] += timedelta(minutes=10)
    assert len(guard._seen) <= 111
    until = now[0] + timedelta(minutes=1)
    assert not any(guard.first_time("iss", f"{n}", until) for n in range(900, 1_000))


def test_what_may_still_be_valid_is_remembered_however_many_there_are() -> None:
    guard = MemoryReplayGuard(lambda: NOW, most=100)
    until = NOW + timedelta(minutes=5)
    assert all(guard.first_time("iss", f"{n}", until) for n in range(1_000))
    assert not any(guard.first_time("iss", f"{n}", until) for n in range(1_000))


def test_tokens_that_expired_in_one_second_are_bounded_too() -> None:
    now = [NOW]
    guard = MemoryReplayGuard(lambda: now[0], most=100)
    for n in range(1_000):
        guard.first_time("iss", f"{n}", NOW)
    now[0] += timedelta(hours=1)
    guard.first_time("iss", "another", now[0])
    assert len(guard._seen) <= 100


def test_what_is_remembered_takes_the_same_room_whatever_it_is_called() -> None:
    guard = MemoryReplayGuard(lambda: NOW)
    for jti in ("x" * 100_000, "\ud800", ""):
        assert [guard.first_time("iss", jti, NOW) for _ in range(2)] == [True, False]
    assert {len(name) for name in guard._seen} == {16}
    assert MOST_REMEMBERED == 200_000  # docs/operations.md and SECURITY.md say so
