"""The web application: settings, rules, clock, matching and cards are wired to the protocol here and nowhere else."""

from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from cds_service import __version__
from cds_service.cards import cards_for
from cds_service.cds_hooks.cors import HEADERS, METHODS, Cors
from cds_service.cds_hooks.failures import FailureBoundary, exception_handlers
from cds_service.cds_hooks.log import open_log
from cds_service.cds_hooks.prefetch import prefetch_templates
from cds_service.cds_hooks.routes import Answer, router
from cds_service.fhir import Record
from cds_service.library import Library, load_library
from cds_service.matching import match
from cds_service.settings import Settings, card_options, check_bind, load_settings


def create_app(settings: Settings, library: Library | None = None, clock: Callable[[], date] = date.today) -> FastAPI:
    """The application, with `library` or else the rules in `settings.rules_dir`.

    `clock` gives the day that counts as today; it is asked once per request. Raises RulesError, before anything is
    served, if the rules cannot be used.
    """
    rules = load_library(settings.rules_dir) if library is None else library
    log = open_log(settings.log_level)
    options = card_options(settings)

    def answer_for(record: Record, hook_instance: str) -> Answer:
        result = match(record, rules, clock())
        undecided = any(t.trial.state == "active" and t.verdict == "undetermined" for t in result.trials)
        cards = cards_for(result, options, seed=hook_instance)
        return Answer(cards, undecided=undecided and not result.deceased)

    # The first is the outermost: what the boundary makes of a failure still gets its CORS headers.
    layers = [Middleware(FailureBoundary, log=log)]
    if settings.cors_origins:
        cors = Middleware(Cors, allow_origins=settings.cors_origins, allow_methods=METHODS, allow_headers=HEADERS)
        layers.insert(0, cors)
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
        middleware=layers,
    )
    templates = prefetch_templates(rules.catalogue, rules.facts_read)
    app.include_router(
        router(templates, answer_for, max_body_bytes=settings.max_body_bytes, log=log), tags=["CDS Hooks"]
    )
    _add_operations(app, rules)
    return app


def app_from_environment() -> FastAPI:
    """What a worker process starts: `uvicorn --factory cds_service.app:app_from_environment`.

    Raises SettingsError, BindError or RulesError.
    """
    settings = load_settings()
    check_bind(settings)
    return create_app(settings)


def _add_operations(app: FastAPI, rules: Library) -> None:
    """The routes for those who run the service."""

    @app.get("/", include_in_schema=False)
    async def index() -> dict[str, str]:
        return {"service": "cds-service", "version": __version__, "discovery": "/cds-services", "docs": "/docs"}

    @app.get("/healthz", tags=["Operations"], summary="The process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    # The rules are loaded before the first connection is accepted, so whoever gets an answer gets this one.
    @app.get("/readyz", tags=["Operations"], summary="The rules are loaded")
    async def readyz() -> dict[str, Any]:
        return {"status": "ok", "trials": len(rules.trials)}

    @app.get("/version", tags=["Operations"], summary="What the service runs, down to the rules")
    async def version() -> dict[str, Any]:
        return {
            "version": __version__,
            "rules": [
                {"id": trial.id, "rules_version": trial.rules_version, "digest": trial.digest, "state": trial.state}
                for trial in rules.trials
            ],
        }
