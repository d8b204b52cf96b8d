"""What outlives an answer: feedback, the decision log, served cards and seen tokens, in SQLite or PostgreSQL.

Nothing here decides anything about trials, and no answer waits for more than a bounded read. A patient is known by a
keyed hash only (`pseudonyms`). What happens when the database is away stands in docs/decisions/0009-store.md."""

from cds_service.store.address import database_address, make_state_dir
from cds_service.store.database import Database
from cds_service.store.decisions import (
    DESK_RECORDS,
    Decision,
    LoggedDecision,
    Rows,
    RuleSet,
    ServedCard,
    Versions,
    find_decisions,
    insert_decisions,
    rows_of,
)
from cds_service.store.digests import digest_of, is_request, request_digest
from cds_service.store.engines import open_engine
from cds_service.store.failures import StoreError, StoreUnavailable, cause_of
from cds_service.store.feedback import record_feedback
from cds_service.store.pruning import MOST_DELETED, prune
from cds_service.store.pseudonyms import Pseudonyms, kept_key
from cds_service.store.recorder import Recorder
from cds_service.store.report import NO_REASON, FeedbackReport, TrialFeedback, feedback_report
from cds_service.store.schema import head
from cds_service.store.suppression import (
    NOTHING,
    ORDER,
    REFER,
    CardQuestion,
    Policy,
    Suppressed,
    Suppression,
    dealt_with,
    held_back,
)
from cds_service.store.tables import decisions, feedback, metadata, rule_sets, seen_tokens, served_cards
from cds_service.store.tokens import SeenTokens

__all__ = [
    "DESK_RECORDS",
    "MOST_DELETED",
    "NOTHING",
    "NO_REASON",
    "ORDER",
    "REFER",
    "CardQuestion",
    "Database",
    "Decision",
    "FeedbackReport",
    "LoggedDecision",
    "Policy",
    "Pseudonyms",
    "Recorder",
    "Rows",
    "RuleSet",
    "SeenTokens",
    "ServedCard",
    "StoreError",
    "StoreUnavailable",
    "Suppressed",
    "Suppression",
    "TrialFeedback",
    "Versions",
    "cause_of",
    "database_address",
    "dealt_with",
    "decisions",
    "digest_of",
    "feedback",
    "feedback_report",
    "find_decisions",
    "head",
    "held_back",
    "insert_decisions",
    "is_request",
    "kept_key",
    "make_state_dir",
    "metadata",
    "open_engine",
    "prune",
    "record_feedback",
    "request_digest",
    "rows_of",
    "rule_sets",
    "seen_tokens",
    "served_cards",
]
