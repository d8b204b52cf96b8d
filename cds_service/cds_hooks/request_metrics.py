"""ASGI layer that measures each request: its status and how long it took."""

from collections.abc import Callable
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestMeter(Protocol):
    """Counts requests."""

    def request_started(self) -> None: ...

    def request_ended(self, path: str, status: int, seconds: float) -> None: ...


class RequestMetrics:
    """Counts every request with its final status, refusals of the other layers included."""

    def __init__(self, app: ASGIApp, meter: RequestMeter, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds; an event loop's own clock stands still while one request is computed."""
        self._app = app
        self._meter = meter
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        # What ends without any answer, because its client went away, is no success.
        status = 499

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._meter.request_started()
        try:
            await self._app(scope, receive, noting)
        finally:
            self._meter.request_ended(scope["path"], status, self._monotonic() - began)
