"""SNOMED CT in Release Format 2: the Snapshot of an edition, as a folder or as the zip that it is published in.

Layout: SNOMED CT Release File Specification (https://docs.snomed.org/snomed-ct-specifications/release-file-specification),
sections 3.3.2 (file names) and 4.2 (columns). Read are the concepts, the fully specified names in English and the
active, inferred is-a relationships; an edition's release may consist of several files of each, in which case the row
with the later effectiveTime counts.
"""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence, Set

from cds_service.facts.catalogue import SNOMED
from cds_service.terminology.sources.descent import Descent
from cds_service.terminology.sources.filters import unanswered
from cds_service.terminology.sources.in_memory import CodeNames, InMemory
from cds_service.terminology.sources.packed import ReleaseFile, number, release_files, rows, text
from cds_service.terminology.sources.source import Concept, FilterCondition, Source, SourceError

_CONCEPTS = ("id", "effectiveTime", "active", "moduleId", "definitionStatusId")
_DESCRIPTIONS = (
    *("id", "effectiveTime", "active", "moduleId", "conceptId", "languageCode"),
    *("typeId", "term", "caseSignificanceId"),
)
_RELATIONSHIPS = (
    *("id", "effectiveTime", "active", "moduleId", "sourceId", "destinationId"),
    *("relationshipGroup", "typeId", "characteristicTypeId", "modifierId"),
)
_DEPENDENCIES = (
    *("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId"),
    *("sourceEffectiveTime", "targetEffectiveTime"),
)
_IS_A = b"116680003"
_INFERRED = b"900000000000011006"
_FULLY_SPECIFIED = b"900000000000003001"
_ROOT = 138875005
_CORE, _MODEL = 900000000000207008, 900000000000012004
"""The modules of the International Edition, which is known by the first."""

_SCTID = re.compile(r"[1-9][0-9]{5,17}", re.ASCII)
_NO_NAME = 0xFFFFFFFF
_MOST_WITHOUT_NAME = 0.01
"""Of the active concepts. A national release may hold some whose name is in its own language only."""

_NAME = re.compile(r"x?sct2_(Concept|Description|Relationship)_(\w*?)(Snapshot|Full|Delta)(-[A-Za-z-]+)?_.*\.txt")
_DATE = re.compile(r"_([0-9]{8})(?:T[0-9]+Z?)?\.txt$")
_INTERNATIONAL = "_INT_"


def open_rf2(place: str) -> Source:
    """The release in a folder or zip. Raises SourceError, with the file and line where there is one."""
    release = _Files(place, release_files(place))
    concepts = _Concepts(release.concepts)
    _read_names(release.descriptions, concepts)
    concepts.descent = _read_descent(release.relationships, concepts)
    is_international = all(_INTERNATIONAL in file.name for file in release.concepts)
    module = _CORE if is_international else _edition(release.dependencies, concepts.modules)
    version = f"http://snomed.info/sct/{module}/version/{release.date or concepts.latest}"
    return InMemory({SNOMED: concepts}, {SNOMED: version})


class _Files:
    """The files of a Snapshot that are read, by kind."""

    def __init__(self, place: str, files: Sequence[ReleaseFile]) -> None:
        self._place = place
        self._found = [(match, file) for file in files if (match := _NAME.fullmatch(file.name)) is not None]
        if not self._found:
            raise SourceError(place, "holds no RF2 files (sct2_Concept_Snapshot_….txt and others)")
        self.concepts = self._snapshots("Concept")
        self.relationships = self._snapshots("Relationship")
        descriptions = self._snapshots("Description")
        english = [file for file in descriptions if "Snapshot-en" in file.name]
        self.descriptions = english or descriptions
        self.dependencies = [file for file in files if re.search(r"ModuleDependency\w*Snapshot", file.name)]
        dates = [found[1] for file in self.concepts if (found := _DATE.search(file.name)) is not None]
        self.date = max(dates, default=None)

    def _snapshots(self, kind: str) -> list[ReleaseFile]:
        of_kind = [(match[3], file) for match, file in self._found if match[1] == kind]
        files = [file for release_type, file in of_kind if release_type == "Snapshot"]
        if not files:
            others = sorted({release_type for release_type, _ in of_kind})
            instead = f"; it holds the {' and the '.join(others)} of it, which are not read" if others else ""
            raise SourceError(self._place, f"holds no sct2_{kind}_Snapshot file{instead}")
        return files


