"""A list of codes and names, for a site without the releases: what is in the names stands for what a release tells.

`FILE` or `FILE.gz`: tab-separated system, code and name, with a first line of these words or without.
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from cds_service.facts.catalogue import LOINC, PREFIX_SYSTEMS, PRINTED_SYSTEMS, RXNORM, CodeSystems, normalised
from cds_service.rule_files import unzipped
from cds_service.terminology.sources.loinc_names import AXES, DEPRECATED, Axes, axes_of
from cds_service.terminology.sources.names import (
    CODE,
    CONCEPT,
    IS_A,
    asked,
    code_or_display,
    holds,
    in_order,
    matcher,
    unsupported,
)
from cds_service.terminology.sources.rxnorm_table import DrugNames
from cds_service.terminology.sources.source import Concept, FilterCondition, Release, SourceError

MOST_BYTES = 1_000_000_000
"""Of a list, unpacked. LOINC, SNOMED CT and ICD-10-CM together are below 100 MB."""
_HEAD = ("system", "code", "display")
_GZIP = b"\x1f\x8b"

Test = Callable[[Concept], bool | None]
"""Whether a code meets a condition; None where its name does not tell."""


class CodeTable:
    """A list of codes and names as a Source."""

    def __init__(self, place: str, concepts: Mapping[str, Mapping[str, Concept]], digest: str) -> None:
        """`concepts`: by code system and code. `digest`: the SHA-256 of the file."""
        self._concepts = concepts
        self._version = f"table {Path(place).name} {digest[:12]}"

    @property
    def releases(self) -> tuple[Release, ...]:
        return tuple(Release(system, self._version) for system in sorted(self._concepts))

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The active codes of which the list tells that they meet all conditions, in code order."""
        return in_order(one for one, met in self._looked_at(system, conditions) if met)

    def undecided(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The active codes that may meet the conditions: their names do not tell. They are in no expansion."""
        return in_order(one for one, met in self._looked_at(system, conditions) if met is None)

    def concept(self, system: str, code: str) -> Concept | None:
        return self._concepts.get(system, {}).get(code)

    def _looked_at(self, system: str, conditions: Sequence[FilterCondition]) -> list[tuple[Concept, bool | None]]:
        holds(system, sorted(self._concepts))
        tests = [self._test(system, condition) for condition in conditions]
        return [(one, _all(test(one) for test in tests)) for one in self._concepts[system].values()]

    def _test(self, system: str, condition: FilterCondition) -> Test:
        own = code_or_display(condition)
        if own is not None:
            test = own
            return lambda one: test(one) if one.display or condition.property == CODE else None
        if condition.op in IS_A and condition.property in (CONCEPT, CODE) and system in PREFIX_SYSTEMS:
            return self._below(system, condition)
        if system == LOINC and condition.property in AXES:
            return self._by_axis(condition)
        if system == RXNORM:
            return self._drugs.test(condition)
        printed = PRINTED_SYSTEMS.get(system, system)
        raise unsupported(condition, f"a list of names does not tell it of {printed}; a release of it would")

    def _below(self, system: str, condition: FilterCondition) -> Test:
        """Of ICD-10 and ATC the codes below another are those that start with it."""
        root = normalised(system, condition.value).rstrip("-")
        codes = {one: normalised(system, one.code) for one in self._concepts[system].values()}
        if not root or not any(code.startswith(root) for code in codes.values()):
            raise LookupError(f"{condition.value} is no code of this list")
        if condition.op == "descendent-of":
            return lambda one: codes[one] != root and codes[one].startswith(root)
        return lambda one: codes[one].startswith(root) is (condition.op == "is-a")

    def _by_axis(self, condition: FilterCondition) -> Test:
        index = AXES.index(condition.property)
        fits = matcher(condition)
        told = {axes[index] for axes in self._axes.values()} - {None}
        unknown = [] if condition.op == "regex" else [value for value in asked(condition) if value not in told]
        if unknown:
            values = ", ".join(map(repr, unknown))
            raise unsupported(condition, f"no name of this list tells {values}, which LOINC's own table would")

        def test(one: Concept) -> bool | None:
            value = self._axes[one.code][index]
            return None if value is None else fits(value)

        return test

    @cached_property
    def _axes(self) -> dict[str, Axes]:
        return {code: axes_of(one.display) for code, one in self._concepts[LOINC].items()}

    @cached_property
    def _drugs(self) -> DrugNames:
        return DrugNames(self._concepts[RXNORM])


def open_table(place: str, systems: CodeSystems | None = None) -> CodeTable:
    """Read the list. `systems` knows the names that a list may give to code systems; None: those in common use.

    Raises SourceError for a file that is cut off or of another layout, and for a code that it gives two names.
    """
    try:
        data = Path(place).read_bytes()
        text = (unzipped(data, MOST_BYTES) if data.startswith(_GZIP) else data).decode("utf-8-sig")
    except (EOFError, zlib.error) as problem:
        raise SourceError(place, "the gzip file is cut off or damaged") from problem
    except UnicodeDecodeError as problem:
        raise SourceError(place, f"it is not UTF-8: {problem.reason} at byte {problem.start}") from problem
    except OSError as problem:
        raise SourceError(place, f"it cannot be read: {problem.strerror}") from problem
    named = _Systems(systems or CodeSystems())
    concepts: dict[str, dict[str, Concept]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or (number == 1 and tuple(map(str.lower, cells[:3])) == _HEAD):
            continue
        if len(cells) != len(_HEAD) or not cells[0] or not cells[1]:
            problem_there = f"line {number} is not system, code and name between tabs: was the file cut off?"
            raise SourceError(place, problem_there)
        system, code, name = named.canonical(cells[0]), cells[1], cells[2]
        before = concepts.setdefault(system, {}).get(code)
        if before is not None and before.display != name:
            raise SourceError(place, f"line {number} gives {code} another name than a line before it")
        concepts[system][code] = Concept(code, name, not (system == LOINC and name.startswith(DEPRECATED)))
    if not concepts:
        raise SourceError(place, "there is no code in it")
    return CodeTable(place, concepts, hashlib.sha256(data).hexdigest())


class _Systems:
    """The names that lists give to code systems: "ICD-10-CM", "ICD10CM", and what `systems.json` knows."""

    def __init__(self, systems: CodeSystems) -> None:
        self._systems = systems
        self._printed = {_folded(words): system for system, words in PRINTED_SYSTEMS.items()}
        self._printed["snomed"] = self._printed["snomedct"]
        self._found: dict[str, str] = {}

    def canonical(self, name: str) -> str:
        if name not in self._found:
            self._found[name] = self._printed.get(_folded(name)) or self._systems.canonical(name)
        return self._found[name]


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _all(results: Iterator[bool | None]) -> bool | None:
    met: bool | None = True
    for result in results:
        if result is False:
            return False
        met = None if result is None else met
    return met
