"""HTTP requests that the service itself makes: for a client's public keys and a patient's FHIR resources.

Whoever answers may be slow, broken or hostile. Nothing here waits or reads without a bound: the caller sets the
deadline around a call (`anyio.move_on_after`), and the bytes come out of a budget.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Literal

from cds_service.errors import CdsError
from cds_service.wire import content_coding, field, is_there

if TYPE_CHECKING:
    import httpx2

_TIMEOUT = 10.0
"""Seconds, per connection and per read. The deadline around the call is what bounds the whole."""
_PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS

Reason = Literal["unreachable", "too_large", "encoding"]


class OutboundError(CdsError):
    """There is no answer that can be used; `reason` says why, in one word."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


class _Unanswered(Exception):  # noqa: N818 - it names what happened
    """The connection ended before anything of an answer came."""


@dataclass(slots=True)
class ByteBudget:
    """The number of bytes that may still be read, over all answers that share it."""

    left: int

    def spend(self, size: int) -> None:
        """Raise OutboundError where that is more than is left."""
        self.left -= size
        if self.left < 0:
            raise OutboundError("too_large")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `location` is where a redirect leads, which is never followed here."""

    status: int
    body: bytes
    location: str | None


class Outbound:
    """Sends GET requests over connections that are kept open between them.

    `expected`: whether somebody is known who may be asked. Otherwise nothing is made ready, and nothing imported.
    """

    def __init__(self, *, expected: bool = True) -> None:
        self._expected = expected
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Make ready for the first request, inside the event loop that will make it."""
        if self._expected:
            self._http()

    async def get(self, url: str, headers: Mapping[str, str], budget: ByteBudget) -> Reply:
        """Ask for `url`. Raises OutboundError."""
        import httpx2  # noqa: PLC0415 (see `expected`)

        try:
            try:
                return await self._ask(url, headers, budget)
            except _Unanswered:
                # Most likely a connection kept open that the other side was just closing.
                return await self._ask(url, headers, budget)
        except (_Unanswered, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError) as problem:
            # ValueError: what the libraries below say of a URL or header that cannot be sent.
            raise OutboundError("unreachable") from problem

    async def aclose(self) -> None:
        """Close the connections. The next request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ask(self, url: str, headers: Mapping[str, str], budget: ByteBudget) -> Reply:
        import httpx2  # noqa: PLC0415

        started = False
        try:
            async with self._http().stream("GET", url, headers={**headers, "Accept-Encoding": "gzip"}) as response:
                started = True
                if response.status_code != 200:
                    location = field(response.headers, "location") if is_there(response.headers, "location") else None
                    return Reply(response.status_code, b"", location)
                return Reply(200, await _read(response, budget), None)
        except (httpx2.RemoteProtocolError, httpx2.ReadError) as problem:
            if started:
                raise
            raise _Unanswered from problem

    def _http(self) -> "httpx2.AsyncClient":
        import httpx2  # noqa: PLC0415

        # Connections belong to an event loop. A process that serves has one; tests may start several.
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            # Requests are made for one user at a time: a cookie of one must never reach the server with another's.
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
            self._client = httpx2.AsyncClient(
                verify=_tls(),
                cookies=cookies,
                timeout=httpx2.Timeout(_TIMEOUT),
                # Enough for every query of every request that is answered at the same time.
                limits=httpx2.Limits(max_connections=512, max_keepalive_connections=64, keepalive_expiry=15.0),
                follow_redirects=False,
            )
            self._loop = loop
        return self._client


@cache
def _tls() -> ssl.SSLContext:
    import httpx2  # noqa: PLC0415

    # To read the machine's certificates takes a good part of the time that an answer may take, so it is done once.
    return httpx2.create_ssl_context()


async def _read(response: "httpx2.Response", budget: ByteBudget) -> bytes:
    # Unpacked here rather than by the library, which would unpack a whole piece, however much comes out of it.
    encoding = content_coding(response.headers)
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise OutboundError("encoding")
    pieces = _unpacked(response, budget) if "gzip" in encoding else _plain(response, budget)
    return b"".join([piece async for piece in pieces])


async def _plain(response: "httpx2.Response", budget: ByteBudget) -> AsyncIterator[bytes]:
    async for piece in response.aiter_raw(_PIECE):
        budget.spend(len(piece))
        yield piece


async def _unpacked(response: "httpx2.Response", budget: ByteBudget) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        async for packed in response.aiter_raw(_PIECE):
            rest = packed
            while rest:
                piece = unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
                budget.spend(len(piece))
                yield piece
        piece = unpacker.flush()
        budget.spend(len(piece))
        yield piece
    except zlib.error as problem:
        raise OutboundError("encoding") from problem
    if not unpacker.eof:
        raise OutboundError("unreachable")
