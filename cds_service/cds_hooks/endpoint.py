"""The endpoint of one service: from the bytes of a request to the bytes of its answer."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from msgspec import json
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.body import read_body
from cds_service.cds_hooks.discovery import discovery
from cds_service.cds_hooks.fallback import Fallback, Fetched, Plan, put
from cds_service.cds_hooks.leniency import Forgiving, Leniency
from cds_service.cds_hooks.limits import RETRY_SECONDS
from cds_service.cds_hooks.outcome import HookError, RequestProblem
from cds_service.cds_hooks.prefetch import resource_type
from cds_service.cds_hooks.prefetched import PrefetchedRecord, incomplete_conditions, no_readable_condition
from cds_service.cds_hooks.request import HookRequest, parse_request
from cds_service.cds_hooks.service import Service
from cds_service.cds_hooks.slashes import path_called
from cds_service.cds_hooks.threads import Threads
from cds_service.cds_hooks.trust import SET_ASIDE_HEADER, Authenticator, Caller, NoAuthenticator
from cds_service.deadline import Deadline, OutOfTime
from cds_service.explanation import Undetermined, response
from cds_service.fhir import KeyState, ObservationFilter, Record

T = TypeVar("T")

_LARGE = 1_000_000
"""Bytes of a body."""
_MOST_NAMED = 20
"""Skipped trials that a line of the log names."""


@dataclass(frozen=True, slots=True)
class AnswerSent:
    """An answer as it was sent: the request's body, the response's body, and how long it took.

    `fetched`: the prefetch keys that were fetched from the FHIR server, with the outcome of each.
    """

    request: bytes
    response: bytes
    ms: float
    fetched: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CardsAnswer:
    """The cards for a record. `undecided`: there is none, perhaps only because the conditions were not sent whole.

    `unreadable`: there is none, and so many conditions were sent of which none can be read. `undetermined`: the trials
    that could not be judged because of what could not be read. `unread`: how many entries were not understood.

    `decision` names the answer; `record_sent` logs and counts it once it is sent, and must return at once.
    `passed_over`: how many trials the index ruled out; `skipped`: ids of those for which there was no time.
    `set_aside`: for the workbench, ids of those that are not shown because of earlier feedback.
    """

    cards: list[dict[str, Any]]
    undecided: bool
    decision: str
    record_sent: Callable[[AnswerSent], None]
    passed_over: int = 0
    skipped: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    undetermined: Undetermined | None = None
    unreadable: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """The body of an answer, what the log says of it, and what remembers it."""

    body: bytes
    logged: dict[str, Any]
    record_sent: Callable[[AnswerSent], None]
    fetched: Mapping[str, str] = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()


AnswerFor = Callable[[Record, HookRequest, Caller, float], CardsAnswer]


class Serving:
    """The parts by which one version of the rules is served; a request uses one to its end.

    `templates` are the prefetch templates to publish. `answer_for` is given a patient's record, the request (whose hook
    instance names the answer's cards), who asks, and when the request arrived. `interest` is what is asked of the
    record; `is_late` says whether the time is over for a request that arrived then.
    """

    def __init__(
        self,
        templates: Mapping[str, str],
        answer_for: AnswerFor,
        fallback: Fallback,
        observation_filter: ObservationFilter,
        is_late: Callable[[float], bool],
    ) -> None:
        self.templates = templates
        self.is_late = is_late
        self.observation_filter = observation_filter
        self.answer_for = answer_for
        self.fallback = fallback
        self.discovery = json.encode(discovery(templates))
        self.asked_for = frozenset(resource_type(key) for key in templates)


class PrefetchMeter(Protocol):
    """Counts the states of the prefetch keys."""

    def prefetched(self, client: str | None, states: Mapping[str, str]) -> None: ...

    def fetched(self, client: str | None, outcomes: Mapping[str, str]) -> None: ...

    def cut_short(self, skipped: int) -> None: ...


def response_body(cards: list[dict[str, Any]], undetermined: Undetermined | None = None) -> bytes:
    """The same as it goes out."""
    return json.encode(response(cards, undetermined))


class HookEndpoint:
    """Answers the requests for one service."""

    def __init__(
        self,
        service: Service,
        current: Callable[[], Serving],
        *,
        authenticator: Authenticator | NoAuthenticator,
        threads: Threads,
        max_body_bytes: int,
        log: FilteringBoundLogger,
        meter: PrefetchMeter,
        monotonic: Callable[[], float],
        forgiving: Forgiving,
    ) -> None:
        """`current` gives what is served now; `threads`, which services share, are where answers are computed.

        `meter` counts what came under the prefetch keys, and records for which there was no time; `monotonic` gives
        seconds that never go back.
        """
        self._service = service
        self._current = current
        self._authenticator = authenticator
        self._threads = threads
        self._max_body_bytes = max_body_bytes
        self._log = log
        self._meter = meter
        self._monotonic = monotonic
        self._forgiving = forgiving

    async def answer(self, request: Request) -> Response:
        """The cards, or HookError."""
        arrived = self._monotonic()
        serving = self._current()
        leniency = self._forgiving.for_request()
        caller = await self._authenticator.authenticate(request, path_called(request, self._service.path, leniency))
        with self._forgiving.reported(leniency, caller.client_id):
            body = await read_body(request, self._max_body_bytes, leniency, typed=caller.client_id is None)
            return await self._answer(serving, body, caller, arrived, leniency)

    async def _answer(
        self, serving: Serving, body: bytes, caller: Caller, arrived: float, leniency: Leniency
    ) -> Response:
        beginning = partial(self._begin, serving, body, caller, arrived, leniency)
        prefetched, plan, done = await self._threads.run(partial(self._in_time, beginning, caller))
        if plan is not None:
            fetched = await serving.fallback.fetch(plan, prefetched)
            ending = partial(self._finish, serving, prefetched, caller, fetched, arrived)
            done = await self._threads.run(partial(self._in_time, ending, caller))
        assert done is not None
        ms = round((self._monotonic() - arrived) * 1000, 1)
        self._log.info("request_answered", status=200, client=caller.client_id, bytes=len(body), ms=ms, **done.logged)
        # Once the answer is out: nobody waits for what is remembered of it.
        later = BackgroundTask(self._remember, done.record_sent, AnswerSent(body, done.body, ms, done.fetched))
        # An answer is about one patient at one moment.
        headers = {"Cache-Control": "no-store"}
        if done.set_aside:
            headers[SET_ASIDE_HEADER] = ", ".join(done.set_aside)
        return Response(done.body, headers=headers, media_type="application/json", background=later)

    def _begin(
        self, serving: Serving, body: bytes, caller: Caller, arrived: float, leniency: Leniency
    ) -> tuple[PrefetchedRecord, Plan | None, FinishedAnswer | None]:
        deadline = Deadline(partial(serving.is_late, arrived))
        request = parse_request(body, self._service, leniency, deadline)
        aliases, templates = caller.prefetch_aliases, serving.templates
        prefetched = PrefetchedRecord(
            request, aliases, serving.observation_filter, deadline, templates=templates, leniency=leniency
        )
        self._meter.prefetched(caller.client_id, {key: _state(prefetched, key) for key in serving.templates})
        plan = serving.fallback.plan(prefetched, caller)
        return prefetched, plan, None if plan is not None else self._respond(serving, prefetched, caller, arrived)

    def _finish(
        self,
        serving: Serving,
        prefetched: PrefetchedRecord,
        caller: Caller,
        fetched: tuple[Fetched, ...],
        arrived: float,
    ) -> FinishedAnswer:
        put(fetched, prefetched)
        self._meter.fetched(caller.client_id, {one.query.key: "failed" if one.failure else "whole" for one in fetched})
        outcomes = {one.query.key: one.failure or "whole" for one in fetched}
        done = self._respond(serving, prefetched, caller, arrived)
        return replace(done, logged={**done.logged, "fetched": outcomes}, fetched=outcomes)

    def _respond(
        self, serving: Serving, prefetched: PrefetchedRecord, caller: Caller, arrived: float
    ) -> FinishedAnswer:
        record = prefetched.record()
        answer = serving.answer_for(record, prefetched.request, caller, arrived)
        looked_at = {"passed_over": answer.passed_over, **_skipped(answer)}
        instance = prefetched.request.hook_instance
        if answer.skipped and not answer.cards:
            self._log.warning("answer_cut_short", client=caller.client_id, hook_instance=instance, **looked_at)
            problem = RequestProblem("timeout", "Not all trials could be looked at in time. Try again in a moment.")
            raise HookError(503, (problem,), {"Retry-After": str(RETRY_SECONDS)})
        if not answer.cards and answer.undecided:
            raise incomplete_conditions(prefetched)
        if answer.unreadable:
            raise no_readable_condition(answer.unreadable)
        return _done(serving, record, answer, {"hook_instance": instance, **looked_at})

    def _in_time(self, work: Callable[[], T], caller: Caller) -> T:
        """The result of `work`. Raises HookError (503) where there is no time for all of the record."""
        try:
            return work()
        except OutOfTime as late:
            # What was read is a part of the record, of which nothing may be said.
            self._log.warning("record_cut_short", client=caller.client_id)
            self._meter.cut_short(0)
            problem = RequestProblem("timeout", "The record could not be read in time. Try again in a moment.")
            raise HookError(503, (problem,), {"Retry-After": str(RETRY_SECONDS)}) from late

    async def _remember(self, record_sent: Callable[[AnswerSent], None], sent: AnswerSent) -> None:
        try:
            if len(sent.request) > _LARGE:
                # What is remembered of it may be work that would hold up the event loop.
                await self._threads.run(partial(record_sent, sent))
            else:
                record_sent(sent)
        except Exception as error:
            self._log.error("answer_not_remembered", error=type(error).__name__)


def _done(serving: Serving, record: Record, answer: CardsAnswer, logged: dict[str, Any]) -> FinishedAnswer:
    """The answer as it goes out, and what the log says of it besides `logged`."""
    logged |= {
        "decision": answer.decision,
        "cards": len(answer.cards),
        "issues": dict(Counter(issue.code for issue in record.issues)),
        "gaps": {name: reason for name, reason in record.gaps.items() if name in serving.asked_for},
    }
    if answer.undetermined is not None:
        logged["undetermined"] = len(answer.undetermined.trials)
    # What is malformed is none of the entries that were not understood, and one may be told of without the other.
    unread = max(answer.unread, 0 if answer.undetermined is None else answer.undetermined.entries)
    if unread:
        logged["unread"] = unread
    body = response_body(answer.cards, answer.undetermined)
    return FinishedAnswer(body, logged, answer.record_sent, set_aside=answer.set_aside)


def _state(prefetched: PrefetchedRecord, key: str) -> str:
    """The state of a prefetch key; the worst, where a client split it into several."""
    states = {report.state for report in prefetched.reports(key)}
    return next((state.value for state in reversed(KeyState) if state in states), "absent")


def _skipped(answer: CardsAnswer) -> dict[str, Any]:
    """The log entry of trials that were skipped for want of time."""
    if not answer.skipped:
        return {}
    return {"skipped": len(answer.skipped), "skipped_trials": list(answer.skipped[:_MOST_NAMED])}
