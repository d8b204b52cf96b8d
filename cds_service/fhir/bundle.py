"""Finds the resources in a document: Bundles of every type, JSON lists, NDJSON, Parameters, one bare resource.

Only the wrapping is decoded here. What was lost on the way, or is known to be missing, is kept as *doubts*: the
resource types of which there may be more than was found.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue, RecordError
from cds_service.fhir.damaged_json import isolated
from cds_service.fhir.decode import FAULTS, explain, resource_type, try_decode
from cds_service.fhir.headers import EntrySearch, HeaderBundle, HeaderPage, Link, read_heads
from cds_service.fhir.json_text import as_utf8, is_json, lines_of
from cds_service.fhir.lacking import note_search, note_sections, note_unread
from cds_service.fhir.reading import ALL, FoundResource, ParsedDocument
from cds_service.fhir.references import ReferenceKind, Target, parse_reference
from cds_service.fhir.repeated_keys import repeated_keys
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.searches import Values
from cds_service.fhir.type_names import TYPE_NAMES

# Real nesting is a batch-response of searchsets. Each level costs another scan of all that is inside it.
_DEEPEST = 8
# Issue types by which a search says that it did not give all there is, whatever their severity
# (https://hl7.org/fhir/R4/valueset-issue-type.html).
_PARTIAL = frozenset({"incomplete", "suppressed", "timeout", "throttled", "transient", "too-costly", "exception"})
_FAILED = frozenset({"4", "5"})
_NOTHING = Raw()
_NO_QUERY: Values = MappingProxyType({})
_NULL = b"null"
_RESOURCE = b'"resource"'
_WRAPPING = frozenset({"resourceType", "type", "total", "link", "entry", "parameter"})
_ENTRY = frozenset({"resource", "search", "request", "response", "part"})
"""What is read of a Bundle or of Parameters, and of what these hold, and tells what there is."""


class _Request(Struct):
    method: str | None = None
    url: str | None = None


class _Response(Struct):
    status: str | None = None


class _Entry(Struct, rename="camel"):
    resource_type: Raw = _NOTHING
    full_url: str | None = None
    resource: Raw = _NOTHING
    search: EntrySearch | None = None
    request: _Request | None = None
    response: _Response | None = None


class _EntryResource(Struct, rename="camel"):
    resource_type: Raw = _NOTHING
    resource: Raw = _NOTHING


class _RawEntries(Struct):
    entry: tuple[Raw, ...] = ()


class _Bundle(Struct):
    type: str | None = None
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[_Entry, ...] = ()


class _OddBundle(Struct):
    """A Bundle in whose wrapping something has the wrong type, so that each part must be tried by itself."""

    type: Raw = _NOTHING
    total: Raw = _NOTHING
    link: Raw = _NOTHING
    entry: Raw = _NOTHING


class _Parameter(Struct):
    resource: Raw = _NOTHING
    part: Raw = _NOTHING


class _Parameters(Struct):
    parameter: tuple[Raw, ...] = ()


class _OutcomeIssue(Struct):
    severity: str = "error"
    code: str = ""


class _Outcome(Struct):
    issue: tuple[_OutcomeIssue, ...] = ()


class _How(NamedTuple):
    """What is the same for all of one document."""

    own: Values
    deadline: Deadline
    takes_bare: bool


_BUNDLE = msgspec.json.Decoder(_Bundle)
_LIST = msgspec.json.Decoder(tuple[Raw, ...])
_JSON = msgspec.json.Decoder(Raw)


def read_document(
    data: bytes | str,
    place: str = "",
    *,
    heads: bool = False,
    own: Values = _NO_QUERY,
    deadline: Deadline = NEVER,
    bare: bool = True,
) -> ParsedDocument:
    """Every resource in a document, in the order met. `settle()` it once no more pages follow.

    `place` goes before the place of each entry in issues ("prefetch.conditions entry 3"). With `heads`, only the heads
    of Observations are decoded, where the document is a plain search for them. `own`: the parameters of the query that
    was made for it (`searches.values_of`). `bare`: whether a resource counts that stands in a Bundle as an entry.

    Raises `RecordError` where it is not JSON, or JSON that is neither a FHIR resource nor a list of them, and
    `OutOfTime`.
    """
    text = as_utf8(data)
    if heads:
        bundle = read_heads(text)
        reading = None if bundle is None else of_search(bundle, lambda: text, place, own=own, deadline=deadline)
        if reading is not None:
            return reading
    how = _How(own, deadline, bare)
    try:
        return _read(text, place, how)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        lines = lines_of(text)
        if lines:
            return _read_lines(lines, place, how)
        strict = isolated(text, deadline)
        if strict is None:
            if isinstance(error, RecursionError):
                raise RecordError("the record is nested too deeply to be read") from error
            raise RecordError(f"the record is not JSON: {explain(error)[1]}") from error
    reading = _read(strict, place, how)
    _note_damage(reading, reading.place)
    return reading


def _read_lines(lines: list[bytes], place: str, how: _How) -> ParsedDocument:
    """NDJSON, in which a line that is no strict JSON costs itself alone."""
    strict: list[bytes] = []
    damaged: list[int] = []
    for number, line in enumerate(lines, 1):
        mended = None if is_json(line) else isolated(line, how.deadline)
        strict.append(line if mended is None else mended)
        if mended is not None:
            damaged.append(number)
    reading = _read_list(place, "line", strict, how)
    for number in damaged:
        _note_damage(reading, f"{place} line {number}".lstrip())
    return reading


def _note_damage(reading: ParsedDocument, place: str) -> None:
    message = (
        "is not strict JSON (NaN, Infinity, control characters or half an emoji within text, nesting without end); "
        "what holds such a value is not read"
    )
    reading.issues.append(Issue("warning", "lenient_json", place, "", message))


def _read(text: bytes, place: str, how: _How) -> ParsedDocument:
    if text.startswith(b"["):
        return _read_list(place, "item", _LIST.decode(text), how)
    name = resource_type(text)
    if name not in {"Bundle", "Parameters"}:
        _JSON.decode(text)  # raises where it is not even JSON
    if name is None:
        raise RecordError("the record is JSON but no FHIR resource: there is no resourceType")
    reading = ParsedDocument(name, place or "document", **how._asdict())
    _add(reading, FoundResource(place, name, text), 0)
    return reading


def of_search(
    bundle: HeaderBundle,
    text: Callable[[], bytes],
    place: str,
    *,
    own: Values = _NO_QUERY,
    deadline: Deadline = NEVER,
) -> ParsedDocument | None:
    """A search for Observations, decoded already, as `read_document` gives it. `text` gives the Bundle's own text.

    `None` where something about its entries is odd, so that the plain way has to be taken.
    """
    deadline.spend(len(bundle.entry))
    modes = bundle.modes()
    if modes is None or repeated_keys(whole := text()) or whole.count(_RESOURCE) != len(bundle.entry):
        return None
    reading = ParsedDocument(
        "Bundle", place or "document", heads=[HeaderPage(place, lambda: whole, bundle.entry)], own=own
    )
    if modes - {"include"}:
        reading.types.add("Observation")
    note_search(reading, bundle.link, place)
    _note_extent(reading, bundle)
    return reading


def _read_list(place: str, noun: str, items: list[bytes] | tuple[Raw, ...], how: _How) -> ParsedDocument:
    reading = ParsedDocument("list", place or "document", **how._asdict())
    for number, raw in enumerate(how.deadline.each(items), 1):
        entry = FoundResource(f"{place} {noun} {number}".lstrip(), resource_type(raw) or "", raw)
        try:
            _add(reading, entry, 1)
        except FAULTS:  # a line that is not JSON
            reading.doubt("unreadable_resource", entry.place, "is not JSON")
    return reading


def _add(reading: ParsedDocument, entry: FoundResource, depth: int) -> None:
    match entry.type:
        case "Bundle" | "Parameters" if depth > _DEEPEST:
            reading.doubt("unreadable_resource", entry.place, "is nested too deeply and was not read")
        case "Bundle":
            _add_bundle(reading, entry, depth)
        case "Parameters":
            _add_parameters(reading, entry, depth)
        case "OperationOutcome":
            _add_outcome(reading, entry, ALL)
        case "":
            reading.doubt("unreadable_resource", entry.place, "is no FHIR resource: there is no resourceType")
        case name if name not in TYPE_NAMES:
            reading.doubt("unreadable_resource", entry.place, "is no FHIR resource: FHIR has no such resourceType")
        case name:
            if entry.mode != "include":
                reading.types.add(name)
            if name in RESOURCE_TYPES:
                reading.entries.append(entry)
                return
            note_unread(reading, entry)
            if entry.full_url is not None:
                reading.addresses[entry.full_url] = Target(ReferenceKind.RELATIVE, name)


def _add_bundle(reading: ParsedDocument, outer: FoundResource, depth: int) -> None:
    try:
        bundle = _BUNDLE.decode(outer.raw)
    except (msgspec.ValidationError, UnicodeError):
        bundle = _decode_piecemeal(reading, outer)
    types = note_search(reading, bundle.link, outer.place)
    _note_repeated_in_bundle(reading, bundle, outer)
    bundle = _with_resources(reading, bundle, outer)
    deleted: set[str] = set()
    if bundle.type == "document" and bundle.entry:
        note_sections(reading, bundle.entry[0].resource, outer.place)
    for number, entry in enumerate(reading.deadline.each(bundle.entry), 1):
        place = f"{outer.place} entry {number}".lstrip()
        status = entry.response.status if entry.response is not None else None
        if bundle.type == "history" and _is_deleted(entry, deleted):
            continue
        if status is not None and status.strip()[:1] in _FAILED:
            reading.failed = True
            reading.doubt("request_failed", place, f"the server answered {status.strip()[:3]}", types)
        elif entry.resource is _NOTHING:
            if entry.request is None and entry.response is None:
                reading.doubt("unreadable_resource", place, "holds no resource", types)
        else:
            mode = entry.search.mode if entry.search is not None else None
            found = FoundResource(place, resource_type(entry.resource) or "", entry.resource, entry.full_url, mode)
            if found.type == "OperationOutcome":
                _add_outcome(reading, found, types)
            else:
                _add(reading, found, depth + 1)

    if depth == 0:
        _note_extent(reading, bundle)
        return
    more, total = _next_of(bundle), _total_of(bundle)
    if more is not None or (total is not None and total > len(bundle.entry)):
        reading.doubt("incomplete_bundle", outer.place, "there is more, which was not sent", types)


def _note_repeated_in_bundle(reading: ParsedDocument, bundle: _Bundle, outer: FoundResource) -> None:
    _note_repeated(reading, outer.raw, _WRAPPING, "malformed_bundle", outer.place)
    # To count is fast, and what is counted besides (a Bundle within, a word) costs a closer look alone.
    if bytes(outer.raw).count(_RESOURCE) == sum(one.resource is not _NOTHING for one in bundle.entry):
        return
    raws = try_decode(outer.raw, _RawEntries)
    for number, raw in enumerate(reading.deadline.each(() if raws is None else raws.entry), 1):
        _note_repeated(reading, raw, _ENTRY, "unreadable_resource", f"{outer.place} entry {number}".lstrip())


def _note_repeated(reading: ParsedDocument, raw: bytes | Raw, keys: frozenset[str], code: str, place: str) -> None:
    """What stands twice in the wrapping was sent, and only the last of it is read: there may be more of anything."""
    twice = repeated_keys(raw) & keys
    if twice:
        reading.doubt(code, place, f"`{min(twice)}` stands there more than once, and the last alone is read")


def _note_extent(reading: ParsedDocument, bundle: _Bundle | HeaderBundle) -> None:
    """What the outermost Bundle says of what there is."""
    reading.next_url, reading.total, reading.count = _next_of(bundle), _total_of(bundle), len(bundle.entry)


def _next_of(bundle: _Bundle | HeaderBundle) -> str | None:
    return next((link.url or "" for link in bundle.link if link.relation == "next"), None)


def _total_of(bundle: _Bundle | HeaderBundle) -> int | None:
    return bundle.total if bundle.type == "searchset" else None


def _with_resources(reading: ParsedDocument, bundle: _Bundle, outer: FoundResource) -> _Bundle:
    """The Bundle with every resource in an entry, also those that were sent as entries themselves."""
    bare = [n for n, one in enumerate(bundle.entry) if one.resource is _NOTHING and one.resource_type is not _NOTHING]
    if not bare or not reading.takes_bare:
        return bundle
    raws = msgspec.json.decode(outer.raw, type=_RawEntries).entry
    entries = list(bundle.entry)
    for number in reading.deadline.each(bare):
        entries[number] = _Entry(resource=raws[number])
    reading.bare += len(bare)
    message = f"{len(bare)} of its entries are resources without `resource` around them; they are read all the same"
    reading.issues.append(Issue("information", "bare_entry", outer.place or reading.place, "", message))
    return _Bundle(bundle.type, bundle.total, bundle.link, tuple(entries))


def _decode_piecemeal(reading: ParsedDocument, outer: FoundResource) -> _Bundle:
    odd = msgspec.json.decode(outer.raw, type=_OddBundle)
    links = try_decode(odd.link, tuple[Link, ...])
    if links is None and bytes(odd.link) not in {b"", _NULL}:
        reading.doubt("malformed_bundle", outer.place, "its links cannot be read, so there may be a next page")
    raws = try_decode(odd.entry, tuple[Raw, ...])
    if raws is None and bytes(odd.entry) not in {b"", _NULL}:
        reading.doubt("malformed_bundle", outer.place, "its entries are not a list")
    entries = []
    for raw in reading.deadline.each(raws or ()):
        entry = try_decode(raw, _Entry)
        if entry is None:
            # The wrapping is odd (a fullUrl that is a number); what it holds may be sound.
            inner = try_decode(raw, _EntryResource)
            entry = _Entry() if inner is None else _Entry(resource=inner.resource, resource_type=inner.resource_type)
        entries.append(entry)
    return _Bundle(try_decode(odd.type, str), try_decode(odd.total, int), links or (), tuple(entries))


def _is_deleted(entry: _Entry, deleted: set[str]) -> bool:
    """Whether a history's entry is a deletion, or a version from before one (newer versions come first)."""
    url = entry.request.url if entry.request is not None else None
    keys = {parse_reference(text).key for text in (entry.full_url, url) if text is not None} - {None}
    if entry.request is not None and entry.request.method == "DELETE":
        deleted.update(key for key in keys if key is not None)
        return True
    return not keys.isdisjoint(deleted)


