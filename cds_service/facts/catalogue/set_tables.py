"""Value sets as plain tables: small, quick to read again, and all that it takes to say which sets a code is in.

A set is a number here, its place in `ids`. Systems have their canonical names, codes are normalised (`codesystems`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from cds_service.facts.catalogue.codesystems import (
    ATC,
    ICD9CM,
    ICD9CM_OPERATIONS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    PREFIX_SYSTEMS,
    Key,
)

_ANCESTORS: dict[str, tuple[int, ...]] = {
    ICD10: (3, 4, 5, 6),
    ICD10CM: (3, 4, 5, 6),
    ICD9CM: (3, 4),
    ICD9CM_OPERATIONS: (2, 3),
    ICD10PCS: (3, 4, 5, 6),
    ATC: (1, 3, 4, 5),
}
"""How many characters the codes have that stand above others."""

_LONGEST_PREFIX = 12
"""Characters of the longest code of ICD-10 and ATC, and some more."""

_NEARLY_ALL = 0.8
"""The part of a set's codes that another one has to hold to be meant by its phrases too."""

Numbers = dict[str, dict[str, list[int]]]
"""By system and code: the sets."""


_BLOCK = re.compile(r"[A-Z][0-9][0-9A-Z]*\s*[-–—~～]\s*[A-Z][0-9]")


class Codes(Struct):
    """Codes of several sets: exact ones and prefixes, each with the sets that have it."""

    exact: Numbers = field(default_factory=dict)
    prefix: Numbers = field(default_factory=dict)

    def add(self, number: int, system: str, codes: Iterable[str], *, prefix: bool = False) -> None:
        """Put codes of one system into a set."""
        table = (self.prefix if prefix else self.exact).setdefault(system, {})
        for code in codes:
            sets = table.setdefault(code, [])
            if number not in sets:
                sets.append(number)

    def find(self, key: Key) -> set[int]:
        """The sets that have this code, or a prefix of it. A block (`C00-D48`) is no descendant of its first code."""
        system, code = key
        found = set(self.exact.get(system, {}).get(code, ()))
        if system in PREFIX_SYSTEMS and _BLOCK.match(code) is None:
            prefixes = self.prefix.get(system, {})
            for length in range(1, min(len(code), _LONGEST_PREFIX) + 1):
                found.update(prefixes.get(code[:length], ()))
        return found


class Import(NamedTuple):
    """A set that takes the members of other sets, or leaves them out."""

    number: int
    taken: tuple[int, ...]
    dropped: tuple[int, ...]


