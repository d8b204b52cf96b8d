"""Deleting what is old. The feedback on a card goes with its age, not with the card's."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from cds_service.store.tables import decisions, feedback, rule_sets, served_cards


def prune(connection: Connection, before: datetime) -> dict[str, int]:
    """Delete what is older than `before`. Gives the number of rows by table."""
    served = delete(served_cards).where(
        served_cards.c.decision.in_(select(decisions.c.id).where(decisions.c.answered_at < before))
    )
    gone = {
        "served_cards": connection.execute(served).rowcount,
        "decisions": connection.execute(delete(decisions).where(decisions.c.answered_at < before)).rowcount,
        "feedback": connection.execute(delete(feedback).where(feedback.c.received_at < before)).rowcount,
    }
    # Rules that no decision rests on any more; those that run now come back with the next decision.
    connection.execute(delete(rule_sets).where(rule_sets.c.digest.not_in(select(decisions.c.rule_set))))
    return gone
