"""What a document says that it lacks: a filtered search, lists that are empty for a reason, types that are not read."""

from collections.abc import Iterable

from msgspec import Raw, Struct

from cds_service.errors import Issue
from cds_service.fhir.carriers import unread
from cds_service.fhir.decode import FAULTS, label, resource_type, try_decode
from cds_service.fhir.headers import Link
from cds_service.fhir.other_types import CARRIERS
from cds_service.fhir.reading import ALL, FoundResource, ParsedDocument
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.searches import SearchedType, search_of
from cds_service.fhir.sections import empty_list, sections_of


class _Id(Struct):
    id: str | None = None


def note_search(reading: ParsedDocument, links: Iterable[Link], place: str) -> frozenset[str]:
    """Doubt what the Bundle says that a search left out. Gives the types that are in doubt if it is incomplete: the one
    that was searched for, where `link.self` names it."""
    url = next((link.url for link in links if link.relation == "self" and link.url is not None), None)
    if url is None:
        return ALL
    search = search_of(url, reading.own)
    row = RESOURCE_TYPES.get(search.type or "")
    # A search for what nothing rests on was made for what it includes: that may be anything.
    types = frozenset({row.name}) if row is not None and row.is_used else ALL
    if search.narrowed:
        reading.is_filtered = True
        message = f"holds the answer to a search that leaves some out, by: {', '.join(search.narrowed)}"
        reading.doubt("filtered_set", place, message, types)
    if search.types:
        _leave_out_others(reading, search, place)
    return types


def _leave_out_others(reading: ParsedDocument, search: SearchedType, place: str) -> None:
    """Note the types that a search for several did not name."""
    others = RESOURCE_TYPES.keys() - search.types
    if others:
        reading.is_filtered = True
        reading.left_out |= others
        message = "holds the answer to a search for some resource types only (_type)"
        reading.issues.append(Issue("warning", "filtered_set", place or reading.place, "", message))


def note_sections(reading: ParsedDocument, raw: bytes | Raw, outer: str) -> None:
    """What a document's Composition, its first entry, says of its lists."""
    if resource_type(raw) != "Composition":
        return
    head = try_decode(raw, _Id)
    place = label("Composition", None if head is None else head.id, f"{outer} entry 1".lstrip())
    try:
        reading.sections += sections_of(raw, place, reading.deadline)
    except FAULTS:
        # It may say that a list of any kind is missing.
        reading.doubt("malformed_resource", place, "its sections cannot be read, so it may say that some are missing")


def note_unread(reading: ParsedDocument, entry: FoundResource) -> None:
    """What a resource of a type that is not read says of what it holds, or of what it lists."""
    if entry.type in CARRIERS and (carried := unread(entry.type, entry.raw, entry.place)) is not None:
        reading.unread.append(carried)
    if entry.type != "List":
        return
    head = try_decode(entry.raw, _Id)
    place = label("List", None if head is None else head.id, entry.place)
    try:
        found = empty_list(entry.raw, place)
    except FAULTS:
        return  # what it lists is read by itself
    if found is not None:
        reading.sections.append(found)
