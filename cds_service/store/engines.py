"""Connections: transactions that are durable before they return, and never wait without bound."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from cds_service.store.sqlite_file import may_not_be_written, opened_only

WAIT_SECONDS = 5
"""Longest wait for another transaction's lock, or for one statement."""
_CONNECT_SECONDS = 3

WRITES = "cds_writes"
"""Execution option of a connection whose transaction will write."""


def open_engine(url: URL, *, durable: bool = True, makes_file: bool = True) -> Engine:
    """An engine for `url`; nothing is connected yet.

    Not `durable`: a commit may be lost with the power (not with the process), and costs no wait for the disk. Unless it
    `makes_file`, a file of SQLite that is not there is an outage.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, durable, makes_file)
    return _postgresql(url, durable)


def _sqlite(url: URL, durable: bool, makes_file: bool) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": WAIT_SECONDS}, pool_timeout=WAIT_SECONDS)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Dialect, _entry: Any, arguments: list[Any], keywords: dict[str, Any]) -> None:
        if makes_file:
            return
        if may_not_be_written(url):
            # SQLite would open it for reading, and make journals beside it that may not be written either, for good.
            raise sqlite3.OperationalError("the file may not be written")
        if not keywords.get("uri"):
            arguments[0] = opened_only(arguments[0])
            keywords["uri"] = True

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # The driver's own idea of when a transaction starts leaves out SELECT and DDL.
        connection.isolation_level = None
        for pragma in (f"synchronous = {'FULL' if durable else 'NORMAL'}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail at once where another one wrote in between.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL, durable: bool) -> Engine:
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        # A host that vanishes without a word is noticed within seconds, not within the system's quarter of an hour.
        "keepalives_idle": 10,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": WAIT_SECONDS * 1000,
        "application_name": "cds-service",
        # Prepared statements belong to one server connection, which a pooler such as PgBouncer changes at will.
        "prepare_threshold": None,
    }
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={key: value for key, value in defaults.items() if key not in url.query},
        pool_pre_ping=True,
        pool_timeout=WAIT_SECONDS,
    )
    # Per transaction, because a pooler does not keep what a session sets. In a zone other than UTC the last hours of
    # the year 9999 could be written and not be read again.
    limits = (
        "SET LOCAL TimeZone = 'UTC';"
        f"SET LOCAL statement_timeout = '{WAIT_SECONDS}s';"
        f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s';"
        f"SET LOCAL synchronous_commit = {'on' if durable else 'off'}"
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(limits)

    return engine
