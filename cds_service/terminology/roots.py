"""Reviewed roots of value sets: which filters stand for a list of today (`codes migrate --roots`)."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import LOINC, RXNORM, SNOMED
from cds_service.rule_files import invalid, read_json


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RootFilter(_Strict):
    """One condition."""

    property: str
    op: str
    value: str


class ReplacedInclude(_Strict):
    """What stands in the place of an include: `filters`, each a list of conditions that go together, and `list`, the
    codes that stay a list. `replaces`: its place in `compose.include` of today."""

    replaces: int
    filters: tuple[tuple[RootFilter, ...], ...] = ()
    list: tuple[str, ...] = ()


class ReplacedExclude(ReplacedInclude):
    """The same for a place in `compose.exclude`."""

    system: str = ""


class Roots(BaseModel):
    """`ID.json` of the folder."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str
    includes: tuple[ReplacedInclude, ...] = ()
    excludes: tuple[tuple[RootFilter, ...], ...] = ()
    replaces_excludes: tuple[ReplacedExclude, ...] = ()

    def codes_excluded(self) -> dict[str, list[str]]:
        """By system the single codes among its excludes: they need no filter."""
        found: dict[str, list[str]] = {}
        for filters in self.excludes:
            found.setdefault(system_of(filters), []).extend(single_codes(filters))
        return {system: codes for system, codes in found.items() if codes}

    def of(self, element: str, index: int) -> ReplacedInclude | None:
        """What stands in the place of an include or exclude."""
        every = self.includes if element == "include" else self.replaces_excludes
        return next((one for one in every if one.replaces == index), None)


def read_roots(folder: Path) -> tuple[dict[str, Roots], list[Finding]]:
    """The roots of a folder by set, and a finding for each file that can't be read."""
    found: dict[str, Roots] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.json")):
        content, problems = read_json(path, path.name)
        findings += problems
        if content is None:
            continue
        try:
            roots = Roots.model_validate(content)
        except ValidationError as problem:
            findings += invalid(problem, path.name, Roots)
            continue
        found[roots.id] = roots
    return found, findings


def single_codes(filters: tuple[RootFilter, ...]) -> list[str]:
    """The codes that a filter names one by one (`concept = CODE`, `concept in CODE,CODE`); none of any other."""
    if len(filters) != 1 or filters[0].property not in ("concept", "code") or filters[0].op not in ("=", "in"):
        return []
    return [code.strip() for code in filters[0].value.split(",") if code.strip()]


def system_of(filters: tuple[RootFilter, ...]) -> str:
    """The system of an exclude's filters, by their properties: concepts are those of SNOMED CT."""
    properties = {one.property for one in filters}
    if any(name.startswith("has_") or name == "TTY" for name in properties):
        return RXNORM
    return LOINC if any(name.isupper() for name in properties) else SNOMED
