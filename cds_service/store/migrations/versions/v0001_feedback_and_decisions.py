"""Feedback, decisions, served cards, rule sets and seen tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_INSTANT = sa.DateTime(timezone=True)
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _decisions()
    _served_cards()
    _feedback()
    _seen_tokens()


def _decisions() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("digest", sa.String(64), primary_key=True, comment="SHA-256 of `files` in canonical JSON"),
        sa.Column("files", _DOCUMENT, nullable=False, comment="file below the rules folder: SHA-256 of its content"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("hook_instance", sa.String(36), nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=False),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column(
            "client", sa.String(255), nullable=False, comment="name from the settings; empty without authentication"
        ),
        sa.Column("patient", sa.String(64), nullable=False, comment="keyed hash"),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rule_set", sa.String(64), sa.ForeignKey("rule_sets.digest"), nullable=False),
        sa.Column("service_version", sa.String(255), nullable=False),
        sa.Column("language_version", sa.String(255), nullable=False),
        sa.Column("engine_version", sa.String(255), nullable=False),
        sa.Column(
            "options", _DOCUMENT, nullable=False, comment="card options, and what was held back for this patient"
        ),
        sa.Column("verdicts", _DOCUMENT, nullable=False, comment="trial id: verdict"),
        sa.Column("cards", _DOCUMENT, nullable=False, comment="uuids, in the order shown"),
        sa.Column("input_digest", sa.String(64), nullable=False, comment="of the canonical request without tokens"),
        sa.Column("response_digest", sa.String(64), nullable=False, comment="of the body that was sent"),
    )
    op.create_index("ix_decisions_hook_instance", "decisions", ["hook_instance"])
    op.create_index("ix_decisions_answered_at", "decisions", ["answered_at"])


def _served_cards() -> None:
    op.create_table(
        "served_cards",
        sa.Column("client", sa.String(255), primary_key=True),
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("decision", sa.String(36), sa.ForeignKey("decisions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("served_at", _INSTANT, nullable=False),
        sa.Column("trial", sa.String(255), nullable=False),
        sa.Column("card_key", sa.String(255), nullable=False, comment="the same for a card that says the same"),
        sa.Column("patient", sa.String(64), nullable=False, comment="keyed hash"),
        sa.Column("encounter", sa.String(64), comment="keyed hash"),
        sa.Column(
            "suggestions", _DOCUMENT, nullable=False, comment="uuid: what accepting it means, `refer` or `order`"
        ),
    )
    op.create_index("ix_served_cards_patient", "served_cards", ["patient", "client"])
    op.create_index("ix_served_cards_decision", "served_cards", ["decision"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", _ROW, primary_key=True, autoincrement=True),
        sa.Column("item", sa.String(64), nullable=False, unique=True, comment="digest: the same item is kept once"),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("card", sa.String(255), nullable=False, comment="as sent; need not be a card of ours"),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_at", _INSTANT, nullable=False, comment="by the client's clock"),
        sa.Column("received_at", _INSTANT, nullable=False, comment="by ours"),
        sa.Column("suggestions", _DOCUMENT, nullable=False, comment="ids of accepted suggestions"),
        sa.Column("reasons", _DOCUMENT, nullable=False, comment="override reasons: code, system, display"),
        sa.Column("comment", sa.Text(), comment="the clinician's own words"),
    )
    op.create_index("ix_feedback_card", "feedback", ["card", "client"])
    op.create_index("ix_feedback_received_at", "feedback", ["received_at"])


def _seen_tokens() -> None:
    op.create_table(
        "seen_tokens",
        sa.Column("token", sa.String(64), primary_key=True, comment="digest of `iss` and `jti`"),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("expires", _INSTANT, nullable=False),
    )
    op.create_index("ix_seen_tokens_expires", "seen_tokens", ["expires"])


def downgrade() -> None:
    """Drop all tables, with what they hold."""
    for table in ("seen_tokens", "feedback", "served_cards", "decisions", "rule_sets"):
        op.drop_table(table)
