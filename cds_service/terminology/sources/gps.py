"""SNOMED International's Global Patient Set: every SNOMED CT identifier with its name, and nothing of how they relate.

A tab separated text with a row for each concept: identifier, whether it is active, fully specified name, preferred term
(https://docs.snomed.org/implementation-guides/gps-implementation-guide/global-patient-set-content). The guide names no
line of headings, and releases have come with one: columns are told by what they hold.
"""

import re
from collections import Counter
from collections.abc import Iterator, Set
from typing import NamedTuple

from cds_service.facts.catalogue import SNOMED, sctid_problem
from cds_service.terminology.sources.filters import unanswered
from cds_service.terminology.sources.in_memory import InMemory, ListedTable
from cds_service.terminology.sources.packed import TAB, ReleaseFile, lines, release_files, text
from cds_service.terminology.sources.source import Concept, FilterCondition, Source, SourceError

_LACKS = (
    "the Global Patient Set is a flat list of identifiers and names; which concept is a kind of which is in a release "
    "in RF2 only (rf2:DIR) or on a terminology server (tx:URL)"
)
_NAME = re.compile(r"gps", re.IGNORECASE)
_DATE = re.compile(r"(?<![0-9])(20[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9])(?![0-9])")
_TAG = re.compile(r"\([^()]+\)$")
"""A fully specified name ends with its semantic tag."""

_ACTIVE = {"1": True, "active": True, "true": True, "0": False, "inactive": False, "false": False}
_LOOKED_AT = 100


def open_gps(place: str) -> Source:
    """The set in a text, plain or gzip, or in the folder or zip with it. Raises SourceError."""
    file = _only_text(place)
    found = _DATE.search(file.name) or _DATE.search(file.where)
    if found is None:
        raise SourceError(
            file.where, "has no date in its name, which is how the release of a Global Patient Set is known"
        )
    return InMemory({SNOMED: _Flat(_concepts(file))}, {SNOMED: f"Global Patient Set {found[1]}"})


def _only_text(place: str) -> ReleaseFile:
    texts = [file for file in release_files(place) if file.name.lower().endswith((".txt", ".tsv"))]
    named = [file for file in texts if _NAME.search(file.name)] or texts
    if len(named) != 1:
        names = ", ".join(file.name for file in named[:5])
        problem = (
            f"holds several texts ({names}): name the one that is meant" if named else "holds no .txt or .tsv file"
        )
        raise SourceError(place, problem)
    return named[0]


class _Flat(ListedTable):
    """A list without hierarchy that has fewer properties than its code system."""

    def __init__(self, concepts: Iterator[Concept]) -> None:
        super().__init__(concepts, lack=_LACKS)

    def related(self, condition: FilterCondition) -> Set[int]:
        raise unanswered(condition, _LACKS)


class _Columns(NamedTuple):
    """Where what is read stands; `active` is None where only active concepts are listed. `width`: of the table."""

    code: int
    name: int
    active: int | None
    width: int


def _concepts(file: ReleaseFile) -> Iterator[Concept]:
    columns, begin = _columns(file)
    seen: set[int] = set()
    for line, content in lines(file):
        if line < begin:
            continue
        row = content.split(TAB)
        if len(row) != columns.width:
            raise file.at(line, f"has {len(row) if content else 0} columns instead of {columns.width}")
        code = text(file, line, row[columns.code])
        problem = sctid_problem(code)
        if problem is not None:
            raise file.at(line, f"{code[:40]!r}: {problem}")
        if int(code) in seen:
            raise file.at(line, f"{code} stands here again")
        seen.add(int(code))
        active = _is_active(file, line, "1" if columns.active is None else text(file, line, row[columns.active]))
        yield Concept(code, text(file, line, row[columns.name]), active)
    if not seen:
        raise SourceError(file.where, "holds no concept")


def _is_active(file: ReleaseFile, line: int, field: str) -> bool:
    active = _ACTIVE.get(field.strip().lower())
    if active is None:
        raise file.at(line, f"whether it is active is {field[:40]!r}, neither 0 nor 1")
    return active


def _columns(file: ReleaseFile) -> tuple[_Columns, int]:
    """The columns, and the line that the concepts begin with. By the first hundred rows: which column has identifiers,
    which mostly tells whether something is active, which has names that end with a tag."""
    begin, sample = 0, []
    for line, content in lines(file):
        row = [text(file, line, field) for field in content.split(TAB)]
        if not any(sctid_problem(field) is None for field in row):
            if line == 1:
                continue
            raise file.at(line, "holds no identifier of a SNOMED CT concept: this is no Global Patient Set")
        begin = begin or line
        sample.append(row)
        if len(sample) == _LOOKED_AT:
            break
    if not sample:
        raise SourceError(file.where, "holds no identifier of a SNOMED CT concept: is it empty, or another file?")
    width = Counter(len(row) for row in sample).most_common(1)[0][0]
    fields = list(zip(*(row for row in sample if len(row) == width), strict=True))
    code = max(range(width), key=lambda at: sum(sctid_problem(field) is None for field in fields[at]))
    told = [sum(field.strip().lower() in _ACTIVE for field in fields[at]) for at in range(width)]
    flags = [at for at in range(width) if 2 * told[at] > len(fields[at])]
    tagged = [at for at in range(width) if at != code and any(_TAG.search(field) for field in fields[at])]
    if not tagged:
        raise file.at(begin, "has no column of fully specified names, which end with a tag such as (disorder)")
    name = max(tagged, key=lambda at: sum(_TAG.search(field) is not None for field in fields[at]))
    return _Columns(code, name, flags[0] if flags else None, width), begin
