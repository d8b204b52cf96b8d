"""A site's own codes as standard ones: FHIR ConceptMaps of R4 and of R5, read element by element.

What is broken is left out with a finding at its place; every other group, element and target of the file counts. What a
relation means is in `relations`, rules for codes by their shape in `code_shapes`, and what is wrong with codes, or of
several maps together, is found by `mapped`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.code_shapes import LIKE, PART, CodeShape, read_part, shape_fault
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.relations import EQUIVALENCE, IMPLIED, RELATIONSHIP, Relation, relation_of
from cds_service.rule_files import Layers, invalid, pointer, read_json


class MappedCode(NamedTuple):
    """What a map says of one code: (system, code) as written there, and where the target stands."""

    source: tuple[str, str]
    target: tuple[str, str]
    file: str
    pointer: str
    relation: Relation = "same"


class MappedShape(NamedTuple):
    """What a map says of all codes of a system that have a shape: the systems as written there."""

    source: str
    target: str
    rule: CodeShape
    file: str
    pointer: str


Statement = MappedCode | MappedShape


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Modified(_Lenient):
    modifier_extension: tuple[Any, ...] = Field(
        default=(), alias="modifierExtension", description="Changes what is said in a way that is not understood."
    )


class _Extended(_Modified):
    extension: tuple[Any, ...] = ()

    def says(self, url: str) -> str | None:
        """The text of the extension of that name; None where there is none."""
        given = (one for one in self.extension if isinstance(one, dict) and one.get("url") == url)
        found = next(given, None)
        return None if found is None else str(found.get("valueString", "")).strip()


class _Target(_Extended):
    code: str | None = None
    value_set: str | None = Field(default=None, alias="valueSet", description="Of R5; not read.")
    equivalence: str | None = Field(default=None, description="R4: equal, equivalent, wider, subsumes, narrower, …")
    relationship: str | None = Field(default=None, description="R5: equivalent, source-is-narrower-than-target, …")
    depends_on: tuple[Any, ...] = Field(default=(), alias="dependsOn", description="Such a target is left out.")
    product: tuple[Any, ...] = Field(default=(), description="Such a target is left out.")

    @property
    def refused(self) -> str:
        """Why a target is not read at all; empty where it is."""
        if self.modifier_extension:
            return "mapped with a `modifierExtension`, which is not understood"
        if self.depends_on:
            return "mapped only together with something else (`dependsOn`)"
        if self.product:
            return "mapped to something else besides (`product`)"
        return "mapped to a value set, which is not read" if self.value_set else ""


class _Element(_Extended):
    code: str | None = None
    value_set: str | None = Field(default=None, alias="valueSet", description="Of R5; not read.")
    no_map: bool = Field(default=False, alias="noMap", description="Of R5: there is no target.")
    target: tuple[Any, ...] = ()


class _Group(_Modified):
    source: str = Field(min_length=1)
    target: str = Field(min_length=1)
    element: tuple[Any, ...] = ()
    unmapped: Any = Field(default=None, description="Not read.")


class _ConceptMap(_Modified):
    status: str = ""
    group: tuple[Any, ...]


_MODIFIED = "has a `modifierExtension`, which is not understood, and does not count"


def read_conceptmaps(layers: Layers) -> tuple[tuple[Statement, ...], tuple[Finding, ...]]:
    """What the maps in `conceptmaps/*.json` of every layer say, in order, whether or not anything follows from it."""
    mapped: list[Statement] = []
    findings: list[Finding] = []
    for name, path in layers.files("conceptmaps/*.json"):
        for one in _read(path, name):
            if isinstance(one, Finding):
                findings.append(one)
            else:
                mapped.append(one)
    return tuple(mapped), tuple(findings)


def _read(path: Path, name: str) -> Iterator[Statement | Finding]:
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
    if concept_map.modifier_extension or concept_map.status == "retired":
        message = _MODIFIED if concept_map.modifier_extension else "is retired, and does not count"
        yield finding("conceptmap-not-read", name, "", f"the map {message}", severity="warning")
        return
    for number, raw in enumerate(concept_map.group):
        yield from _group(raw, name, ("group", number))


def _group(raw: Any, name: str, at: tuple[str | int, ...]) -> Iterator[Statement | Finding]:
    try:
        group = _Group.model_validate(raw)
    except ValidationError as problem:
        yield from invalid(problem, name, _Group, at)
        return
    if group.modifier_extension:
        yield finding("conceptmap-not-read", name, pointer(at), f"the group {_MODIFIED}", severity="warning")
        return
    if group.unmapped is not None:
        message = "`unmapped` is not read: codes that stand in no element stay what they are"
        yield finding("conceptmap-not-read", name, pointer([*at, "unmapped"]), message, severity="warning")
    for number, element in enumerate(group.element):
        yield from _element(element, group, name, (*at, "element", number))


def _element(raw: Any, group: _Group, name: str, at: tuple[str | int, ...]) -> Iterator[Statement | Finding]:
    try:
        element = _Element.model_validate(raw)
    except ValidationError as problem:
        yield from invalid(problem, name, _Element, at)
        return
    if element.modifier_extension:
        yield finding("conceptmap-not-read", name, pointer(at), f"the element {_MODIFIED}", severity="warning")
        return
    shape = element.says(LIKE)
    fault = "" if shape is None else shape_fault(shape, group.source)
    if shape is not None and (fault or element.code):
        fault = fault or "an element is of a code or of codes that look alike, not of both"
        yield finding("conceptmap-shape", name, pointer(at), fault)
        return
    if shape is None and (element.code is None or not element.code.strip()):
        message = "has no `code`" + ("; a `valueSet` in its place is not read" if element.value_set else "")
        yield finding("conceptmap-not-read", name, pointer(at), message, severity="warning")
        return
    if element.no_map and element.target:
        message = f"{element.code!r} has `noMap` and a target: it does not count"
        yield finding("conceptmap-contradiction", name, pointer([*at, "noMap"]), message)
        return
    for number, one in enumerate(element.target):
        place = (*at, "target", number)
        try:
            target = _Target.model_validate(one)
        except ValidationError as problem:
            yield from invalid(problem, name, _Target, place)
        else:
            about = MappedCode(
                (group.source, element.code or f"like {shape}"), (group.target, ""), name, pointer(place)
            )
            yield from _target(target, about, shape)


def _target(target: _Target, about: MappedCode, shape: str | None) -> Iterator[Statement | Finding]:
    """What a target says. `about`: the statement without the target's code and the relation."""
    (_, code), name, at = about.source, about.file, about.pointer
    relation = relation_of(target.equivalence, target.relationship)
    said = " and ".join(word for word in (target.equivalence, target.relationship) if word is not None)
    if target.refused:
        message = f"{code!r} is {target.refused} and does not count"
        yield finding("conceptmap-equivalence", name, at, message, severity="warning")
        return
    part = target.says(PART)
    if (target.code is None or not target.code.strip()) and (shape is None or part is None):
        message = f"{code!r} is not mapped and does not count"
    elif not said:
        message = f"{code!r} is mapped without `equivalence` or `relationship` and does not count"
    elif relation is None:
        message = f"{code!r} is mapped as {said}, which FHIR has not, and does not count"
    else:
        about = about._replace(target=(about.target[0], target.code or ""), relation=relation)
        yield about if shape is None else _of_shape(about, shape, part)
        if relation in IMPLIED:
            return
        follows = "a hint at most, and nothing for a result" if relation == "perhaps" else "nothing follows"
        message = f"{code!r} is mapped as {said}: {follows}"
        if shape is not None:
            return  # who writes a rule for many codes knows what it says of them
    yield finding("conceptmap-equivalence", name, at, message, severity="warning")


