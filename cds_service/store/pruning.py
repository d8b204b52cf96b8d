"""Deleting what is old, in transactions that are short: nobody who writes meanwhile waits for more than one of them.

The feedback on a card goes with its age, not with the card's.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

from cds_service.store.database import Database
from cds_service.store.tables import decisions, feedback, rule_sets, served_cards

MOST_DELETED = 200
"""Most rows that a transaction deletes: some milliseconds."""


def prune(database: Database, before: datetime, pause: Callable[[], object]) -> dict[str, int]:
    """Delete what is older than `before`. Gives the number of rows by table. Raises StoreUnavailable.

    `pause` is called between two transactions; it lets others come first: SQLite's writers don't stand in line. Where
    this ends halfway, what is gone is gone, and no card is left without its decision.
    """
    gone: Counter[str] = Counter(served_cards=0, decisions=0, feedback=0)
    while old := _old_decisions(database, before):
        gone["served_cards"] += delete_in_batches(database, served_cards, served_cards.c.decision.in_(old), pause)
        gone["decisions"] += delete_in_batches(database, decisions, decisions.c.id.in_(old), pause)
    gone["feedback"] = delete_in_batches(database, feedback, feedback.c.received_at < before, pause)
    _forget_rules(database, pause)
    return dict(gone)


def delete_in_batches(
    database: Database,
    table: Table,
    which: ColumnElement[bool],
    pause: Callable[[], object],
    *,
    durable: bool = True,
    most: int = MOST_DELETED,
) -> int:
    """Delete the rows for which `which` holds, at most `most` in a transaction. Gives how many. Raises
    StoreUnavailable."""
    key = tuple_(*table.primary_key.columns)
    some = delete(table).where(key.in_(select(*table.primary_key.columns).where(which).limit(most)))
    total = 0
    while True:
        with database.transaction(writes=True, durable=durable) as connection:
            number = connection.execute(some).rowcount
        total += number
        if number < most:
            return total
        pause()


def _old_decisions(database: Database, before: datetime) -> list[str]:
    query = select(decisions.c.id).where(decisions.c.answered_at < before).order_by(decisions.c.answered_at)
    with database.transaction(writes=False) as connection:
        return list(connection.execute(query.limit(MOST_DELETED)).scalars())


def _forget_rules(database: Database, pause: Callable[[], object]) -> None:
    """Rules that no decision rests on any more; those that run now come back with the next decision."""
    unused = ~select(decisions.c.id).where(decisions.c.rule_set == rule_sets.c.digest).exists()

    def find(connection: Connection) -> list[str]:
        return list(connection.execute(select(rule_sets.c.digest).where(unused)).scalars())

    with database.transaction(writes=False) as connection:
        digests = find(connection)
    for digest in digests:
        delete_in_batches(database, rule_sets, (rule_sets.c.digest == digest) & unused, pause)
        pause()
