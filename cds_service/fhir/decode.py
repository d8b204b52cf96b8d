"""From the bytes of one resource to its view, or to what can still be said of it where it is malformed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.statuses import is_void
from cds_service.fhir.views import (
    VIEWS,
    CodeableConcept,
    Coding,
    Period,
    Reference,
    Resource,
)

T = TypeVar("T")

FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What msgspec raises on bytes that are not the JSON it was asked for."""

SUBJECT_ELEMENT = {
    name: next((element for element in ("subject", "patient", "individual") if element in view.__struct_fields__), None)
    for name, view in VIEWS.items()
}
"""Which element names the patient; `None` for Patient itself and for what belongs to nobody (Medication, Substance)."""

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(view) for name, view in VIEWS.items()}
_TOLERANT: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(view, strict=False) for name, view in VIEWS.items()
}
_FIRST_MEMBER = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_FOLDED = {name.casefold(): name for name in VIEWS}
_PATH = re.compile(r"(?P<what>.*) - at `\$\.?(?P<path>.*)`", re.S)
_WITHIN = re.compile(r"`(?P<element>[A-Za-z]+)` ")
_SHOWABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")


@dataclass(frozen=True, slots=True)
class Malformed:
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
class Faulty:
    """A resource whose view could not be made: what `Malformed` needs, and whose it is.

    `is_void`: it says itself that it does not count, whatever is wrong with the rest of it.
    """

    type: str
    id: str | None
    subject: Reference | None
    is_void: bool
    malformed: Malformed


class _Head(Struct, rename="camel"):
    resource_type: str | None = None
    id: str | None = None


class _Parts(Struct, rename="camel"):
    """Every element undecoded, so that each can be tried by itself."""

    id: Raw = Raw()
    status: Raw = Raw()
    verification_status: Raw = Raw()
    subject: Raw = Raw()
    patient: Raw = Raw()
    individual: Raw = Raw()
    code: Raw = Raw()
    type: Raw = Raw()
    vaccine_code: Raw = Raw()
    medication_codeable_concept: Raw = Raw()
    medication_reference: Raw = Raw()
    component: Raw = Raw()
    reaction: Raw = Raw()
    effective_date_time: Raw = Raw()
    effective_instant: Raw = Raw()
    effective_period: Raw = Raw()
    performed_date_time: Raw = Raw()
    occurrence_date_time: Raw = Raw()
    onset_date_time: Raw = Raw()
    authored_on: Raw = Raw()
    recorded_date: Raw = Raw()


class _Coded(Struct, rename="camel"):
    """What can match within a component or an allergic reaction, whatever is wrong with the rest of it."""

    code: CodeableConcept | None = None
    substance: CodeableConcept | None = None


_HEAD = msgspec.json.Decoder(_Head)
_PARTS = msgspec.json.Decoder(_Parts)
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CODE_ELEMENT = {
    "Immunization": "vaccine_code",
    "MedicationRequest": "medication_codeable_concept",
    "MedicationStatement": "medication_codeable_concept",
    "MedicationAdministration": "medication_codeable_concept",
    "Device": "type",
}
_BEYOND_CODES = 10**18
"""The longest codes, SNOMED CT's, have 18 digits."""
_DATE_ELEMENTS = (
    "effective_date_time",
    "effective_instant",
    "performed_date_time",
    "occurrence_date_time",
    "onset_date_time",
    "authored_on",
    "recorded_date",
)


def resource_type(raw: bytes | Raw) -> str | None:
    """The `resourceType` of a JSON object; `None` where it has none or is no object. A view's name in another case is
    given in FHIR's own, so that `observation` is seen to be an Observation (and then to be malformed)."""
    found = _FIRST_MEMBER.match(raw)
    if found is not None:
        name: str | None = found[1].decode()
        if name in VIEWS:
            return name
    else:
        try:
            name = _HEAD.decode(raw).resource_type
        except FAULTS:
            return None
    return None if name is None else _FOLDED.get(name.casefold(), name)


