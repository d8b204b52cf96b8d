"""The members of the value sets with their names in the reference table, prefixes and imports written out."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cds_service.facts.catalogue import Definition, codes_by_part
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
    found: dict[str, set[tuple[str, str, str]]] = {"include": set(), "exclude": set()}
    for element, part, codes in codes_by_part(
        RULES, Definition.model_validate(read(RULES / "valuesets" / f"{name}.json"))
    ):
        for reference in part.value_set:
            found[element] |= members(reference.removeprefix(PREFIX))
        system = part.system or ""
        names = table().get(TABLES.get(system, ""), {})
        found[element] |= {(system, code, names.get(code, display)) for code, display in codes.items()}
        for prefix in part.prefixes(system):
            found[element] |= {(system, code, names[code]) for code in below(TABLES[system], prefix)}
    return frozenset(found["include"] - found["exclude"])


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
