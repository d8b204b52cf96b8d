"""Whether the workbench is served, and putting it together, which waits until somebody opens it.

Its library is an extra, and takes longer to import than all else that the service needs.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse

from cds_service.as_of import AsOf
from cds_service.server.reloading import LiveRules
from cds_service.settings import Settings, SettingsError
from cds_service.time_zones import zone_for
from cds_service.workbench import LateApp

PATH = "/workbench"


def workbench_on(settings: Settings) -> bool:
    """Whether the settings want it. Raises SettingsError where it is switched on and not installed."""
    installed = find_spec("nicegui") is not None
    if settings.workbench and not installed:
        raise SettingsError("CDS_WORKBENCH: it is not installed; install cds-service[workbench]")
    if settings.workbench is not None:
        return settings.workbench
    # What stands in production has clients or several workers, or can be reached from elsewhere.
    return installed and settings.on_loopback and settings.workers == 1 and settings.clients_file is None


def mount_workbench(
    app: FastAPI,
    settings: Settings,
    live: LiveRules[Any],
    *,
    now: Callable[[], datetime],
) -> None:
    """Mount it into `app`, over the rules that `app` serves."""
    late = LateApp(lambda: _pages(settings, live, now))

    @app.get(PATH, include_in_schema=False)
    async def without_slash(request: Request) -> RedirectResponse:
        # Relative, since the Host header behind a proxy is not the address that the browser knows.
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{PATH.rpartition('/')[2]}/{query}")

    app.mount(PATH, late)
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def with_the_pages(app: FastAPI) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            yield state
            await late.close()

    app.router.lifespan_context = with_the_pages


def _pages(settings: Settings, live: LiveRules[Any], now: Callable[[], datetime]) -> FastAPI:
    from cds_service.rule_tools import default_samples_dir  # noqa: PLC0415
    from cds_service.workbench.desk import Desk  # noqa: PLC0415
    from cds_service.workbench.mount import desk_pages  # noqa: PLC0415

    def trouble() -> tuple[str, ...]:
        rejected = live.rejected
        return () if rejected is None else tuple(f"{e['place']}: {e['message']}" for e in rejected.errors())

    def reload() -> None:
        live.look()
        live.look()  # the first look sees that something was written, the second that it is finished

    zone = zone_for(settings.timezone, site=live.current.library.site.settings.time_zone).zone
    desk = Desk(
        library=lambda: live.current.library,
        rules_dir=settings.rules_dir,
        samples_dir=default_samples_dir(),
        today=lambda: AsOf.at(now(), zone),
        zone=zone,
        editable=settings.workbench_edit,
        trouble=trouble,
        reload=reload,
        site_dir=settings.site_dir,
    )
    password = settings.workbench_password
    return desk_pages(
        desk,
        PATH,
        password=None if password is None else password.get_secret_value(),
        max_body_bytes=settings.max_body_bytes,
        now=now,
    )