def decode_resource(name: str, raw: bytes | Raw, place: str, deadline: Deadline = NEVER) -> Resource | Faulty:
    """The view of a resource of type `name` (a key of `VIEWS`), or what is wrong with it. Never raises on any bytes but
    `OutOfTime`.

    `place` stands for the resource in an issue where it has no id ("entry 17").
    """
    try:
        view: Resource = _DECODERS[name].decode(raw)
    except FAULTS as error:
        mended = _mend(name, raw, deadline)
        if mended is None:
            return _faulty(name, raw, place, error)
        view = mended
    if view.modifier_extension or view.implicit_rules:
        # Not to be processed by whoever does not understand them (https://hl7.org/fhir/R4/extensibility.html): a real
        # one says "specimen haemolysed", another "this is about the donor".
        return _faulty(name, raw, place, None, "modifierExtension" if view.modifier_extension else "implicitRules")
    return view


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


def _mend(name: str, raw: bytes | Raw, deadline: Deadline) -> Resource | None:
    """Once more without `null` members, and with booleans and integers that were sent as text: none of these can change
    a meaning. `None` where that does not help."""
    try:
        tidy = _ENCODER.encode(_without_nulls(_ANYTHING.decode(raw), deadline))
        view: Resource = _TOLERANT[name].decode(tidy)
    except (*FAULTS, ArithmeticError):  # an integer beyond 64 bits, a number that Decimal cannot hold
        return None
    return view


def _without_nulls(node: Any, deadline: Deadline) -> Any:
    if isinstance(node, dict):
        return {
            name: _without_nulls(value, deadline) for name, value in deadline.each(node.items()) if value is not None
        }
    if isinstance(node, list):
        return [_without_nulls(value, deadline) for value in deadline.each(node) if value is not None]
    return node


def outline(name: str, raw: bytes | Raw, issue: Issue) -> Malformed:
    """What a resource that is not to count might have been about."""
    return _outline(name, _parts(raw), issue)


def _faulty(name: str, raw: bytes | Raw, place: str, error: Exception | None, modifier: str = "") -> Faulty:
    parts = _parts(raw)
    id = try_decode(parts.id, str)
    if error is None:
        element, what, code = modifier, "changes the meaning in a way that is not understood", "modifier"
    else:
        element, what = explain(error)
        code = "malformed_resource"
    issue = Issue("warning", code, label(name, id, place), element, f"{what}; the resource does not count")
    subject = SUBJECT_ELEMENT[name]
    return Faulty(
        type=name,
        id=id,
        subject=None if subject is None else try_decode(getattr(parts, subject), Reference),
        is_void=try_decode(parts.status, str) == "entered-in-error"
        # What changes the meaning may negate a status too.
        or (error is not None and is_void(try_decode(parts.verification_status, CodeableConcept))),
        malformed=_outline(name, parts, issue),
    )


def _outline(name: str, parts: _Parts, issue: Issue) -> Malformed:
    code = _every_code(name, parts)
    return Malformed(name, code, issue, _date(parts), _legible(name, parts) if code is None else code)


def _parts(raw: bytes | Raw) -> _Parts:
    try:
        return _PARTS.decode(raw)
    except FAULTS:
        return _Parts()


def _every_code(name: str, parts: _Parts) -> CodeableConcept | None:
    concepts = [try_decode(getattr(parts, _CODE_ELEMENT.get(name, "code")), CodeableConcept)]
    if bytes(parts.medication_reference):
        return None
    if bytes(parts.component):
        components = try_decode(parts.component, tuple[_Coded, ...])
        concepts += [None] if components is None else [component.code for component in components]
    if bytes(parts.reaction):
        reactions = try_decode(parts.reaction, tuple[_Coded, ...])
        concepts += [None] if reactions is None else [r.substance for r in reactions if r.substance is not None]
    known = [concept for concept in concepts if concept is not None and (concept.coding or concept.text)]
    if len(known) < len(concepts):
        return None
    texts = [concept.text for concept in known if concept.text]
    return CodeableConcept(tuple(c for concept in known for c in concept.coding), "; ".join(texts) or None)


def _legible(name: str, parts: _Parts) -> CodeableConcept | None:
    """What can be read of a code that is not as it should be; `None` where that is nothing."""
    whole = try_decode(getattr(parts, _CODE_ELEMENT.get(name, "code")), Any)
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


def _date(parts: _Parts) -> str | None:
    for element in _DATE_ELEMENTS:
        text = try_decode(getattr(parts, element), str)
        if text is not None:
            return text
    period = try_decode(parts.effective_period, Period)
    return None if period is None else period.end or period.start
