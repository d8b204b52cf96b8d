"""Writing a batch of decisions so that one which cannot be written costs no other.

A row that is refused is known by what the database says. One that only looks like an outage, such as a document that
takes the server longer than it may, is known by this: rows beside it were written in the same pass.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.store.database import Database
from cds_service.store.decisions import Rows, insert_decisions
from cds_service.store.failures import REFUSED, StoreUnavailable, cause_of


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch: how many were written; those refused for good, and why; those that failed while the
    database took a write of its own; and those that were not tried."""

    number: int
    refused: Sequence[tuple[Rows, str]] = ()
    failed: Sequence[Rows] = ()
    untried: Sequence[Rows] = ()


def write_batch(database: Database, batch: Sequence[Rows], seconds: float) -> BatchResult:
    """Write all at once, or else one by one for about `seconds`. Raises StoreUnavailable where nothing can be
    written."""
    try:
        _insert(database, batch)
        return BatchResult(len(batch))
    except StoreUnavailable:
        database.ping()
    except REFUSED:
        pass
    return _singly(database, batch, seconds)


def _singly(database: Database, batch: Sequence[Rows], seconds: float) -> BatchResult:
    number, refused, failed = 0, list[tuple[Rows, str]](), list[Rows]()
    over = time.monotonic() + seconds
    for n, rows in enumerate(batch):
        try:
            _insert(database, [rows])
            number += 1
        except StoreUnavailable:
            failed.append(rows)
            if not _takes_writes(database):
                return BatchResult(number, refused, (), [*failed, *batch[n + 1 :]])
        except REFUSED as error:
            refused.append((rows, cause_of(error)))
        if time.monotonic() > over:
            return BatchResult(number, refused, failed, batch[n + 1 :])
    return BatchResult(number, refused, failed)


def _insert(database: Database, batch: Sequence[Rows]) -> None:
    with database.transaction(writes=True) as connection:
        insert_decisions(connection, batch)


def _takes_writes(database: Database) -> bool:
    try:
        database.ping()
    except StoreUnavailable:
        return False
    return True
