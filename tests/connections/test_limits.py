"""Whom a connection counts for, and what ends at which count: without a clock and without a network."""

import asyncio
import pickle
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import pytest
from starlette.requests import Request
from uvicorn.config import Config
from uvicorn.server import ServerState

from cds_service.server.connections import (
    TICK,
    BoundedProtocol,
    ConnectionLimits,
    Register,
    bounded_protocol,
    counted_as,
    most_connections,
    networks,
)
from cds_service.settings import Settings
from cds_service.wire import forwarded_for

PROXIES = networks(["127.0.0.1", "10.2.0.0/16", "2001:db8::/32"])
LIMITS: dict[str, Any] = {
    "header_bytes": 1_000,
    "header_seconds": 2.0,
    "body_seconds": 10.0,
    "body_rate": 100,
    "connections": 6,
    "connections_per_address": 3,
    "bodies": 5,
    "bodies_per_address": 2,
    "proxies": PROXIES,
}
POST = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n%s\r\n{"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("unix", None),
        ("", None),
    ],
)
def test_whom_an_address_counts_for(address: str, counted: str | None) -> None:
    assert counted_as(address) == counted


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], None),
        (["192.0.2.7"], "192.0.2.7"),
        (["203.0.113.9, 192.0.2.7"], "192.0.2.7"),  # the first is the client's own word
        (["192.0.2.7, 10.2.3.4"], "192.0.2.7"),  # two proxies
        (["203.0.113.9", "192.0.2.7, 10.2.3.4, 127.0.0.1"], "192.0.2.7"),
        (["10.2.3.4"], None),
        (["192.0.2.7, nonsense"], None),
        (["2001:db9::5"], "2001:db9::/64"),
    ],
)
def test_the_client_behind_a_proxy_is_the_last_that_is_none(forwarded: Sequence[str], client: str | None) -> None:
    fields = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert ConnectionLimits(**LIMITS).client_behind(forwarded_for(fields)) == client


@pytest.mark.parametrize(
    ("wanted", "files", "most"), [(512, 1_024, 512), (512, 256, 128), (512, 64, 16), (5_000, 8_192, 5_000)]
)
def test_there_are_no_more_connections_than_files_may_be_open(wanted: int, files: int, most: int) -> None:
    assert most_connections(wanted, files) == most


def test_each_worker_counts_for_itself() -> None:
    made = cast("partial[BoundedProtocol]", bounded_protocol(Settings(max_header_bytes=5_000)))
    other = pickle.loads(pickle.dumps(made))
    assert other.func is BoundedProtocol
    assert other.keywords["register"] is not made.keywords["register"]
    assert other.keywords["register"].limits == made.keywords["register"].limits
    assert other.keywords["register"].limits.header_bytes == 5_000