class _Concepts:
    """The concepts in the order of their identifiers, each under its place there."""

    def __init__(self, files: Sequence[ReleaseFile]) -> None:
        ids, times, active = array("q"), array("I"), bytearray()
        self.modules: Counter[int] = Counter()
        seen = _Rows(files)
        for file, line, row in seen.rows(_CONCEPTS):
            ids.append(number(file, line, row[0], "id"))
            times.append(_time(file, line, row[1]))
            active.append(_is_active(file, line, row[2]))
            self.modules[number(file, line, row[3], "moduleId")] += 1
        kept = array("I", _latest(ids, times, seen))
        self.ids = array("q", [ids[row] for row in kept])
        self.active = bytearray(active[row] for row in kept)
        self.latest = max(times, default=0)
        if not self.ids:
            raise SourceError(files[0].where, "holds no concept")
        self.names = CodeNames()
        self.name_of = array("I", [_NO_NAME]) * len(self.ids)
        self.descent = Descent(0, (), ())

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, identifier: int) -> int | None:
        found = bisect_left(self.ids, identifier)
        return found if found < len(self.ids) and self.ids[found] == identifier else None

    def find(self, code: str) -> int | None:
        return self.place(int(code)) if _SCTID.fullmatch(code.strip()) else None

    def concept(self, place: int) -> Concept:
        name = self.name_of[place]
        return Concept(str(self.ids[place]), "" if name == _NO_NAME else self.names[name], bool(self.active[place]))

    def below(self, code: str) -> Set[int]:
        place = self.find(code)
        if place is None:
            raise LookupError(f"the release holds no concept {code}")
        if not self.active[place]:
            raise LookupError(f"the release has retired concept {code}: nothing descends from it")
        return self.descent.below(place)

    def related(self, condition: FilterCondition) -> Set[int]:
        raise unanswered(condition, "of a release in RF2 codes, names and the is-a hierarchy are read")


class _Rows:
    """The rows of several files as one table, with where each file's begin."""

    def __init__(self, files: Sequence[ReleaseFile]) -> None:
        self.files = files
        self._begins: list[int] = []
        self._lines = array("I")

    def rows(self, columns: Sequence[str], marker: bytes = b"") -> Iterator[tuple[ReleaseFile, int, list[bytes]]]:
        """Each row that is asked for. One that is passed over is left out of the count with `skip`."""
        for file in self.files:
            self._begins.append(len(self._lines))
            for line, row in rows(file, columns, marker):
                self._lines.append(line)
                yield file, line, row

    def skip(self) -> None:
        self._lines.pop()

    def at(self, row: int, problem: str) -> SourceError:
        return self.files[self.file_of(row)].at(self._lines[row], problem)

    def file_of(self, row: int) -> int:
        return max(index for index, begin in enumerate(self._begins) if begin <= row)


def _latest(ids: "array[int]", times: "array[int]", seen: _Rows) -> Iterator[int]:
    """The rows in the order of their identifiers; of several with one identifier the latest.

    A Snapshot file has one row for each component: one with more is a Full file under another name.
    """
    last = -1
    for row in sorted(range(len(ids)), key=ids.__getitem__):
        if last >= 0 and ids[last] == ids[row]:
            if seen.file_of(last) == seen.file_of(row):
                raise seen.at(row, f"{ids[row]} stands here again: this is no Snapshot but a Full file")
            last = row if times[row] > times[last] else last
            continue
        if last >= 0:
            yield last
        last = row
    if last >= 0:
        yield last


def _is_active(file: ReleaseFile, line: int, field: bytes) -> bool:
    if field not in {b"0", b"1"}:
        raise file.at(line, f"active is {field[:40].decode('utf-8', 'replace')!r}, neither 0 nor 1")
    return field == b"1"


