"""RxNorm's files in Rich Release Format, as they are read: concepts, relations, retired concepts, version.

Columns: RxNorm technical documentation, section 12 (https://www.nlm.nih.gov/research/umls/rxnorm/docs/techdoc.html).
A relation's line reads "RXCUI2 RELA RXCUI1", and each stands there twice, once in each direction.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from cds_service.terminology.sources.release_files import ReleaseFiles
from cds_service.terminology.sources.source import SourceError

CONSO = "RXNCONSO.RRF"
REL = "RXNREL.RRF"
_SAB = "RXNSAB.RRF"
_ARCHIVE = "RXNATOMARCHIVE.RRF"
_CUI = "RXNCUI.RRF"
_OWN = "RXNORM"
"""The source (SAB) whose names and relations are RxNorm's own; those of others need their own licences."""
_SYNONYMS = frozenset({"SY", "TMSY", "PSN", "ET"})
"""Term types that are further names of a concept."""

INVERSE = {
    "has_ingredient": "ingredient_of",
    "has_precise_ingredient": "precise_ingredient_of",
    "has_ingredients": "ingredients_of",
    "has_part": "part_of",
    "consists_of": "constitutes",
    "contains": "contained_in",
    "form_of": "has_form",
    "isa": "inverse_isa",
    "quantified_form_of": "has_quantified_form",
    "tradename_of": "has_tradename",
    "has_dose_form": "dose_form_of",
    "has_doseformgroup": "doseformgroup_of",
}
"""The relations that are read, each with its other direction."""
_FORWARD = {other: name for name, other in INVERSE.items()}

_MOST_AMISS = 0.01
"""The share of relations that may stand in one direction only, or name a concept that is not there."""
_NAMED_AFTER = re.compile(r"(?:RxNorm|Readme)_full(?:_prescribe)?_(?P<day>[01][0-9][0-3][0-9](?:19|20)[0-9]{2})", re.I)
_VSAB = re.compile(r"RXNORM_[0-9]{2}[A-Z]{2}_(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})F")


class Term(NamedTuple):
    """A concept of RxNorm: its name, its term type (IN, SCD, …), and whether it is in use."""

    name: str
    tty: str
    active: bool


def terms_of(files: ReleaseFiles) -> dict[str, Term]:
    """The concepts by RXCUI. Raises SourceError."""
    found: dict[str, Term] = {}
    for cells in _cells(files, files.need(CONSO), 18):
        if cells[11] == _OWN and cells[12] not in _SYNONYMS:
            term = Term(cells[14], cells[12], cells[16] in ("N", ""))
            if cells[0] not in found or term.active:
                found[cells[0]] = term
    if not found:
        raise SourceError(files.place, f"{CONSO} has no name of RxNorm's own (SAB={_OWN})")
    return found


def relations_of(files: ReleaseFiles, terms: dict[str, Term]) -> dict[str, dict[str, set[str]]]:
    """For each relation (`has_ingredient`, …) by RXCUI what it leads to. Raises SourceError, also for a file that
    holds much in one direction only, or much about concepts that are not there: one of the two was cut off."""
    name = files.need(REL)
    seen: dict[tuple[str, str, str], int] = {}
    for cells in _cells(files, name, 16):
        relation = cells[7]
        if cells[10] != _OWN or not cells[0] or not cells[4] or cells[14] not in ("N", ""):
            continue
        if relation in INVERSE:
            one, bit = (relation, cells[4], cells[0]), 1
        elif relation in _FORWARD:
            one, bit = (_FORWARD[relation], cells[0], cells[4]), 2
        else:
            continue
        seen[one] = seen.get(one, 0) | bit
    found: dict[str, dict[str, set[str]]] = {relation: defaultdict(set) for relation in INVERSE}
    single = lost = 0
    for (relation, subject, target), bits in seen.items():
        single += bits != 3
        lost += subject not in terms or target not in terms
        found[relation][subject].add(target)
    where = files.where(name)
    if not seen:
        raise SourceError(where, f"there is no relation of RxNorm's own in it (SAB={_OWN})")
    if single > _MOST_AMISS * len(seen):
        raise SourceError(where, f"{single} of {len(seen)} relations stand in one direction only: was it cut off?")
    if lost > _MOST_AMISS * len(seen):
        raise SourceError(where, f"{lost} of {len(seen)} relations name concepts that {CONSO} does not hold")
    return found


def retired_of(files: ReleaseFiles, terms: dict[str, Term]) -> tuple[dict[str, Term], dict[str, str]]:
    """The concepts that earlier releases held, and what became of those that were merged. Neither file is in the
    prescribable release."""
    found: dict[str, Term] = {}
    merged: dict[str, str] = {}
    archive, history = files.find(_ARCHIVE), files.find(_CUI)
    for cells in _cells(files, archive, 16) if archive else ():
        if cells[13] == _OWN and cells[12] not in terms and cells[14] not in _SYNONYMS:
            found[cells[12]] = Term(cells[2], cells[14], active=False)
            if cells[15] and cells[15] != cells[12]:
                merged[cells[12]] = cells[15]
    for cells in _cells(files, history, 5) if history else ():
        if cells[0] not in terms:
            found.setdefault(cells[0], Term("", "", active=False))
            if cells[4] and cells[4] != cells[0]:
                merged[cells[0]] = cells[4]
    return found, merged


def version_of(files: ReleaseFiles) -> str:
    """The release's date, MMDDYYYY as its files carry it. Raises SourceError where nothing tells it."""
    for text in (files.place, *files.names):
        named = _NAMED_AFTER.search(text)
        if named:
            return named["day"]
    sources = files.find(_SAB)
    for cells in _cells(files, sources, 25) if sources else ():
        dated = _VSAB.search(cells[2])
        if cells[3] == _OWN and dated:
            return f"{dated['month']}{dated['day']}20{dated['year']}"
    raise SourceError(files.place, f"nothing tells its date: no {_SAB}, no name like RxNorm_full_01022024")


def _cells(files: ReleaseFiles, name: str, columns: int) -> Iterator[list[str]]:
    """The lines of a file: each cell has a | behind it, the last as well."""
    for number, line in files.lines(name):
        cells = line.split("|")
        if len(cells) != columns + 1 or cells[-1]:
            problem = f"line {number} does not have {columns} columns with a | behind each: was the file cut off?"
            raise SourceError(files.where(name), problem)
        yield cells
