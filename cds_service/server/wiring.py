"""Putting the parts of one application together: settings, clients, store, metrics, rules, and the routes over them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.middleware import Middleware

from cds_service import __version__
from cds_service.cards import OVERRIDE_REASONS
from cds_service.cds_hooks import (
    DISCOVERY_PATH,
    HEADERS,
    METHODS,
    SERVICES,
    Cors,
    FailureBoundary,
    Feedback,
    Forgiving,
    NoForeignPages,
    NotKept,
    Outbound,
    RequestLimits,
    RequestMetrics,
    SecurityHeaders,
    Serving,
    SlashAtEnd,
    feedback_router,
    in_terminal,
    open_log,
    prefetch_templates,
    router,
)
from cds_service.cds_hooks.fallback import Fallback
from cds_service.cds_hooks.trust import Caller, ReplayGuard
from cds_service.facts import observation_filter_of, types_read
from cds_service.library import Library
from cds_service.server.answering import Answerer, records_of, running_versions, warm
from cds_service.server.clients import authenticator_for, card_options, configured_clients
from cds_service.server.metrics import Metrics
from cds_service.server.operations import PATHS, operations_router
from cds_service.server.persistence import open_persistence, suppression_policies
from cds_service.server.reloading import LiveRules
from cds_service.server.workbench_mode import PATH, workbench_on
from cds_service.server.zones import Calendar, client_zones
from cds_service.settings import Settings
from cds_service.store import RuleSet, StoreUnavailable, record_feedback
from cds_service.trials import RulesMemory

_HOOK_PATHS = tuple(path for one in SERVICES for path in (one.path, one.feedback_path))
SERVED = (DISCOVERY_PATH, *_HOOK_PATHS, *PATHS)
"""Every path that metrics know by its name."""
_WARM_SECONDS = 0.5
"""Longest that rules are made ready before they are used."""
_OVERRIDE_CODES = tuple(reason["code"] for reason in OVERRIDE_REASONS)


@dataclass(frozen=True, slots=True)
class PreparedRules:
    """A version of the rules, prepared for answering."""

    serving: Serving
    rule_set: RuleSet


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time, seconds that never go back, and the day that counts as today where that is not the time's."""

    today: Callable[[], date] | None
    now: Callable[[], datetime]
    monotonic: Callable[[], float]


