"""The routes of CDS Hooks: discovery, and for each service its endpoint and the one for feedback on its cards."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.endpoint import HookEndpoint, PrefetchMeter, Serving
from cds_service.cds_hooks.leniency import Forgiving
from cds_service.cds_hooks.openapi import DISCOVERY_RESPONSES, HOOK_RESPONSES, hook_operation
from cds_service.cds_hooks.outbound import Outbound
from cds_service.cds_hooks.service import DISCOVERY_PATH, SERVICES, Service
from cds_service.cds_hooks.slashes import path_called
from cds_service.cds_hooks.threads import Threads
from cds_service.cds_hooks.trust import Authenticator, NoAuthenticator

# The work is pure computation: milliseconds for most patients, some tens of them for a record of 12 MB.
# In a thread it leaves the event loop free for other connections, the health checks among them. Threads share one
# interpreter lock, so the second one is not for speed: it lets others pass a large record. More throughput comes from
# more workers. docs/decisions/0013-threads.md has the figures.
_THREADS = 2


def router(
    current: Callable[[], Serving],
    *,
    authenticator: Authenticator | NoAuthenticator,
    outbound: Outbound,
    max_body_bytes: int,
    log: FilteringBoundLogger,
    meter: PrefetchMeter,
    monotonic: Callable[[], float],
    forgiving: Forgiving,
    is_strict: bool,
) -> APIRouter:
    """Discovery and the endpoint of every service. `outbound` is closed when the service ends; for the others see
    HookEndpoint."""

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        outbound.open()
        yield
        await outbound.aclose()

    routes = APIRouter(lifespan=lifespan)

    @routes.get(DISCOVERY_PATH, summary="The services that are offered", responses=DISCOVERY_RESPONSES)
    async def cds_services(request: Request) -> Response:
        leniency = forgiving.for_request()
        caller = await authenticator.authenticate(request, path_called(request, DISCOVERY_PATH, leniency))
        with forgiving.reported(leniency, caller.client_id):
            return Response(current().discovery, media_type="application/json")

    threads = Threads(_THREADS)
    for service in SERVICES:
        endpoint = HookEndpoint(
            service,
            current,
            authenticator=authenticator,
            threads=threads,
            max_body_bytes=max_body_bytes,
            log=log,
            meter=meter,
            monotonic=monotonic,
            forgiving=forgiving,
        )
        _add(routes, service, endpoint, is_strict=is_strict)
    return routes


def _add(routes: APIRouter, service: Service, endpoint: HookEndpoint, *, is_strict: bool) -> None:
    routes.add_api_route(
        service.path,
        endpoint.answer,
        methods=["POST"],
        name=service.id.replace("-", "_"),
        summary=service.summary,
        description=service.description,
        responses=HOOK_RESPONSES,
        openapi_extra=hook_operation(service, is_strict=is_strict),
    )
