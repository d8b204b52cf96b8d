"""Bringing the database to the schema that this version works with, and back.

Whoever comes first does the work and all others wait: each worker process does this when it starts. It is one
transaction, so a migration is there whole or not at all. Migrations only add, so a database that a later version has
already migrated serves this one as well (a release that is rolled back, or one that is being rolled out).

Alembic is imported where there is something to migrate: what finds its database as it should be starts without it.
"""

import re
import sqlite3
import time
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from cds_service.store.engines import WAIT_SECONDS, WRITES

if TYPE_CHECKING:
    from alembic.config import Config

EMPTY = "base"
_MIGRATIONS = "cds_service.store.migrations"
_VERSION_TABLE = "alembic_version"
_VERSION_FILE = re.compile(r"v([0-9]{4})_\w+\.py")
_LOCK = 0x6364735F7376
"""Key of the advisory lock in PostgreSQL, this project's own: "cds_sv" in ASCII."""


def upgrade(engine: Engine) -> str:
    """Bring the schema to this version's; do nothing where it is there or a later version's. Gives the revision."""

    def run(connection: Connection) -> str:
        current = revision(connection)
        if current is None or (current in _revisions() and current != head()):
            from alembic import command  # noqa: PLC0415

            command.upgrade(_config(connection), head())
        return revision(connection) or EMPTY

    return _locked(engine, run)


def downgrade(engine: Engine, target: str) -> str:
    """Bring the schema back to revision `target`, with the loss of what only later ones hold. Gives the revision."""
    from alembic import command  # noqa: PLC0415

    def run(connection: Connection) -> str:
        command.downgrade(_config(connection), target)
        return revision(connection) or EMPTY

    return _locked(engine, run)


def head() -> str:
    """The revision that this version works with."""
    return _revisions()[-1]


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for one without any of our tables."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar_one_or_none()


@cache
def _revisions() -> tuple[str, ...]:
    """All revisions, the first one first. A revision's file begins with its number, `v0001_…`."""
    names = [_VERSION_FILE.fullmatch(file.name) for file in files(f"{_MIGRATIONS}.versions").iterdir()]
    return tuple(sorted(name[1] for name in names if name is not None))


def _locked(engine: Engine, run: Callable[[Connection], str]) -> str:
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            # Migrations of a large table, and the wait for another replica's, may take longer than a request.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        return run(connection)


def _write_ahead(engine: Engine) -> None:
    """SQLite's write-ahead log, a property of the file: readers don't wait for writers."""
    deadline = time.monotonic() + WAIT_SECONDS
    with engine.connect() as connection:
        # Below SQLAlchemy, which would begin a transaction, and in one the mode can't be changed.
        driver: Any = connection.connection.driver_connection
        while True:
            try:
                driver.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.Error as error:
                # Changing the mode does not wait for a lock as everything else does.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise OperationalError("PRAGMA journal_mode", None, error) from error
                time.sleep(0.02)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
