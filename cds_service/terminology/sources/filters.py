"""FHIR's filters over a table of numbered codes: what every release that is read whole has in common."""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Protocol

from cds_service.terminology.sources.patterns import Pattern, PatternError
from cds_service.terminology.sources.source import Concept, FilterCondition, UnsupportedFilterError

HIERARCHY = "concept"
"""The property that `is-a`, `descendent-of` and `is-not-a` are asked of; the code itself for `=`."""


class FilterTable(Protocol):
    """The codes of one system, numbered from 0."""

    def __len__(self) -> int: ...

    def find(self, code: str) -> int | None:
        """The number of a code, retired ones too."""

    def concept(self, number: int) -> Concept: ...

    def below(self, code: str) -> Set[int]:
        """The codes that descend from one, and itself if it is a code of the table.

        Raises LookupError for one that the release does not hold, UnsupportedFilterError where it lacks a hierarchy.
        """

    def related(self, condition: FilterCondition) -> Set[int]:
        """The codes for a property beyond code, display and hierarchy. Raises UnsupportedFilterError."""


def expand(table: FilterTable, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
    """As `Source.expand`, for one system. Codes are in order of their characters."""
    chosen: Set[int] | None = None
    removed: Set[int] = frozenset()
    tests: list[Callable[[Concept], bool]] = []
    for condition in conditions:
        if condition.op == "is-not-a" and condition.property == HIERARCHY:
            removed |= table.below(condition.value)
        elif condition.op == "regex" and condition.property in {"code", HIERARCHY, "display"}:
            tests.append(_matches(condition))
        elif condition.property == "display" and condition.op in {"=", "in"}:
            tests.append(_has_name(condition))
        else:
            numbers = _numbers(table, condition)
            chosen = numbers if chosen is None else chosen & numbers
    candidates = range(len(table)) if chosen is None else chosen
    concepts = (table.concept(number) for number in candidates if number not in removed)
    return iter(sorted(one for one in concepts if one.active and all(test(one) for test in tests)))


def _numbers(table: FilterTable, condition: FilterCondition) -> Set[int]:
    match condition.property, condition.op:
        case "concept", "is-a":
            return table.below(condition.value)
        case "concept", "descendent-of":
            return table.below(condition.value) - {table.find(condition.value)}
        case ("concept", "in"):
            raise unanswered(condition, "it asks for a reference set, which is not read; `code in` lists codes")
        case (("code" | "concept"), ("=" | "in")):
            found = [table.find(code) for code in asked(condition)]
            return {number for number in found if number is not None}
        case (("code" | "concept" | "display"), _):
            raise UnsupportedFilterError(f"{condition.property} {condition.op} is no filter that is answered here")
    return table.related(condition)


_COMMA = re.compile(r"(?<!\\),")


def asked(condition: FilterCondition) -> tuple[str, ...]:
    r"""The values of `=` and `in`; a comma within one of several is written `\,`."""
    if condition.op != "in":
        return (condition.value.strip(),)
    return tuple(value.strip().replace("\\,", ",") for value in _COMMA.split(condition.value) if value.strip())


def unanswered(condition: FilterCondition, why: str = "the release has no such property") -> UnsupportedFilterError:
    """The error for a property that a table lacks."""
    return UnsupportedFilterError(f"{condition.property} {condition.op} {condition.value}: {why}")


def _has_name(condition: FilterCondition) -> Callable[[Concept], bool]:
    names = frozenset(asked(condition))
    return lambda concept: concept.display in names


def _matches(condition: FilterCondition) -> Callable[[Concept], bool]:
    pattern = compiled(condition.value)
    if condition.property == "display":
        return lambda concept: pattern.matches(concept.display)
    return lambda concept: pattern.matches(concept.code)


def compiled(pattern: str) -> Pattern:
    """A filter's regular expression, which has to match the whole of a code or name. Raises UnsupportedFilterError for
    what is not read (`patterns`)."""
    try:
        return Pattern(pattern)
    except PatternError as problem:
        raise UnsupportedFilterError(f"the regular expression {pattern!r} can't be read: {problem}") from problem
