"""The web application and its clocks. `server.wiring` puts its parts together."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from cds_service import __version__
from cds_service.cds_hooks import SERVICES, STATIC, exception_handlers
from cds_service.cds_hooks.trust import ReplayGuard
from cds_service.library import Library
from cds_service.server import (
    Clocks,
    Wiring,
    forget_dead_workers,
    mount_workbench,
    while_loading,
    workbench_on,
)
from cds_service.settings import Settings, check_bind, load_settings

_SWITCH_SECONDS = 0.000_5
"""Seconds after which a thread that computes lets another one run: docs/decisions/0013-threads.md."""


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    library: Library | None = None,
    clock: Callable[[], date] | None = None,
    *,
    now: Callable[[], datetime] = _now,
    replay_guard: ReplayGuard | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application, with `library` or else the rules in `settings.rules_dir`.

    `now` gives the time: by it records are read and clients' tokens are valid. With `clock` records are read by the day
    that it gives; it is asked when a record is read and when it is answered. `replay_guard`, in the place of the
    database, remembers which tokens were used. `monotonic` gives seconds that never go back, for what is measured and
    limited. Raises RulesError, ClientsError or StoreError, before anything is served, if the rules, the clients file or
    the store cannot be used, and SettingsError where the workbench is switched on and not installed.
    """
    wiring = Wiring(settings, Clocks(clock, now, monotonic), replay_guard)
    live = wiring.live_rules(library)
    hooks = " and ".join(f"`{service.hook}`" for service in SERVICES)
    app = FastAPIOffline(
        redoc_url=None,
        static_url=STATIC,
        title="cds-service",
        version=__version__,
        description=(
            f"Clinical trials that may fit the patient whose chart is open: CDS Hooks 2.0, hooks {hooks}. "
            "The service advises; a person decides."
        ),
        # A redirect would be built from the Host header, which behind a proxy is not the address the client knows.
        redirect_slashes=False,
        exception_handlers=exception_handlers(wiring.log),
        middleware=wiring.layers(),
        lifespan=lambda _app: wiring.running(live),
    )
    for routes, heading in wiring.routers(live):
        app.include_router(routes, tags=[heading])
    app.state.live_rules = live
    return app


def app_from_environment() -> FastAPI:
    """The application that a worker process starts: `uvicorn --factory cds_service.app:app_from_environment`.

    Raises SettingsError, BindError, ClientsError, StoreError or RulesError.
    """
    with while_loading():
        settings = load_settings()
        check_bind(settings)
        forget_dead_workers()
        app = create_app(settings)
        if workbench_on(settings):
            mount_workbench(app, settings, app.state.live_rules, now=_now)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return app
