"""Words that change what the words beside them say: denied, about somebody else, doubted, past (`facts/wording.json`).

A cue speaks of the words before or after it within its clause, as its list says; where there are none, of those on its
other side, and where it stands alone, of the clause beside. `SLE, suspected` is no surer than `suspected SLE`.
The method is that of NegEx (Chapman et al., J Biomed Inform 2001;34:301-310); a cue's reach ends with its clause.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.words.folding import FoldedWord, tokens
from cds_service.rule_files import invalid, is_there, read_json

Cue = Literal["denied", "others", "doubted", "past"]
_FILE = "facts/wording.json"
_Marks = list[set[Cue]]
_REACH = 40
"""Words of which one cue may speak. It bounds the work that a text of nothing but cues makes."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Where(_Strict):
    before: dict[str, tuple[str, ...]] = Field(default={}, description="Cues that stand before what they speak of.")
    after: dict[str, tuple[str, ...]] = Field(default={}, description="Cues that stand after it.")


class CueTable(_Strict):
    """`rules/facts/wording.json`: cues by what they do, by their place and by language."""

    schema_: str = Field(default="", alias="$schema")
    denied: _Where = _Where()
    others: _Where = _Where()
    doubted: _Where = _Where()
    past: _Where = _Where()
    neutral: dict[str, tuple[str, ...]] = Field(default={}, description="What holds a cue's words and is none.")
    other_things: dict[str, tuple[str, ...]] = Field(
        default={}, description="What holds a phrase's words and is something else, such as `hearing aids`."
    )
    stops: dict[str, tuple[str, ...]] = Field(
        default={}, description="Words that end a cue's reach, but not that of a doubt: `r/o SLE with nephritis`."
    )


class Cues:
    """The cues, as one look-up by their first word."""

    def __init__(self, table: CueTable) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Cue | None, int]]] = {}
        kinds: tuple[Cue, ...] = ("denied", "others", "doubted", "past")
        for kind in kinds:
            where: _Where = getattr(table, kind)
            self._add(where.before, kind, 1)
            self._add(where.after, kind, -1)
        self._add(table.neutral, None, 0)
        self._others: dict[str, list[tuple[str, ...]]] = {}
        for phrase in _all(table.other_things):
            row = _words(phrase)
            if row:
                self._others.setdefault(row[0], []).append(row)
        self._stops = frozenset(word for phrase in _all(table.stops) for word in _words(phrase))
        for found in self._by_first.values():
            found.sort(key=lambda cue: -len(cue[0]))

    def _add(self, phrases: Mapping[str, Iterable[str]], kind: Cue | None, direction: int) -> None:
        for phrase in _all(phrases):
            words = _words(phrase)
            if words:
                self._by_first.setdefault(words[0], []).append((words, kind, direction))

    def marks(self, text: Sequence[FoldedWord]) -> tuple[list[frozenset[Cue]], frozenset[int]]:
        """What is said of each token, and the places of the cues themselves."""
        found: list[tuple[int, int, Cue, int]] = []
        cues: set[int] = set()
        start = 0
        while start < len(text):
            hits = self._at(text, start)
            length = max((len(words) for words, _, _ in hits), default=0)
            # One that is listed for both places speaks of what follows, where there is something.
            here = {kind: direction for words, kind, direction in sorted(hits, key=_direction) if len(words) == length}
            for kind, direction in here.items():
                if kind is not None:
                    found.append((start, start + length, kind, direction))
                    cues.update(range(start, start + length))
            start += max(1, length)
        marks: _Marks = [set() for _ in text]
        clauses = _Clauses(text, cues)
        for begin, end, kind, direction in found:
            stops = frozenset[str]() if kind == "doubted" else self._stops
            for place in clauses.reach(range(begin, end), direction, stops):
                marks[place].add(kind)
        return [frozenset(one) for one in marks], frozenset(cues)

    def beside(self, cues: Set[int], length: int) -> frozenset[int]:
        """The places right before or after a cue, in a text of so many tokens."""
        return frozenset(p for cue in cues for p in (cue - 1, cue + 1) if 0 <= p < length and p not in cues)

    def other_things(self, text: Sequence[FoldedWord]) -> frozenset[int]:
        """The places that belong to something else than their words seem to say."""
        words = [token.word for token in text]
        return frozenset(
            place
            for start, word in enumerate(words)
            for row in self._others.get(word, ())
            if tuple(words[start : start + len(row)]) == row
            for place in range(start, start + len(row))
        )

    def _at(self, text: Sequence[FoldedWord], start: int) -> list[tuple[tuple[str, ...], Cue | None, int]]:
        return [
            cue
            for cue in self._by_first.get(text[start].word, ())
            if len(cue[0]) <= len(text) - start and all(text[start + i].word == word for i, word in enumerate(cue[0]))
        ]


class _Clauses:
    """The words of a text that are no cues, by the clause in which they stand."""

    def __init__(self, text: Sequence[FoldedWord], cues: Set[int]) -> None:
        self._text = text
        self._places: dict[int, list[int]] = {}
        for place, token in enumerate(text):
            if place not in cues:
                self._places.setdefault(token.clause, []).append(place)
        self._clauses = list(self._places)

    def reach(self, cue: range, direction: int, stops: Set[str]) -> list[int]:
        """The places that a cue speaks of."""
        clause = self._text[cue.start].clause
        places = self._places.get(clause, [])
        middle = bisect_left(places, cue.start)
        after, before = places[middle : middle + _REACH], places[max(0, middle - _REACH) : middle][::-1]
        for side in (after, before) if direction > 0 else (before, after):
            # What a word like "with" cuts off is there all the same: the cue does not turn to its other side for it.
            if side:
                return list(takewhile(lambda place: self._text[place].word not in stops, side))
        # It stands alone. One that opens the text speaks of what follows; one that comes behind, of what it follows.
        next_one = bisect_left(self._clauses, clause)
        beside = self._clauses[max(0, next_one - 1) : next_one] or self._clauses[next_one : next_one + 1]
        return [place for one in beside for place in self._places[one][:_REACH]]


def load_cues(rules_dir: Path) -> tuple[Cues, tuple[Finding, ...]]:
    """`rules_dir/facts/wording.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return Cues(CueTable()), ()
    content, findings = read_json(path, _FILE)
    try:
        table = CueTable() if content is None else CueTable.model_validate(content)
    except ValidationError as problem:
        return Cues(CueTable()), (*findings, *invalid(problem, _FILE, CueTable))
    return Cues(table), tuple(findings)


def _direction(cue: tuple[tuple[str, ...], Cue | None, int]) -> int:
    return cue[2]


def _all(phrases: Mapping[str, Iterable[str]]) -> Iterable[str]:
    return (phrase for listed in phrases.values() for phrase in listed)


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens(phrase))
