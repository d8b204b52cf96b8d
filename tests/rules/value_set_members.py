"""The members of the value sets with their names in the reference table, prefixes and imports written out."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from cds_service.facts.catalogue import PREFIX_SYSTEMS
from tests.rules.test_value_sets import PREFIX, RULES, TABLES, read, table


class Member(NamedTuple):
    value_set: str
    system: str
    code: str
    name: str

    def __str__(self) -> str:
        return f"{self.value_set}: {self.code} {self.name}"


@cache
def members(name: str) -> frozenset[tuple[str, str, str]]:
    """(system, code, name in the reference table) of every member of a set."""
    compose = read(RULES / "valuesets" / f"{name}.json")["compose"]
    return _all_of(compose["include"]) - _all_of(compose.get("exclude", ()))


def _all_of(parts: list[dict[str, Any]]) -> frozenset[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for part in parts:
        for reference in part.get("valueSet", ()):
            found |= members(reference.removeprefix(PREFIX))
        system = part.get("system", "")
        names = table().get(TABLES.get(system, ""), {})
        for concept in part.get("concept", ()):
            found.add((system, concept["code"], names.get(concept["code"], concept.get("display", ""))))
        for condition in part.get("filter", ()):
            assert system in PREFIX_SYSTEMS
            found |= {(system, code, names[code]) for code in below(TABLES[system], condition["value"])}
    return frozenset(found)


@cache
def without_dots(system: str) -> tuple[list[str], list[str]]:
    """The codes of a table without their dots, in order, and beside them as they are written."""
    in_order = sorted((code.replace(".", ""), code) for code in table()[system])
    return [bare for bare, _ in in_order], [code for _, code in in_order]


def below(system: str, prefix: str) -> list[str]:
    bare, codes = without_dots(system)
    start = prefix.replace(".", "")
    return codes[bisect_left(bare, start) : bisect_left(bare, start + "~")]


@cache
def roles() -> dict[tuple[str, str], frozenset[str]]:
    """(value set, resource that it is read in) -> how: valueset, hints, history."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for path in (RULES / "facts").glob("*.json"):
        for fact in read(path).get("facts", ()):
            for key in ("valueset", "hints", "history"):
                if key in fact:
                    place = (fact[key], fact["resource"])
                    found[place] = found.get(place, frozenset()) | {key}
    return found


def read_in(*resources: str) -> Iterator[Member]:
    for value_set, resource in sorted(roles()):
        if resource in resources:
            yield from (Member(value_set, *member) for member in sorted(members(value_set)))


def everywhere() -> Iterator[Member]:
    yield from read_in(*sorted({resource for _, resource in roles()}))


def printed(found: Iterator[Member] | list[Member]) -> list[str]:
    return sorted({str(member) for member in found})
