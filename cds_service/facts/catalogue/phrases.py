"""Whole-word phrases in free text: a fast look for many phrases at once."""

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 2_000
_MOST_REMEMBERED = 5_000


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case; punctuation and blanks only divide them."""
    return tuple(_WORD.findall(text[:_LONGEST].casefold()))


class Phrases:
    """Phrases that each stand for some names. Longer phrases come first and use up their words on request."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
        merged: dict[tuple[str, ...], set[str]] = {}
        for phrase, names in phrases.items():
            split = words(phrase)
            if split:
                merged.setdefault(split, set()).update(names)
        for split in sorted(merged, key=lambda phrase: (-len(phrase), phrase)):
            self._by_first.setdefault(split[0], []).append((split, frozenset(merged[split])))
        self._remembered: dict[tuple[str, bool], frozenset[str]] = {}

    def find(self, text: str, *, consuming: bool = False) -> frozenset[str]:
        """The names of all phrases in the text. `consuming`: a word that a longer phrase has used counts no more."""
        if not self._by_first:
            return frozenset()
        key = (text[:_LONGEST], consuming)
        found = self._remembered.get(key)
        if found is None:
            found = self._find(words(text), consuming)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[key] = found
        return found

    def _find(self, text: tuple[str, ...], consuming: bool) -> frozenset[str]:
        hits = [
            (len(phrase), start, names)
            for start, word in enumerate(text)
            for phrase, names in self._by_first.get(word, ())
            if text[start : start + len(phrase)] == phrase
        ]
        if not consuming:
            return frozenset().union(*(names for _, _, names in hits))
        used: set[int] = set()
        found: set[str] = set()
        for length, start, names in sorted(hits, key=lambda hit: (-hit[0], hit[1])):
            span = range(start, start + length)
            if used.isdisjoint(span):
                used.update(span)
                found |= names
        return frozenset(found)
