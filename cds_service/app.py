"""The web application: settings, rules, clock, matching and cards are wired to the protocol here and nowhere else."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from structlog.typing import FilteringBoundLogger

from cds_service import __version__
from cds_service.cards import OVERRIDE_REASONS
from cds_service.cds_hooks import (
    DISCOVERY_PATH,
    FEEDBACK_PATH,
    HEADERS,
    HOOK_PATH,
    METHODS,
    Cors,
    FailureBoundary,
    Feedback,
    Limits,
    NotKept,
    Observed,
    Outbound,
    SecurityHeaders,
    Serving,
    exception_handlers,
    feedback_router,
    open_log,
    prefetch_templates,
    router,
)
from cds_service.cds_hooks.fallback import Fallback
from cds_service.cds_hooks.trust import Caller, ReplayGuard
from cds_service.facts import interest_of, types_read
from cds_service.library import Library
from cds_service.server import (
    PATHS,
    Answerer,
    LiveRules,
    Metrics,
    card_options,
    configured_clients,
    forget_dead_workers,
    gate_for,
    mount_workbench,
    open_persistence,
    operations_router,
    records_of,
    running_versions,
    suppression_policies,
    warm,
    while_loading,
    workbench_on,
)
from cds_service.settings import Settings, check_bind, load_settings
from cds_service.store import RuleSet, StoreUnavailable, record_feedback
from cds_service.trials import RulesMemory

SERVED = (DISCOVERY_PATH, HOOK_PATH, FEEDBACK_PATH, *PATHS)
_WARM_SECONDS = 0.5
"""Longest that rules are made ready before they are used."""
_SWITCH_SECONDS = 0.000_5
"""After this long a thread that computes lets another one go on: docs/decisions/0013-threads.md."""
OVERRIDE_CODES = tuple(reason["code"] for reason in OVERRIDE_REASONS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a version of the rules is prepared into."""

    serving: Serving
    rule_set: RuleSet


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    library: Library | None = None,
    clock: Callable[[], date] = date.today,
    *,
    now: Callable[[], datetime] = _now,
    replay_guard: ReplayGuard | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application, with `library` or else the rules in `settings.rules_dir`.

    `clock` gives the day that counts as today; it is asked when a record is read and when it is answered. `now` gives
    the time by which clients' tokens are valid; `replay_guard`, in the place of the database, remembers which were
    used. `monotonic` gives seconds that never go back, for what is measured and limited. Raises RulesError,
    ClientsError or StoreError, before anything is served, if the rules, the clients file or the store cannot be used,
    and SettingsError where a workbench is asked for that is not installed.
    """
    log = open_log(settings.log_level)
    clients = configured_clients(settings)
    metrics = Metrics(SERVED, (), OVERRIDE_CODES)
    store = open_persistence(settings, metrics, now, log)
    outbound = Outbound(expected=clients is not None or bool(settings.fhir_servers))
    guard = store.tokens if replay_guard is None else replay_guard
    gate = gate_for(settings, clients, guard=guard, now=now, outbound=outbound, log=log, desk=workbench_on(settings))
    versions = running_versions()
    options, policies = card_options(settings, clients), suppression_policies(settings, clients)

    def prepare(rules: Library) -> Prepared:
        templates = prefetch_templates(rules.catalogue, rules.facts_read)
        answerer = Answerer(
            library=rules,
            rules=RuleSet.of(rules.files),
            versions=versions,
            options=options,
            policies=policies,
            pseudonyms=store.pseudonyms,
            suppression=store.suppression,
            recorder=store.recorder,
            metrics=metrics,
            clock=clock,
            now=now,
            monotonic=monotonic,
            seconds=settings.seconds_to_decide,
        )
        fallback = Fallback(
            templates,
            types_read(rules.catalogue, rules.facts_read),
            outbound,
            seconds=settings.fhir_timeout,
            max_bytes=settings.max_body_bytes,
        )
        until = monotonic() + _WARM_SECONDS
        warm(rules, options[None], now().date(), lambda: monotonic() < until)
        metrics.prefetch_keys(templates)
        expected = settings.expected_rules
        metrics.rules_expected(not expected or answerer.rules.digest in expected)
        metrics.rules_loaded(__version__, answerer.rules.digest, [trial.state for trial in rules.shelf])
        interest = interest_of(rules.facts, rules.facts_read).on(clock)
        return Prepared(Serving(templates, answerer.answer_for, fallback, interest, answerer.is_late), answerer.rules)

    live = LiveRules(
        settings.rules_dir if library is None else None,
        prepare,
        now,
        log,
        library,
        tell=metrics.rules_usable,
        memory=RulesMemory.below(settings.rules_cache),
        compiled_bytes=settings.compiled_bytes,
    )

    def keep(caller: Caller, items: Sequence[Feedback]) -> int:
        try:
            client = records_of(caller)
            new = record_feedback(store.database, client, items, now(), keep_comments=settings.keep_comments)
        except StoreUnavailable as problem:
            metrics.database_failed("feedback")
            log.error("feedback_not_kept", error=problem.cause)
            raise NotKept from problem
        for item in items if caller.desk is None else ():
            metrics.feedback(item.outcome, [reason.code for reason in item.reasons])
        return new

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(store.start)
        watching = asyncio.create_task(live.watch()) if settings.rules_reload and live.folder is not None else None
        yield
        if watching is not None:
            watching.cancel()
        await anyio.to_thread.run_sync(store.stop)

    app = FastAPI(
        title="cds-service",
        version=__version__,
        description=(
            "Clinical trials that may fit the patient whose chart is open: CDS Hooks 2.0, hook `patient-view`. "
            "The service advises; a person decides."
        ),
        # A redirect would be built from the Host header, which behind a proxy is not the address the client knows.
        redirect_slashes=False,
        exception_handlers=exception_handlers(log),
        middleware=_layers(settings, metrics, log, monotonic),
        lifespan=lifespan,
    )
    hooks = router(
        lambda: live.current.prepared.serving,
        gate=gate,
        outbound=outbound,
        max_body_bytes=settings.max_body_bytes,
        log=log,
        meter=metrics,
        monotonic=monotonic,
    )
    app.include_router(hooks, tags=["CDS Hooks"])
    app.include_router(feedback_router(keep, gate=gate, log=log), tags=["CDS Hooks"])
    app.include_router(operations_router(live, store.database, metrics, settings.expected_rules), tags=["Operations"])
    app.state.live_rules = live
    return app


def _layers(
    settings: Settings, metrics: Metrics, log: FilteringBoundLogger, monotonic: Callable[[], float]
) -> list[Middleware]:
    """What a request passes, the outermost first: a failure is measured, and gets its headers, like any answer."""
    layers = [
        Middleware(SecurityHeaders),
        Middleware(Observed, meter=metrics, monotonic=monotonic),
        Middleware(FailureBoundary, log=log),
        Middleware(Limits, path=HOOK_PATH, most=settings.max_concurrent, seconds=settings.request_seconds),
    ]
    if settings.cors_origins:
        cors = Middleware(Cors, allow_origins=settings.cors_origins, allow_methods=METHODS, allow_headers=HEADERS)
        layers.insert(0, cors)
    return layers


def app_from_environment() -> FastAPI:
    """What a worker process starts: `uvicorn --factory cds_service.app:app_from_environment`.

    Raises SettingsError, BindError, ClientsError, StoreError or RulesError.
    """
    with while_loading():
        settings = load_settings()
        check_bind(settings)
        forget_dead_workers()
        app = create_app(settings)
        if workbench_on(settings):
            mount_workbench(app, settings, app.state.live_rules, clock=date.today, now=_now)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return app