class SetTables(Struct):
    """All value sets of a rules folder.

    `hints`: phrases in free text, each with the sets that it hints at. `above`: codes that stand above members of a
    set. `own`: codes whose own name holds a phrase of sets that they are not in.

    `open`: by system the sets of which nobody knows whether they hold a code that they don't list: a filter of theirs
    has no expansion. `unsure`: those of which no code of the system is a member for certain, since what they leave out
    is not known. `heard`: by code the digests of own names that state a doubt or a past by their words (`own_names`).

    `limited` are the sets that hold something which is not chronic, with every `lasts` of their includes; `lasting` has
    the codes of these sets by that `lasts` (see `lasting`). All codes of any other set are chronic.
    """

    ids: tuple[str, ...]
    included: Codes = field(default_factory=Codes)
    excluded: Codes = field(default_factory=Codes)
    imports: list[Import] = field(default_factory=list)
    hints: dict[str, list[int]] = field(default_factory=dict)
    displays: dict[str, dict[str, str]] = field(default_factory=dict)
    above: Numbers = field(default_factory=dict)
    own: Numbers = field(default_factory=dict)
    lasting: dict[str, Codes] = field(default_factory=dict)
    limited: dict[int, list[str]] = field(default_factory=dict)
    open: dict[str, list[int]] = field(default_factory=dict)
    unsure: dict[str, list[int]] = field(default_factory=dict)
    heard: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def members(self, key: Key) -> set[int]:
        """The sets that hold this code."""
        excluded = self.excluded.find(key)
        direct = self.included.find(key) - excluded
        found = set(direct)
        for number, taken, dropped in self.imports:
            if not direct.isdisjoint(dropped):
                found.discard(number)
            elif not direct.isdisjoint(taken) and number not in excluded:
                found.add(number)
        return found.difference(self.unsure.get(key[0], ())) if self.unsure else found

    def open_to(self, key: Key) -> set[int]:
        """The sets that may hold this code, as far as is known: they have a filter there without an expansion."""
        found = set(self.open.get(key[0], ()))
        return found - self.members(key) - self.excluded.find(key) if found else found

    def spread_open(self) -> None:
        """Let what is not known of a set be unknown of those that take its members in, or leave them out."""
        for system in {*self.open, *self.unsure}:
            unknown, doubtful = set(self.open.get(system, ())), set(self.unsure.get(system, ()))
            for number, taken, dropped in self.imports:
                if not unknown.isdisjoint(dropped) or not doubtful.isdisjoint(taken):
                    self.unsure.setdefault(system, []).append(number)
                if not (unknown | doubtful).isdisjoint((*taken, *dropped)):
                    self.open.setdefault(system, []).append(number)

    def ancestors(self, key: Key) -> set[int]:
        """The sets of which this code is no member, and above one: it may mean that."""
        system, code = key
        direct = set(self.above.get(system, {}).get(code.rstrip("-"), ()))
        if not direct:
            return direct
        found = direct | {number for number, taken, _ in self.imports if not direct.isdisjoint(taken)}
        return found - self.members(key)

    def named_by(self, key: Key) -> set[int]:
        """The sets of which a phrase stands in the code's own name, though the code is not in them."""
        return set(self.own.get(key[0], {}).get(key[1], ()))

    def akin(self, numbers: Iterable[int]) -> dict[int, set[int]]:
        """By each of these sets: those of which it holds half the codes or more, or which hold half of its own. So are
        kinds of the same thing; sets that have only a few combined codes in common are not."""
        wanted = frozenset(numbers)
        sizes: Counter[int] = Counter()
        common: dict[int, Counter[int]] = {number: Counter() for number in wanted}
        for codes in (self.included.exact, self.included.prefix) if wanted else ():
            for system, listed in codes.items():
                for code in listed:
                    members = self.members((system, code))
                    sizes.update(members)
                    for number in members & wanted:
                        common[number].update(members)
        return {
            number: {other for other, shared in found.items() if 2 * shared >= min(sizes[number], sizes[other])}
            for number, found in common.items()
        }

    def spread_hints(self) -> None:
        """Let a phrase name every set that holds nearly all codes of the smallest set that it names: who writes of an
        acute promyelocytic leukaemia writes of a malignancy, whichever of the two lists the phrase.

        The smallest says best what is meant. `Lupus` names lupus and the autoimmune diseases, and the autoimmune
        diseases other than lupus hold nearly all of these, but none of those.
        """
        sizes: dict[int, Counter[str]] = defaultdict(Counter)
        common: dict[int, Counter[int]] = defaultdict(Counter)
        named = {number for numbers in self.hints.values() for number in numbers}
        for codes in (self.included.exact, self.included.prefix):
            for system, listed in codes.items():
                for code in listed:
                    members = self.members((system, code))
                    for number in members:
                        sizes[number][system] += 1
                    for number in members & named:
                        common[number].update(members)
        holders = {
            number: [
                other
                for other, shared in sorted(common[number].items())
                # A set says nothing about codes of systems that it has none of.
                if _NEARLY_ALL * sum(n for system, n in sizes[number].items() if system in sizes[other]) <= shared
            ]
            for number in named
        }
        for numbers in self.hints.values():
            smallest = min(numbers, key=lambda number: (sizes[number].total(), number))
            numbers += [other for other in holders[smallest] if other not in numbers]

    def find_ancestors(self) -> None:
        """Work out `above` from what is included."""
        for codes in (self.included.exact, self.included.prefix):
            for system, lengths in _ANCESTORS.items():
                above = self.above.setdefault(system, {})
                for code, numbers in codes.get(system, {}).items():
                    for length in lengths:
                        if length < len(code):
                            sets = above.setdefault(code[:length], [])
                            sets += [number for number in numbers if number not in sets]

    def lasts(self, number: int, key: Key) -> set[str]:
        """What the includes of a set, or of the sets it takes, that hold this code say of how long it lasts."""
        direct = (self.included.find(key) - self.excluded.find(key)) & self.parts(number)
        limited = direct & self.limited.keys()
        found = {text for text, codes in self.lasting.items() if not limited.isdisjoint(codes.find(key))}
        return found | {"chronic"} if direct - limited else found

    def all_lasts(self, number: int) -> set[str]:
        """Every `lasts` of a set, and of the sets it takes."""
        return {text for part in self.parts(number) for text in self.limited.get(part, ("chronic",))}

    def parts(self, number: int) -> set[int]:
        """A set and those that it takes the members of."""
        taken = (one for imported in self.imports if imported.number == number for one in imported.taken)
        return {number, *taken}

    def display(self, key: Key) -> str:
        """What the sets call an enumerated code; empty for one that is not enumerated."""
        system, code = key
        return self.displays.get(system, {}).get(code, "")
