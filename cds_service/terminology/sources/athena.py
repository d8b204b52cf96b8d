"""A download of OHDSI's Athena (https://athena.ohdsi.org): OMOP's vocabularies as tab separated texts without quotes.

Tables: https://ohdsi.github.io/CommonDataModel/cdm54.html#vocabulary-tables. Read are CONCEPT.csv, VOCABULARY.csv for
the versions, and of CONCEPT_ANCESTOR.csv, which holds more than a gigabyte, the steps of one level within a vocabulary.
The table lists every ancestor of a *standard* concept, and only of those.
"""

from array import array
from collections.abc import Collection, Iterator, Mapping, Set
from functools import lru_cache
from typing import NamedTuple

from cds_service.facts.catalogue import (
    ATC,
    CVX,
    ICD9CM,
    ICD9CM_OPERATIONS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    LOINC,
    RXNORM,
    SNOMED,
)
from cds_service.terminology.sources.descent import Descent
from cds_service.terminology.sources.filters import FilterTable, asked, unanswered
from cds_service.terminology.sources.in_memory import CodeNames, InMemory, ListedTable, without_point
from cds_service.terminology.sources.packed import ReleaseFile, number, release_files, rows, text
from cds_service.terminology.sources.source import Concept, FilterCondition, Source, SourceError, UnsupportedFilterError

_CONCEPTS = (
    *("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id"),
    *("standard_concept", "concept_code", "valid_start_date", "valid_end_date", "invalid_reason"),
)
_ANCESTORS = ("ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation", "max_levels_of_separation")
_VOCABULARIES = (
    *("vocabulary_id", "vocabulary_name", "vocabulary_reference", "vocabulary_version"),
    "vocabulary_concept_id",
)

BY_PREFIX: Mapping[str, tuple[str, int]] = {
    "ICD10": (ICD10, 3),
    "ICD10CM": (ICD10CM, 3),
    "ICD9CM": (ICD9CM, 3),
    "ICD9Proc": (ICD9CM_OPERATIONS, 2),
    "ICD10PCS": (ICD10PCS, 1),
    "ATC": (ATC, 1),
}
"""Vocabularies whose codes descend by prefix: system, and how many characters a root has at least."""

BY_ANCESTOR: Mapping[str, str] = {"SNOMED": SNOMED, "RxNorm": RXNORM, "LOINC": LOINC}
FLAT: Mapping[str, str] = {"CVX": CVX}
VOCABULARIES = frozenset({*BY_PREFIX, *BY_ANCESTOR, *FLAT})

HAS_INGREDIENT = "has_ingredient"
"""RxNorm's property (https://hl7.org/fhir/R4/rxnorm.html): the drugs that contain one; the ingredient itself, too."""

_MOST_UNLISTED = 0.1
"""Of a vocabulary's standard concepts."""

_WHOLE = "None"
"""The row of VOCABULARY.csv that gives the version of all vocabularies together."""


def open_athena(place: str, vocabularies: Collection[str] = VOCABULARIES) -> Source:
    """The download in a folder or zip; of it only `vocabularies`, by OMOP's names, so that no more is kept in memory.

    Raises SourceError, with file and line where there is one.
    """
    by_name = {file.name.upper(): file for file in release_files(place)}
    files = {}
    for name in ("CONCEPT.csv", "CONCEPT_ANCESTOR.csv", "VOCABULARY.csv"):
        if name.upper() not in by_name:
            raise SourceError(place, f"holds no {name}: is it a download of Athena, and whole?")
        files[name] = by_name[name.upper()]
    held = _read_concepts(files["CONCEPT.csv"], frozenset(vocabularies) & VOCABULARIES)
    if not held:
        raise SourceError(files["CONCEPT.csv"].where, f"holds none of {', '.join(sorted(vocabularies))}")
    versions = _read_versions(files["VOCABULARY.csv"], held.keys())
    tables: dict[str, FilterTable] = {}
    for vocabulary in sorted(held.keys() & BY_PREFIX.keys()):
        system, shortest = BY_PREFIX[vocabulary]
        tables[system] = ListedTable(held.pop(vocabulary).concepts(), without_point, shortest_root=shortest)
    for vocabulary in sorted(held.keys() & FLAT.keys()):
        lack = f"{vocabulary} is a flat list: nothing in it descends from anything"
        tables[FLAT[vocabulary]] = ListedTable(held.pop(vocabulary).concepts(), lack=lack)
    descending = {name: _Descending(held.pop(name)) for name in sorted(held.keys() & BY_ANCESTOR.keys())}
    if descending:
        _read_ancestors(files["CONCEPT_ANCESTOR.csv"], list(descending.values()))
    tables |= {BY_ANCESTOR[name]: table for name, table in descending.items()}
    system_of = {**BY_ANCESTOR, **FLAT, **{name: system for name, (system, _) in BY_PREFIX.items()}}
    return InMemory(tables, {system_of[name]: version for name, version in versions.items()})


class _Held(NamedTuple):
    """The rows of one vocabulary as they came, by column. `standard` has a 1 for concepts that descent is told of."""

    name: str
    ids: "array[int]"
    codes: list[str]
    names: CodeNames
    standard: bytearray
    active: bytearray

    def concepts(self) -> Iterator[Concept]:
        for at, code in enumerate(self.codes):
            yield Concept(code, self.names[at], bool(self.active[at]))


