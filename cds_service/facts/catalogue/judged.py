"""Codes whose place in their system is decided by themselves, so that one outside a set is something else for certain.

ICD-10 in all its forms and ATC: a code's ancestors are what it begins with, so none needs to be listed. ICD-9-CM and
ICD-10-PCS likewise, of which only codes that exist are judged (`icd`). In every other system only codes that a value
set lists are judged, which were looked at for all sets: one that none lists may be a descendant of one that is listed,
and its words decide (READING.md, section 1).
"""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.codesystems import ATC, ICD9CM, ICD10, ICD10CM, Key
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.icd import BY_SET, Icd
from cds_service.rule_files import invalid, is_there, read_json

_FILE = "facts/judged.json"
_RANGE = r"[A-Z][0-9][0-9A-Z](-[A-Z][0-9][0-9A-Z])?"
_CATEGORY = 3
# ICD-10: a letter, a digit and up to five places more, here without the point; "C92.-" is the category. China's
# clinical edition adds an x and three digits: I10.x00x002.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    ICD10: re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}(?:X[0-9]{3})?-*"),
    ICD10CM: re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}-*"),
    # ATC: fourteen main groups, five levels (https://www.whocc.no/atc/structure_and_principles/).
    ATC: re.compile(r"[ABCDGHJLMNPRSV](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?"),
}


class JudgedTable(BaseModel):
    """`rules/facts/judged.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    icd_10_categories: tuple[str, ...] = Field(
        default=(),
        description="Categories that exist, as ranges with blanks between: `A00-A09 A15-A28`. A code of another one "
        "may be a number of another system. None listed: every one exists.",
    )
    says_nothing: tuple[str, ...] = Field(
        default=(),
        description="ICD-10 codes, with all that begin with them, that say nothing of what the patient has: words "
        "beside such a code are read as if it were not there.",
    )


class JudgedCodes:
    """The table as look-ups."""

    def __init__(self, table: JudgedTable | None = None, icd: Icd | None = None) -> None:
        """Raises `ValueError` for what is no range."""
        self._icd = Icd() if icd is None else icd
        table = table or JudgedTable()
        parts = (part for row in table.icd_10_categories for part in row.split())
        self._categories = frozenset(one for part in parts for one in _in(part))
        self._nothing = tuple(code.replace(".", "") for code in table.says_nothing)

    def is_judged(self, key: Key) -> bool:
        """Whether a code says for certain in which sets it is, and in which it is not."""
        system, code = key
        if system in BY_SET:
            return self._icd.exists(key)
        shape = _SHAPES.get(system)
        if shape is None or shape.fullmatch(code) is None:
            return False
        return system == ATC or not self._categories or code[:_CATEGORY] in self._categories

    def says_nothing(self, key: Key) -> bool:
        """Whether a judged code stands for an encounter, or for a disease that nobody named."""
        if key[0] == ICD9CM:
            meant = self._icd.equivalents(key[1])
            return bool(meant) and all(map(self.says_nothing, meant))
        return key[0] in (ICD10, ICD10CM) and key[1].startswith(self._nothing)


def load_judged(rules_dir: Path, icd: Icd | None = None) -> tuple[JudgedCodes, tuple[Finding, ...]]:
    """`rules_dir/facts/judged.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return JudgedCodes(icd=icd), ()
    content, findings = read_json(path, _FILE)
    try:
        return JudgedCodes(None if content is None else JudgedTable.model_validate(content), icd), tuple(findings)
    except ValidationError as problem:
        return JudgedCodes(icd=icd), (*findings, *invalid(problem, _FILE, JudgedTable))
    except ValueError as problem:
        return JudgedCodes(icd=icd), (*findings, finding("table-invalid", _FILE, "/icd_10_categories", str(problem)))


def _in(part: str) -> list[str]:
    """The categories of a range such as `A00-A09`. Raises `ValueError`."""
    if re.fullmatch(_RANGE, part) is None:
        raise ValueError(f"{part!r} is no category and no range of them")
    first, _, last = part.partition("-")
    if not last:
        return [first]
    if first[0] != last[0] or not (first[1:] + last[1:]).isdigit() or first > last:
        raise ValueError(f"{part!r} is no range within one letter")
    return [f"{first[0]}{number:02}" for number in range(int(first[1:]), int(last[1:]) + 1)]
