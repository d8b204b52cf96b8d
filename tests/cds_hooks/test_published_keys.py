"""Keys that a client publishes: when they are fetched, kept, fetched again, and what comes of it where they are not."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from jwt.api_jws import PyJWS
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import Outbound
from cds_service.cds_hooks.trust import (
    FRESH_FOR,
    MOST_WAITING,
    PAUSE,
    PAUSE_AFTER_FAILURE,
    USABLE_FOR,
    MemoryReplayGuard,
    PublishedKeys,
)
from cds_service.cds_hooks.trust.signing import new_key
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.servers import Asked, Says, Server, serving
from tests.cds_hooks.tokens import (
    DISCOVERY,
    EC_KEY,
    EC_KID,
    NOW,
    OTHER_KEY,
    PUBLIC,
    RSA_KEY,
    RSA_KID,
    Signer,
    bearer,
    client,
    clients_file,
    key_set,
    token,
)
from tests.waiting import HANG, until

Answers = Callable[[Asked], Says]


@pytest.fixture
def serve(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Start the service and the server that publishes its one client's keys. It is not asked again for a long time."""
    monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.PAUSE", HANG)
    monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.PAUSE_AFTER_FAILURE", HANG)

    @contextmanager
    def start(answer: Answers, **fields: Any) -> Iterator[tuple[TestClient, Server]]:
        def now() -> datetime:
            return NOW

        with serving(answer) as published:
            entry = client(jwks=None, jwks_url=f"{published.url}/jwks", **fields)
            settings = Settings(clients_file=clients_file(tmp_path, entry), public_url=PUBLIC)
            app = create_app(settings, library, NOW.date, now=now, replay_guard=MemoryReplayGuard(now))
            with TestClient(app) as http:
                yield http, published

    return start


def publishes(*keys: Any, **says: Any) -> Answers:
    return lambda _asked: Says(key_set(*keys), **says)


def discover(http: TestClient, signer: Signer | None = None, **fields: Any) -> int:
    return http.get(DISCOVERY, headers=bearer(token(DISCOVERY, signer or Signer(), **fields))).status_code


def test_keys_are_fetched_when_the_first_token_comes_and_kept(serve: Callable[..., Any]) -> None:
    with serve(publishes()) as (http, published):
        assert published.asked == []
        assert [discover(http) for _ in range(5)] == [200] * 5
        assert discover(http, Signer(RSA_KEY, RSA_KID, "RS384")) == 200
        assert published.paths == ["/jwks"]
        assert "authorization" not in published.asked[0].headers


@pytest.mark.parametrize(
    "text",
    [
        token(DISCOVERY, iss="https://evil.example"),
        token(DISCOVERY, Signer(header=(("jku", "http://127.0.0.1:1/jwks"),))),
        token(DISCOVERY, Signer(RSA_KEY, RSA_KID, "RS256")),
        token(DISCOVERY, Signer("x" * 48, EC_KID, "HS384")),
        token(DISCOVERY, Signer(kid=None)),
        "no.token.atall",
    ],
    ids=["iss unknown", "jku elsewhere", "alg RS256", "alg HS384", "kid missing", "malformed"],
)
def test_nothing_is_fetched_for_a_token_that_cannot_be_good(serve: Callable[..., Any], text: str) -> None:
    with serve(publishes()) as (http, published):
        assert http.get(DISCOVERY, headers=bearer(text)).status_code == 401
        assert published.asked == []


def test_a_jku_is_never_where_keys_are_fetched_from(serve: Callable[..., Any]) -> None:
    with serving(publishes((OTHER_KEY, "mine"))) as evil, serve(publishes()) as (http, published):
        mine = Signer(OTHER_KEY, "mine", header=(("jku", f"{evil.url}/jwks"),))
        assert discover(http, mine) == 401
        sound = Signer(header=(("jku", f"{published.url}/jwks"),))
        assert discover(http, sound) == 200
        assert evil.asked == []


