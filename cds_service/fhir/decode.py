"""Decodes the bytes of one resource to its view, or to an unreadable resource where it is malformed."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw, Struct, defstruct

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.lists import listed
from cds_service.fhir.modifiers import whole
from cds_service.fhir.repeated_keys import repeated_keys
from cds_service.fhir.resource_types import RESOURCE_TYPES, ResourceType
from cds_service.fhir.statuses import is_void, word_of
from cds_service.fhir.views import CodeableConcept, Coding, Period, Reference, Resource
from cds_service.fhir.written_quantities import with_number

T = TypeVar("T")

FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What msgspec raises on bytes that are not the JSON it was asked for."""

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(row.view) for name, row in RESOURCE_TYPES.items()
}
_TOLERANT: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(row.view, strict=False) for name, row in RESOURCE_TYPES.items()
}
_FIRST_MEMBER = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_FOLDED = {name.casefold(): name for name in RESOURCE_TYPES}
_PATH = re.compile(r"(?P<what>.*) - at `\$\.?(?P<path>.*)`", re.S)
_WITHIN = re.compile(r"`(?P<element>[A-Za-z]+)` ")
_SHOWABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")


@dataclass(frozen=True, slots=True)
class UnreadableResource:
    """A resource of this patient that could not be counted, and as much of it as tells whether that matters.

    `code` holds every coding by which the resource could match a fact: its code, drug or vaccine, and those of its
    components and reaction substances. It is `None` where any of these could not be read, or is a reference: then the
    resource may be about anything. `said` is what can be read of them all the same, code by code and word by word.
    `date` is the raw text of the clinical date, where there is one.
    """

    type: str
    code: CodeableConcept | None
    issue: Issue
    date: str | None = None
    said: CodeableConcept | None = None


@dataclass(frozen=True, slots=True)
class UndecodedResource:
    """A resource whose view could not be made: what `UnreadableResource` needs, and whose it is.

    `is_void`: it says itself that it does not count, whatever is wrong with the rest of it.
    """

    type: str
    id: str | None
    subject: Reference | None
    is_void: bool
    malformed: UnreadableResource


class _Head(Struct, rename="camel"):
    resource_type: str | None = None
    id: str | None = None


class _Parts(Struct, rename="camel"):
    """The elements that tell what a malformed resource is about, undecoded, so that each can be tried by itself.

    These are looked at in every type; the others are those of its row.
    """

    id: Raw = Raw()
    status: Raw = Raw()
    verification_status: Raw = Raw()


def _parts_of(row: ResourceType) -> type[_Parts]:
    read = {row.subject, row.code, row.drug, *row.dates, None if row.parts is None else row.parts.element}
    names = sorted(name for name in read if name is not None and name not in _Parts.__struct_fields__)
    fields = [(name, Raw, Raw()) for name in names]
    made: Any = defstruct(f"_{row.name}Parts", fields, bases=(_Parts,), rename="camel")
    return cast("type[_Parts]", made)


def _coded_parts(element: str) -> Any:
    """A list of what can match within a resource, whatever is wrong with the rest of each."""
    part: Any = defstruct("_Part", [(element, CodeableConcept | None, None)], rename="camel")
    return tuple[part, ...]


_HEAD = msgspec.json.Decoder(_Head)
_PARTS = {name: msgspec.json.Decoder(_parts_of(row)) for name, row in RESOURCE_TYPES.items()}
_CODED_PARTS = {name: _coded_parts(row.parts.code) for name, row in RESOURCE_TYPES.items() if row.parts is not None}
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BEYOND_CODES = 10**18
"""The longest codes, SNOMED CT's, have 18 digits."""


def resource_type(raw: bytes | Raw) -> str | None:
    """The `resourceType` of a JSON object; `None` where it has none or is no object. A view's name in another case is
    given in FHIR's own, so that `observation` is seen to be an Observation (and then to be malformed)."""
    found = _FIRST_MEMBER.match(raw)
    if found is not None:
        name: str | None = found[1].decode()
        if name in RESOURCE_TYPES:
            return name
    else:
        try:
            name = _HEAD.decode(raw).resource_type
        except FAULTS:
            return None
    return None if name is None else _FOLDED.get(name.casefold(), name)


