"""Nobody has shown a token yet, and the service is not stopped: a real server, and what strangers send to it.

| what is sent | what came of it before |
| --- | --- |
| headers, blank lines, trailers or framing without end | memory without bound |
| hundreds of requests that are never whole | they stayed for ever, and /healthz was not answered |
| bodies that do not come | they took all places |
"""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.connections.serving import HOOK, Served, dribble, everything, flood, is_open, serving
from tests.waiting import until

pytestmark = pytest.mark.slow

MB = 1_000_000
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW_BODY = POST + b"Content-Length: 1000000\r\n\r\n{"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that waits for ever: whatever ends here ends by its size or its number."""
    with serving(tmp_path_factory.mktemp("patient")) as service:
        assert service.hook() == 200
        yield service


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that waits for a second, and lets headers be long."""
    settings = {"CDS_HEADER_SECONDS": "1", "CDS_BODY_SECONDS": "1", "CDS_KEEP_ALIVE_SECONDS": "1"}
    with serving(tmp_path_factory.mktemp("hasty"), CDS_MAX_HEADER_BYTES="1000000", **settings) as service:
        yield service


FLOODS = {
    "one header": (HEAD + b"X: ", b"x" * 64_000),
    "many headers": (HEAD, b"x: y\r\n" * 10_000),
    "headers as small as they get": (HEAD, b"x:\r\n" * 16_000),
    "an address": (b"GET /", b"x" * 64_000),
    "a method": (b"", b"X" * 64_000),
    "blank lines": (b"", b"\r\n" * 32_000),
    "trailers": (CHUNKED + b"1\r\n{\r\n0\r\n", b"x: " + b"y" * 64_000 + b"\r\n"),
    "one trailer": (CHUNKED + b"1\r\n{\r\n0\r\nx: ", b"y" * 64_000),
    "a chunk's extension": (CHUNKED + b"1;x=", b"y" * 64_000),
    "requests ahead of their answers": (b"", (HEAD + b"\r\n") * 1_500),
}


@pytest.mark.parametrize(("begin", "part"), FLOODS.values(), ids=FLOODS.keys())
def test_what_has_no_end_costs_no_memory(patient: Served, begin: bytes, part: bytes) -> None:
    before = patient.memory
    with contextlib.closing(patient.open(begin)) as stranger:
        flood(stranger, part, 1_000)
    assert patient.memory - before < 20 * MB, "64 MB were sent"
    assert patient.get("/healthz") == 200


@pytest.mark.parametrize("name", ["one header", "many headers", "an address", "blank lines", "trailers", "one trailer"])
def test_and_the_stranger_is_told_why(patient: Served, name: str) -> None:
    begin, part = FLOODS[name]
    with contextlib.closing(patient.open(begin)) as stranger:
        answer = flood(stranger, part, 10)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b'"resourceType":"OperationOutcome"' in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_no_http_is_told_so(patient: Served) -> None:
    with contextlib.closing(patient.open(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")) as stranger:
        assert everything(stranger).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_as_many_headers_as_tokens_and_proxies_need_are_fine(patient: Served) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 300) for number in range(60))
    token = b"Authorization: Bearer " + b"t" * 8_192 + b"\r\n"
    with contextlib.closing(patient.open(HEAD + headers + token + b"Connection: close\r\n\r\n")) as stranger:
        assert everything(stranger).startswith(b"HTTP/1.1 200 OK\r\n")


def test_of_500_half_open_connections_the_oldest_give_way(patient: Served) -> None:
    """Nothing ends here by its time. An address has 128, and who comes next is served."""
    before = patient.memory
    with contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(contextlib.closing(patient.open(HEAD))) for _ in range(500)]
        assert [patient.get("/healthz") for _ in range(5)] == [200] * 5
        assert patient.hook() == 200
        until(lambda: sum(map(is_open, strangers)) <= 128, "the oldest to end")
        assert patient.memory - before < 20 * MB
        # The latest may go on, and is answered.
        strangers[-1].sendall(b"Connection: close\r\n\r\n")
        assert everything(strangers[-1]).startswith(b"HTTP/1.1 200 OK\r\n")
    until(lambda: patient.connections < 30, "the others to be let go")