def test_a_new_key_is_found_by_one_more_request(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.PAUSE", 0.0)
    current: list[Any] = [(EC_KEY, EC_KID)]
    with serve(lambda _asked: Says(key_set(*current))) as (http, published):
        assert discover(http) == 200
        current[:] = [(OTHER_KEY, "next/2027+")]
        assert discover(http, Signer(OTHER_KEY, "next/2027+")) == 200
        assert discover(http) == 401, "the old key is gone"
        assert len(published.asked) == 3


def test_tokens_with_invented_key_ids_cause_no_flood(serve: Callable[..., Any]) -> None:
    with serve(publishes()) as (http, published):
        assert [discover(http, Signer(kid=f"k{n}")) for n in range(20)] == [401] * 20
        assert len(published.asked) == 1
        assert discover(http) == 200


def test_many_first_requests_at_once_ask_once(serve: Callable[..., Any]) -> None:
    with serve(publishes(wait=0.2)) as (http, published), ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: discover(http), range(8))) == [200] * 8
        assert len(published.asked) == 1


def test_of_many_that_wait_for_a_slow_server_the_last_are_told_to_come_again(serve: Callable[..., Any]) -> None:
    go_on, more = threading.Event(), 5
    statuses: list[int] = []

    def slow(_asked: Asked) -> Says:
        go_on.wait(HANG)
        return Says(key_set())

    with serve(slow) as (http, published), ThreadPoolExecutor(1 + MOST_WAITING + more) as threads:
        asked = [threads.submit(lambda: statuses.append(discover(http))) for _ in range(1 + MOST_WAITING + more)]
        until(lambda: statuses == [503] * more, "those that may not wait")
        go_on.set()
        for one in asked:
            one.result()
        assert sorted(statuses) == [200] * (1 + MOST_WAITING) + [503] * more
        assert len(published.asked) == 1


DOWN = {
    "not there": (Says("gone", 404), "status_404"),
    "failing": (Says("<html>", 500), "status_500"),
    "HTML": (Says("<html><body>Sign in</body></html>"), "no_key_set"),
    "no key set": (Says({"keys": {}}), "no_key_set"),
    "a list": (Says([]), "no_key_set"),
    "not UTF-8": (Says(b'{"keys": ["\xff"]}'), "no_key_set"),
    "nested without end": (Says("[" * 100_000), "no_key_set"),
    "cut off": (Says(key_set(), cut=True), "unreachable"),
    "huge": (Says({"keys": [], "pad": "x" * 600_000}), "too_large"),
    "packed in a way unknown": (Says(b"\x00", headers={"Content-Encoding": "br"}), "encoding"),
    "redirect": (Says("", 302, {"Location": "https://evil.example/jwks"}), "status_302"),
}


