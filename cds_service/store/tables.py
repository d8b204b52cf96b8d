"""The tables. `migrations/` makes them; a test holds the two together."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

DIGEST = 64
"""Characters of a SHA-256 in hexadecimal."""
UUID = 36
NAME = 255
"""Most characters of a name or id that comes from outside and has an index over it: PostgreSQL's take 2,700 bytes."""

_Row = BigInteger().with_variant(Integer(), "sqlite")


class Document(TypeDecorator[Any]):
    """JSON; in PostgreSQL JSONB, whose dialect is imported there only."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415

            return dialect.type_descriptor(JSONB())
        return super().load_dialect_impl(dialect)


class Instant(TypeDecorator[datetime]):
    """A moment, always with its zone in Python; SQLite keeps it as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData()

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("digest", String(DIGEST), primary_key=True, comment="SHA-256 of `files` in canonical JSON"),
    Column("files", Document(), nullable=False, comment="file below the rules folder: SHA-256 of its content"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(UUID), primary_key=True),
    Column("hook_instance", String(UUID), nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("client", String(NAME), nullable=False, comment="name from the settings; empty without authentication"),
    Column("patient", String(DIGEST), nullable=False, comment="keyed hash"),
    Column("as_of", Date, nullable=False),
    Column("rule_set", ForeignKey("rule_sets.digest"), nullable=False),
    Column("service_version", String(NAME), nullable=False),
    Column("language_version", String(NAME), nullable=False),
    Column("engine_version", String(NAME), nullable=False),
    Column("options", Document(), nullable=False, comment="card options, and what was held back for this patient"),
    Column("verdicts", Document(), nullable=False, comment="trial id: verdict"),
    Column("cards", Document(), nullable=False, comment="uuids, in the order shown"),
    Column("input_digest", String(DIGEST), nullable=False, comment="of the canonical request without tokens"),
    Column("response_digest", String(DIGEST), nullable=False, comment="of the body that was sent"),
    Column("hook", String(NAME), comment="that was answered; null: patient-view, before there were others"),
    Column("reading", Integer, comment="version of the reading contract; null: 1, before there were others"),
    Column("site_digest", String(DIGEST), comment="SHA-256 over the files of the site's folder; null: none"),
    Column("unread", Integer, comment="entries of the record that could not be read; null: not counted"),
    Index("ix_decisions_hook_instance", "hook_instance"),
    Index("ix_decisions_answered_at", "answered_at"),
)

served_cards = Table(
    "served_cards",
    metadata,
    Column("client", String(NAME), primary_key=True),
    Column("uuid", String(UUID), primary_key=True),
    Column("decision", ForeignKey("decisions.id", ondelete="CASCADE"), nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("trial", String(NAME), nullable=False),
    Column("card_key", String(NAME), nullable=False, comment="the same for a card that says the same"),
    Column("patient", String(DIGEST), nullable=False, comment="keyed hash"),
    Column("encounter", String(DIGEST), comment="keyed hash"),
    Column("suggestions", Document(), nullable=False, comment="uuid: what accepting it means, `refer` or `order`"),
    Index("ix_served_cards_patient", "patient", "client"),
    Index("ix_served_cards_decision", "decision"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", _Row, primary_key=True, autoincrement=True),
    Column("item", String(DIGEST), nullable=False, unique=True, comment="digest: the same item is kept once"),
    Column("client", String(NAME), nullable=False),
    Column("card", String(NAME), nullable=False, comment="as sent; need not be a card of ours"),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", Instant, nullable=False, comment="by the client's clock"),
    Column("received_at", Instant, nullable=False, comment="by ours"),
    Column("suggestions", Document(), nullable=False, comment="ids of accepted suggestions"),
    Column("reasons", Document(), nullable=False, comment="override reasons: code, system, display"),
    Column("comment", Text, comment="the clinician's own words"),
    Index("ix_feedback_card", "card", "client"),
    Index("ix_feedback_received_at", "received_at"),
)

seen_tokens = Table(
    "seen_tokens",
    metadata,
    Column("token", String(DIGEST), primary_key=True, comment="digest of `iss` and `jti`"),
    Column("issuer", String(NAME), nullable=False),
    Column("expires", Instant, nullable=False),
    Index("ix_seen_tokens_expires", "expires"),
)
