"""From a stream to documents: NDJSON line by line, anything else as a whole. What is broken is noted with its place.

Whether a stream is NDJSON is told by its content: complete resources on lines of their own. Memory holds one document
at a time, a line or a file, of at most `LARGEST` bytes; a larger one is noted and passed over.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import IO, TypeVar

import msgspec

from cds_service.errors import RecordError
from cds_service.feed.containers import UNREADABLE, Note, UnreadPlace, opened, why
from cds_service.feed.requests import is_request
from cds_service.fhir import ParsedDocument, read_document, resource_type

T = TypeVar("T")

LARGEST = 256 * 1024 * 1024
"""Bytes of one line of NDJSON, or of one document that is no NDJSON."""

_LOOKED_AT = 3
_BOM = b"\xef\xbb\xbf"
_NDJSON = re.compile(r"\.(ndjson|jsonl)(\.gz)?$", re.IGNORECASE)
_OPENING = re.compile(rb'[{\[]\s*|\{\s*"[A-Za-z$]+"\s*:.*[,{\[]\s*', re.S)
"""The first line of JSON that is laid out for people."""
_LOST = frozenset({"unreadable_resource", "malformed_bundle", "request_failed", "operation_outcome"})
"""The issues of a document by which something of it is not there."""
_JSON = msgspec.json.Decoder(msgspec.Raw)


class _Manifest(msgspec.Struct, rename="camel"):
    """What lies beside the files of a bulk export (https://hl7.org/fhir/uv/bulkdata/export.html) and is no resource."""

    transaction_time: str
    output: tuple[msgspec.Raw, ...]


Read = Callable[[bytes, str], T]
"""Reads a document with its place, such as `a.ndjson line 4`. Raises `RecordError` where it is none."""


def read_feed(
    sources: Iterable[str], note: Note, largest: int = LARGEST
) -> Iterator[tuple[str, Iterator[ParsedDocument]]]:
    """Each file of the sources, with its documents as they are read. Ask for the next one when these are done with."""
    for place, stream in opened(sources, note):
        yield place, documents(place, stream, note, largest)


def documents(place: str, stream: IO[bytes], note: Note, largest: int = LARGEST) -> Iterator[ParsedDocument]:
    """The documents in a stream. What can't be read is noted with its place (line, entry), and the rest goes on."""
    return each_document(place, stream, note, partial(_read_and_tell, note), largest)


def each_document(place: str, stream: IO[bytes], note: Note, read: Read[T], largest: int = LARGEST) -> Iterator[T]:
    """As `documents`, as `read` reads them: it is given the bodies of hook requests too."""
    try:
        lines = _lines(stream, largest)
        head = list(islice(lines, _LOOKED_AT))
        if not head:
            return
        if _is_ndjson(place, [line for _, line in head]):
            yield from _of_lines(place, chain(head, lines), note, read, largest)
        else:
            rest = _rest(stream, largest - sum(len(line or b"") for _, line in head))
            if rest is None or any(line is None for _, line in head):
                note(UnreadPlace(place, _too_large(largest)))
                return
            yield from _whole(place, b"".join([line or b"" for _, line in head]) + rest, note, read, largest)
    except UNREADABLE as problem:
        note(UnreadPlace(place, why(problem)))


def _whole(place: str, data: bytes, note: Note, read: Read[T], largest: int) -> Iterator[T]:
    try:
        found = read(data, place)
    except RecordError as problem:
        lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
        if len(lines) > 1 and any(_is_complete(line) for _, line in lines):
            yield from _of_lines(place, lines, note, read, largest)
        elif not is_manifest(data):
            note(UnreadPlace(place, str(problem)))
        return
    yield found


def _of_lines(
    place: str, lines: Iterable[tuple[int, bytes | None]], note: Note, read: Read[T], largest: int
) -> Iterator[T]:
    for number, line in lines:
        at = f"{place} line {number}"
        if line is None:
            note(UnreadPlace(at, _too_large(largest)))
            continue
        try:
            found = read(line, at)
        except RecordError as problem:
            note(UnreadPlace(at, str(problem)))
        else:
            yield found


def _read_and_tell(note: Note, data: bytes, place: str) -> ParsedDocument:
    reading = read_document(data, place)
    for issue in reading.issues:
        if issue.code in _LOST:
            note(UnreadPlace(issue.resource, issue.message))
    return reading


def _lines(stream: IO[bytes], largest: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank, by number; `None` for one that is too long to be held."""
    number = 0
    while line := stream.readline(largest + 1):
        number += 1
        if len(line) > largest:
            while not line.endswith(b"\n") and (line := stream.readline(1 << 20)):
                pass
            yield number, None
        elif line.strip():
            yield number, line


def _rest(stream: IO[bytes], most: int) -> bytes | None:
    data = stream.read(max(0, most) + 1)
    return None if len(data) > max(0, most) else data


def _is_ndjson(place: str, head: list[bytes | None]) -> bool:
    first = head[0]
    if first is None:
        return len(head) > 1
    start = first.removeprefix(_BOM).strip()
    if start.startswith(b"["):
        return False
    if len(head) > 1 and any(line is not None and _is_complete(line) for line in head):
        return True
    # A feed whose first lines are broken is one all the same, where its name says so.
    return _NDJSON.search(place) is not None and _OPENING.fullmatch(start) is None


def _is_complete(line: bytes) -> bool:
    """Whether a line holds a whole resource, or a whole hook request."""
    text = line.removeprefix(_BOM).strip()
    if not text.startswith(b"{"):
        return False
    if resource_type(text) is None:
        return is_request(text)
    try:
        _JSON.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def is_manifest(data: bytes) -> bool:
    """Whether it is what lies beside the files of a bulk export."""
    try:
        msgspec.json.decode(data, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


def _too_large(largest: int) -> str:
    return f"is one document of more than {largest >> 20} MB and was not read: export it as NDJSON, or in parts"
