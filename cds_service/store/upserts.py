"""INSERT that leaves alone what is there already: SQLite and PostgreSQL write it alike, SQLAlchemy does not."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose primary key, or unique column, is not there yet. Gives how many are new.

    Pass rows in the order of their keys: then two transactions that insert the same rows wait for each other once and
    not in a circle.
    """
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(insert(table).on_conflict_do_nothing(), rows).rowcount
