"""The routes for those who run the service."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from cds_service import __version__
from cds_service.answering import running_versions
from cds_service.library import Library
from cds_service.metrics import CONTENT_TYPE, Metrics
from cds_service.store.database import Database
from cds_service.store.decisions import RuleSet

PATHS = ("/", "/healthz", "/readyz", "/metrics", "/version")


def operations_router(rules: Library, rule_set: RuleSet, database: Database, metrics: Metrics) -> APIRouter:
    """Liveness, readiness, metrics, and what runs here."""
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
    # into a loss of advice. So it is told and does not make the service unready.
    @routes.get("/readyz", summary="The rules are loaded; `degraded` without the database")
    async def readyz() -> dict[str, Any]:
        there = database.available
        return {
            "status": "ok" if there else "degraded",
            "trials": len(rules.trials),
            "database": "available" if there else "unavailable",
        }

    @routes.get("/metrics", summary="For Prometheus", response_class=Response)
    async def metrics_page() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    @routes.get("/version", summary="What the service runs, down to the rules")
    async def version() -> dict[str, Any]:
        return {
            "version": __version__,
            "language": versions.language,
            "engine": versions.engine,
            "rule_set": rule_set.digest,
            "rules": [
                {"id": trial.id, "rules_version": trial.rules_version, "digest": trial.digest, "state": trial.state}
                for trial in rules.trials
            ],
        }

    return routes
