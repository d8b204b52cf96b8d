"""uvicorn's protocol for HTTP (httptools), bounded: what comes before a request is whole costs bytes and seconds.

Whatever brings a request no further counts as headers: they themselves, blank lines before them, the framing of chunks,
trailers. uvicorn itself bounds none of it.
"""

import asyncio
import resource
from enum import Enum
from functools import partial
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from cds_service.server.connections.limits import (
    MOST_HEADERS,
    MOST_PIPELINED,
    RATE_AFTER,
    STUCK_SECONDS,
    ConnectionLimits,
    counted_as,
    most_connections,
    networks,
)
from cds_service.server.connections.refusals import (
    LARGE_HEADERS,
    MALFORMED,
    MANY_BODIES,
    MANY_CONNECTIONS,
    PIPELINED,
    SLOW_BODY,
    SLOW_HEADERS,
    Refusal,
)
from cds_service.server.connections.register import ConnectionState, Register
from cds_service.settings import Settings
from cds_service.wire import announces_body, forwarded_for


class _Refused(Exception):  # noqa: N818 - it carries nothing: `_fault` says what
    """Stops the parser."""


class _Arriving(Enum):
    NOTHING = 0
    HEADERS = 1
    BODY = 2


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        register: Register,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._register = register
        self._limits = register.limits
        self.address: str | None = None
        self._over = False
        self._fault: Refusal | None = None
        self._arriving = _Arriving.HEADERS
        self._seconds = 0.0
        """In which what arrives has been arriving."""
        self._stuck = 0.0
        """In which the client took nothing of what was written, or did not go."""
        self._idle_bytes = 0
        """Since the request last got further."""
        self._further = False
        self._silent = True
        """Whether nothing has come yet at all."""
        self._header_bytes = 0
        self._body_bytes = 0

    # asyncio's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        peer = None if self.client is None else self.client[0]
        if peer is not None and not self._limits.from_proxy(peer):
            self.address = counted_as(peer)
        if not self._register.enter(self):
            self._over = True
            self._register.ended(MANY_CONNECTIONS.why)
            transport.write(MANY_CONNECTIONS.answer())
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._register.leave(self)
        self._register.body_ends(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        if self._arriving is _Arriving.NOTHING:
            self._expect(_Arriving.HEADERS)
        self._silent = self._further = False
        self._parse(data)
        self._idle_bytes = 0 if self._further else self._idle_bytes + len(data)
        if not self._over and self._idle_bytes > self._limits.header_bytes:
            self._refuse(LARGE_HEADERS)
        self._stand()

    def handle_websocket_upgrade(self) -> None:
        """The connection is another protocol's from now on, and no longer counted."""
        self._over = True
        self._register.leave(self)
        super().handle_websocket_upgrade()

    # The parser's side

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        if self._arriving is _Arriving.NOTHING:
            self._expect(_Arriving.HEADERS)

    def on_url(self, url: bytes) -> None:
        self._count_header(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_header(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._further = True
        if announces_body(self.headers):
            body_of = self.address
            if body_of is None:
                body_of = self._limits.client_behind(forwarded_for(self.headers))
            if not self._register.body_begins(self, body_of):
                self._stop(MANY_BODIES)
        self._expect(_Arriving.BODY)
        super().on_headers_complete()
        if len(self.pipeline) > MOST_PIPELINED:
            self._stop(PIPELINED)

    def on_body(self, body: bytes) -> None:
        self._further = True
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._further = True
        self._register.body_ends(self)
        self._expect(_Arriving.NOTHING)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # What still comes of the body is dropped and takes nobody's place. Were it ended for another one, the client,
        # whose answer said nothing of it, would send its next request into a connection that is gone (RFC 9112, 9.6).
        self._register.body_ends(self)
        self._stand()

    # The register's side

    def give_way(self) -> None:
        self._over = True
        self.transport.abort()

    def tick(self, seconds: float) -> None:
        """See `Connection`."""
        if self._over or self.transport.is_closing() or self.flow.write_paused:
            self._stuck += seconds
            if self._stuck > STUCK_SECONDS:
                self.transport.abort()
            return
        self._stuck = 0.0
        # What is left unread by us, or not yet asked for, is not late.
        if self._arriving is _Arriving.NOTHING or self.flow.read_paused or self._told_to_wait():
            return
        self._seconds += seconds
        if self._arriving is _Arriving.HEADERS:
            if self._seconds > self._limits.header_seconds:
                self._refuse(SLOW_HEADERS)
        elif self._seconds > self._limits.body_seconds or (
            self._seconds > RATE_AFTER and self._body_bytes < self._limits.body_rate * self._seconds
        ):
            self._refuse(SLOW_BODY)

    @property
    def body_rate(self) -> float | None:
        """Bytes a second of the body that is arriving; None where it has only begun, or an answer to it: that would be
        cut."""
        if not self._seconds or (self._answering() and self.cycle.response_started):
            return None
        return self._body_bytes / self._seconds

    def give_up_body(self) -> None:
        self._refuse(MANY_BODIES)

    # Our own

    def _parse(self, data: bytes) -> None:
        # As uvicorn's own `data_received`, without a line of the log for each: a stranger could fill the disk.
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except HttpParserError:
            self._refuse(self._fault or MALFORMED)

    def _expect(self, arriving: _Arriving) -> None:
        self._arriving = arriving
        self._seconds = 0.0
        self._body_bytes = 0

    def _count_header(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > self._limits.header_bytes or len(self.headers) >= MOST_HEADERS:
            self._stop(LARGE_HEADERS)

    def _stop(self, fault: Refusal) -> None:
        self._fault = fault
        raise _Refused

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _told_to_wait(self) -> bool:
        """Whether the client waits with its body for `100 Continue`, which is sent when the body is wanted."""
        return self._answering() and self.cycle.waiting_for_100_continue

    def _stand(self) -> None:
        if self._over:
            place = ConnectionState.HALF_OPEN
        elif self._answering() or self._arriving is _Arriving.BODY:
            place = ConnectionState.BUSY
        else:
            place = ConnectionState.IDLE if self._arriving is _Arriving.NOTHING else ConnectionState.HALF_OPEN
        self._register.put(self, place)

    def _refuse(self, refusal: Refusal) -> None:
        self._over = True
        self._register.ended(refusal.why)
        self._register.body_ends(self)
        self._unset_keepalive_if_required()
        if self._arriving is _Arriving.BODY and self.cycle is not None and self.cycle.response_complete:
            # It was answered before its body was there. A second answer would be taken for that to another request.
            self.transport.close()
            self._stand()
            return
        others_turn = self._answering() and (self._arriving is _Arriving.HEADERS or self.cycle.response_started)
        if self._silent or others_turn or self.pipeline or not self.transport.can_write_eof():
            # To whom has said nothing, nothing is said; and an answer would be taken for that to another request.
            self.transport.abort()
            return
        if self._answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        # Closed only once the client has had its answer: closing with unread bytes left would take it back (RFC 9112,
        # 9.6). What comes meanwhile is dropped.
        self.flow.resume_reading()
        self.transport.write(refusal.answer())
        self.transport.write_eof()
        self._stand()


def bounded_protocol(settings: Settings) -> type[asyncio.Protocol]:
    """What uvicorn makes connections with (`http=`). Each worker process gets a register of its own."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits = ConnectionLimits(
        header_bytes=settings.max_header_bytes,
        header_seconds=settings.header_seconds,
        body_seconds=settings.body_seconds,
        body_rate=settings.body_rate,
        connections=most_connections(settings.max_connections, files),
        connections_per_address=settings.max_connections_per_address,
        # A quarter of what may be answered at once is left for what has arrived.
        bodies=max(1, settings.max_concurrent - settings.max_concurrent // 4),
        bodies_per_address=settings.max_bodies_per_address,
        proxies=networks(settings.trusted_proxies),
    )
    # uvicorn only ever calls it.
    return cast("type[asyncio.Protocol]", partial(BoundedProtocol, register=Register(limits, settings.log_level)))