def _add_parameters(reading: ParsedDocument, outer: FoundResource, depth: int) -> None:
    parameters = try_decode(outer.raw, _Parameters)
    if parameters is None:
        reading.doubt("malformed_bundle", outer.place, "its parameters cannot be read")
        return
    _note_repeated(reading, outer.raw, _WRAPPING, "malformed_bundle", outer.place)
    pending = [(raw, depth) for raw in reversed(parameters.parameter)]
    number = 0
    while pending:
        raw, depth = pending.pop()
        reading.deadline.spend()
        number += 1
        place = f"{outer.place} parameter {number}".lstrip()
        parameter = try_decode(raw, _Parameter)
        if parameter is None:
            reading.doubt("malformed_bundle", place, "it is no parameter")
            continue
        _note_repeated(reading, raw, _ENTRY, "unreadable_resource", place)
        if parameter.resource is not _NOTHING:
            inner = parameter.resource
            _add(reading, FoundResource(place, resource_type(inner) or "", inner), depth + 1)
        if parameter.part is not _NOTHING:
            if depth >= _DEEPEST:
                reading.doubt("unreadable_resource", place, "is nested too deeply and was not read")
                continue
            parts = try_decode(parameter.part, tuple[Raw, ...])
            if parts is None:
                reading.doubt("malformed_bundle", place, "its parts cannot be read")
            pending += [(part, depth + 1) for part in reversed(parts or ())]


def _add_outcome(reading: ParsedDocument, entry: FoundResource, types: frozenset[str]) -> None:
    """An OperationOutcome: an error means that something was not given; a warning ("no results") is no news."""
    try:
        issues = msgspec.json.decode(entry.raw, type=_Outcome).issue
    except (msgspec.MsgspecError, UnicodeError):
        issues = ()
    reading.deadline.spend(len(issues))
    if not issues or any(issue.severity not in {"warning", "information", "success"} for issue in issues):
        reading.failed = True
        reading.doubt("operation_outcome", entry.place, "the server reported an error", types)
    elif any(issue.code in _PARTIAL for issue in issues):
        reading.doubt("operation_outcome", entry.place, "the server reported that it left something out", types)
