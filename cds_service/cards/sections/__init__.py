"""The parts of a card's detail, each made into plain lines."""

from cds_service.cards.sections.evidence import EvidenceLines
from cds_service.cards.sections.missing import UNREAD, missing_words
from cds_service.cards.sections.near import NearWords
from cds_service.cards.sections.sentences import capped, counted_noun, listed, sentence, within

__all__ = [
    "UNREAD",
    "EvidenceLines",
    "NearWords",
    "capped",
    "counted_noun",
    "listed",
    "missing_words",
    "sentence",
    "within",
]
