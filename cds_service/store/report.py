"""What became of the cards: per trial how many were served, accepted and overridden, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from cds_service.store.decisions import DESK_RECORDS
from cds_service.store.tables import feedback, served_cards

UNKNOWN = ""
"""In place of a trial: feedback on cards that the log does not hold."""
NO_REASON = "no reason given"


@dataclass(slots=True)
class TrialFeedback:
    """Of one trial. Each card counts once under an outcome, however often the client reported it.

    `unanswered`: no client reports that a card was ignored, so that is what is left. `reasons` counts cards by the
    override reason's code; a card may have several. `comments` are the clinicians' own words.
    """

    served: int = 0
    accepted: int = 0
    overridden: int = 0
    unanswered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    comments: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """By trial id, in their order. `unknown` is the feedback on cards that are not in the log."""

    trials: Mapping[str, TrialFeedback]
    unknown: TrialFeedback

    def as_json(self) -> dict[str, Any]:
        """For `cds-service report feedback --format json`."""
        return {
            "trials": [{"id": trial, **_json(found)} for trial, found in self.trials.items()],
            "unknown_cards": _json(self.unknown),
        }


def feedback_report(connection: Connection, since: datetime | None = None) -> FeedbackReport:
    """The report, on cards served (for unknown cards: feedback received) at or after `since`.

    What somebody tried out on samples, in the rule author's desk, is no part of it.
    """
    found: dict[str, TrialFeedback] = defaultdict(TrialFeedback)
    counts = select(served_cards.c.trial, func.count()).where(served_cards.c.client != DESK_RECORDS)
    counts = counts.group_by(served_cards.c.trial)
    for trial, number in connection.execute(_from(counts, served_cards.c.served_at, since)):
        found[trial].served = number
    cards: dict[tuple[str, str, str], list[RowMapping]] = defaultdict(list)
    for row in _feedback(connection, since):
        cards[row["trial"] or UNKNOWN, row["client"], row["card"]].append(row)
    for (trial, _, _), rows in sorted(cards.items()):
        _count(found[trial], rows)
    unknown = found.pop(UNKNOWN, TrialFeedback())
    answered = Counter(trial for trial, _, _ in cards)
    for trial, counted in found.items():
        counted.unanswered = max(0, counted.served - answered[trial])
    return FeedbackReport(dict(sorted(found.items())), unknown)


def _feedback(connection: Connection, since: datetime | None) -> Iterator[RowMapping]:
    same = (served_cards.c.uuid == feedback.c.card) & (served_cards.c.client == feedback.c.client)
    query = select(feedback, served_cards.c.trial).outerjoin(served_cards, same).order_by(feedback.c.outcome_at)
    query = query.where(feedback.c.client != DESK_RECORDS)
    moment = func.coalesce(served_cards.c.served_at, feedback.c.received_at)
    yield from connection.execute(_from(query, moment, since)).mappings()


def _from(query: Any, moment: Any, since: datetime | None) -> Any:
    return query if since is None else query.where(moment >= since)


def _count(found: TrialFeedback, rows: list[RowMapping]) -> None:
    overrides = [row for row in rows if row["outcome"] == "overridden"]
    found.accepted += len(overrides) < len(rows)
    found.overridden += bool(overrides)
    if overrides:
        reasons = {r["code"] or r["display"] for row in overrides for r in row["reasons"]}
        found.reasons.update(reasons or {NO_REASON})
    found.comments += [row["comment"] for row in rows if row["comment"]]


def _json(found: TrialFeedback) -> dict[str, Any]:
    return {
        "served": found.served,
        "accepted": found.accepted,
        "overridden": found.overridden,
        "unanswered": found.unanswered,
        "reasons": dict(found.reasons.most_common()),
        "comments": found.comments,
    }
