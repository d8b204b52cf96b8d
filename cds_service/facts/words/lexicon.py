"""Which words are understood at all: only an entry whose every word is can be something else by its words.

`rules/lexicon.txt.gz` holds a folded word a line, `#` before comments. After `== abbreviations` come those up to five
letters that are understood in capitals, after `== han` the Chinese morphemes, after `== empty` words that name nothing.
After `== harmless` come whole entries in which no word tells of anything but of the sets that stand behind a tab. The
file is made by tools/lexicon from the names of code systems and reviewed lists.
"""

import zlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts.catalogue import finding
from cds_service.facts.words.folding import FoldedWord, folded, tokens
from cds_service.rule_files import is_there, read_file, unzipped

FILE = "lexicon.txt.gz"
_ABBREVIATION = 5
"""Letters of the longest word in capitals that is taken for an abbreviation (READING.md, section 1)."""
_SHORT = 2
"""The same where the whole text stands in capitals."""
_CUT_TEXT = 30
"""Characters of the shortest text that a system is known to cut off (Read codes: 30 and 60)."""
_CUT_WORD = 5
"""Letters that are left at least of a word that is read though it is cut off."""


class Lexicon:
    """Words, abbreviations and Chinese morphemes, folded; and harmless entries."""

    def __init__(
        self,
        words: Iterable[str],
        han: Iterable[str] = (),
        abbreviations: Iterable[str] = (),
        harmless: Iterable[str] = (),
        empty: Iterable[str] = (),
    ) -> None:
        self._words = frozenset(words)
        self._sorted = sorted(self._words)
        self._abbreviations = frozenset(abbreviations)
        self._empty = frozenset(empty)
        self._han = frozenset(han)
        self._longest = max(map(len, self._han), default=0)
        self._harmless: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
        for line in harmless:
            entry, _, sets = line.partition("\t")
            row = tuple(token.word for token in tokens(entry))
            if row:
                self._harmless.setdefault(row[0], []).append((row, frozenset(sets.split())))

    def whole(self, text: Sequence[FoldedWord], length: int) -> tuple[FoldedWord, ...]:
        """The text, with its last word completed where it seems to be cut off after `length` characters."""
        if not text or length < _CUT_TEXT or len(text[-1].word) < _CUT_WORD or text[-1].word in self._words:
            return tuple(text)
        at = bisect_left(self._sorted, text[-1].word)
        found = self._sorted[at] if at < len(self._sorted) else ""
        if not found.startswith(text[-1].word):
            return tuple(text)
        return (*text[:-1], FoldedWord(found, text[-1].clause, text[-1].shouted))

    def readable(self, text: Sequence[FoldedWord], named: frozenset[int] = frozenset()) -> bool:
        """Whether every word is understood, and there is one. `named`: the places that belong to a phrase."""
        shouted = [token.shouted for token in text if token.word.isalpha() and not token.is_han]
        limit = _SHORT if len(shouted) > 1 and all(shouted) else _ABBREVIATION
        content = False
        start = 0
        while start < len(text):
            token = text[start]
            if token.is_han:
                stop = start
                while stop < len(text) and text[stop].is_han and text[stop].clause == token.clause:
                    stop += 1
                if not self._covered(text[start:stop], {place - start for place in named}):
                    return False
                content, start = True, stop
                continue
            start += 1
            if start - 1 not in named:
                if not any(c.isalpha() for c in token.word):
                    continue
                if not self._knows(token, limit):
                    return False
                content = content or self._says_something(token.word)
            else:
                content = True
        return content

    def harmless(self, text: Sequence[FoldedWord]) -> list[tuple[range, frozenset[str]]]:
        """The places of harmless entries within a text, and the sets of which their words tell all the same."""
        words = tuple(token.word for token in text)
        return [
            (range(start, start + len(row)), sets)
            for start, word in enumerate(words)
            for row, sets in self._harmless.get(word, ())
            if words[start : start + len(row)] == row
        ]

    def _says_something(self, word: str) -> bool:
        """Whether a word that is understood says what is meant; a letter alone does not, nor does "tablet"."""
        letters = word.strip("0123456789")
        return len(letters) > 1 and letters not in self._empty

    def _knows(self, token: FoldedWord, limit: int) -> bool:
        if token.word in self._abbreviations:
            return True
        if token.shouted and 1 < len(token.word) <= limit:
            return False
        # "40mg", "NDA020503": a number that something is written to.
        letters = token.word.strip("0123456789")
        return token.word in self._words or (
            letters != token.word and (letters in self._words or letters in self._abbreviations)
        )

    def _covered(self, text: Sequence[FoldedWord], named: set[int]) -> bool:
        """Whether the text is a row of morphemes and of phrases."""
        row = "".join(token.word for token in text)
        reached = {0}
        for start in range(len(row)):
            if start in reached:
                if start in named:
                    reached.add(start + 1)
                ends = range(start + 1, min(len(row), start + self._longest) + 1)
                reached.update(end for end in ends if row[start:end] in self._han)
        return len(row) in reached


def load_lexicon(rules_dir: Path, *, check: bool = True) -> tuple[Lexicon, tuple[Finding, ...]]:
    """`rules_dir/lexicon.txt.gz`; without one no entry is readable. A file that is cut short counts for nothing.

    `check`: also whether every word stands there as words are compared, which takes longer than to load them.
    """
    path = rules_dir / FILE
    if not is_there(path):
        return Lexicon(()), ()
    try:
        lines = unzipped(read_file(path)[0]).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeError) as problem:
        return Lexicon(()), (
            finding("words-unreadable", FILE, "", getattr(problem, "strerror", None) or type(problem).__name__),
        )
    found = sections(lines)
    words = found.get("", [])
    odd = [word for word in words if word != folded(word)] if check else []
    findings = [finding("lexicon-not-folded", FILE, "", f"{odd[0]!r}, of {len(odd)}")] if odd else []
    parts = (found.get(part, []) for part in ("han", "abbreviations", "harmless", "empty"))
    lexicon = Lexicon(words, *parts)
    return lexicon, tuple(findings)


def sections(lines: Iterable[str]) -> dict[str, list[str]]:
    """The lines of a list of words by its sections; those before the first `== NAME` are under the empty name."""
    found: dict[str, list[str]] = {"": []}
    into = found[""]
    for raw in lines:
        line = raw.strip()
        if line.startswith("== "):
            into = found.setdefault(line[3:].strip(), [])
        elif line and not line.startswith("#"):
            into.append(line)
    return found
