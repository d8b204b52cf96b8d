"""A site's own codes as standard ones: FHIR ConceptMaps, of R4 (`equivalence`) and of R5 (`relationship`).

A site's code stands for a standard code only where it implies it. What says less (narrower, related, one that holds
only together with others) is left out with a finding, and the code stays what it was: one that is not read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.findings import finding
from cds_service.rule_files import Layers, invalid, pointer, read_json

# https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html ("the target mapping is wider than the source")
_IMPLIES = frozenset({"equal", "equivalent", "wider", "subsumes"})
# https://hl7.org/fhir/R5/valueset-concept-map-relationship.html
_R5_IMPLIES = frozenset({"equivalent", "source-is-narrower-than-target"})


class MappedCode(NamedTuple):
    """What a map says of one code: (system, code) as written there, and where the target stands."""

    source: tuple[str, str]
    target: tuple[str, str]
    file: str
    pointer: str


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Target(_Lenient):
    code: str | None = None
    equivalence: str | None = None
    relationship: str | None = None
    depends_on: tuple[Any, ...] = Field(default=(), alias="dependsOn")

    @property
    def why_not(self) -> str:
        """Why the target does not count; empty where it does."""
        if self.code is None:
            return "not mapped"
        if self.depends_on:
            return "mapped only together with something else (`dependsOn`)"
        said = [word for word in (self.equivalence, self.relationship) if word is not None]
        if not said:
            return "mapped without `equivalence` or `relationship`"
        implied = (self.equivalence is None or self.equivalence in _IMPLIES) and (
            self.relationship is None or self.relationship in _R5_IMPLIES
        )
        return "" if implied else f"mapped as {' and '.join(said)}"


class _Element(_Lenient):
    code: str
    target: tuple[_Target, ...] = ()


class _Group(_Lenient):
    source: str
    target: str
    element: tuple[_Element, ...]


class _ConceptMap(_Lenient):
    group: tuple[_Group, ...]


def read_conceptmaps(layers: Layers) -> tuple[tuple[MappedCode, ...], tuple[Finding, ...]]:
    """What the maps in `conceptmaps/*.json` of every layer say, in order. A map that can't be read is left out."""
    mapped: list[MappedCode] = []
    findings: list[Finding] = []
    for name, path in layers.files("conceptmaps/*.json"):
        for one in _read(path, name):
            if isinstance(one, Finding):
                findings.append(one)
            else:
                mapped.append(one)
    return tuple(mapped), tuple(findings)


def _read(path: Path, name: str) -> Iterator[MappedCode | Finding]:
    content, problems = read_json(path, name)
    yield from problems
    if content is None:
        return
    if not isinstance(content, dict) or content.get("resourceType") != "ConceptMap":
        yield finding("conceptmap-invalid", name, "/resourceType", "is not a ConceptMap")
        return
    try:
        concept_map = _ConceptMap.model_validate(content)
    except ValidationError as problem:
        yield from invalid(problem, name, _ConceptMap)
        return
    for g, group in enumerate(concept_map.group):
        for e, element in enumerate(group.element):
            for t, target in enumerate(element.target):
                at = pointer(["group", g, "element", e, "target", t])
                if target.code is None or target.why_not:
                    message = f"{element.code!r} is {target.why_not} and does not count"
                    yield finding("conceptmap-equivalence", name, at, message, severity="warning")
                else:
                    yield MappedCode((group.source, element.code), (group.target, target.code), name, at)
