"""Regular expressions of filters, matched in a time that does not depend on how they are written.

Python's `re` goes back over a text, so that `.*.*.*.*x` or `a?a?a?…aaa` may take hours for one name. Here all ways to
match go forward together (K. Thompson, Regular expression search algorithm, CACM 1968), and what has been worked out
once is remembered. Read are characters, `.`, sets, `\\d \\w \\s` and their opposites, groups, `|`, counts
(`* + ? {2} {2,} {2,3}`), `^` at the beginning and `$` at the end, and `(?i)` before all.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_PATTERN = 500
"""Characters of a regular expression in a filter."""

_MOST_STATES = 5_000
_MOST_REMEMBERED = 10_000
_MOST_NESTED = 50
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[:i]|\{\d+(?:,\d*)?\}|.", re.DOTALL)
"""An escape, a set of characters, the head of a group, a count, or any other character."""
_CLASSES = frozenset("dDwWsSnrt")
_IGNORE_CASE = "(?i)"


class PatternError(ValueError):
    """An expression is not read: why."""


class _Step(NamedTuple):
    """From a state: `piece` a character of this kind leads to `to`; None: nothing is needed."""

    piece: str | None
    to: int


class Pattern:
    """An expression that has to match the whole of a text. Raises PatternError for what is not read."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_PATTERN:
            raise PatternError(f"it has {len(text)} characters; {LONGEST_PATTERN} are read")
        self._flags = re.IGNORECASE if text.startswith(_IGNORE_CASE) else 0
        text = text.removeprefix(_IGNORE_CASE)
        self._steps: list[list[_Step]] = []
        self._kinds: dict[str, re.Pattern[str]] = {}
        self._pieces = list(_inner(_PIECE.findall(text)))
        self._at = 0
        first, self._last = self._either(0)
        if self._at < len(self._pieces):
            raise PatternError(f"a {self._pieces[self._at]} too many")
        self._start = self._forward([first])
        self._next: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str) -> bool:
        """Whether the whole of a text is meant."""
        states = self._start
        for character in text:
            found = self._next.get((states, character))
            if found is None:
                found = self._forward(
                    [step.to for state in states for step in self._steps[state] if self._fits(step.piece, character)]
                )
                if len(self._next) >= _MOST_REMEMBERED:
                    self._next.clear()
                self._next[states, character] = found
            states = found
            if not states:
                return False
        return self._last in states

    def _fits(self, piece: str | None, character: str) -> bool:
        return piece is not None and self._kinds[piece].fullmatch(character) is not None

    def _forward(self, states: list[int]) -> frozenset[int]:
        """These states, and all to which they lead without a character."""
        found, open_ = set(states), list(states)
        while open_:
            for step in self._steps[open_.pop()]:
                if step.piece is None and step.to not in found:
                    found.add(step.to)
                    open_.append(step.to)
        return frozenset(found)

    def _state(self) -> int:
        if len(self._steps) >= _MOST_STATES:
            raise PatternError("it repeats too much")
        self._steps.append([])
        return len(self._steps) - 1

    def _either(self, depth: int) -> tuple[int, int]:
        """What stands between `|`: its first and its last state."""
        if depth > _MOST_NESTED:
            raise PatternError(f"more than {_MOST_NESTED} groups in one another")
        first, last = self._state(), self._state()
        while True:
            start, end = self._row(depth)
            self._steps[first].append(_Step(None, start))
            self._steps[end].append(_Step(None, last))
            if self._peek() != "|":
                return first, last
            self._at += 1

    def _row(self, depth: int) -> tuple[int, int]:
        first = last = self._state()
        while self._peek() not in {"", "|", ")"}:
            begin = self._at
            start, end = self._one(depth)
            count = self._count()
            if count is not None:
                start, end = self._repeated(begin, depth, *count)
            self._steps[last].append(_Step(None, start))
            last = end
        return first, last

    def _one(self, depth: int) -> tuple[int, int]:
        """A group or a character."""
        piece = self._peek()
        self._at += 1
        if piece in {"(", "(?:"}:
            found = self._either(depth + 1)
            if self._peek() != ")":
                raise PatternError("a ) is missing")
            self._at += 1
            return found
        self._kinds.setdefault(piece, _kind(piece, self._flags))
        first, last = self._state(), self._state()
        self._steps[first].append(_Step(piece, last))
        return first, last

    def _count(self) -> tuple[int, int | None] | None:
        """How often what stands before is meant; None where nothing says it."""
        piece = self._peek()
        if piece in {"*", "+", "?"}:
            low, high = int(piece == "+"), 1 if piece == "?" else None
        elif len(piece) > 1 and piece[0] == "{":
            lowest, comma, highest = piece[1:-1].partition(",")
            low, high = int(lowest[:6]), int(highest[:6]) if highest else None if comma else int(lowest[:6])
            if high is not None and high < low:
                raise PatternError(f"{piece} ends before it begins")
        else:
            return None
        self._at += 1
        if self._peek() == "?":  # the shortest match first: of the whole of a text that is the same
            self._at += 1
        if self._peek() in {"*", "+", "?"} or (self._peek()[:1] == "{" and len(self._peek()) > 1):
            raise PatternError(f"{self._peek()} has nothing to repeat")
        return low, high

    def _repeated(self, begin: int, depth: int, low: int, high: int | None) -> tuple[int, int]:
        """The group or character that begins at this place, as often as that."""
        back = self._at
        first = last = self._state()
        ends = [first] if low == 0 else []
        for number in range(low + 1 if high is None else high):
            self._at = begin
            start, end = self._one(depth)
            self._steps[last].append(_Step(None, start))
            if high is None and number == low:
                self._steps[end].append(_Step(None, start))
            last = end
            if number + 1 >= low:
                ends.append(end)
        self._at = back
        final = self._state()
        for end in ends:
            self._steps[end].append(_Step(None, final))
        return first, final

    def _peek(self) -> str:
        return self._pieces[self._at] if self._at < len(self._pieces) else ""


def _inner(pieces: list[str]) -> Iterator[str]:
    """The pieces without `^` at the beginning and `$` at the end, which the whole of a text has anyway."""
    for number, piece in enumerate(pieces):
        if (piece == "^" and number == 0) or (piece == "$" and number == len(pieces) - 1):
            continue
        yield piece


def _kind(piece: str, flags: int) -> re.Pattern[str]:
    """What tells whether a character is meant. Raises PatternError."""
    escaped = piece[1:] if piece[0] == "\\" else ""
    if piece in {"^", "$", "*", "+", "?", "(?i"} or (escaped.isalnum() and escaped not in _CLASSES):
        raise PatternError(f"{piece} is not read here")
    if piece == "{":
        piece = "\\{"
    try:
        return re.compile(piece, flags)
    except re.error as problem:
        raise PatternError(f"{piece} can't be read: {problem}") from None