def _of_shape(about: MappedCode, shape: str, part: str | None) -> MappedShape | Finding:
    """The statement about all codes that look alike."""
    system, code = about.target
    try:
        if (part is None) is not bool(code):
            raise ValueError("a target has a `code` or the part of one, not both")
        first, last = (0, 0) if part is None else read_part(part, shape)
    except ValueError as problem:
        return finding("conceptmap-shape", about.file, about.pointer, str(problem))
    rule = CodeShape(shape, first, last, code, about.relation)
    return MappedShape(about.source[0], system, rule, about.file, about.pointer)


def concept_map_schema() -> dict[str, Any]:
    """JSON Schema of a map. Elements of FHIR that are not read here are allowed and not looked into."""
    schema = _ConceptMap.model_json_schema(by_alias=True)
    parts: dict[str, type[BaseModel]] = {"_Group": _Group, "_Element": _Element, "_Target": _Target}
    defs = {name: model.model_json_schema(by_alias=True) for name, model in parts.items()}
    for holder, key, part in ((schema, "group", "_Group"), (defs["_Group"], "element", "_Element")):
        holder["properties"][key]["items"] = {"$ref": f"#/$defs/{part}"}
    defs["_Element"]["properties"]["target"]["items"] = {"$ref": "#/$defs/_Target"}
    target = defs["_Target"]["properties"]
    target["equivalence"]["enum"], target["relationship"]["enum"] = sorted(EQUIVALENCE), sorted(RELATIONSHIP)
    schema["properties"]["resourceType"] = {"const": "ConceptMap"}
    return {**schema, "title": "ConceptMap", "required": ["resourceType", "group"], "$defs": defs}
