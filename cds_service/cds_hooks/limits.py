"""ASGI layer that refuses what cannot be answered in time, so that the rest can.

Under more load than there is capacity for, a queue only makes every answer late: too late for an EHR that waits half a
second. So beyond a number of requests the next one is told at once to come again.
"""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.cds_hooks.outcome import RequestProblem, outcome_response

RETRY_SECONDS = 1


class RequestLimits:
    """Limits the requests under `paths`, taken together, that are answered at the same time, and the time for each."""

    def __init__(self, app: ASGIApp, paths: tuple[str, ...], most: int, seconds: float) -> None:
        self._app = app
        self._paths = paths
        self._most = most
        self._seconds = seconds
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._paths) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        if self._running >= self._most:
            problem = RequestProblem("throttled", "Too many requests are being answered. Try again in a moment.")
            await _refuse(problem, scope, receive, send)
            return
        self._running += 1
        try:
            await self._in_time(scope, receive, send)
        finally:
            self._running -= 1

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting_the_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        with anyio.move_on_after(self._seconds) as time:
            await self._app(scope, receive, noting_the_start)
        if time.cancelled_caught and not started:
            await _refuse(RequestProblem("timeout", "The answer took too long."), scope, receive, send)


async def _refuse(problem: RequestProblem, scope: Scope, receive: Receive, send: Send) -> None:
    # The body may be unread, so the connection is of no further use.
    headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
    await outcome_response(503, problem, headers=headers)(scope, receive, send)