class Wire(asyncio.Transport):
    """A connection from an address, and what is written to it."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1), "sockname": ("192.0.2.1", 8000)})
        self.written = b""
        self.open = True

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def write_eof(self) -> None:
        self.open = False

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self.open = False

    abort = close

    def is_closing(self) -> bool:
        return not self.open

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    @property
    def status(self) -> int | None:
        """Of what was answered."""
        return int(self.written.split()[1]) if self.written else None


Opened = tuple[Wire, BoundedProtocol]


class Place:
    """A worker in which connections are opened."""

    def __init__(self, **limits: Any) -> None:
        async def take(scope: Any, receive: Any, send: Any) -> None:
            await Request(scope, receive).body()

        self.config = Config(take, log_config=None, lifespan="off")
        self.register = Register(ConnectionLimits(**{**LIMITS, **limits}), "error")
        self.state = ServerState()

    def open(self, address: str = "192.0.2.7", sent: bytes = b"") -> Opened:
        wire = Wire(address)
        protocol = BoundedProtocol(self.config, self.state, {}, register=self.register)
        protocol.connection_made(wire)
        if sent:
            protocol.data_received(sent)
        return wire, protocol


def told(scenario: Callable[[Place], None], **limits: Any) -> None:
    async def run() -> None:
        scenario(Place(**limits))

    asyncio.run(run())


def ticks(seconds: float, *opened: Opened) -> None:
    for _ in range(int(seconds / TICK)):
        for _, protocol in opened:
            protocol.tick(TICK)


def test_at_the_limit_of_an_address_its_own_oldest_gives_way() -> None:
    def scenario(place: Place) -> None:
        other = place.open("192.0.2.8")[0]
        mine = [place.open()[0] for _ in range(5)]
        assert other.open
        assert [wire.open for wire in mine] == [False, False, True, True, True]
        assert len(place.register) == 4

    told(scenario)


def test_at_the_limit_of_all_the_oldest_of_all_gives_way() -> None:
    def scenario(place: Place) -> None:
        wires = [place.open(f"192.0.2.{n}")[0] for n in range(8)]
        assert [wire.open for wire in wires] == [False, False] + [True] * 6

    told(scenario)


def test_who_is_busy_is_never_ended_for_a_newcomer() -> None:
    def scenario(place: Place) -> None:
        busy = [place.open(sent=POST % b"")[0] for _ in range(2)] + [place.open(sent=b"GET / HTTP/1.1\r\n\r\n")[0]]
        newcomer = place.open()[0]
        assert all(wire.open for wire in busy)
        assert (newcomer.open, newcomer.status) == (False, 503)
        assert b"retry-after: 1" in newcomer.written

    told(scenario)


def test_the_connections_of_a_proxy_count_for_nobody() -> None:
    def scenario(place: Place) -> None:
        assert all(wire.open for wire in [place.open("10.2.9.9")[0] for _ in range(6)])
        assert place.open("10.2.9.9")[0].open
        assert len(place.register) == 6, "but for all together"

    told(scenario)


@pytest.mark.parametrize(
    ("address", "header", "statuses"),
    [
        ("192.0.2.7", b"", [None, None, 503]),
        # What a stranger says of himself is not believed.
        ("192.0.2.7", b"X-Forwarded-For: 198.51.100.%d\r\n", [None, None, 503]),
        ("10.2.0.1", b"X-Forwarded-For: 203.0.113.%d, 198.51.100.1\r\n", [None, None, 503]),
        ("10.2.0.1", b"X-Forwarded-For: 198.51.100.%d\r\n", [None, None, None]),
        ("10.2.0.1", b"", [None, None, None]),
    ],
)
def test_whose_bodies_are_too_many(address: str, header: bytes, statuses: list[int | None]) -> None:
    def scenario(place: Place) -> None:
        sent = [POST % (header % n if b"%d" in header else header) for n in range(3)]
        assert [place.open(address, one)[0].status for one in sent] == statuses

    told(scenario)


def test_with_one_body_more_the_slowest_gives_way() -> None:
    def scenario(place: Place) -> None:
        slow, fast = place.open(sent=POST % b""), place.open(sent=POST % b"")
        fast[1].data_received(b" " * 10_000)
        ticks(TICK, slow, fast)
        assert place.open(sent=POST % b"")[0].status is None
        assert [wire.status for wire, _ in (slow, fast)] == [503, None]

    told(scenario)


def test_and_so_it_is_for_all_together() -> None:
    def scenario(place: Place) -> None:
        bodies = [place.open(f"192.0.2.{n}", POST % b"") for n in range(5)]
        for one in bodies[1:]:
            one[1].data_received(b" " * 10_000)
        ticks(TICK, *bodies)
        assert place.open("192.0.2.99", POST % b"")[0].status is None
        assert [wire.status for wire, _ in bodies] == [503, None, None, None, None]

    told(scenario)


@pytest.mark.parametrize(
    ("case", "is_complete"), [("its answer is there", True), ("its answer has begun", False)], ids=["whole", "begun"]
)
def test_a_body_that_is_answered_before_it_is_there_does_not_give_way(case: str, *, is_complete: bool) -> None:
    """Its client would find the connection gone with its next request, or its answer cut."""

    def scenario(place: Place) -> None:
        early, other = place.open(sent=POST % b""), place.open(sent=POST % b"")
        other[1].data_received(b" " * 10_000)
        ticks(TICK, early, other)
        early[1].cycle.response_started = True
        if is_complete:
            early[1].cycle.response_complete = True
            early[1].on_response_complete()
        place.open(sent=POST % b"")
        assert (early[0].open, early[0].written) == (True, b""), case

    told(scenario)


def test_who_is_answered_already_gets_no_second_answer() -> None:
    def scenario(place: Place) -> None:
        wire, protocol = place.open(sent=POST % b"")
        protocol.cycle.response_started = protocol.cycle.response_complete = True
        protocol.on_response_complete()
        ticks(10, (wire, protocol))
        assert (wire.open, wire.written) == (False, b""), "it would be taken for the answer to the next request"

    told(scenario)


@pytest.mark.parametrize(
    ("sent", "seconds", "status"),
    [
        (b"GET / HTTP/1.1\r\n", 2, None),
        (b"GET / HTTP/1.1\r\n", 2.25, 408),
        (POST % b"", 2, None),
        (POST % b"", 2.25, 408),  # 100 bytes a second
        (POST % b"" + b" " * 1_000, 10, None),
        (POST % b"" + b" " * 1_100, 10.25, 408),
        # The service has not asked for it yet.
        (POST % b"Expect: 100-continue\r\n", 60, None),
    ],
)
def test_how_long_what_is_not_whole_may_take(sent: bytes, seconds: float, status: int | None) -> None:
    def scenario(place: Place) -> None:
        opened = place.open(sent=sent[:-1] if b"Expect" in sent else sent)
        ticks(seconds, opened)
        assert opened[0].status == status

    told(scenario)


def test_what_is_not_read_is_not_late() -> None:
    def scenario(place: Place) -> None:
        opened = place.open(sent=POST % b"" + b" " * 100_000)
        assert opened[1].flow.read_paused
        ticks(600, opened)
        assert opened[0].open

    told(scenario)


def test_who_does_not_go_after_a_refusal_is_cut_off() -> None:
    def scenario(place: Place) -> None:
        wire, protocol = place.open(sent=b"X" * 10)
        assert wire.status == 400
        wire.open = True
        ticks(5, (wire, protocol))
        assert wire.open
        ticks(TICK, (wire, protocol))
        assert not wire.open

    told(scenario)
