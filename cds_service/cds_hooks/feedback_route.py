"""The feedback endpoint: `POST /cds-services/{id}/feedback`."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.body import read_body
from cds_service.cds_hooks.feedback import Feedback, parse_feedback
from cds_service.cds_hooks.openapi import FEEDBACK_OPERATION, FEEDBACK_RESPONSES
from cds_service.cds_hooks.outcome import HookError, Problem
from cds_service.cds_hooks.routes import HOOK_PATH
from cds_service.cds_hooks.threads import Threads
from cds_service.cds_hooks.trust import Caller, Gate, OpenGate
from cds_service.errors import CdsError

FEEDBACK_PATH = f"{HOOK_PATH}/feedback"
MOST_BYTES = 1_000_000
"""Of a body; some thousand items."""
RETRY_SECONDS = 30
# Of its own: while a database hangs, these wait, and must not keep hooks from being answered.
_THREADS = 2


class NotKept(CdsError):  # noqa: N818 - it names the situation that is answered with 503
    """The feedback could not be kept."""


Keep = Callable[[Caller, Sequence[Feedback]], int]
"""Keeps a batch before it returns, gives how many items were new, and raises NotKept where that is not possible."""


def feedback_router(keep: Keep, *, gate: Gate | OpenGate, log: FilteringBoundLogger) -> APIRouter:
    """The route. `keep` is called in a thread."""
    routes = APIRouter()
    threads = Threads(_THREADS)

    @routes.post(
        FEEDBACK_PATH,
        summary="What became of cards",
        responses=FEEDBACK_RESPONSES,
        openapi_extra=FEEDBACK_OPERATION,
    )
    async def feedback(request: Request) -> Response:
        caller = await gate.admit(request, FEEDBACK_PATH)
        body = await read_body(request, MOST_BYTES)
        number, new = await threads.run(lambda: take(caller, body))
        log.info("feedback_kept", status=200, client=caller.client_id, items=number, new=new, bytes=len(body))
        # CDS Hooks asks for 200 and says nothing of a body; an object is what a client that reads one can read.
        return Response(b"{}", media_type="application/json")

    def take(caller: Caller, body: bytes) -> tuple[int, int]:
        items = parse_feedback(body)
        try:
            return len(items), keep(caller, items)
        except NotKept as problem:
            later = Problem("transient", "The feedback could not be kept. Send it again later.")
            raise HookError(503, (later,), _headers()) from problem

    return routes


def _headers() -> dict[str, Any]:
    return {"Retry-After": str(RETRY_SECONDS)}
