"""The routes for those who run the service."""

from collections.abc import Collection, Iterable
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount

from cds_service import __version__
from cds_service.cds_hooks import DISCOVERY_PATH
from cds_service.errors import Finding
from cds_service.library import Library
from cds_service.server.answering import running_versions
from cds_service.server.metrics import CONTENT_TYPE, Metrics
from cds_service.server.reloading import LiveRules, errors_in
from cds_service.server.workbench_mode import PATH
from cds_service.store import Database, RuleSet
from cds_service.wire import takes_pages

Json = dict[str, Any]

DOCS = "/docs"
PATHS = ("/", "/healthz", "/readyz", "/metrics", "/version")


class Loaded(Protocol):
    """The part of prepared rules that these routes use."""

    @property
    def rule_set(self) -> RuleSet: ...


def operations_router(
    live: LiveRules[Loaded],
    database: Database,
    metrics: Metrics,
    expected_rules: Collection[str] = (),
) -> APIRouter:
    """Liveness, readiness, metrics, and what runs here. `expected_rules`: their digests; empty, any will do."""
    routes = APIRouter()
    versions = running_versions()

    @routes.get("/", include_in_schema=False)
    async def index(request: Request) -> Response:
        if takes_pages(request.headers):
            # Relative, since the Host header behind a proxy is not the address that the browser knows.
            mounted = any(isinstance(route, Mount) and route.path == PATH for route in request.app.routes)
            return RedirectResponse(f"{PATH}/"[1:] if mounted else DOCS[1:])
        return JSONResponse(
            {"service": "cds-service", "version": __version__, "discovery": DISCOVERY_PATH, "docs": DOCS}
        )

    @routes.get("/healthz", summary="The process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz", summary="The rules are loaded; `degraded` without the database, or behind the disk")
    async def readyz(response: Response) -> dict[str, Any]:
        status, ready = _readiness(live, database, expected_rules)
        if not ready:
            response.status_code = 503
        return status

    @routes.get("/metrics", summary="For Prometheus", response_class=Response)
    async def metrics_page() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    @routes.get("/version", summary="What the service runs, down to the rules")
    async def version() -> dict[str, Any]:
        loaded, rejected = live.current, live.rejected
        return {
            "version": __version__,
            "language": versions.language,
            "engine": versions.engine,
            "rule_set": loaded.prepared.rule_set.digest,
            "site": _site(loaded.library),
            "rules_loaded": {"number": loaded.number, "at": loaded.loaded_at.isoformat(timespec="seconds")},
            "rules_rejected": None
            if rejected is None
            else {"since": rejected.since.isoformat(timespec="seconds"), "errors": rejected.errors()},
            "rules": [
                {"id": trial.id, "rules_version": trial.rules_version, "digest": trial.digest, "state": trial.state}
                for trial in loaded.library.stored
            ],
        }

    return routes


# The rules are loaded before the first connection is accepted, so whoever gets an answer gets this one. Without the
# database cards are shown all the same; to take every replica out of service for it would turn a loss of feedback into
# a loss of advice. So it is reported and does not make the service unready.
# Rules on disk that can't be used are reported, too: the version before them goes on. So is what of a site's folder
# does not count. Rules other than the expected ones
# do make it unready: whoever set CDS_EXPECTED_RULES wants no answer by them.
def _readiness(live: LiveRules[Loaded], database: Database, expected_rules: Collection[str]) -> tuple[Json, bool]:
    """The body of `/readyz`, and whether the service is ready."""
    library, rejected = live.current.library, live.rejected
    digest = live.current.prepared.rule_set.digest
    unexpected = bool(expected_rules) and digest not in expected_rules
    in_part = bool(errors_in(library.about_site))
    in_order = database.available and rejected is None and not in_part
    status = {
        "status": "unexpected rules" if unexpected else "ok" if in_order else "degraded",
        "rule_set": digest,
        "trials": len(library.trials),
        "rules": "current" if rejected is None else "rejected: those loaded before go on",
        "cases": "differ: " + ", ".join(_trials_of(live.doubts)) if live.doubts else "none differs",
        "site": "read in part" if in_part else "none" if library.site_digest is None else "current",
        "database": "available" if database.available else "unavailable",
    }
    if not database.available:
        status["database_trouble"] = database.obstacle
    return status, not unexpected


def _trials_of(doubts: Iterable[Finding]) -> list[str]:
    """The trials that differ from their own test cases, by the names of their folders."""
    return sorted({one.file.split("/")[-2] for one in doubts})


def _site(library: Library) -> Json | None:
    """The site's folder: its digest, and what in it does not count; None where there is nothing of either."""
    errors = errors_in(library.about_site)
    if library.site_digest is None and not errors:
        return None
    return {"digest": library.site_digest, "errors": errors}
