"""The LOINC table: laboratory and clinical codes by LOINC's axes.

What LOINC's licence asks: https://loinc.org/license. A code whose content is a third party's is named, and is in no
expansion: whoever wants it lists it by itself, with that party's leave.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cds_service.facts.catalogue import LOINC
from cds_service.terminology.sources.names import CODE, CONCEPT, code_or_display, holds, in_order, matcher, unsupported
from cds_service.terminology.sources.release_files import ReleaseFiles
from cds_service.terminology.sources.source import Concept, FilterCondition, Release, SourceError

TABLE = "Loinc.csv"
_MAP = "MapTo.csv"
_HIERARCHY = "ComponentHierarchyBySystem.csv"
AXES = ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "CLASS", "STATUS")
"""The columns that can be asked for, in the case and spelling of the table."""
_NAME = "LONG_COMMON_NAME"
_NOTICE = "EXTERNAL_COPYRIGHT_NOTICE"
_IN_USE = frozenset({"ACTIVE", "TRIAL"})
"""Of https://loinc.org/kb/users-guide/loinc-database-structure: the others are DISCOURAGED and DEPRECATED."""
_VERSIONS = ("VersionLastChanged", "VersionFirstReleased")
_NUMBER = re.compile(r"(?P<major>[0-9]+)\.(?P<minor>[0-9]+)")
_NAMED_AFTER = re.compile(r"loinc[_-]?v?(?P<version>[0-9]\.[0-9]{2,})", re.IGNORECASE)


class _Row(NamedTuple):
    concept: Concept
    axes: tuple[str, ...]
    notice: str


class Hierarchy(NamedTuple):
    """LOINC's parts over its codes: the names of all, and by each of them what is below."""

    names: Mapping[str, str]
    below: Mapping[str, frozenset[str]]


