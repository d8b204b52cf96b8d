"""Commands for those who run the service: its database, what became of the cards, answers of the past, its settings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cds_service.cli.output import command_group, is_json, print_json, settings_or_stop, stop
from cds_service.errors import CdsError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from cds_service.settings import Settings
    from cds_service.store import Database, LoggedDecision

store_app = command_group()
db_app = command_group("The database for feedback and the decision log (CDS_DATABASE_URL).")
report_app = command_group("What became of the cards.")
store_app.add_typer(db_app, name="db")
store_app.add_typer(report_app, name="report")

Format = Annotated[str, typer.Option("--format", help="json or text.")]
T = TypeVar("T")
_PAUSE = 0.03
"""Seconds between two transactions that delete; those who wait for SQLite look every few hundredths of one."""


@db_app.command()
def upgrade() -> None:
    """Bring the database to this version's schema. The service does so at its start, where its role may."""
    from cds_service.store import schema

    typer.echo(f"The schema is at {_migrated(schema.upgrade)}.")


@db_app.command()
def downgrade(
    to: Annotated[str, typer.Argument(help="A revision, or `base` for a database without any of our tables.")],
    yes: Annotated[bool, typer.Option("--yes", help="What only later revisions hold is deleted: do it.")] = False,
) -> None:
    """Bring the database back to an earlier schema. Deletes what that one has no place for."""
    if not yes:
        stop("This deletes what later revisions hold. Say --yes to do it.")

    from cds_service.store import schema

    typer.echo(f"The schema is at {_migrated(lambda engine: schema.downgrade(engine, to))}.")


@db_app.command()
def status() -> None:
    """Say at which revision the database is. Exit code 1 when that is not this version's."""
    from cds_service.store import schema

    def revision(engine: "Engine") -> str:
        with engine.connect() as connection:
            return schema.revision(connection) or schema.EMPTY

    found = _migrated(revision)
    typer.echo(f"The schema is at {found}; this version works with {schema.head()}.")
    if found != schema.head():
        raise typer.Exit(1)


@db_app.command()
def prune(
    days: Annotated[int, typer.Option(min=1, help="Keep what is younger than this.")],
) -> None:
    """Delete decisions, cards and feedback that are older than some days, for good."""
    from cds_service.durations import in_words
    from cds_service.store import prune as prune_rows

    settings = settings_or_stop()
    if days < settings.suppress_days:
        typer.echo(
            f"Trials dealt with more than {in_words(days, 'd')} ago will be shown again (CDS_SUPPRESS_DAYS).", err=True
        )
    before = datetime.now(UTC) - timedelta(days=days)
    with_deleted = _with_database(settings, lambda database: prune_rows(database, before, lambda: sleep(_PAUSE)))
    typer.echo(", ".join(f"{number} {table}" for table, number in with_deleted.items()) + " deleted.")


@report_app.command()
def feedback(
    days: Annotated[int | None, typer.Option(min=1, help="Only cards of the last days; all unless given.")] = None,
    format: Format = "text",
) -> None:
    """Print per trial how many cards were served, accepted and overridden, and why."""
    as_json = is_json(format)

    from cds_service.store import feedback_report

    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    report = _using(settings_or_stop(), lambda connection: feedback_report(connection, since))
    if as_json:
        print_json(report.as_json())
    else:
        from cds_service.cli.show_store import show_feedback

        show_feedback(report)


@store_app.command()
def replay(
    decision: Annotated[str, typer.Option(help="The decision's id, or its hook instance, as the log gives them.")],
    request: Annotated[Path, typer.Option(help="The request that was answered. '-' reads standard input.")],
    save: Annotated[Path | None, typer.Option(help="Write the answer as it is computed now to this file.")] = None,
    format: Format = "text",
) -> None:
    """Compute a logged answer again and compare it byte for byte. Exit code 1 when it is another."""
    as_json = is_json(format)
    try:
        body = typer.get_binary_stream("stdin").read() if str(request) == "-" else request.read_bytes()
    except OSError as problem:
        stop(f"{problem.filename}: {problem.strerror}")
    settings = settings_or_stop()

    from cds_service.cds_hooks import HookError
    from cds_service.library import load_library
    from cds_service.server import replay as replay_decision
    from cds_service.store import find_decisions

    logged = _one(_using(settings, lambda connection: find_decisions(connection, decision)), decision)
    try:
        library = load_library(settings.rules_dir, compiled_bytes=settings.compiled_bytes, site_dir=settings.site_dir)
        result = replay_decision(logged, body, library)
        if save is not None:
            save.write_bytes(result.response)
    except OSError as problem:
        stop(f"{problem.filename}: {problem.strerror}")
    except HookError as problem:
        stop(f"This request would be refused ({problem.status}): {problem}")
    except CdsError as problem:
        stop(str(problem))
    if as_json:
        print_json(
            {
                "decision": logged.decision.id,
                "as_of": str(logged.decision.as_of),
                "as_of_instant": logged.decision.options.get("instant"),
                **result.as_json(),
            }
        )
    else:
        from cds_service.cli.show_store import show_replay

        show_replay(logged, result)
    if not result.identical:
        raise typer.Exit(1)


@store_app.command()
def settings() -> None:
    """Print every setting with its meaning, as Markdown."""
    from cds_service.cli.settings_page import settings_page

    typer.echo(settings_page(), nl=False)


def _one(found: "list[LoggedDecision]", name: str) -> "LoggedDecision":
    if not found:
        stop(f"There is no decision {name} in the log.")
    if len(found) > 1:
        lines = "\n".join(f"  {one.decision.id}  {one.decision.answered_at:%Y-%m-%d %H:%M:%S} UTC" for one in found)
        stop(f"{name} was answered {len(found)} times. Name one of them:\n{lines}")
    return found[0]


def _migrated(run: "Callable[[Engine], str]") -> str:
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from cds_service.server import database_url
    from cds_service.store import cause_of, open_engine

    try:
        engine = open_engine(database_url(settings_or_stop()))
        try:
            return run(engine)
        finally:
            engine.dispose()
    except SQLAlchemyError as problem:
        stop(f"The database cannot be used ({cause_of(problem)}).")
    except (CdsError, CommandError) as problem:
        stop(str(problem))


def _using(settings: "Settings", work: "Callable[[Connection], T]") -> T:
    def run(database: "Database") -> T:
        with database.transaction(writes=False) as connection:
            return work(connection)

    return _with_database(settings, run)


def _with_database(settings: "Settings", work: "Callable[[Database], T]") -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from cds_service.server import database_url
    from cds_service.store import Database, cause_of

    try:
        database = Database(database_url(settings))
        try:
            return work(database)
        finally:
            database.close()
    except SQLAlchemyError as problem:
        stop(f"The database cannot be used ({cause_of(problem)}).")
    except CdsError as problem:
        stop(str(problem))
