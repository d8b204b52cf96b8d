"""From an exception to an answer: every refusal and failure leaves as an OperationOutcome.

A failure is never answered with an empty list of cards: to a clinician that would say that no trial fits.
"""

import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.outcome import HookError, RequestProblem, outcome_response

_BY_STATUS = {
    404: RequestProblem("not-found", "Nothing is served here. GET /cds-services lists the services."),
    405: RequestProblem("not-supported", "This method is not allowed here."),
}

_FRAMES = 12


class FailureBoundary:
    """ASGI layer that turns an unexpected exception into a 500 without any of the exception's text.

    It stands inside the CORS layer. A handler registered with the framework would stand outside of it, and a browser
    would report a 500 without CORS headers as a network error.
    """

    def __init__(self, app: ASGIApp, log: FilteringBoundLogger) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_the_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting_the_start)
        except Exception as error:
            self._log.error("request_failed", status=500, error=type(error).__name__, frames=_frames(error))
            if started:
                # Half an answer cannot be taken back; closing the connection shows that it is one.
                raise
            problem = RequestProblem("exception", "The service failed. Its log says where.")
            await outcome_response(500, problem)(scope, receive, send)


def _frames(error: Exception) -> list[str]:
    """Where the error was raised, innermost last; the frames of the web framework further out say nothing new."""
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-_FRAMES:]]


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def exception_handlers(log: FilteringBoundLogger) -> dict[int | type[Exception], Handler]:
    """Handlers for what is raised on purpose: by this package (HookError) and by the framework's router."""

    async def refused(_request: Request, error: HookError) -> Response:
        log.warning("request_refused", status=error.status, problems=[p.place for p in error.problems if p.place])
        return outcome_response(error.status, *error.problems, headers=error.headers)

    async def not_routed(_request: Request, error: HTTPException) -> Response:
        problem = _BY_STATUS.get(error.status_code, RequestProblem("invalid", "The request cannot be served."))
        return outcome_response(error.status_code, problem, headers=error.headers)

    async def gone(_request: Request, _error: ClientDisconnect) -> Response:
        # Nobody reads this; it only keeps a client's closed connection from being logged as a failure of ours.
        return outcome_response(
            400, RequestProblem("structure", "The connection was closed before the body was complete.")
        )

    return {HookError: refused, HTTPException: not_routed, ClientDisconnect: gone}