class Loinc:
    """The table as a Source."""

    def __init__(
        self,
        version: str,
        rows: Mapping[str, _Row],
        replaced_by: Mapping[str, tuple[str, ...]],
        hierarchy: Hierarchy | None,
    ) -> None:
        self._version = version
        self._rows = rows
        self.replaced_by = replaced_by
        """What LOINC says to use instead of a code (MAP_TO)."""
        self._hierarchy = hierarchy

    @property
    def releases(self) -> tuple[Release, ...]:
        return (Release(LOINC, self._version),)

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The codes in use that meet all conditions, in code order, without those that are a third party's."""
        return in_order(row.concept for row in self._meeting(system, conditions) if not row.notice)

    def left_out(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[tuple[Concept, str]]:
        """The codes in use that meet all conditions and are in no expansion, each with the reason."""
        notices = {row.concept: row.notice for row in self._meeting(system, conditions) if row.notice}
        for one in in_order(notices):
            yield one, f"a third party holds rights in it: {notices[one]}"

    def concept(self, system: str, code: str) -> Concept | None:
        if system != LOINC:
            return None
        row = self._rows.get(code)
        if row is not None:
            return row.concept
        part = self._hierarchy.names.get(code) if self._hierarchy else None
        return None if part is None else Concept(code, part)

    def _meeting(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[_Row]:
        holds(system, (LOINC,))
        tests = [self._test(condition) for condition in conditions]
        return (row for row in self._rows.values() if all(test(row) for test in tests))

    def _test(self, condition: FilterCondition) -> Callable[[_Row], bool]:
        own = code_or_display(condition)
        if own is not None:
            test = own
            return lambda row: test(row.concept)
        if condition.property in AXES:
            index, fits = AXES.index(condition.property), matcher(condition)
            return lambda row: fits(row.axes[index])
        if condition.property in (CONCEPT, CODE) and condition.op in ("is-a", "descendent-of"):
            return self._below(condition)
        raise unsupported(condition, f"LOINC is asked by {', '.join(AXES)}, code, display, and is-a of a part")

    def _below(self, condition: FilterCondition) -> Callable[[_Row], bool]:
        if self._hierarchy is None:
            raise unsupported(condition, f"it takes {_HIERARCHY}, which comes with the whole release (AccessoryFiles)")
        root = condition.value.strip()
        if root not in self._hierarchy.names and root not in self._rows:
            raise LookupError(f"{root} is neither a code nor a part of this release")
        found = self._hierarchy.below.get(root, frozenset()) | ({root} if condition.op == "is-a" else frozenset())
        return lambda row: row.concept.code in found


def open_loinc(place: str) -> Loinc:
    """Read LOINC: the downloaded zip archive, its folder, or `Loinc.csv` alone. Raises SourceError."""
    files = ReleaseFiles(place)
    alone = files.names[0] if len(files.names) == 1 and files.names[0].lower().endswith(".csv") else None
    name = alone or files.need(TABLE)
    rows: dict[str, _Row] = {}
    replaced: dict[str, tuple[str, ...]] = {}
    latest = (0, 0)
    for cells in files.rows(name, ("LOINC_NUM", *AXES, _NAME, _NOTICE)):
        code, status = cells["LOINC_NUM"], cells["STATUS"]
        display = cells[_NAME] or cells.get("SHORTNAME", "")
        axes = tuple(cells[axis] for axis in AXES)
        if code in rows:
            raise SourceError(files.where(name), f"{code} stands in it twice")
        rows[code] = _Row(Concept(code, display, status in _IN_USE), axes, " ".join(cells[_NOTICE].split()))
        latest = max(latest, *(_number(cells.get(column, "")) for column in _VERSIONS))
        if cells.get("MAP_TO"):  # up to 2.67 a column of the table
            replaced[code] = tuple(cells["MAP_TO"].split(";"))
    if not rows:
        raise SourceError(files.where(name), "there is no code in it")
    for code, target in _mapped(files, rows):
        replaced[code] = (*replaced.get(code, ()), target)
    return Loinc(_version(files, latest), rows, replaced, _hierarchy(files))


def _mapped(files: ReleaseFiles, rows: Mapping[str, _Row]) -> Iterator[tuple[str, str]]:
    """The lines of MapTo.csv. Each is about codes of the table: a table without them was cut off."""
    name = files.find(_MAP)
    for cells in files.rows(name, ("LOINC", "MAP_TO")) if name else ():
        for code in (cells["LOINC"], cells["MAP_TO"]):
            if code not in rows:
                raise SourceError(files.place, f"{_MAP} names {code}, which {TABLE} does not hold: was it cut off?")
        yield cells["LOINC"], cells["MAP_TO"]


def _hierarchy(files: ReleaseFiles) -> Hierarchy | None:
    name = files.find(_HIERARCHY)
    if name is None:
        return None
    names: dict[str, str] = {}
    below: dict[str, set[str]] = {}
    for cells in files.rows(name, ("PATH_TO_ROOT", "CODE", "CODE_TEXT")):
        names[cells["CODE"]] = cells["CODE_TEXT"]
        for above in filter(None, cells["PATH_TO_ROOT"].split(".")):
            if above != cells["CODE"]:
                below.setdefault(above, set()).add(cells["CODE"])
    return Hierarchy(names, {part: frozenset(codes) for part, codes in below.items()})


def _version(files: ReleaseFiles, latest: tuple[int, int]) -> str:
    """Of the archive's or folder's name; else the latest version in which a code was changed."""
    for text in (files.place, *files.names):
        named = _NAMED_AFTER.search(text)
        if named:
            return named["version"]
    if latest == (0, 0):
        raise SourceError(files.place, f"nothing tells its version: no {' and no '.join(_VERSIONS)} in {TABLE}")
    return f"{latest[0]}.{latest[1]:02}"


def _number(version: str) -> tuple[int, int]:
    found = _NUMBER.match(version)
    return (int(found["major"]), int(found["minor"])) if found else (0, 0)
