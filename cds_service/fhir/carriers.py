"""Resources of types that are not read and may hold what stands nowhere else (`other_types.CARRIERS`)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds_service.fhir.decode import FAULTS, label, try_decode
from cds_service.fhir.other_types import CARRIERS
from cds_service.fhir.statuses import word_of
from cds_service.fhir.views import Element, Reference

# Of all types that are carriers, the statuses of one that says of itself that it does not count.
_VOID = frozenset({"entered-in-error", "cancelled", "declined", "not-done", "stopped"})
_POTENTIAL = "potential"
"""https://hl7.org/fhir/R4/valueset-adverse-event-actuality.html: it might have happened, and did not."""


class IncompleteResource(Struct, frozen=True):
    """A resource that makes a kind of events incomplete. `place`: how issues call it."""

    place: str
    events: str
    why: str
    subject: Reference | None


class _Head(Element, frozen=True):
    id: str | None = None
    status: str | None = None
    actuality: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None


def unread(name: str, raw: bytes | Raw, place: str) -> IncompleteResource | None:
    """What a resource of a type in `CARRIERS` may hold; `None` where it says that it does not count, or holds nothing
    of the sort. One that cannot be read may hold it."""
    carrier = CARRIERS[name]
    head = try_decode(raw, _Head) or _Head()
    if word_of(head.status) in _VOID or word_of(head.actuality) == _POTENTIAL or not _has(raw, carrier.element):
        return None
    return IncompleteResource(label(name, head.id, place), carrier.events, carrier.why, head.subject or head.patient)


def _has(raw: bytes | Raw, path: str) -> bool:
    if not path:
        return True
    try:
        found: list[Any] = [msgspec.json.decode(raw)]
    except FAULTS:
        return True
    for name in path.split("."):
        found = [value for node in found for value in _items(node.get(name) if isinstance(node, dict) else None)]
    return bool(found)


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)