def decode_resource(
    name: str, raw: bytes | Raw, place: str, deadline: Deadline = NEVER, notes: list[Issue] | None = None
) -> Resource | UndecodedResource:
    """The view of a resource of type `name` (a key of `RESOURCE_TYPES`), or what is wrong with it.

    `place` stands for the resource in an issue where it has no id ("entry 17"). To `notes` is added what was mended.
    Never raises on any bytes but `OutOfTime`.
    """
    try:
        view: Resource = _DECODERS[name].decode(raw)
    except FAULTS as error:
        mended = _mend(name, raw, deadline)
        if mended is None:
            return _faulty(name, raw, place, error)
        view, paths = mended
        if notes is not None:
            own = label(name, view.id, place)
            notes += [Issue("information", "not_a_list", own, path, "is read as a list of one") for path in paths]
    twice = repeated_keys(raw)
    if twice:
        return _said_twice(name, raw, place, twice)
    modifier = whole(view)
    return _faulty(name, raw, place, None, modifier) if modifier else view


def contained_by_id(contained: tuple[Raw, ...], deadline: Deadline = NEVER) -> dict[str, tuple[str, Raw]]:
    """Contained resources, still undecoded, by the id after `#`, each with its type. Raises `OutOfTime`."""
    found: dict[str, tuple[str, Raw]] = {}
    for raw in deadline.each(contained):
        try:
            head = _HEAD.decode(raw)
        except FAULTS:
            continue
        if head.id is not None and head.resource_type is not None:
            # Some writers put the `#` into the id itself.
            found.setdefault(head.id.removeprefix("#"), (head.resource_type, raw))
    return found


def label(name: str, id: str | None, place: str) -> str:
    """How an issue names a resource: `Observation/123`, or its type and place where it has no presentable id."""
    if id is not None and _SHOWABLE_ID.fullmatch(id):
        return f"{name}/{id}"
    return f"{name} ({place})" if place else name


def explain(error: Exception) -> tuple[str, str]:
    """The FHIR path at fault (may be empty) and what is wrong there, from a decoding error; never the value itself."""
    if isinstance(error, RecursionError):
        return "", "is nested too deeply"
    if isinstance(error, UnicodeError):
        return "", "holds text that is not UTF-8"
    message = str(error)
    found = _PATH.fullmatch(message)
    if found is None:
        return "", message.removeprefix("JSON is malformed: ")
    what, path = found["what"], found["path"]
    within = _WITHIN.match(what)
    if within is not None:  # raised by a view about one of its own elements
        path = f"{path}.{within['element']}" if path else within["element"]
    return path, what


def try_decode(raw: bytes | Raw, type: type[T]) -> T | None:
    """`raw` as `type`, or `None` where it is absent or is not that."""
    if not bytes(raw):
        return None
    try:
        return msgspec.json.decode(raw, type=type)
    except FAULTS:
        return None


def _mend(name: str, raw: bytes | Raw, deadline: Deadline) -> tuple[Resource, tuple[str, ...]] | None:
    """Once more without `null` members, with booleans and numbers that were sent as text, and with lists where one
    thing stands in place of a list: none of these can change a meaning. The elements that were no lists go with it.
    `None` where that does not help."""
    try:
        node, paths = listed(RESOURCE_TYPES[name].view, _without_nulls(_ANYTHING.decode(raw), deadline), deadline)
        view: Resource = _TOLERANT[name].decode(_ENCODER.encode(node))
    except (*FAULTS, ArithmeticError):  # an integer beyond 64 bits, a number that Decimal cannot hold
        return None
    return view, paths


def _without_nulls(node: Any, deadline: Deadline) -> Any:
    if isinstance(node, dict):
        return with_number(
            {name: _without_nulls(value, deadline) for name, value in deadline.each(node.items()) if value is not None}
        )
    if isinstance(node, list):
        return [_without_nulls(value, deadline) for value in deadline.each(node) if value is not None]
    return node


def outline(name: str, raw: bytes | Raw, issue: Issue) -> UnreadableResource:
    """What a resource that is not to count might have been about."""
    return _outline(name, _parts(name, raw), issue)


def part_of(view: Resource, code: CodeableConcept | None, issue: Issue) -> UnreadableResource:
    """A part of an Observation that must not be read, by its own code; what it is a part of may need it."""
    row = RESOURCE_TYPES[type(view).__name__]
    around = None if row.code is None else getattr(view, row.code)
    known = [concept for concept in (around, code) if concept is not None]
    said = CodeableConcept(tuple(coding for concept in known for coding in concept.coding))
    dated = (getattr(view, name) for name in row.dates)
    date = next((one.end or one.start if isinstance(one, Period) else one for one in dated if one is not None), None)
    return UnreadableResource(row.name, code if code is not None and code.coding else None, issue, date, said)


