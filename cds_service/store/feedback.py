"""Keeping feedback. Once `record_feedback` has returned, it is on the disk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cds_service.cds_hooks import Feedback
from cds_service.store.columns import bounded, document
from cds_service.store.database import Database
from cds_service.store.digests import canonical, digest_of
from cds_service.store.failures import REFUSED, StoreUnavailable, cause_of
from cds_service.store.tables import NAME, feedback
from cds_service.store.upserts import insert_new


def record_feedback(
    database: Database, client: str, items: Sequence[Feedback], received_at: datetime, *, keep_comments: bool
) -> int:
    """Keep the items of a batch, all or none. Gives how many are new: the same item counts once.

    Another outcome for the same card, or the same at another time, is another item. Raises StoreUnavailable; then
    nothing was kept.
    """
    try:
        # Of many that are equal one digest is enough.
        different = dict.fromkeys(items)
        rows = {row["item"]: row for row in (_row(client, item, received_at, keep_comments) for item in different)}
        with database.transaction(writes=True) as connection:
            return insert_new(connection, feedback, [rows[key] for key in sorted(rows)])
    except REFUSED as refused:
        # The columns take anything (`columns`); should they not, what is refused must not be acknowledged.
        raise StoreUnavailable(cause_of(refused)) from None


def _row(client: str, item: Feedback, received_at: datetime, keep_comments: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "client": bounded(client, NAME),
        "card": bounded(item.card, NAME),
        "outcome": item.outcome,
        "suggestions": list(item.suggestions),
        "reasons": [{"code": r.code, "system": r.system, "display": r.display} for r in item.reasons],
    }
    moment = item.outcome_at.isoformat()
    return {
        **content,
        # The comment is part of what makes an item the same, kept or not.
        "item": digest_of(canonical(document({**content, "outcome_at": moment, "comment": item.comment}))),
        "outcome_at": item.outcome_at,
        "received_at": received_at,
        "comment": item.comment if keep_comments else None,
    }