def _time(file: ReleaseFile, line: int, field: bytes) -> int:
    if len(field) != len("20240101"):
        raise file.at(line, f"effectiveTime is {field[:40].decode('utf-8', 'replace')!r}, no date of eight digits")
    return number(file, line, field, "effectiveTime")


def _read_names(files: Sequence[ReleaseFile], concepts: _Concepts) -> None:
    times = array("I", bytes(4 * len(concepts)))
    for file in files:
        for line, row in rows(file, _DESCRIPTIONS, _FULLY_SPECIFIED):
            if row[6] != _FULLY_SPECIFIED or not _is_active(file, line, row[2]):
                continue
            place = concepts.place(number(file, line, row[4], "conceptId"))
            if place is None:
                raise file.at(line, f"names concept {row[4].decode()}, which the Concept file does not hold")
            time = _time(file, line, row[1])
            if time >= times[place]:
                times[place] = time
                concepts.name_of[place] = concepts.names.add(text(file, line, row[7]).encode())
    unnamed = [place for place, name in enumerate(concepts.name_of) if name == _NO_NAME and concepts.active[place]]
    if len(unnamed) > _MOST_WITHOUT_NAME * len(concepts):
        first = concepts.ids[unnamed[0]]
        problem = f"gives no fully specified name to {len(unnamed)} of {len(concepts)} concepts, such as {first}"
        raise SourceError(files[-1].where, f"{problem}: is it cut off?")


def _read_descent(files: Sequence[ReleaseFile], concepts: _Concepts) -> Descent:
    ids, times, active, parents, children = array("q"), array("I"), bytearray(), array("I"), array("I")
    seen = _Rows(files)
    for file, line, row in seen.rows(_RELATIONSHIPS, _IS_A):
        is_active = _is_active(file, line, row[2])
        if row[7] != _IS_A or row[8] != _INFERRED or not (is_active or len(files) > 1):
            seen.skip()
            continue
        child, parent = (concepts.place(number(file, line, row[at], _RELATIONSHIPS[at])) for at in (4, 5))
        if child is None or parent is None:
            missing = row[4 if child is None else 5].decode()
            raise file.at(line, f"is about concept {missing}, which the Concept file does not hold")
        ids.append(number(file, line, row[0], "id"))
        times.append(_time(file, line, row[1]))
        active.append(is_active)
        parents.append(parent)
        children.append(child)
    kept = array("I", [row for row in _latest(ids, times, seen) if active[row]])
    _refuse_orphans(files[-1], concepts, {children[row] for row in kept})
    return Descent(
        len(concepts), array("I", [parents[row] for row in kept]), array("I", [children[row] for row in kept])
    )


def _refuse_orphans(file: ReleaseFile, concepts: _Concepts, children: Set[int]) -> None:
    """Every active concept but the root has a parent; where some have none, the rest of the file is missing."""
    orphans = [
        place
        for place in range(len(concepts))
        if concepts.active[place] and place not in children and concepts.ids[place] != _ROOT
    ]
    if orphans:
        problem = f"gives no parent to {len(orphans)} active concepts, such as {concepts.ids[orphans[0]]}"
        raise SourceError(file.where, f"{problem}: is it cut off?")


def _edition(dependencies: Sequence[ReleaseFile], modules: Counter[int]) -> int:
    """The module that an edition is known by: the one that no other of its modules needs, else the largest of its own.

    Source: SNOMED CT URI Standard, 2.1 (https://docs.snomed.org/snomed-ct-specifications/snomed-ct-uri-standard).
    """
    own = {module: count for module, count in modules.items() if module not in {_CORE, _MODEL}}
    if not own:
        return _CORE
    needed: set[int] = set()
    for file in dependencies:
        for line, row in rows(file, _DEPENDENCIES):
            if _is_active(file, line, row[2]):
                needed.add(number(file, line, row[5], "referencedComponentId"))
    roots = own.keys() - needed
    return next(iter(roots)) if len(roots) == 1 else max(own, key=lambda module: (own[module], module))
