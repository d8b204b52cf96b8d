"""Text in the form in which words are compared: case, accents, full-width forms, punctuation and plural don't count.

A *token* is a word, a number, a question mark, or one character of Chinese or Japanese: there a phrase is found as a
row of characters, since nothing divides the words.
"""

import re
import unicodedata

from msgspec import Struct

LONGEST = 2_000
"""Characters of a text that are looked at; what comes after is not understood."""

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff"
_PART = re.compile(rf"[{_HAN}]|\?|[^\W_{_HAN}]+")
_BOUNDARY = re.compile(r"[;.,:!\n\r()\[\]|。；，：！]")
_BRACKETED = re.compile(r"[(\[]([^\s()\[\]]+)[)\]]")
_SEMANTIC_TAG = re.compile(
    r" \((disorder|finding|situation|event|procedure|regime/therapy|product|substance|morphologic abnormality)\)$"
)
"""What SNOMED CT puts behind its names; in a name of two words it would join them."""
_POSSESSIVE = re.compile(r"['’`´]s\b")
# English plurals: -ies, the -es after a hiss, and -s but for -ss, -us and -is ("abscess", "lupus", "pelvis").
_PLURAL = (
    (re.compile(r"(?<=[a-z]{3})ies$"), "y"),
    (re.compile(r"(?<=ss|sh|ch|.x|us)es$"), ""),
)
_S = re.compile(r"(?<=[a-rt-z])(?<![ui])s$")
_SHORTEST_PLURAL = 4
_NO_PLURAL = frozenset({"aids"})
"""What only looks like a plural. Walking aids keep their -s for it, and are then told apart by the words beside."""


class FoldedWord(Struct, frozen=True, gc=False):
    """`word` as it is compared; `clause` counts the punctuation before it; `shouted`: it stands in capitals."""

    word: str
    clause: int = 0
    shouted: bool = False

    @property
    def is_han(self) -> bool:
        return len(self.word) == 1 and _is_han(self.word)


def folded(word: str) -> str:
    """One word as it is compared."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    text = "".join(c for c in text if not unicodedata.combining(c) or _is_han(c))
    text = unicodedata.normalize("NFC", text)
    return _singular(text)


def without_tag(text: str) -> str:
    """A name of SNOMED CT without the kind that stands in brackets behind it."""
    return _SEMANTIC_TAG.sub("", text)


def tokens(text: str) -> tuple[FoldedWord, ...]:
    """The tokens of a text, in order. `(suspected) SLE, r/o AIDS` has five in three clauses."""
    text = unicodedata.normalize("NFKC", text[:LONGEST])
    text = _POSSESSIVE.sub("", text)
    # A lone word in brackets belongs to what is around it: "care for (suspected) damage", "SLE (suspected)".
    text = _BRACKETED.sub(r" \1 ", text)
    found: list[FoldedWord] = []
    clause = at = 0
    for part in _PART.finditer(text):
        raw = part[0]
        if _BOUNDARY.search(text, at, part.start()) and not _is_inner_dot(text[at : part.start()], found, raw):
            clause += 1
        at = part.end()
        found.append(FoldedWord(folded(raw), clause, raw.isupper() and raw.isalpha()))
    return tuple(found)


def _is_inner_dot(between: str, before: list[FoldedWord], after: str) -> bool:
    """Whether a full stop belongs to an abbreviation or a number: `V. a. SLE`, `Z.n. OP`, `0.5`."""
    if between.strip() != "." or not before:
        return False
    last = before[-1].word
    return (len(last) == 1 and last.isalpha()) or (last.isdigit() and after.isdigit() and between == ".")


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or word in _NO_PLURAL or not word.isascii() or not word.isalpha():
        return word
    for ending, other in _PLURAL:
        shorter = ending.sub(other, word)
        if shorter != word:
            return shorter
    return _S.sub("", word)


def is_kana(character: str) -> bool:
    """Whether it is written in Japanese only."""
    return "\u3040" <= character <= "\u30ff"


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\u3040" <= character <= "\u30ff" or "\uf900" <= character <= "\ufaff"
