"""INSERT that leaves alone what is there already: SQLite and PostgreSQL write it alike, SQLAlchemy does not.

Pass rows in the order of their keys: then two transactions that insert the same rows wait for each other once and not
in a circle.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table

Row = Mapping[str, Any]


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose primary key, or unique column, is not there yet. Gives how many are new.

    A statement takes up to a thousand rows (SQLAlchemy's `insertmanyvalues`), and says which it has inserted.
    """
    if not rows:
        return 0
    [key, *_] = table.primary_key.columns
    return len(connection.execute(_statement(connection, table).returning(key), rows).all())


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """The same at once, where nobody asks how many are new."""
    if rows:
        connection.execute(_statement(connection, table), rows)


def _statement(connection: Connection, table: Table) -> Insert:
    # The dialect of the database is there by now, the other one is not needed.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table).on_conflict_do_nothing()
