"""What the words of an entry say: which value sets they name or may tell of, and whether it is denied or doubted."""

from cds_service.facts.words.cues import Cue, Cues, CueTable, load_cues
from cds_service.facts.words.entry import EntryWords, PhraseIndex, WordReader
from cds_service.facts.words.folding import Token, folded, tokens
from cds_service.facts.words.lexicon import Lexicon, load_lexicon
from cds_service.facts.words.telling import Telling, load_telling

__all__ = [
    "Cue",
    "CueTable",
    "Cues",
    "EntryWords",
    "Lexicon",
    "PhraseIndex",
    "Telling",
    "Token",
    "WordReader",
    "folded",
    "load_cues",
    "load_lexicon",
    "load_telling",
    "tokens",
]
