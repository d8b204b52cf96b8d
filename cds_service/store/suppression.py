"""What is not shown again: trials that a clinician has dealt with for this patient, and cards of this encounter."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cds_service.store.database import Database
from cds_service.store.failures import StoreUnavailable
from cds_service.store.tables import feedback, served_cards
from cds_service.store.timed_queries import TimedQueries

REFER = "refer"
ORDER = "order"

DEADLINE_SECONDS = 0.15
"""Longest that an answer waits for this. A database on the same network takes a millisecond or two."""
_THREADS = 4

Row = Mapping[Any, Any]

IsLasting = Callable[[str, str], bool]
"""Whether an override reason (system, code) is about patient and trial and not about the moment."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """For one patient: ids of trials, and keys of cards (`cards.Card.key`), that are not to be shown."""

    trials: frozenset[str] = field(default_factory=frozenset)
    cards: frozenset[str] = field(default_factory=frozenset)


NOTHING = Suppressed()


@dataclass(frozen=True, slots=True)
class Policy:
    """For how many days a trial stays away once dealt with (0: never), and whether an encounter repeats no card."""

    days: int
    once_per_encounter: bool


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """Whose cards: keyed hashes, within the records of `client`."""

    client: str
    patient: str
    encounter: str | None
    policy: Policy


class Suppression:
    """Looks up beside the computing of an answer. Where the database fails or is slow, nothing is held back."""

    def __init__(
        self, database: Database, is_lasting: IsLasting, now: Callable[[], datetime], failed: Callable[[], None]
    ) -> None:
        """`failed` is called each time that the database did not answer, or not in time."""
        self._prompt = TimedQueries[Suppressed](database, writes=False, threads=_THREADS)
        self._is_lasting = is_lasting
        self._now = now
        self._failed = failed

    def ask(self, question: CardQuestion) -> "Future[Suppressed] | None":
        """Start looking. None where there is no point in it."""
        if not (question.policy.days or (question.policy.once_per_encounter and question.encounter)):
            return None
        try:
            return self._prompt.start(lambda connection: held_back(connection, question, self._now(), self._is_lasting))
        except StoreUnavailable:
            self._failed()
            return None

    def result(self, asked: "Future[Suppressed] | None", seconds: float | None = None) -> Suppressed:
        """What was found, or nothing if it takes longer than `seconds`, or else the deadline. Never raises."""
        if asked is None:
            return NOTHING
        try:
            return self._prompt.result(asked, DEADLINE_SECONDS if seconds is None else seconds)
        except StoreUnavailable:
            self._failed()
            return NOTHING

    def close(self) -> None:
        """End its threads."""
        self._prompt.close()


# Made once: SQLAlchemy takes longer to put a statement together than SQLite to answer it.
_MINE = (served_cards.c.patient == bindparam("patient")) & (served_cards.c.client == bindparam("client"))
_DEALT_WITH = (
    select(
        served_cards.c.uuid,
        served_cards.c.trial,
        served_cards.c.card_key,
        served_cards.c.suggestions.label("served"),
        feedback.c.outcome,
        feedback.c.suggestions,
        feedback.c.reasons,
    )
    .join(feedback, (feedback.c.card == served_cards.c.uuid) & (feedback.c.client == served_cards.c.client))
    .where(_MINE, feedback.c.received_at >= bindparam("since"))
    .order_by(feedback.c.outcome_at, feedback.c.id)
)
_IN_ENCOUNTER = select(served_cards.c.card_key).where(_MINE, served_cards.c.encounter == bindparam("encounter"))


def held_back(connection: Connection, question: CardQuestion, now: datetime, is_lasting: IsLasting) -> Suppressed:
    """What to hold back at `now`."""
    policy = question.policy
    whose = {"patient": question.patient, "client": question.client}
    found = NOTHING
    if policy.days:
        rows = connection.execute(_DEALT_WITH, {**whose, "since": now - timedelta(days=policy.days)})
        found = dealt_with(rows.mappings().all(), is_lasting)
    if policy.once_per_encounter and question.encounter is not None:
        keys = connection.execute(_IN_ENCOUNTER, {**whose, "encounter": question.encounter}).scalars()
        found = Suppressed(found.trials, found.cards.union(keys))
    return found


def dealt_with(rows: Iterable[Row], is_lasting: IsLasting) -> Suppressed:
    """What the feedback on this patient's cards, in the order of its time, says about showing them again.

    * Referring, or accepting without saying what: the trial is not shown.
    * Accepting nothing but orders for tests: the *same* card is not shown. With the results it becomes another one.
    * Overriding for a lasting reason: the trial is not shown. Of several overrides of one card the last counts.
    """
    trials, cards = set(), set()
    by_card: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_card[row["uuid"]].append(row)
    for given in by_card.values():
        trial, key, served = given[0]["trial"], given[0]["card_key"], given[0]["served"]
        overrides = [row for row in given if row["outcome"] == "overridden"]
        accepted = [row for row in given if row["outcome"] == "accepted"]
        if any(not _only_orders(row["suggestions"], served) for row in accepted):
            trials.add(trial)
        elif accepted:
            cards.add(key)
        if overrides and any(is_lasting(r["system"], r["code"]) for r in overrides[-1]["reasons"]):
            trials.add(trial)
    return Suppressed(frozenset(trials), frozenset(cards))


def _only_orders(accepted: list[str], served: Mapping[str, str]) -> bool:
    return bool(accepted) and all(served.get(suggestion) == ORDER for suggestion in accepted)