def _read_concepts(file: ReleaseFile, wanted: frozenset[str]) -> dict[str, _Held]:
    by_field = {name.encode(): name for name in wanted}
    held: dict[str, _Held] = {}
    for line, row in rows(file, _CONCEPTS):
        name = by_field.get(row[3])
        if name is None:
            continue
        if name not in held:
            held[name] = _Held(name, array("q"), [], CodeNames(), bytearray(), bytearray())
        one = held[name]
        one.ids.append(number(file, line, row[0], "concept_id"))
        code = text(file, line, row[6]).strip()
        if not code:
            raise file.at(line, "has no concept_code")
        one.codes.append(code)
        one.names.add(text(file, line, row[1]).encode())
        one.standard.append(row[5] in {b"S", b"C"})
        one.active.append(row[9] == b"")
    return held


def _read_versions(file: ReleaseFile, names: Collection[str]) -> dict[str, str]:
    found = {text(file, line, row[0]): text(file, line, row[3]).strip() for line, row in rows(file, _VOCABULARIES)}
    whole = found.get(_WHOLE, "")
    versions = {name: found.get(name) or (f"OMOP {whole}" if whole else "") for name in names}
    unknown = sorted(name for name, version in versions.items() if not version)
    if unknown:
        raise SourceError(file.where, f"gives no version of {', '.join(unknown)}")
    return versions


class _Descending(ListedTable):
    """A vocabulary whose codes descend as CONCEPT_ANCESTOR says."""

    def __init__(self, held: _Held) -> None:
        super().__init__(held.concepts())
        self.vocabulary = held.name
        self._ids = array("q", [held.ids[came] for came in self.order])
        self._standard = bytearray(held.standard[came] for came in self.order)
        self._parents, self._children = array("I"), array("I")
        self._listed = array("I", bytes(4 * len(self)))
        """For each number how many rows of CONCEPT_ANCESTOR name it as the ancestor, itself among the descendants."""
        self._whole: ReleaseFile | None = None
        self._descent = Descent(0, (), ())
        self._reread = lru_cache(maxsize=64)(self._read_again)

    def standard(self) -> Iterator[tuple[bytes, int]]:
        """The concepts of which descent is told: OMOP's identifier and number."""
        return ((str(self._ids[at]).encode(), at) for at, standard in enumerate(self._standard) if standard)

    def add(self, ancestor: int, descendant: int, levels: bytes) -> None:
        """A row of CONCEPT_ANCESTOR."""
        self._listed[ancestor] += 1
        if levels == b"1":
            self._parents.append(ancestor)
            self._children.append(descendant)

    def close(self, file: ReleaseFile) -> None:
        """After the last row. Raises SourceError where many concepts are not even listed as their own ancestors."""
        standard = sum(self._standard)
        missing = sum(1 for at, is_standard in enumerate(self._standard) if is_standard and not self._listed[at])
        if missing > standard * _MOST_UNLISTED:
            problem = f"tells nothing of {missing} of {standard} standard concepts of {self.vocabulary}"
            raise SourceError(file.where, f"{problem}: is it cut off?")
        self._whole = file
        self._descent = Descent(len(self), self._parents, self._children)
        self._parents, self._children = array("I"), array("I")

    def below(self, code: str) -> Set[int]:
        root = self.find(code)
        if root is None:
            raise LookupError(f"the download holds no {self.vocabulary} concept {code}")
        if not self._standard[root]:
            raise UnsupportedFilterError(
                f"{self.vocabulary} {code} is no standard concept of OMOP: CONCEPT_ANCESTOR tells descent of those only"
            )
        found = self._descent.below(root)
        # Steps can lead over a concept of another vocabulary, or one that is not standard, which are not kept.
        return found if len(found) == self._listed[root] else self._reread(root)

    def _read_again(self, root: int) -> Set[int]:
        """What the table itself says of one root, where the steps that were kept do not add up to it."""
        ancestor = str(self._ids[root]).encode()
        number_of = dict(self.standard())
        table = () if self._whole is None else rows(self._whole, _ANCESTORS, ancestor)
        found = {number_of.get(row[1]) for _, row in table if row[0] == ancestor}
        return frozenset({root, *(number for number in found if number is not None)})

    def related(self, condition: FilterCondition) -> Set[int]:
        if self.vocabulary == "RxNorm" and condition.property == HAS_INGREDIENT and condition.op in {"=", "in"}:
            ingredients = (value.removeprefix("CUI:") for value in asked(condition))
            return frozenset().union(*(self.below(ingredient) for ingredient in ingredients))
        raise unanswered(condition, "of a download of Athena codes, names, descent and RxNorm's ingredients are read")


def _read_ancestors(file: ReleaseFile, tables: list[_Descending]) -> None:
    place_of: dict[bytes, int] = {}
    """For each standard concept its number and table in one integer, which takes half the memory of a pair."""
    for which, table in enumerate(tables):
        place_of.update((concept, at * len(tables) + which) for concept, at in table.standard())
    for line, row in rows(file, _ANCESTORS):
        if not row[2].isdigit():
            raise file.at(line, f"{_ANCESTORS[2]} is {row[2][:40].decode('utf-8', 'replace')!r}, no number")
        ancestor, descendant = place_of.get(row[0]), place_of.get(row[1])
        if ancestor is None or descendant is None:
            continue
        upper, which = divmod(ancestor, len(tables))
        lower, of_which = divmod(descendant, len(tables))
        if which == of_which:
            tables[which].add(upper, lower, row[2])
    for table in tables:
        table.close(file)
