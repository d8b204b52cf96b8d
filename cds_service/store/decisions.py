"""The decision log: what was answered, to whom, on which rules, and everything it takes to compute it again.

The record itself is not kept, nor is the answer: both are the patient's. Their digests tell whether what is supplied
again is the same, and whether the same comes out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select

from cds_service.store.columns import document
from cds_service.store.digests import canonical, digest_of, request_digest
from cds_service.store.tables import decisions, rule_sets, served_cards
from cds_service.store.upserts import insert_missing

DESK_RECORDS = "(workbench)"
"""The client of answers about samples, and of feedback on them, in the rule author's desk; no client has such an id."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules behind an answer: file below the rules folder and the SHA-256 of its content."""

    files: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, files: Mapping[str, str]) -> "RuleSet":
        return cls(files, digest_of(canonical(document(files))))


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the service, the rule language and the JSONLogic engine."""

    service: str
    language: str
    engine: str


@dataclass(frozen=True, slots=True)
class ServedCard:
    """A card that went out. `suggestions`: the uuid of each, and whether accepting it means `refer` or `order`."""

    uuid: str
    trial: str
    key: str
    suggestions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer. `patient` and `encounter` are keyed hashes; `options` is JSON; `verdicts` is by trial id.

    `hook`: the hook that was answered; None where a version wrote it that knew only `patient-view`. `reading`: the
    version of the reading contract; None where a version wrote it that knew only the first. `site_digest`: of the
    site's folder; None where there was none. `unread`: entries that could not be read; None where nobody counted.
    """

    id: str
    hook_instance: str
    answered_at: datetime
    latency_ms: float
    client: str
    patient: str
    encounter: str | None
    as_of: date
    rules: RuleSet
    versions: Versions
    options: Mapping[str, Any]
    verdicts: Mapping[str, str]
    cards: Sequence[ServedCard]
    response_digest: str
    hook: str | None
    reading: int | None = None
    site_digest: str | None = None
    unread: int | None = None


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A decision as it is read back, with the digest of the request that it answered."""

    decision: Decision
    input_digest: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A decision as rows, ready to be inserted."""

    rules: RuleSet
    decision: Mapping[str, Any]
    cards: tuple[Mapping[str, Any], ...]


def rows_of(decision: Decision, request: bytes) -> Rows:
    """The rows for one answer to `request`, the body as it was read. Takes about 3 ms for a megabyte of it."""
    row = {
        "id": decision.id,
        "hook_instance": decision.hook_instance,
        "answered_at": decision.answered_at,
        "latency_ms": decision.latency_ms,
        "client": decision.client,
        "patient": decision.patient,
        "as_of": decision.as_of,
        "rule_set": decision.rules.digest,
        "service_version": decision.versions.service,
        "language_version": decision.versions.language,
        "engine_version": decision.versions.engine,
        "options": dict(decision.options),
        "verdicts": dict(decision.verdicts),
        "cards": [card.uuid for card in decision.cards],
        "input_digest": request_digest(request),
        "response_digest": decision.response_digest,
        "hook": decision.hook,
        "reading": decision.reading,
        "site_digest": decision.site_digest,
        "unread": decision.unread,
    }
    cards = tuple(
        {
            "client": decision.client,
            "uuid": card.uuid,
            "decision": decision.id,
            "served_at": decision.answered_at,
            "trial": card.trial,
            "card_key": card.key,
            "patient": decision.patient,
            "encounter": decision.encounter,
            "suggestions": dict(card.suggestions),
        }
        for card in decision.cards
    )
    return Rows(decision.rules, row, cards)


def insert_decisions(connection: Connection, batch: Iterable[Rows]) -> None:
    """Insert a batch. A card that was served before, by a repeated request, stays with the first decision."""
    batch = list(batch)
    rule_rows = {rows.rules.digest: {"digest": rows.rules.digest, "files": dict(rows.rules.files)} for rows in batch}
    insert_missing(connection, rule_sets, [rule_rows[digest] for digest in sorted(rule_rows)])
    insert_missing(connection, decisions, [rows.decision for rows in batch])
    cards = [card for rows in batch for card in rows.cards]
    insert_missing(connection, served_cards, sorted(cards, key=lambda card: (card["client"], card["uuid"])))


def find_decisions(connection: Connection, name: str) -> list[LoggedDecision]:
    """The decisions with that id or for that hook instance, the latest first."""
    wanted = name.lower()
    query = (
        select(decisions, rule_sets.c.files)
        .join(rule_sets, rule_sets.c.digest == decisions.c.rule_set)
        .where(or_(decisions.c.id == wanted, decisions.c.hook_instance == wanted))
        .order_by(decisions.c.answered_at.desc())
    )
    return [_logged(connection, row) for row in connection.execute(query).mappings()]


def _logged(connection: Connection, row: RowMapping) -> LoggedDecision:
    query = select(served_cards).where(served_cards.c.client == row["client"], served_cards.c.uuid.in_(row["cards"]))
    served = {card["uuid"]: card for card in connection.execute(query).mappings()}
    cards = tuple(
        ServedCard(uuid, served[uuid]["trial"], served[uuid]["card_key"], served[uuid]["suggestions"])
        for uuid in row["cards"]
        if uuid in served
    )
    decision = Decision(
        id=row["id"],
        hook_instance=row["hook_instance"],
        answered_at=row["answered_at"],
        latency_ms=row["latency_ms"],
        client=row["client"],
        patient=row["patient"],
        encounter=next((card["encounter"] for card in served.values()), None),
        as_of=row["as_of"],
        rules=RuleSet(row["files"], row["rule_set"]),
        versions=Versions(row["service_version"], row["language_version"], row["engine_version"]),
        options=row["options"],
        verdicts=row["verdicts"],
        cards=cards,
        response_digest=row["response_digest"],
        hook=row["hook"],
        reading=row["reading"],
        site_digest=row["site_digest"],
        unread=row["unread"],
    )
    return LoggedDecision(decision, row["input_digest"])
