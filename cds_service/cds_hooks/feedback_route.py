"""The feedback endpoints, one for each service: `POST /cds-services/{id}/feedback`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter
from msgspec import json
from starlette.requests import Request
from starlette.responses import Response
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.body import read_body
from cds_service.cds_hooks.feedback import Feedback, FeedbackBatch, parse_feedback
from cds_service.cds_hooks.leniency import Forgiving, Leniency
from cds_service.cds_hooks.openapi import FEEDBACK_RESPONSES, feedback_operation
from cds_service.cds_hooks.outcome import HookError, RequestProblem, operation_outcome
from cds_service.cds_hooks.service import SERVICES, Service
from cds_service.cds_hooks.slashes import path_called
from cds_service.cds_hooks.threads import Threads
from cds_service.cds_hooks.trust import Authenticator, Caller, NoAuthenticator
from cds_service.errors import CdsError

MOST_BYTES = 1_000_000
"""Of a body; some thousand items."""
RETRY_SECONDS = 30
# Of its own: while a database hangs, these wait, and must not keep hooks from being answered.
_THREADS = 2


class NotKept(CdsError):  # noqa: N818 - it names the situation that is answered with 503
    """The feedback could not be kept."""


Keep = Callable[[Caller, Sequence[Feedback]], int]
"""Keeps a batch before it returns, gives how many items were new, and raises NotKept where that is not possible."""


def feedback_router(
    keep: Keep,
    *,
    authenticator: Authenticator | NoAuthenticator,
    log: FilteringBoundLogger,
    forgiving: Forgiving,
    is_strict: bool,
) -> APIRouter:
    """The routes. `keep` is called in a thread."""
    routes = APIRouter()
    threads = Threads(_THREADS)
    for service in SERVICES:
        routes.add_api_route(
            service.feedback_path,
            FeedbackEndpoint(
                service, keep, authenticator=authenticator, threads=threads, log=log, forgiving=forgiving
            ).answer,
            methods=["POST"],
            name="feedback",
            summary="What became of cards",
            description=(
                f"For the cards of `{service.id}`. A card is known by its uuid, so those of the other services are "
                "taken too."
            ),
            responses=FEEDBACK_RESPONSES,
            openapi_extra=feedback_operation(is_strict=is_strict),
        )
    return routes


class FeedbackEndpoint:
    """Takes the feedback on the cards of one service.

    A card is known by its client and its uuid, whichever service it came from: what a patient declined at the start of
    an encounter is declined when the chart is opened.
    """

    def __init__(
        self,
        service: Service,
        keep: Keep,
        *,
        authenticator: Authenticator | NoAuthenticator,
        threads: Threads,
        log: FilteringBoundLogger,
        forgiving: Forgiving,
    ) -> None:
        self._service = service
        self._keep = keep
        self._authenticator = authenticator
        self._threads = threads
        self._log = log
        self._forgiving = forgiving

    async def answer(self, request: Request) -> Response:
        """200 once all of it is kept that can be, with the places of the rest; or HookError."""
        leniency = self._forgiving.for_request()
        caller = await self._authenticator.authenticate(
            request, path_called(request, self._service.feedback_path, leniency)
        )
        with self._forgiving.reported(leniency, caller.client_id):
            body = await read_body(request, MOST_BYTES, leniency, typed=caller.client_id is None)
            batch, new = await self._threads.run(partial(self._take, caller, body, leniency))
        self._log.info(
            "feedback_kept", status=200, client=caller.client_id, items=len(batch.items), new=new, bytes=len(body)
        )
        # CDS Hooks asks for 200 and says nothing of a body; an object is what a client that reads one can read.
        content = json.encode(operation_outcome(*batch.problems)) if batch.problems else b"{}"
        return Response(content, media_type="application/json")

    def _take(self, caller: Caller, body: bytes, leniency: Leniency) -> tuple[FeedbackBatch, int]:
        batch = parse_feedback(body, leniency)
        try:
            return batch, self._keep(caller, batch.items)
        except NotKept as problem:
            later = RequestProblem("transient", "The feedback could not be kept. Send it again later.")
            raise HookError(503, (later,), _headers()) from problem


def _headers() -> dict[str, Any]:
    return {"Retry-After": str(RETRY_SECONDS)}
