"""What the words of an entry say: what they name, and what of it is denied, doubted, past or somebody else's."""

from cds_service.facts.words.cues import Cue, Cues, CueTable, load_cues
from cds_service.facts.words.entry import EntryWords, PhraseIndex, WordReader
from cds_service.facts.words.folding import Token, folded, tokens

__all__ = [
    "Cue",
    "CueTable",
    "Cues",
    "EntryWords",
    "PhraseIndex",
    "Token",
    "WordReader",
    "folded",
    "load_cues",
    "tokens",
]
