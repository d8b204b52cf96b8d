"""Which words are understood at all: only an entry whose every word is can be something else by its words.

`rules/lexicon.txt.gz` holds a folded word a line, `#` before comments, and after a line `== han` the Chinese morphemes.
It is generated from the names of the compiled systems and a reviewed list of everyday entries (tools/lexicon).
"""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.words.folding import Token, folded

FILE = "lexicon.txt.gz"
_ABBREVIATION = 5
"""Letters of the longest word in capitals that is taken for an abbreviation."""
_SHORT = 2
"""The same where the whole text stands in capitals."""


class Lexicon:
    """Words, abbreviations and Chinese morphemes, folded."""

    def __init__(self, words: Iterable[str], han: Iterable[str] = (), abbreviations: Iterable[str] = ()) -> None:
        self._words = frozenset(words)
        self._abbreviations = frozenset(abbreviations)
        self._han = frozenset(han)
        self._longest = max(map(len, self._han), default=0)

    def __len__(self) -> int:
        return len(self._words) + len(self._han) + len(self._abbreviations)

    def readable(self, text: tuple[Token, ...]) -> bool:
        """Whether every word is understood, and there is one."""
        whole = [t.shouted for t in text if t.word.isalpha() and not t.is_han]
        limit = _SHORT if whole and all(whole) and len(whole) > 1 else _ABBREVIATION
        content = False
        start = 0
        while start < len(text):
            token = text[start]
            if token.is_han:
                stop = start
                while stop < len(text) and text[stop].is_han and text[stop].clause == token.clause:
                    stop += 1
                if not self._covered("".join(t.word for t in text[start:stop])):
                    return False
                content, start = True, stop
                continue
            start += 1
            if token.word.isdigit() or token.word == "?":
                continue
            if not self._knows(token, limit):
                return False
            content = True
        return content

    def _knows(self, token: Token, limit: int) -> bool:
        if token.word in self._abbreviations:
            return True
        if token.shouted and len(token.word) <= limit:
            return False
        return token.word in self._words

    def _covered(self, text: str) -> bool:
        """Whether the text is a row of morphemes."""
        reached = {0}
        for start in range(len(text)):
            if start in reached:
                ends = range(start + 1, min(len(text), start + self._longest) + 1)
                reached.update(end for end in ends if text[start:end] in self._han)
        return len(text) in reached


def load_lexicon(rules_dir: Path) -> tuple[Lexicon, tuple[Finding, ...]]:
    """`rules_dir/lexicon.txt.gz`; without one no entry is readable. A file that is cut short counts for nothing."""
    path = rules_dir / FILE
    if not path.is_file():
        return Lexicon(()), ()
    try:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeError) as problem:
        return Lexicon(()), (finding("lexicon-unreadable", FILE, "", type(problem).__name__),)
    words, found = _parted(lines)
    return Lexicon(*words), tuple(found)


def _parted(lines: Iterable[str]) -> tuple[tuple[list[str], list[str], list[str]], list[Finding]]:
    words: list[str] = []
    han: list[str] = []
    abbreviations: list[str] = []
    into = words
    findings = []
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("== "):
            into = {"== han": han, "== abbreviations": abbreviations}.get(line, words)
        elif line and not line.startswith("#"):
            if into is words and line != folded(line):
                findings.append(finding("lexicon-not-folded", FILE, "", f"line {number}: {line!r}"))
            into.append(line)
    return (words, han, abbreviations), findings
