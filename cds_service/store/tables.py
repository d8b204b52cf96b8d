"""The tables. `migrations/` makes them; a test holds the two together."""

from sqlalchemy import BigInteger, Column, Date, Float, ForeignKey, Index, Integer, MetaData, Table

from cds_service.store.columns import BoundedText, FreeText, Instant, JsonColumn, SmallInteger

DIGEST = 64
"""Characters of a SHA-256 in hexadecimal."""
UUID = 36
NAME = 255
"""Most characters of a name or id that comes from outside and has an index over it: PostgreSQL's take 2,700 bytes."""

_Row = BigInteger().with_variant(Integer(), "sqlite")


metadata = MetaData()

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("digest", BoundedText(DIGEST), primary_key=True, comment="SHA-256 of `files` in canonical JSON"),
    Column("files", JsonColumn(), nullable=False, comment="file below the rules folder: SHA-256 of its content"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", BoundedText(UUID), primary_key=True),
    Column("hook_instance", BoundedText(UUID), nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("client", BoundedText(NAME), nullable=False, comment="name from the settings; empty without authentication"),
    Column("patient", BoundedText(DIGEST), nullable=False, comment="keyed hash"),
    Column("as_of", Date, nullable=False),
    Column("rule_set", ForeignKey("rule_sets.digest"), nullable=False),
    Column("service_version", BoundedText(NAME), nullable=False),
    Column("language_version", BoundedText(NAME), nullable=False),
    Column("engine_version", BoundedText(NAME), nullable=False),
    Column("options", JsonColumn(), nullable=False, comment="card options, and what was held back for this patient"),
    Column("verdicts", JsonColumn(), nullable=False, comment="trial id: verdict"),
    Column("cards", JsonColumn(), nullable=False, comment="uuids, in the order shown"),
    Column("input_digest", BoundedText(DIGEST), nullable=False, comment="of the canonical request without tokens"),
    Column("response_digest", BoundedText(DIGEST), nullable=False, comment="of the body that was sent"),
    Column("hook", BoundedText(NAME), comment="that was answered; null: patient-view, before there were others"),
    Column("reading", SmallInteger, comment="version of the reading contract; null: 1, before there were others"),
    Column("site_digest", BoundedText(DIGEST), comment="SHA-256 over the files of the site's folder; null: none"),
    Column("unread", SmallInteger, comment="entries of the record that could not be read; null: not counted"),
    Index("ix_decisions_hook_instance", "hook_instance"),
    Index("ix_decisions_answered_at", "answered_at"),
    Index("ix_decisions_rule_set", "rule_set"),
)

served_cards = Table(
    "served_cards",
    metadata,
    Column("client", BoundedText(NAME), primary_key=True),
    Column("uuid", BoundedText(UUID), primary_key=True),
    Column("decision", ForeignKey("decisions.id", ondelete="CASCADE"), nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("trial", BoundedText(NAME), nullable=False),
    Column("card_key", BoundedText(NAME), nullable=False, comment="the same for a card that says the same"),
    Column("patient", BoundedText(DIGEST), nullable=False, comment="keyed hash"),
    Column("encounter", BoundedText(DIGEST), comment="keyed hash"),
    Column("suggestions", JsonColumn(), nullable=False, comment="uuid: what accepting it means, `refer` or `order`"),
    Index("ix_served_cards_patient", "patient", "client"),
    Index("ix_served_cards_decision", "decision"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", _Row, primary_key=True, autoincrement=True),
    Column("item", BoundedText(DIGEST), nullable=False, unique=True, comment="digest: the same item is kept once"),
    Column("client", BoundedText(NAME), nullable=False),
    Column("card", BoundedText(NAME), nullable=False, comment="as sent; need not be a card of ours"),
    Column("outcome", BoundedText(16), nullable=False),
    Column("outcome_at", Instant, nullable=False, comment="by the client's clock"),
    Column("received_at", Instant, nullable=False, comment="by ours"),
    Column("suggestions", JsonColumn(), nullable=False, comment="ids of accepted suggestions"),
    Column("reasons", JsonColumn(), nullable=False, comment="override reasons: code, system, display"),
    Column("comment", FreeText, comment="the clinician's own words"),
    Index("ix_feedback_card", "card", "client"),
    Index("ix_feedback_received_at", "received_at"),
)

seen_tokens = Table(
    "seen_tokens",
    metadata,
    Column("token", BoundedText(DIGEST), primary_key=True, comment="digest of `iss` and `jti`"),
    Column("issuer", BoundedText(NAME), nullable=False),
    Column("expires", Instant, nullable=False),
    Index("ix_seen_tokens_expires", "expires"),
)
