"""What `explain` prints: every criterion of every trial, and every fact, with the evidence."""

from cds_service.explanation.facts import fact_sheet
from cds_service.explanation.no_cards import in_short, in_the_way, why_no_cards
from cds_service.explanation.plain_words import OUTCOME_WORDS, VERDICT_WORDS, PlainWords
from cds_service.explanation.reason_words import REASON_WORDS, reason_words
from cds_service.explanation.standings import CriterionStanding, TrialStanding, standings
from cds_service.explanation.trials import each_once, evidence_of, explain, said
from cds_service.explanation.undetermined import (
    EXTENSION,
    MOST_NAMED,
    Undetermined,
    is_misread,
    none_readable,
    response,
    sentence,
    undetermined,
    unreadable_conditions,
)
from cds_service.explanation.unread import UnreadEntry, by_words, unread_counts, unread_entries, unread_in

__all__ = [
    "EXTENSION",
    "MOST_NAMED",
    "OUTCOME_WORDS",
    "REASON_WORDS",
    "VERDICT_WORDS",
    "CriterionStanding",
    "PlainWords",
    "TrialStanding",
    "Undetermined",
    "UnreadEntry",
    "by_words",
    "each_once",
    "evidence_of",
    "explain",
    "fact_sheet",
    "in_short",
    "in_the_way",
    "is_misread",
    "none_readable",
    "reason_words",
    "response",
    "said",
    "sentence",
    "standings",
    "undetermined",
    "unread_counts",
    "unread_entries",
    "unread_in",
    "unreadable_conditions",
    "why_no_cards",
]
