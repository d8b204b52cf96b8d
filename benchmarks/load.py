"""A load generator that costs little, since it shares the machine with the server: closed loop, HTTP/1.1, keep-alive.

Each of a fixed number of clients has one connection and sends its next request as soon as its last one is answered.
Only as much of HTTP is read as telling answers apart needs: the status and `Content-Length`.
"""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_END = b"\r\n\r\n"


@dataclass(slots=True)
class Load:
    """What came of it: seconds that each request took, the statuses, and the bytes of the answers' bodies."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    answered_bytes: int = 0
    elapsed: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.elapsed


class LoadError(Exception):
    """A server that closes the connection, or answers what this client can't read."""


def put_load(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    *,
    clients: int,
    requests: int | None = None,
    seconds: float | None = None,
) -> Load:
    """Send the bodies in turn to 127.0.0.1, until `requests` are answered or `seconds` have passed.

    Raises LoadError.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
    messages = [head.encode() + str(len(body)).encode() + _END + body for body in bodies]
    # A pause of this process would count as one of the server.
    gc.disable()
    try:
        return asyncio.run(_run(port, messages, clients, requests, seconds))
    finally:
        gc.enable()


async def _run(port: int, messages: Sequence[bytes], clients: int, requests: int | None, seconds: float | None) -> Load:
    loop = asyncio.get_running_loop()
    load, began = Load(), time.perf_counter()
    turn = _Turn(messages, requests, None if seconds is None else began + seconds)
    opened = [
        (await loop.create_connection(lambda: _Client(load, turn, loop.create_future()), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    try:
        await asyncio.gather(*(client.done for client in opened))
    finally:
        for client in opened:
            client.transport.close()
    load.elapsed = time.perf_counter() - began
    return load


class _Turn:
    """Hands out the messages until it is enough."""

    def __init__(self, messages: Sequence[bytes], requests: int | None, until: float | None) -> None:
        self.messages, self.requests, self.until = messages, requests, until
        self.given = 0

    def next(self) -> bytes | None:
        if self.requests is not None and self.given >= self.requests:
            return None
        if self.until is not None and time.perf_counter() >= self.until:
            return None
        self.given += 1
        return self.messages[(self.given - 1) % len(self.messages)]


class _Client(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, load: Load, turn: _Turn, done: "asyncio.Future[None]") -> None:
        self.load, self.turn, self.done = load, turn, done
        self.came = bytearray()
        self.wanted = 0  # bytes of the whole answer; 0 while its head isn't complete
        self.status = 0
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self.came += data
        if not self.wanted and not self._read_head():
            return
        if len(self.came) < self.wanted:
            return
        self.load.seconds.append(time.perf_counter() - self.sent_at)
        self.load.statuses[self.status] += 1
        self.came.clear()
        self.wanted = 0
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError(f"the server closed the connection: {exc}"))

    def _send(self) -> None:
        message = self.turn.next()
        if message is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(message)

    def _read_head(self) -> bool:
        end = self.came.find(_END)
        if end < 0:
            return False
        first, *lines = bytes(self.came[:end]).lower().split(b"\r\n")
        lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
        if not lengths:
            self.done.set_exception(LoadError(f"an answer without Content-Length: {first!r}"))
            self.transport.abort()
            return False
        self.status = int(first.split()[1])
        self.wanted = end + len(_END) + lengths[0]
        self.load.answered_bytes += lengths[0]
        return True