def _faulty(name: str, raw: bytes | Raw, place: str, error: Exception | None, modifier: str = "") -> UndecodedResource:
    parts = _parts(name, raw)
    id = try_decode(parts.id, str)
    if error is None:
        element, what, code = modifier, "changes the meaning in a way that is not understood", "modifier"
    else:
        element, what = explain(error)
        code = "malformed_resource"
    issue = Issue("warning", code, label(name, id, place), element, f"{what}; the resource does not count")
    subject = RESOURCE_TYPES[name].subject
    return UndecodedResource(
        type=name,
        id=id,
        subject=None if subject is None else try_decode(getattr(parts, subject), Reference),
        is_void=word_of(try_decode(parts.status, str)) == "entered-in-error"
        # What changes the meaning may negate a status too.
        or (error is not None and is_void(try_decode(parts.verification_status, CodeableConcept))),
        malformed=_outline(name, parts, issue),
    )


def _said_twice(name: str, raw: bytes | Raw, place: str, twice: frozenset[str]) -> UndecodedResource:
    """A resource in which elements stand more than once: which value was meant cannot be told, so it has none."""
    left = {key: value for key, value in msgspec.json.decode(raw, type=dict[str, Raw]).items() if key not in twice}
    faulty = _faulty(name, _ENCODER.encode(left), place, None)
    element = next((key for key in sorted(twice) if _SHOWABLE_ID.fullmatch(key)), "")
    message = "stands there more than once, with different values; the resource does not count"
    issue = Issue("warning", "malformed_resource", faulty.malformed.issue.resource, element, message)
    return replace(faulty, malformed=replace(faulty.malformed, issue=issue))


def _outline(name: str, parts: _Parts, issue: Issue) -> UnreadableResource:
    row = RESOURCE_TYPES[name]
    code = _every_code(row, parts)
    return UnreadableResource(name, code, issue, _date(row, parts), _legible(row, parts) if code is None else code)


def _parts(name: str, raw: bytes | Raw) -> _Parts:
    try:
        return _PARTS[name].decode(raw)
    except FAULTS:
        return _PARTS[name].decode(b"{}")


def _every_code(row: ResourceType, parts: _Parts) -> CodeableConcept | None:
    if row.code is None or (row.drug is not None and bytes(getattr(parts, row.drug))):
        return None
    concepts = [try_decode(getattr(parts, row.code), CodeableConcept)]
    if row.parts is not None and bytes(raw := getattr(parts, row.parts.element)):
        inner = try_decode(raw, _CODED_PARTS[row.name])
        coded = [None] if inner is None else [getattr(part, row.parts.code) for part in inner]
        is_optional = row.parts.is_optional and inner is not None
        concepts += [concept for concept in coded if concept is not None or not is_optional]
    known = [concept for concept in concepts if concept is not None and (concept.coding or concept.text)]
    if len(known) < len(concepts):
        return None
    texts = [concept.text for concept in known if concept.text]
    return CodeableConcept(tuple(c for concept in known for c in concept.coding), "; ".join(texts) or None)


def _legible(row: ResourceType, parts: _Parts) -> CodeableConcept | None:
    """What can be read of a code that is not as it should be; `None` where that is nothing."""
    whole = None if row.code is None else try_decode(getattr(parts, row.code), Any)
    if not isinstance(whole, dict):
        return None if _text(whole) is None else CodeableConcept((), _text(whole))
    listed = whole.get("coding")
    codings = [coding for coding in (listed if isinstance(listed, list) else [listed]) if isinstance(coding, dict)]
    found = tuple(
        Coding(*(_text(coding.get(element)) for element in ("system", "version", "code", "display")))
        for coding in codings
    )
    text = _text(whole.get("text"))
    return CodeableConcept(found, text) if found or text else None


def _text(value: Any) -> str | None:
    """Text, also where it was sent as a whole number: a code then has lost nothing."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int and 0 <= value < _BEYOND_CODES else None


def _date(row: ResourceType, parts: _Parts) -> str | None:
    for element in row.dates:
        raw = getattr(parts, element)
        text = try_decode(raw, str)
        if text is None:
            period = try_decode(raw, Period)
            text = None if period is None else period.end or period.start
        if text is not None:
            return text
    return None
