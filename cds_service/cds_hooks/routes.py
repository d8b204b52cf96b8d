"""The two routes of CDS Hooks that the service answers: discovery, and the hook itself."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter
from msgspec import json
from starlette.requests import Request
from starlette.responses import Response
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.body import read_body
from cds_service.cds_hooks.discovery import HOOK, SERVICE_ID, discovery
from cds_service.cds_hooks.openapi import HOOK_OPERATION, HOOK_RESPONSES
from cds_service.cds_hooks.prefetch import resource_type
from cds_service.cds_hooks.request import parse_request
from cds_service.cds_hooks.supplied import incomplete_conditions, read_record
from cds_service.fhir import Record


@dataclass(frozen=True, slots=True)
class Answer:
    """The cards for a record. `undecided`: some trial has none only because its diagnosis is not certain."""

    cards: list[dict[str, Any]]
    undecided: bool


# The work is pure computation: milliseconds for most patients, a good part of a second for a record of 12 MB.
# In a thread it leaves the event loop free for other connections, the health checks among them. A handful of threads
# is enough: they share one interpreter lock, and with more of them every request would only wait for all the others.
# More throughput comes from more workers.
_THREADS = 4


def router(
    templates: Mapping[str, str],
    answer_for: Callable[[Record, str], Answer],
    *,
    max_body_bytes: int,
    log: FilteringBoundLogger,
) -> APIRouter:
    """The routes. `templates` are the prefetch templates to publish.

    `answer_for` is given a patient's record and the hook instance, by which the answer's cards are named.
    """
    routes = APIRouter()
    threads = anyio.CapacityLimiter(_THREADS)
    asked_for = {resource_type(key) for key in templates}
    services = json.encode(discovery(templates))

    @routes.get("/cds-services", summary="The services that are offered")
    async def cds_services() -> Response:
        return Response(services, media_type="application/json")

    @routes.post(
        f"/cds-services/{SERVICE_ID}",
        summary="Cards for the patient whose chart was opened",
        responses=HOOK_RESPONSES,
        openapi_extra=HOOK_OPERATION,
    )
    async def clinical_trial_match(request: Request) -> Response:
        began = anyio.current_time()
        body = await read_body(request, max_body_bytes)
        answer, logged = await anyio.to_thread.run_sync(respond, body, limiter=threads)
        log.info("request_answered", status=200, ms=round((anyio.current_time() - began) * 1000, 1), **logged)
        # An answer is about one patient at one moment.
        return Response(answer, headers={"Cache-Control": "no-store"}, media_type="application/json")

    def respond(body: bytes) -> tuple[bytes, dict[str, Any]]:
        request = parse_request(body, HOOK)
        record = read_record(request)
        answer = answer_for(record, request.hook_instance)
        if not answer.cards and answer.undecided and "Condition" in record.gaps:
            raise incomplete_conditions()
        logged = {
            "hook_instance": request.hook_instance,
            "bytes": len(body),
            "cards": len(answer.cards),
            "issues": dict(Counter(issue.code for issue in record.issues)),
            "gaps": {name: reason for name, reason in record.gaps.items() if name in asked_for},
        }
        return json.encode({"cards": answer.cards}), logged

    return routes