def test_of_32_bodies_that_do_not_come_the_slowest_give_way(patient: Served) -> None:
    """Nothing ends here by its time. An address has 16 of 32 places, and a request that comes whole gets one."""
    with contextlib.ExitStack() as stack:
        for _ in range(32):
            stack.enter_context(contextlib.closing(patient.open(SLOW_BODY)))
        assert patient.get("/healthz") == 200
        until(lambda: patient.hook() == 200, "an honest request to be answered")


SLOW = {
    # what is sent again and again: (first, then, answer)
    "headers": (HEAD, b"X-%s: y\r\n" % (b"x" * 90), b"HTTP/1.1 408 "),
    "one header": (HEAD + b"X: ", b"y" * 100, b"HTTP/1.1 408 "),
    "blank lines": (b"", b"\r\n", b"HTTP/1.1 408 "),
    "a body": (SLOW_BODY, b" " * 100, b"HTTP/1.1 408 "),
    "a body in chunks": (CHUNKED, b"1\r\n \r\n", b"HTTP/1.1 408 "),
    "trailers": (CHUNKED + b"1\r\n{\r\n0\r\n", b"x: y\r\n", b"HTTP/1.1 4"),
}


@pytest.mark.parametrize(("first", "then", "answer"), SLOW.values(), ids=SLOW.keys())
def test_what_comes_slowly_ends_in_time(hasty: Served, first: bytes, then: bytes, answer: bytes) -> None:
    """2 MB at such a rate would take hours; it ends after a second, long before its bytes are too many."""
    received = b""

    def answered() -> bool:
        # Whose first byte is a second late, on a busy machine, is told nothing.
        nonlocal received
        with contextlib.closing(hasty.open(first)) as stranger:
            received = dribble(stranger, then)
        return received != b""

    until(answered, "an answer")
    assert received.startswith(answer)
    assert b'"resourceType":"OperationOutcome"' in received


def test_who_says_nothing_is_told_nothing(hasty: Served) -> None:
    with contextlib.closing(hasty.open()) as stranger:
        assert everything(stranger) == b""


def test_a_connection_that_was_used_ends_when_nothing_more_comes(hasty: Served) -> None:
    with contextlib.closing(used(hasty)) as stranger:
        assert everything(stranger) == b""


@pytest.mark.parametrize("then", [b"\r\n", b"GET /", b"X"], ids=["blank lines", "a request", "no request"])
def test_nor_is_it_kept_by_what_is_no_whole_request(hasty: Served, then: bytes) -> None:
    with contextlib.closing(used(hasty)) as stranger:
        assert dribble(stranger, then)[:10] in {b"HTTP/1.1 4", b""}, "its end, with or without a reason"


def used(service: Served) -> socket.socket:
    """A connection on which a request was answered."""
    while True:
        stranger = service.open(HEAD + b"\r\n")
        answer = b""
        while part := stranger.recv(65_536):
            answer += part
            if answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b'{"status":"ok"}'):
                return stranger
        stranger.close()


def test_500_half_open_connections_end_by_themselves(hasty: Served) -> None:
    with contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(contextlib.closing(hasty.open(HEAD))) for _ in range(500)]
        for stranger in strangers:
            everything(stranger)
    until(lambda: hasty.get("/healthz") == 200, "an answer")


def test_who_does_not_take_its_answers_is_let_go(hasty: Served) -> None:
    """/openapi.json is large, and nothing of it is read."""
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    before = hasty.connections
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            stranger = stack.enter_context(contextlib.closing(hasty.open()))
            stranger.settimeout(0.2)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while True:
                    stranger.sendall(asked)
        until(lambda: hasty.connections <= before, "all of them to be let go")
    until(lambda: hasty.get("/healthz") == 200, "an answer")


def test_an_upgrade_that_is_not_served_is_an_ordinary_request(patient: Served) -> None:
    upgrade = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    )
    with contextlib.closing(patient.open(HEAD + upgrade)) as stranger:
        assert stranger.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"HTTP/1.1 400 Bad Request" in flood(stranger, b"x" * 64_000, 10), "it is HTTP that goes on"


def test_the_log_counts_what_was_ended_and_quotes_nothing(hasty: Served) -> None:
    with contextlib.closing(hasty.open(b"GET /secret HTTP/1.1\r\nX-Secret: marker\r\n")) as stranger:
        everything(stranger)
    until(lambda: '"why": "headers_too_slow"' in hasty.log.read_text(), "the line of the log")
    text = hasty.log.read_text()
    assert "secret" not in text.lower()
    assert "Invalid HTTP request" not in text
    assert text.count('"event": "connections_ended"') < 100
