"""The facts that are nearest to what was not understood: by the words of their names, and for results by LOINC's axes.

Words are weighed by how few names hold them; a word that no name holds is compared with those that look alike. LOINC
axes are read from the grammar of its long names (https://loinc.org/kb/users-guide/, "Component [Property] in System by
Method"); the dimension of a result is told by whether a fact has its unit.
"""

import difflib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import EventsFact, ObservedFact
from cds_service.facts.words import tokens
from cds_service.fhir import RESOURCE_TYPES

_MOST = 3
_LEAST = 0.3
_ALIKE = 0.8
_SHORTEST = 5
_LOINC_NAME = re.compile(r"(?P<component>[^\[]+?)\s*\[(?P<property>[^\]]+)\](?:\s+in\s+(?P<system>.+?))?(?:\s+by\s.+)?")
_HAS_UNIT, _OTHER_UNIT, _SAME_SYSTEM = 0.2, -0.2, 0.1
_BETWEEN = frozenset({"or", "and", "of"})
_OBSERVATION = "Observation"


class NearestFact(NamedTuple):
    """A fact that may be meant. `how`: `name`, or `axes` where LOINC's axes or the unit speak for it too. `target`: a
    LOINC code of the fact, or its value set."""

    fact: str
    title: str
    how: str
    target: str
    score: float


class _Name(NamedTuple):
    """One of the names of a fact, as its words."""

    fact: str
    words: frozenset[str]


class NearestFacts:
    """The names of all facts, by the kind of entry that they are made from."""

    def __init__(self, knowledge: FactReaders) -> None:
        self._knowledge = knowledge
        self._specimens: dict[str, frozenset[str]] = {}
        names: defaultdict[str, list[_Name]] = defaultdict(list)
        phrases: defaultdict[str, list[str]] = defaultdict(list)
        for phrase, sets in knowledge.valuesets.phrases().items():
            for set_id in sets:
                phrases[set_id].append(phrase)
        for spec in knowledge.catalogue:
            if isinstance(spec, EventsFact):
                names[spec.resource] += _names(spec.name, _of_event(spec, phrases))
            elif isinstance(spec, ObservedFact):
                own = (spec.title, spec.name.rpartition(".")[2].replace("_", " "))
                displays = tuple(code.display for code in spec.codes)
                names[_OBSERVATION] += _names(spec.name, (*own, *displays))
                self._specimens[spec.name] = frozenset(word for text in displays for word in _specimen(text))
        self._kinds = {kind: _Index(listed) for kind, listed in names.items()}

    def of(self, type: str, words: str, unit: str = "") -> tuple[NearestFact, ...]:
        """At most three facts that an entry of this resource type may mean, the nearest first."""
        row = RESOURCE_TYPES.get(type)
        kind = _OBSERVATION if type == _OBSERVATION else (row.events if row is not None else None) or "Medication"
        index = self._kinds.get(kind)
        if index is None:
            return ()
        component, _ = _axes(words)
        specimen = _specimen(words) or frozenset(_words(words))
        scores = index.nearest(component).items()
        # A unit and a specimen tell like from like; by themselves they tell nothing.
        found = [self._near(name, score, unit, specimen) for name, score in scores if score >= _LEAST]
        # Of two that are as near, the one with fewer names is the narrower one.
        return tuple(sorted(found, key=lambda near: (-near.score, index.names_of[near.fact], near.fact))[:_MOST])

    def _near(self, name: _Name, score: float, unit: str, specimen: frozenset[str]) -> NearestFact:
        spec = self._knowledge.catalogue.facts[name.fact]
        if isinstance(spec, EventsFact):
            return NearestFact(spec.name, spec.title, "name", spec.valueset or "", round(score, 2))
        table = self._knowledge.units.get(name.fact)
        fits = table is not None and bool(unit) and table.factor(unit, unit) is not None
        if unit and table is not None:
            score += _HAS_UNIT if fits else _OTHER_UNIT
        is_same = not specimen.isdisjoint(self._specimens.get(name.fact, ()))
        score += _SAME_SYSTEM if is_same else 0
        target = spec.codes[0].code if isinstance(spec, ObservedFact) and spec.codes else ""
        return NearestFact(spec.name, spec.title, "axes" if fits or is_same else "name", target, round(score, 2))


class _Index:
    def __init__(self, names: Iterable[_Name]) -> None:
        self._names = tuple(dict.fromkeys(names))
        self.names_of = Counter(name.fact for name in self._names)
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            for word in name.words:
                self._places[word].append(place)
        self._unheard = math.log(1 + len(self._names))
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(self._places):
            if len(word) >= _SHORTEST:
                self._by_letter[word[0]].append(word)
        self.alike = lru_cache(maxsize=20_000)(self._alike)

    def nearest(self, text: str) -> dict[_Name, float]:
        """For each fact the name of it that is nearest, by the weight of the words that both have."""
        words = {word: self.alike(word) for word in _words(text)}
        shared: Counter[int] = Counter()
        for known in {known for known in words.values() if known is not None}:
            for place in self._places[known]:
                shared[place] += self._weight(known)  # type: ignore[assignment]  # weights are no whole numbers
        whole = sum(self._weight(known or word) for word, known in words.items())
        best: dict[str, tuple[float, _Name]] = {}
        for place, weight in shared.items():
            name = self._names[place]
            score = weight / (whole + sum(map(self._weight, name.words)) - weight)
            if score > best.get(name.fact, (0.0, name))[0]:
                best[name.fact] = score, name
        return {name: score for score, name in best.values()}

    def _weight(self, word: str) -> float:
        places = self._places.get(word)
        return self._unheard if not places else math.log(1 + len(self._names) / len(places))

    def _alike(self, word: str) -> str | None:
        if word in self._places:
            return word
        if len(word) < _SHORTEST:
            return None
        found = difflib.get_close_matches(word, self._by_letter.get(word[0], ()), 1, _ALIKE)
        return found[0] if found else None


def _of_event(spec: EventsFact, phrases: dict[str, list[str]]) -> Iterator[str]:
    yield spec.title
    for set_id in spec.valuesets:
        yield re.sub(r"-(hint|history)$", "", set_id).replace("-", " ")
        yield from phrases[set_id]


def _names(fact: str, texts: Iterable[str]) -> list[_Name]:
    found = []
    for text in texts:
        words = frozenset(_words(_axes(text)[0]))
        if words:
            found.append(_Name(fact, words))
    return found


def _axes(text: str) -> tuple[str, str]:
    """Component and system of a LOINC name; any other text as a whole."""
    found = _LOINC_NAME.fullmatch(text)
    return (text, "") if found is None else (found["component"], found["system"] or "")


def _specimen(text: str) -> frozenset[str]:
    """The words of the specimen in a LOINC name."""
    return frozenset(_words(_axes(text)[1])) - _BETWEEN


def _words(text: str) -> list[str]:
    return [token.word for token in tokens(text)]
