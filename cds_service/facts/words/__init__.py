"""What the words of an entry say: what they name, and what of it is denied, doubted, past or somebody else's."""

from cds_service.facts.words.cues import Cue, Cues, CueTable, load_cues
from cds_service.facts.words.entry import EntryWords, PhraseIndex, WordReader
from cds_service.facts.words.everyday import Everyday, EverydayTable, load_everyday
from cds_service.facts.words.folding import Token, folded, tokens
from cds_service.facts.words.own_phrases import (
    SITE_PHRASES,
    OwnPhrases,
    PhraseError,
    PhraseFile,
    WrittenPhrase,
    load_phrases,
    write_phrase,
)

__all__ = [
    "SITE_PHRASES",
    "Cue",
    "CueTable",
    "Cues",
    "EntryWords",
    "Everyday",
    "EverydayTable",
    "OwnPhrases",
    "PhraseError",
    "PhraseFile",
    "PhraseIndex",
    "Token",
    "WordReader",
    "WrittenPhrase",
    "folded",
    "load_cues",
    "load_everyday",
    "load_phrases",
    "tokens",
    "write_phrase",
]
