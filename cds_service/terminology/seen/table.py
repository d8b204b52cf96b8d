"""What a feed holds as a table that may be shown: by frequency, and without what could tell of a patient.

A code of a known system, and a code that looks like one of a table, is shown, and so is its display where a code has
only one, of a known system in words of the lexicon alone. What people typed may hold a name; so it is shown only where
at least `tally.enough` patients have it, or on request (docs/codes.md, "What it shows").
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import Key, ObservedFact
from cds_service.fhir import Coding
from cds_service.terminology.seen.nearest import NearestFact, NearestFacts
from cds_service.terminology.seen.sighting import OUTCOMES, Outcome, Sighting
from cds_service.terminology.seen.tally import SightingCounts

HIDDEN = "(hidden)"
_MOST_COMPARED = 2_000
"""Lines for which the nearest facts are looked for, the most frequent first."""

_ASKS = frozenset[Outcome]({"unread", "unknown_code"})
# A number of an order or a person, or a UUID, in place of a code; `HP:0001250` is none of these.
_LIKE_AN_ID = re.compile(r"(?<![A-Z]:)\d{7}|\d{8}|[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_LONGEST_CODE = 40
# `beats per minute` may stand in place of a unit, and so may a sentence.
_LIKE_WORDS = re.compile(r".{21}|\s\S+\s\S+\s")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A kind of entry as it is shown, how often it was met, and the facts that are nearest where it was not understood.

    `texts`: how many different ones were put together, where what was typed is hidden.
    """

    sighting: Sighting
    times: int
    texts: int = 1
    nearest: tuple[NearestFact, ...] = ()


@dataclass(frozen=True, slots=True)
class SightingTable:
    """The lines, the most frequent first, and the sums. `share`: per cent of `judged` entries that are understood;
    `None` where there was none."""

    lines: tuple[CodeLine, ...]
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    patients: int = 0
    many_patients: bool = False
    is_full: bool = False

    @property
    def entries(self) -> int:
        return sum(self.outcomes.values())

    @property
    def judged(self) -> int:
        """Entries that a rule could read."""
        return sum(times for outcome, times in self.outcomes.items() if OUTCOMES[outcome] is not None)

    @property
    def understood(self) -> int:
        return sum(times for outcome, times in self.outcomes.items() if OUTCOMES[outcome])

    @property
    def share(self) -> float | None:
        return 100 * self.understood / self.judged if self.judged else None


def table_of(
    tally: SightingCounts, knowledge: FactReaders, *, words: bool = False, displays_are_typed: bool = False
) -> SightingTable:
    """The counts as they may be shown. `words`: with everything that was typed, whoever wrote it. `displays_are_typed`:
    a display too is hidden that few patients have. In a few records, that a code has only one says nothing of it."""
    displays, names = _displays(tally), own_names(knowledge)
    shown: dict[Sighting, list[int]] = {}
    for sighting, count in tally.items():
        is_common = words or len(count.patients) >= tally.enough
        if is_common:
            kept = sighting
        else:
            told = sighting._replace(typed=True) if displays_are_typed else sighting
            kept = without_typed(told, displays, names, knowledge)
        sums = shown.setdefault(kept, [0, 0])
        sums[0] += count.times
        sums[1] += 1
    ordered = sorted(shown.items(), key=lambda item: (-item[1][0], item[0]))
    nearest = NearestFacts(knowledge)
    lines = tuple(
        CodeLine(sighting, times, texts, _nearest(sighting, nearest) if place < _MOST_COMPARED else ())
        for place, (sighting, (times, texts)) in enumerate(ordered)
    )
    return SightingTable(lines, dict(tally.outcomes), tally.patients, tally.many_patients, tally.is_full)


def _displays(tally: SightingCounts) -> Mapping[tuple[str, str], set[str]]:
    """The displays that the feed has for each code."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for sighting, _ in tally.items():
        if not sighting.typed:
            found[sighting.system, sighting.code].add(sighting.words)
    return found


def own_names(knowledge: FactReaders) -> Mapping[Key, str]:
    """What the catalogue calls the codes of its Observations."""
    systems = knowledge.systems
    specs = (spec for spec in knowledge.catalogue if isinstance(spec, ObservedFact))
    return {systems.key(code.system, code.code): code.display for spec in specs for code in spec.observation_codes}


def without_typed(
    sighting: Sighting,
    displays: Mapping[tuple[str, str], set[str]],
    names: Mapping[Key, str],
    knowledge: FactReaders,
) -> Sighting:
    """What may be shown of something that few patients have."""
    # A value that was read is one that the rules spell.
    value = sighting.value if sighting.outcome == "read" or not sighting.value else HIDDEN
    unit = HIDDEN if _LIKE_WORDS.search(sighting.unit) else sighting.unit
    kept = sighting._replace(value=value, unit=unit)
    if sighting.code and not _is_code(sighting, knowledge):
        system = HIDDEN if re.search(r"\s", sighting.system) else sighting.system
        return kept._replace(system=system, code=HIDDEN, words=HIDDEN if sighting.words else "")
    key = knowledge.systems.key(sighting.system, sighting.code)
    own = names.get(key) or knowledge.valuesets.display(key)
    is_typed = sighting.typed or len(displays[sighting.system, sighting.code]) > 1
    # The names of standard codes are made of words that the lexicon has; a person's name beside them is not.
    is_typed |= key[0] in knowledge.systems.known and not knowledge.events.words.read(sighting.words).readable
    hidden = HIDDEN if sighting.words and is_typed else sighting.words
    return kept._replace(words=own or hidden, typed=sighting.typed and not own)


def _is_code(sighting: Sighting, knowledge: FactReaders) -> bool:
    """Whether a code is one of a table, and no number of an order nor words."""
    system, code = sighting.system, sighting.code
    if not system or re.search(r"\s", system + code) or len(code) > _LONGEST_CODE:
        return False
    keys = knowledge.systems.keys((Coding(system=system, code=code),))
    return any(map(knowledge.systems.is_known, keys)) or _LIKE_AN_ID.search(code) is None


def _nearest(sighting: Sighting, nearest: NearestFacts) -> tuple[NearestFact, ...]:
    if sighting.outcome not in _ASKS or sighting.words in {"", HIDDEN}:
        return ()
    return nearest.of(sighting.kind, sighting.words, sighting.unit)
