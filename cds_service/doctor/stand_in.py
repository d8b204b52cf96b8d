"""A small CDS service to point a client at: it answers as the service would, and says of each request what it saw.

It has the addresses of the service: discovery, and hook and feedback of each service. It keeps the ids of the cards
that it gave, in memory, to know them again in feedback, and nothing else.
"""

from collections.abc import Callable, Sequence
from functools import partial

import anyio.to_thread
import structlog
from msgspec import json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.typing import EventDict, FilteringBoundLogger

from cds_service.cds_hooks import (
    DISCOVERY_PATH,
    HEADERS,
    METHODS,
    SERVICES,
    Cors,
    HookError,
    Leniency,
    RequestProblem,
    Service,
    discovery_document,
    exception_handlers,
    parse_feedback,
    read_body,
)
from cds_service.doctor.callers import Callers
from cds_service.doctor.duties import request_duty
from cds_service.doctor.examine import Examiner
from cds_service.doctor.report import Duty, RequestFault, RequestReport
from cds_service.doctor.salvage import NoRequest
from cds_service.doctor.summary import NOT_CALLED, Summary

Say = Callable[[str, RequestReport | None, tuple[Duty, ...]], None]


class StandIn:
    """What the client under test talks to. `summary`: all that was seen of it."""

    def __init__(self, examiner: Examiner, callers: Callers, say: Say, *, max_body_bytes: int) -> None:
        """`say` is told of each request: its method and path, the report where it is a hook's, and the duties."""
        self.summary = Summary(NOT_CALLED)
        self._examiner = examiner
        self._callers = callers
        self._say = say
        self._max_body_bytes = max_body_bytes
        self._given: set[str] = set()

    def app(self, origins: Sequence[str] = ()) -> Starlette:
        """The application to serve, for browsers at these origins too.

        A request without a good token is answered all the same: doctor is for finding all that is wrong at once, and
        what it answers with the client has sent itself.
        """
        routes = [Route(DISCOVERY_PATH, self._discovery, methods=["GET"])]
        for service in SERVICES:
            routes.append(Route(service.path, partial(self._hook, service), methods=["POST"]))
            routes.append(Route(service.feedback_path, partial(self._feedback, service), methods=["POST"]))
        browsers = Middleware(Cors, allow_origins=origins, allow_methods=METHODS, allow_headers=HEADERS)
        return Starlette(routes=routes, middleware=[browsers], exception_handlers=exception_handlers(_silent()))

    async def _discovery(self, request: Request) -> Response:
        _, duties = await self._callers.judge(request, DISCOVERY_PATH)
        self._tell(request, DISCOVERY_PATH, duties)
        return _answer(discovery_document(self._examiner.templates))

    async def _hook(self, service: Service, request: Request) -> Response:
        known, duties = await self._callers.judge(request, service.path)
        try:
            body = await read_body(request, self._max_body_bytes, Leniency(), typed=known.id is None)
            work = partial(self._examiner.examine, body, known, service)
            examined = await anyio.to_thread.run_sync(work)
        except HookError as refused:
            self._tell(request, service.path, (*duties, _refused(refused.problems)))
            raise
        except NoRequest as problem:
            why = RequestProblem("structure", f"The body can't be read: {problem}.")
            self._tell(request, service.path, (*duties, _refused((why,))))
            raise HookError(400, (why,)) from problem
        report = examined.report
        self._tell(request, service.path, (*duties, *report.duties), report)
        if examined.answer is None:
            raise HookError(report.status, examined.problems)
        self._given |= {card["uuid"] for card in examined.answer["cards"]}
        return _answer(examined.answer)

    async def _feedback(self, service: Service, request: Request) -> Response:
        _, duties = await self._callers.judge(request, service.feedback_path)
        try:
            leniency = Leniency()
            body = await read_body(request, self._max_body_bytes, leniency, typed=False)
            batch = parse_feedback(body, leniency)
        except HookError as refused:
            places = "; ".join(one.diagnostics for one in refused.problems)
            self._tell(request, service.feedback_path, (*duties, Duty("feedback", "red", f"It is refused: {places}")))
            raise
        about = sum(item.card in self._given for item in batch.items)
        self._tell(request, service.feedback_path, (*duties, *_of_feedback(len(batch.items), about)))
        return Response(status_code=200)

    def _tell(self, request: Request, path: str, duties: tuple[Duty, ...], report: RequestReport | None = None) -> None:
        self.summary.add(duties, path)
        self._say(f"{request.method} {path}", report, duties)


def _of_feedback(items: int, about: int) -> tuple[Duty, Duty]:
    if not items:
        return Duty("feedback", "red", "It is an empty batch."), Duty("display", "not seen", "No card was named.")
    good = Duty("feedback", "green", f"{items} item(s) came and can be read.")
    if about:
        return good, Duty("display", "green", f"{about} card(s) of doctor's were acted on, so they were shown.")
    return good, Duty("display", "red", "The feedback names no card that doctor gave: check that `uuid` is kept.")


def _refused(problems: tuple[RequestProblem, ...]) -> Duty:
    return request_duty([RequestFault("refused", one.place, one.message) for one in problems])


def _answer(content: object) -> Response:
    return Response(json.encode(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


def _silent() -> FilteringBoundLogger:
    def drop(_logger: object, _method: str, _event: EventDict) -> EventDict:
        raise structlog.DropEvent

    log: FilteringBoundLogger = structlog.wrap_logger(
        None, processors=[drop], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    return log