@pytest.mark.parametrize(("says", "reason"), DOWN.values(), ids=DOWN.keys())
def test_where_keys_cannot_be_had_it_is_401_and_the_log_says_why(
    serve: Callable[..., Any], says: Says, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(lambda _asked: says) as (http, published):
        assert [discover(http) for _ in range(3)] == [401] * 3
        assert len(published.asked) == 1
    logged = capsys.readouterr().err
    assert f'"reason": "{reason}"' in logged
    assert '"client": "ehr"' in logged


def test_a_server_that_is_slow_with_its_keys_costs_two_seconds_at_most(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.DEADLINE", 0.2)
    with serve(publishes(dribble=0.05)) as (http, _published):
        assert discover(http) == 401
    assert '"reason": "too_slow"' in capsys.readouterr().err


def test_keys_that_are_no_use_are_passed_over(serve: Callable[..., Any]) -> None:
    odd = [
        None,
        {"kty": "oct", "kid": EC_KID, "k": "c2VjcmV0"},
        {"kty": "EC", "kid": EC_KID, "crv": "P-256"},
        {"kid": 5},
    ]
    encryption = {**key_set()["keys"][0], "use": "enc"}
    private = {**key_set()["keys"][0], "d": "AAAA"}
    with serve(lambda _asked: Says({"keys": [*odd, encryption, private, *key_set()["keys"]]})) as (http, _published):
        assert discover(http) == 200


@pytest.mark.parametrize(
    "odd", [{"key_ops": None}, {"key_ops": 5}, {"alg": []}, {"x": "é"}, {"kid": None}, {"crv": {}}]
)
def test_an_odd_key_spoils_none_beside_it(serve: Callable[..., Any], odd: dict[str, Any]) -> None:
    sound = key_set()["keys"]
    with serve(lambda _asked: Says({"keys": [{**sound[0], "kid": "odd", **odd}, *sound]})) as (http, _published):
        assert discover(http) == 200
        assert discover(http, Signer(RSA_KEY, RSA_KID, "RS384")) == 200


MISBEHAVES = {
    **{name: says for name, (says, _reason) in DOWN.items()},
    "holds": Says(hold=True),
    "drops": Says(drop=True),
}


@pytest.mark.parametrize("says", MISBEHAVES.values(), ids=MISBEHAVES.keys())
def test_a_key_server_that_misbehaves_keeps_no_other_client_away(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.PAUSE_AFTER_FAILURE", HANG)
    if says.hold:
        monkeypatch.setattr("cds_service.cds_hooks.trust.key_sources.DEADLINE", 0.2)

    def now() -> datetime:
        return NOW

    with serving(lambda _asked: says) as broken, serving(publishes((OTHER_KEY, "b"))) as sound:
        entries = [
            client(jwks=None, jwks_url=f"{broken.url}/jwks"),
            client(id="b", issuer="https://b.example", jwks=None, jwks_url=f"{sound.url}/jwks"),
            client(id="c", issuer="https://c.example"),
        ]
        settings = Settings(clients_file=clients_file(tmp_path, *entries), public_url=PUBLIC, log_level="error")
        app = create_app(settings, library, NOW.date, now=now, replay_guard=MemoryReplayGuard(now))
        with TestClient(app) as http:
            for _ in range(3):
                assert discover(http) == 401
                assert discover(http, Signer(OTHER_KEY, "b"), iss="https://b.example") == 200
                assert discover(http, iss="https://c.example") == 200
        assert len(sound.asked) == 1


# One id for many keys.


def crowd(place: int, number: int = 681) -> list[Any]:
    """So many keys under one id, of which the one at `place` is the client's."""
    other = new_key("RS384")
    return [(RSA_KEY if at == place else other, RSA_KID) for at in range(number)]


@pytest.mark.parametrize(("place", "status"), [(0, 200), (3, 200), (4, 401), (680, 401)])
def test_of_many_keys_of_one_id_the_first_four_are_tried_and_the_log_says_so(
    place: int, status: int, serve: Callable[..., Any], capsys: pytest.CaptureFixture[str], tried: list[str]
) -> None:
    signer = Signer(RSA_KEY, RSA_KID, "RS384")
    with serve(publishes(*crowd(place), (EC_KEY, EC_KID))) as (http, _published):
        assert discover(http, signer) == status
        assert len(tried) == min(place + 1, 4)
        assert discover(http) == 200, "the sound key beside them counts"
    logged = capsys.readouterr().err
    assert logged.count('"reason": "same_kid"') == 1
    assert '"event": "keys_not_read"' in logged


def test_four_keys_of_one_id_are_no_problem(serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    with serve(publishes(*crowd(3, number=4))) as (http, _published):
        assert discover(http, Signer(RSA_KEY, RSA_KID, "RS384")) == 200
    assert "keys_not_read" not in capsys.readouterr().err


def test_signatures_are_verified_beside_the_event_loop(serve: Callable[..., Any], tried: list[str]) -> None:
    with serve(publishes()) as (http, _published):
        assert discover(http) == 200
    assert tried == ["beside it"]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The thread of each attempt to verify a signature. The event loop has a task, other threads have none."""
    threads: list[str] = []
    verify = PyJWS.decode_complete

    def noting(*args: Any, **options: Any) -> Any:
        try:
            asyncio.get_running_loop()
            threads.append("asyncio")
        except RuntimeError:
            threads.append("beside it")
        return verify(*args, **options)

    monkeypatch.setattr(PyJWS, "decode_complete", noting)
    return threads


# How time passes is the argument of a clock, so these need no waiting.


class _Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def timeline(*steps: tuple[float, bool, bool, int]) -> None:
    """Each step: seconds that pass, whether the server is up, whether the key is then found, requests so far."""
    up = [True]

    def answer(_asked: Asked) -> Says:
        return Says(key_set()) if up[0] else Says("", 503)

    async def run(url: str, asked: list[Asked]) -> None:
        clock, outbound = _Clock(), Outbound()
        keys = PublishedKeys(url, outbound, lambda _reason: None, clock)
        for passed, is_up, found, requests in steps:
            clock.seconds, up[0] = clock.seconds + passed, is_up
            assert bool(await keys.find(EC_KID, "ES384")) is found, clock.seconds
            assert len(asked) == requests, clock.seconds
        await outbound.aclose()

    with serving(answer) as published:
        anyio.run(run, published.url, published.asked)


def test_keys_are_asked_for_again_once_they_are_old() -> None:
    timeline((0, True, True, 1), (FRESH_FOR - 1, True, True, 1), (1, True, True, 2), (1, True, True, 2))


def test_old_keys_count_while_there_are_no_others_but_not_for_ever() -> None:
    timeline(
        (0, True, True, 1),
        (FRESH_FOR, False, True, 2),
        (PAUSE_AFTER_FAILURE - 1, False, True, 2),
        (1, False, True, 3),
        (USABLE_FOR - FRESH_FOR - PAUSE_AFTER_FAILURE, False, False, 4),
        (PAUSE_AFTER_FAILURE, True, True, 5),
    )


def test_a_server_that_comes_back_is_asked_again_soon() -> None:
    timeline((0, False, False, 1), (1, True, False, 1), (PAUSE_AFTER_FAILURE, True, True, 2))


def test_an_unknown_key_id_is_worth_one_request_in_a_while() -> None:
    async def run(url: str, asked: list[Asked]) -> None:
        clock, outbound = _Clock(), Outbound()
        keys = PublishedKeys(url, outbound, lambda _reason: None, clock)
        assert await keys.find(EC_KID, "ES384")
        for passed, requests in ((0, 1), (PAUSE - 1, 1), (1, 2), (PAUSE - 1, 2), (1, 3)):
            clock.seconds += passed
            assert not await keys.find("unknown", "ES384")
            assert len(asked) == requests
        await outbound.aclose()

    with serving(publishes()) as published:
        anyio.run(run, published.url, published.asked)


def test_a_rotation_is_followed_at_the_next_refresh_that_may_be_made() -> None:
    """From the old key to both, and to the new one alone: the new one counts as soon as a token names it and the last
    request is `PAUSE` ago, the old one not any more once the set is read without it."""
    old, new = (EC_KEY, EC_KID), (OTHER_KEY, "next/2027+")
    # Seconds that pass, what is published, the key asked for, whether it is found, requests so far.
    steps: list[tuple[float, tuple[Any, ...], str, bool, int]] = [
        (0, (old,), EC_KID, True, 1),
        (1, (old, new), "next/2027+", False, 1),
        (PAUSE - 1, (old, new), "next/2027+", True, 2),
        (0, (old, new), EC_KID, True, 2),
        (PAUSE, (new,), EC_KID, True, 2),
        (0, (new,), "of nobody", False, 3),
        (0, (new,), EC_KID, False, 3),
        (0, (new,), "next/2027+", True, 3),
    ]
    published: list[tuple[Any, ...]] = [()]

    async def run(url: str, asked: list[Asked]) -> None:
        clock, outbound = _Clock(), Outbound()
        keys = PublishedKeys(url, outbound, lambda _reason: None, clock)
        for passed, shown, kid, found, requests in steps:
            clock.seconds, published[0] = clock.seconds + passed, shown
            assert bool(await keys.find(kid, "ES384")) is found, (clock.seconds, kid)
            assert len(asked) == requests, (clock.seconds, kid)
        await outbound.aclose()

    with serving(lambda _asked: Says(key_set(*published[0]))) as server:
        anyio.run(run, server.url, server.asked)


def test_a_key_that_was_taken_back_counts_for_an_hour_at_most() -> None:
    published: list[tuple[Any, ...]] = [((EC_KEY, EC_KID),)]

    async def run(url: str) -> None:
        clock, outbound = _Clock(), Outbound()
        keys = PublishedKeys(url, outbound, lambda _reason: None, clock)
        assert await keys.find(EC_KID, "ES384")
        published[0] = ((OTHER_KEY, "next"),)
        clock.seconds += FRESH_FOR
        assert not await keys.find(EC_KID, "ES384")
        await outbound.aclose()

    with serving(lambda _asked: Says(key_set(*published[0]))) as server:
        anyio.run(run, server.url)