class Wiring:
    """The parts of one application."""

    def __init__(self, settings: Settings, clocks: Clocks, replay_guard: ReplayGuard | None = None) -> None:
        """`replay_guard`, in the place of the database, remembers which tokens were used.

        Raises ClientsError or StoreError if the clients file or the store cannot be used, and SettingsError where a
        workbench is switched on that is not installed.
        """
        self._settings = settings
        self._clocks = clocks
        self.log = open_log(settings.log_level, for_people=in_terminal())
        clients = configured_clients(settings)
        self._metrics = Metrics(SERVED, (), _OVERRIDE_CODES)
        self._store = open_persistence(settings, self._metrics, clocks.now, self.log)
        self._outbound = Outbound(expected=clients is not None or bool(settings.fhir_servers))
        self._authenticator = authenticator_for(
            settings,
            clients,
            guard=self._store.tokens if replay_guard is None else replay_guard,
            now=clocks.now,
            outbound=self._outbound,
            log=self.log,
            desk=workbench_on(settings),
        )
        self._versions = running_versions()
        self._clients = clients
        self._logged_zones: dict[str, str] = {}
        self._options = card_options(settings, clients)
        self._policies = suppression_policies(settings, clients)

    def live_rules(self, library: Library | None) -> LiveRules[PreparedRules]:
        """The rules that are served: `library`, or else those of the settings' folder. Raises RulesError."""
        return LiveRules(
            self._settings.rules_dir if library is None else None,
            self._prepare,
            self._clocks.now,
            self.log,
            library,
            tell=self._metrics.rules_usable,
            memory=RulesMemory.below(self._settings.rules_cache),
            compiled_bytes=self._settings.compiled_bytes,
            site_dir=self._settings.site_dir,
        )

    def routers(self, live: LiveRules[PreparedRules]) -> tuple[tuple[APIRouter, str], ...]:
        """The routes, each with the heading that they stand under in `/docs`."""
        settings = self._settings
        forgiving = Forgiving(self.log, self._metrics, is_strict=settings.strict)
        hooks = router(
            lambda: live.current.prepared.serving,
            authenticator=self._authenticator,
            outbound=self._outbound,
            max_body_bytes=settings.max_body_bytes,
            log=self.log,
            meter=self._metrics,
            monotonic=self._clocks.monotonic,
            forgiving=forgiving,
            is_strict=settings.strict,
        )
        feedback = feedback_router(
            self._keep, authenticator=self._authenticator, log=self.log, forgiving=forgiving, is_strict=settings.strict
        )
        operations = operations_router(live, self._store.database, self._metrics, settings.expected_rules)
        return (hooks, "CDS Hooks"), (feedback, "CDS Hooks"), (operations, "Operations")

    def layers(self) -> list[Middleware]:
        """The layers that a request passes, outermost first: a failure is measured and gets headers like any answer."""
        settings = self._settings
        paths = tuple(service.path for service in SERVICES)
        layers = [
            Middleware(SecurityHeaders),
            Middleware(RequestMetrics, meter=self._metrics, monotonic=self._clocks.monotonic),
            Middleware(FailureBoundary, log=self.log),
            Middleware(RequestLimits, paths=paths, most=settings.max_concurrent, seconds=settings.request_seconds),
        ]
        if self._clients is None:
            hosts, origins = settings.own_hosts, settings.cors_origins
            layers.append(Middleware(NoForeignPages, hosts=hosts, origins=origins, apart=PATH, log=self.log))
        if not settings.strict:
            layers.insert(0, Middleware(SlashAtEnd, paths=(DISCOVERY_PATH, *_HOOK_PATHS)))
        if settings.cors_origins:
            cors = Middleware(Cors, allow_origins=settings.cors_origins, allow_methods=METHODS, allow_headers=HEADERS)
            layers.insert(0, cors)
        return layers

    @asynccontextmanager
    async def running(self, live: LiveRules[PreparedRules]) -> AsyncIterator[None]:
        """The time in which requests are answered: the store is open and the rules' folder is watched."""
        await anyio.to_thread.run_sync(self._store.start)
        watched = self._settings.rules_reload and live.folder is not None
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(live.watch())] if watched else []
        if live.folder is not None:
            tasks.append(asyncio.create_task(live.tell_of_cases()))
        yield
        for task in tasks:
            task.cancel()
        await anyio.to_thread.run_sync(self._store.stop)

    def _calendar(self, site: str | None) -> Calendar:
        """The calendar of all clients. `site`: the time zone of the site's folder. New zones are logged."""
        zones = client_zones(self._settings, self._clients, site)
        calendar = Calendar(zones, self._clocks.now, self._clocks.today)
        if self._logged_zones != calendar.zone_names():
            self._logged_zones = calendar.zone_names()
            self.log.info("time_zones", zones=self._logged_zones)
        return calendar

    def _prepare(self, rules: Library) -> PreparedRules:
        metrics, clocks, seconds = self._metrics, self._clocks, self._settings.seconds_to_decide
        templates = prefetch_templates(rules.catalogue, rules.facts_read, rules.facts.systems)
        options = {client: one.at_site(rules.site) for client, one in self._options.items()}
        calendar = self._calendar(rules.site.settings.time_zone)
        answerer = Answerer(
            library=rules,
            rules=RuleSet.of(rules.files),
            versions=self._versions,
            options=options,
            policies=self._policies,
            pseudonyms=self._store.pseudonyms,
            suppression=self._store.suppression,
            recorder=self._store.recorder,
            metrics=metrics,
            calendar=calendar,
            now=clocks.now,
            monotonic=clocks.monotonic,
            seconds=seconds,
        )
        fallback = Fallback(
            templates,
            types_read(rules.catalogue, rules.facts_read),
            self._outbound,
            seconds=self._settings.fhir_timeout,
            max_bytes=self._settings.max_body_bytes,
        )
        until = clocks.monotonic() + _WARM_SECONDS
        warm(rules, options[None], clocks.now().date(), lambda: clocks.monotonic() < until)
        metrics.prefetch_keys(templates)
        expected = self._settings.expected_rules
        metrics.rules_expected(not expected or answerer.rules.digest in expected)
        metrics.rules_loaded(__version__, answerer.rules.digest, [trial.state for trial in rules.stored])
        observation_filter = observation_filter_of(rules.facts, rules.facts_read).on(calendar.earliest)
        return PreparedRules(
            Serving(templates, answerer.answer_for, fallback, observation_filter, answerer.is_late), answerer.rules
        )

    def _keep(self, caller: Caller, items: Sequence[Feedback]) -> int:
        settings, database, metrics = self._settings, self._store.database, self._metrics
        try:
            client, now = records_of(caller), self._clocks.now()
            new = record_feedback(database, client, items, now, keep_comments=settings.keep_comments)
        except StoreUnavailable as problem:
            metrics.database_failed("feedback")
            self.log.error("feedback_not_kept", error=problem.cause)
            raise NotKept from problem
        for item in items if caller.desk is None else ():
            metrics.feedback(item.outcome, [reason.code for reason in item.reasons])
        return new
