"""The routes for those who run the service."""

from collections.abc import Collection
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.responses import Response

from cds_service import __version__
from cds_service.server.answering import running_versions
from cds_service.server.metrics import CONTENT_TYPE, Metrics
from cds_service.server.reloading import LiveRules
from cds_service.store import Database, RuleSet

PATHS = ("/", "/healthz", "/readyz", "/metrics", "/version")


class Loaded(Protocol):
    """What a version of the rules is prepared into."""

    @property
    def rule_set(self) -> RuleSet: ...


def operations_router(
    live: LiveRules[Loaded], database: Database, metrics: Metrics, expected_rules: Collection[str] = ()
) -> APIRouter:
    """Liveness, readiness, metrics, and what runs here. `expected_rules`: their digests; empty, any will do."""
    routes = APIRouter()
    versions = running_versions()

    @routes.get("/", include_in_schema=False)
    async def index() -> dict[str, str]:
        return {"service": "cds-service", "version": __version__, "discovery": "/cds-services", "docs": "/docs"}

    @routes.get("/healthz", summary="The process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    # The rules are loaded before the first connection is accepted, so whoever gets an answer gets this one. Without the
    # database cards are shown all the same; to take every replica out of service for it would turn a loss of feedback
    # into a loss of advice. So it is told and does not make the service unready. Rules on disk that can't be used
    # are told too: the version before them goes on. Rules other than the expected ones do make it unready: whoever set
    # CDS_EXPECTED_RULES wants no answer by them.
    @routes.get("/readyz", summary="The rules are loaded; `degraded` without the database, or behind the disk")
    async def readyz(response: Response) -> dict[str, Any]:
        there, rejected = database.available, live.rejected
        digest = live.current.prepared.rule_set.digest
        unexpected = bool(expected_rules) and digest not in expected_rules
        if unexpected:
            response.status_code = 503
        return {
            "status": "unexpected rules" if unexpected else "ok" if there and rejected is None else "degraded",
            "rule_set": digest,
            "trials": len(live.current.library.trials),
            "rules": "current" if rejected is None else "rejected: those loaded before go on",
            "database": "available" if there else "unavailable",
        }

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
            "rules_loaded": {"number": loaded.number, "at": loaded.loaded_at.isoformat(timespec="seconds")},
            "rules_rejected": None
            if rejected is None
            else {"since": rejected.since.isoformat(timespec="seconds"), "errors": rejected.errors()},
            "rules": [
                {"id": trial.id, "rules_version": trial.rules_version, "digest": trial.digest, "state": trial.state}
                for trial in loaded.library.shelf
            ],
        }

    return routes
