"""What `explain` prints: every criterion of every trial, and every fact, with the evidence."""

from cds_service.explanation.facts import fact_sheet
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
    "Undetermined",
    "UnreadEntry",
    "by_words",
    "each_once",
    "evidence_of",
    "explain",
    "fact_sheet",
    "is_misread",
    "none_readable",
    "response",
    "said",
    "sentence",
    "undetermined",
    "unread_counts",
    "unread_entries",
    "unread_in",
    "unreadable_conditions",
]
