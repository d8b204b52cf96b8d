"""The General Equivalence Mappings: what an ICD-9-CM diagnosis is in ICD-10-CM, and the other way round.

Each row has five flags. *Approximate*: the target does not say the same. *No map*: there is none. *Combination*: the
row is a part of a cluster. *Scenario*: which of the clusters, each of them a translation. *Choice list*: which part of
the cluster; one code of each of its lists makes it whole.
Source: "Diagnosis Code Set General Equivalence Mappings: Documentation and User's Guide", CMS and NCHS, appendix A.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby, product
from math import prod
from pathlib import Path
from typing import NamedTuple

from cds_service.terminology.sources.listed import with_point
from cds_service.terminology.sources.packed import ReleaseFile, lines, plain_file, text
from cds_service.terminology.sources.source import SourceError

MOST_ALTERNATIVES = 1000
"""Of one code; the most of the maps of 2018 are 9 × 9."""

_FIVE = re.compile(r"[0-9]{5}", re.ASCII)
_CODE = re.compile(r"[0-9A-Z]{3,7}")
_FLAGS = ("approximate", "no_map", "combination", "scenario", "choice_list")


class Equivalence(NamedTuple):
    """What a code can stand for in the other system. `alternatives`: each of them is a whole translation, of one code
    or of several that hold together; none where the map has no translation. `approximate`: no alternative says exactly
    the same, so that the code can mean less, or more, than its target."""

    source: str
    alternatives: tuple[tuple[str, ...], ...]
    approximate: bool

    @property
    def targets(self) -> frozenset[str]:
        """Every code of any alternative."""
        return frozenset(code for alternative in self.alternatives for code in alternative)

    def is_within(self, codes: frozenset[str]) -> bool:
        """Whether whatever the code stands for is one of `codes`: each alternative has a part that is. False for a code
        without a translation."""
        return bool(self.alternatives) and all(not codes.isdisjoint(parts) for parts in self.alternatives)


class _Row(NamedTuple):
    source: str
    target: str
    approximate: bool
    no_map: bool
    combination: bool
    scenario: int
    choice_list: int


def read_equivalences(place: str, source: str, target: str) -> Mapping[str, Equivalence]:
    """A map in the CSV layout that NBER publishes the mappings in, by its source codes, all codes with their points.

    `source` and `target`: the names of its first columns, `icd9cm` and `icd10cm`. Raises SourceError.
    """
    file = plain_file(Path(place))
    rows = sorted(_rows(file, source, target))
    if not rows:
        raise SourceError(file.where, "holds no equivalence")
    return {code: _equivalence(file, code, list(of_code)) for code, of_code in groupby(rows, lambda row: row.source)}


def sharing(equivalences: Mapping[str, Equivalence]) -> Mapping[str, frozenset[str]]:
    """For each target the source codes that can stand for it. Where there are several the target is wider than each of
    them: G12.21 is what both 335.20 (amyotrophic lateral sclerosis) and 335.21 (progressive muscular atrophy) become,
    so that a set with G12.21 in it has not thereby both.
    """
    found: dict[str, set[str]] = {}
    for source, equivalence in equivalences.items():
        for target in equivalence.targets:
            found.setdefault(target, set()).add(source)
    return {target: frozenset(sources) for target, sources in found.items()}


def _rows(file: ReleaseFile, source: str, target: str) -> Iterator[_Row]:
    expected = [source, target, "flags", *_FLAGS]
    decoded = ((line, text(file, line, content)) for line, content in lines(file))
    for line, content in decoded:
        row = [field.removeprefix('"').removesuffix('"') for field in content.split(",")]
        if line == 1:
            if row != expected:
                raise file.at(1, f"the columns are {content[:200]!r} instead of {','.join(expected)}")
            continue
        if len(row) != len(expected):
            raise file.at(line, f"has {len(row)} columns instead of {len(expected)}")
        flags = row[3:]
        if row[2] != "".join(flags) or not _FIVE.fullmatch(row[2]) or any(flag not in {"0", "1"} for flag in flags[:3]):
            raise file.at(line, f"the flags {row[2]!r} are not the five columns after them")
        approximate, no_map, combination = (flag == "1" for flag in flags[:3])
        scenario, choice_list = int(flags[3]), int(flags[4])
        if combination != (scenario > 0) or combination != (choice_list > 0):
            raise file.at(line, "a combination, and nothing else, has a scenario and a choice list")
        if not _CODE.fullmatch(row[0]) or not (no_map or _CODE.fullmatch(row[1])):
            raise file.at(line, f"{row[0][:40]!r} and {row[1][:40]!r} are no codes without their points")
        codes = (_pointed(row[0], source), "" if no_map else _pointed(row[1], target))
        yield _Row(*codes, approximate, no_map, combination, scenario, choice_list)


def _pointed(code: str, column: str) -> str:
    """ICD-9-CM's codes of external causes have their point after the fourth character (E812.0), all others after the
    third."""
    return with_point(code.strip(), 4 if column == "icd9cm" and code.startswith("E") else 3)


def _equivalence(file: ReleaseFile, source: str, rows: list[_Row]) -> Equivalence:
    if any(row.no_map for row in rows):
        if len(rows) > 1:
            raise SourceError(file.where, f"says of {source} that it has no translation, and gives one")
        return Equivalence(source, (), rows[0].approximate)
    alternatives: set[tuple[str, ...]] = {(row.target,) for row in rows if not row.combination}
    clusters: dict[int, dict[int, set[str]]] = {}
    for row in rows:
        if row.combination:
            clusters.setdefault(row.scenario, {}).setdefault(row.choice_list, set()).add(row.target)
    for lists in clusters.values():
        if prod(len(choices) for choices in lists.values()) > MOST_ALTERNATIVES:
            raise SourceError(file.where, f"gives {source} more than {MOST_ALTERNATIVES} combinations")
        alternatives |= set(product(*(sorted(lists[which]) for which in sorted(lists))))
    return Equivalence(source, tuple(sorted(alternatives)), all(row.approximate for row in rows))
