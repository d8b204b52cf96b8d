"""How many codes of which system each fact has: its value sets as they are loaded, or its codes of Observations."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import PRINTED_SYSTEMS, EventsFact, Key, ObservedFact


class Covered(NamedTuple):
    """A fact with its number of codes by system. `sure`: those by which an entry is a match; `perhaps`: those that
    only may mean it."""

    fact: str
    sure: Counter[str]
    perhaps: Counter[str]


def covered(knowledge: FactReaders) -> Iterator[Covered]:
    """Every fact that reads codes, in the catalogue's order.

    Counted is what is listed: in a system in which a code stands for all below it, all of these are one.
    """
    members = _members(knowledge)
    for spec in knowledge.catalogue:
        if isinstance(spec, EventsFact) and spec.valuesets:
            sure = _of(members, (spec.valueset, spec.history))
            perhaps = _of(members, (spec.hints,)) - sure
            yield Covered(spec.name, _by_system(sure), _by_system(perhaps))
        elif isinstance(spec, ObservedFact) and spec.codes:
            keys = {knowledge.systems.key(code.system, code.code) for code in spec.codes}
            yield Covered(spec.name, _by_system(keys), Counter())


def all_codes(knowledge: FactReaders) -> Counter[str]:
    """The different codes of all facts together, by system."""
    members = _members(knowledge)
    keys: set[Key] = set()
    for spec in knowledge.catalogue:
        if isinstance(spec, EventsFact):
            keys |= _of(members, spec.valuesets)
        elif isinstance(spec, ObservedFact):
            keys |= {knowledge.systems.key(code.system, code.code) for code in spec.codes}
    return _by_system(keys)


def systems_of(counts: Iterable[Counter[str]]) -> list[str]:
    """The systems of some counts, the one with the most codes first."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return sorted(total, key=lambda system: (-total[system], system))


def printed(system: str) -> str:
    """What people call a system."""
    return PRINTED_SYSTEMS.get(system, system)


def _members(knowledge: FactReaders) -> Mapping[str, set[Key]]:
    """The listed codes of each value set, those of the sets that it takes in as well."""
    tables = knowledge.valuesets.tables
    listed = {
        (system, code)
        for table in (tables.included.exact, tables.included.prefix)
        for system, codes in table.items()
        for code in codes
    }
    found: defaultdict[str, set[Key]] = defaultdict(set)
    for key in listed:
        for number in tables.members(key):
            found[tables.ids[number]].add(key)
    return found


def _of(members: Mapping[str, set[Key]], set_ids: Iterable[str | None]) -> set[Key]:
    return {key for set_id in set_ids if set_id is not None for key in members.get(set_id, ())}


def _by_system(keys: Iterable[Key]) -> Counter[str]:
    return Counter(system for system, _ in keys)
