"""Bringing the database to the schema that this version works with, and back.

Whoever comes first does the work and all others wait: each worker process does this when it starts. It is one
transaction, so a migration is there whole or not at all. Migrations only add, so a database that a later version has
already migrated serves this one as well (a release that is rolled back, or one that is being rolled out).
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from cds_service.store.engines import WAIT_SECONDS, WRITES

HEAD = "head"
EMPTY = "base"
_LOCK = 0x6364735F7376
"""Key of the advisory lock in PostgreSQL, this project's own: "cds_sv" in ASCII."""


def upgrade(engine: Engine) -> str:
    """Bring the schema to this version's; do nothing where it is there or a later version's. Gives the revision."""

    def run(connection: Connection, config: Config) -> str:
        current = revision(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is None or (current in known and current != head()):
            command.upgrade(config, HEAD)
        return revision(connection) or EMPTY

    return _locked(engine, run)


def downgrade(engine: Engine, target: str) -> str:
    """Bring the schema back to revision `target`, with the loss of what only later ones hold. Gives the revision."""

    def run(connection: Connection, config: Config) -> str:
        command.downgrade(config, target)
        return revision(connection) or EMPTY

    return _locked(engine, run)


def head() -> str:
    """The revision that this version works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or EMPTY


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for one without any of our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def _locked(engine: Engine, run: Callable[[Connection, Config], str]) -> str:
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            # Migrations of a large table, and the wait for another replica's, may take longer than a request.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config = _config()
        config.attributes["connection"] = connection
        return run(connection, config)


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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
