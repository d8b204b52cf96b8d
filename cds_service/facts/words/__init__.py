"""What the words of an entry say: which value sets they name or may tell of, and whether it is denied or doubted."""

from cds_service.facts.words.cues import Cue, Cues, CueTable, load_cues
from cds_service.facts.words.entry import EntryWords, PhraseIndex, WordReader
from cds_service.facts.words.everyday import Everyday, EverydayTable, load_everyday
from cds_service.facts.words.folding import LONGEST, FoldedWord, folded, is_kana, tokens
from cds_service.facts.words.lexicon import Lexicon, load_lexicon
from cds_service.facts.words.own_phrases import (
    SITE_PHRASES,
    OwnPhrases,
    PhraseError,
    PhraseFile,
    WrittenPhrase,
    load_phrases,
    write_phrase,
)
from cds_service.facts.words.telling import TellingWords, load_telling

__all__ = [
    "LONGEST",
    "SITE_PHRASES",
    "Cue",
    "CueTable",
    "Cues",
    "EntryWords",
    "Everyday",
    "EverydayTable",
    "FoldedWord",
    "Lexicon",
    "OwnPhrases",
    "PhraseError",
    "PhraseFile",
    "PhraseIndex",
    "TellingWords",
    "WordReader",
    "WrittenPhrase",
    "folded",
    "is_kana",
    "load_cues",
    "load_everyday",
    "load_lexicon",
    "load_phrases",
    "load_telling",
    "tokens",
    "write_phrase",
]
