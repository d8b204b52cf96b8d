"""Records that were uploaded: FHIR JSON, NDJSON, hook requests, packed or not; in memory only, and for a while."""

import json
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import msgspec

from cds_service.cds_hooks import SERVICES, HookError, PrefetchedRecord, parse_request
from cds_service.errors import RecordError
from cds_service.feed import UNREADABLE, UnreadPlace, is_manifest, received, why
from cds_service.fhir import Record, read_document
from cds_service.workbench.charts import Chart, charts_in

UPLOADED = "upload-"
"""How the name of an uploaded record begins."""
LARGEST_UNPACKED = 200_000_000
"""Bytes that an upload may have once it is unpacked, and that all of them may have together."""
MOST_FILES = 2_000
"""Files that an archive may hold."""
_MOST_UPLOADS = 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NO_JSON = (msgspec.DecodeError, RecursionError, UnicodeError)
_ONE, _LIST = msgspec.json.Decoder(msgspec.Raw), msgspec.json.Decoder(list[msgspec.Raw])
_HOOKS = {service.hook: service for service in SERVICES}


class UploadedPatient(Protocol):
    """One patient of an upload. `title` says which, where there are several."""

    @property
    def title(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def record(self) -> Record:
        """Raises RecordError."""

    def request(self, hook: str) -> Mapping[str, Any]:
        """The hook request of an EHR with this record and nothing else. Raises RecordError."""


@dataclass(frozen=True)
class HookUpload:
    """A hook request that was uploaded. Its server and token are left out: nothing is asked of anybody."""

    title: str
    body: Mapping[str, Any]
    size: int

    @cached_property
    def record(self) -> Record:
        try:
            service = _HOOKS[self.body["hook"]]
            record = PrefetchedRecord(parse_request(json.dumps(self.body).encode(), service), {}).build()
        except HookError as problem:
            raise RecordError(f"the hook request can't be used: {problem}") from problem
        if record.patient is None:
            raise RecordError("the hook request's prefetch has no readable Patient")
        return record

    def request(self, hook: str) -> Mapping[str, Any]:
        return {**self.body, "hook": hook}


@dataclass(frozen=True, slots=True)
class Upload:
    """What came of one upload: its patients, each under a name, and what could not be read, with its place."""

    people: Mapping[str, UploadedPatient]
    problems: tuple[UnreadPlace, ...]

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return max((person.size for person in self.people.values()), default=0)


class Uploads:
    """Uploads under names that can't be guessed: the oldest are dropped first, and when all together are too large."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, data: bytes, file: str = "the file", largest: int = LARGEST_UNPACKED) -> Upload:
        """Keep what a file holds. Raises RecordError, with the place, for what holds no record."""
        token = UPLOADED + secrets.token_urlsafe(12)
        people, problems = read_upload(file, data, largest)
        if len(people) == 1:
            _ = people[0].record  # what keeps it from being read is told now
        names = [token, *(f"{token}.{number}" for number in range(2, len(people) + 1))]
        self._kept[token] = Upload(dict(zip(names, people, strict=True)), problems)
        while len(self._kept) > 1 and (len(self._kept) > _MOST_UPLOADS or self._size() > LARGEST_UNPACKED):
            self._kept.popitem(last=False)
        return self._kept[token]

    def get(self, name: str) -> UploadedPatient | None:
        """The patient of that name."""
        upload = self._kept.get(name.partition(".")[0])
        return None if upload is None else upload.people.get(name)

    def drop(self, name: str) -> None:
        """Forget an upload."""
        self._kept.pop(name.partition(".")[0], None)

    def _size(self) -> int:
        return sum(upload.size for upload in self._kept.values())


def read_upload(
    file: str, data: bytes, largest: int = LARGEST_UNPACKED
) -> tuple[list[UploadedPatient], tuple[UnreadPlace, ...]]:
    """Every patient in a file, and what could not be read of it. Raises RecordError where there is no patient, or where
    the file is damaged or too large: its patients would lack what nobody knows of."""
    problems: list[UnreadPlace] = []
    documents: list[tuple[str, bytes]] = []
    people: list[UploadedPatient] = []
    for place, text in _unpacked(file, data, largest, problems):
        hook = _hook_request(text)
        if hook is None:
            documents.append((place, text))
        else:
            people.append(_asked(place, hook, len(text)))
    people += _charts(documents, problems)
    if not people:
        raise RecordError("; ".join(f"{p.place}: {p.message}" for p in problems[:3]) or f"{file}: there is no record")
    return people, tuple(problems)


def _unpacked(file: str, data: bytes, largest: int, problems: list[UnreadPlace]) -> Iterator[tuple[str, bytes]]:
    left = largest

    def note(problem: UnreadPlace) -> None:
        # Nothing of a damaged file counts here.
        problems.append(UnreadPlace(problem.place, problem.message.partition(":")[0]))

    for number, (place, stream) in enumerate(received(file, data, note), 1):
        try:
            text = stream.read(left + 1)
        except UNREADABLE as problem:
            raise RecordError(f"{place}: {why(problem).partition(':')[0]}") from problem
        left -= len(text)
        if left < 0:
            raise RecordError(f"{place}: the upload has more than {largest:,} bytes once it is unpacked")
        if number > MOST_FILES:
            raise RecordError(f"{file}: holds more than {MOST_FILES:,} files")
        yield place, text


def _hook_request(text: bytes) -> dict[str, Any] | None:
    if b'"hook"' not in text:
        return None
    try:
        content = msgspec.json.decode(text.removeprefix(_BYTE_ORDER_MARK))
    except _NO_JSON:
        return None
    return content if isinstance(content, dict) and "hook" in content and "resourceType" not in content else None


def _asked(place: str, body: dict[str, Any], size: int) -> HookUpload:
    """Raises RecordError where it is for a hook that nobody answers."""
    if not isinstance(body["hook"], str) or body["hook"] not in _HOOKS:
        raise RecordError(f"{place}: a hook request for another hook than {' or '.join(_HOOKS)}")
    kept = {name: value for name, value in body.items() if name not in {"fhirServer", "fhirAuthorization"}}
    context = body.get("context")
    patient = context.get("patientId") if isinstance(context, dict) else None
    asked = HookUpload(f"Hook request for Patient/{patient}", kept, size)
    try:
        _ = asked.record
    except RecordError as problem:
        raise RecordError(f"{place}: {problem}", problem.issues) from problem
    return asked


def _charts(documents: list[tuple[str, bytes]], problems: list[UnreadPlace]) -> list[Chart]:
    """The patients of all documents together: an export has a file for each resource type."""
    if len(documents) == 1 and not problems:
        place, text = documents[0]
        with _placed(place):
            if read_document(text).root == "Bundle":
                return charts_in(text)
    parts = [part for place, text in documents for part in _parts(place, text, problems)]
    if not parts:
        return []
    if problems:
        parts.append(b"{}")  # an entry that holds nothing: every record may lack something
    with _placed(documents[0][0] if len(documents) == 1 else f"{len(documents)} files"):
        return charts_in(b'{"resourceType": "Bundle", "type": "batch-response", "entry": [' + b",".join(parts) + b"]}")


@contextmanager
def _placed(place: str) -> Iterator[None]:
    try:
        yield
    except RecordError as problem:
        raise RecordError(f"{place}: {problem}", problem.issues) from problem


def _parts(place: str, text: bytes, problems: list[UnreadPlace]) -> Iterator[bytes]:
    """The entries of the Bundle that a document becomes a part of."""
    text = text.removeprefix(_BYTE_ORDER_MARK).strip()
    lines = text.split(b"\n")
    if is_manifest(text):
        return
    try:
        whole = _resources(text)
    except _NO_JSON as problem:
        if len(lines) < 2 or not _is_json(lines[0]):
            problems.append(UnreadPlace(place, f"is not JSON: {problem}"))
            return
        whole = None
    if whole is not None:
        yield from (_entry(resource) for resource in whole)
        return
    for number, line in enumerate(lines, 1):
        if _is_json(line):
            yield _entry(line.strip())
        elif line.strip():
            problems.append(UnreadPlace(f"{place} line {number}", "is not JSON"))


def _resources(text: bytes) -> list[msgspec.Raw]:
    """The items of a list, or the one document. Raises one of `_NO_JSON`."""
    text.decode()  # what stays undecoded is not looked into
    if text.startswith(b"["):
        return _LIST.decode(text)
    return [_ONE.decode(text)]


def _is_json(line: bytes) -> bool:
    try:
        return bool(_resources(line.strip()))
    except _NO_JSON:
        return False


def _entry(resource: bytes | msgspec.Raw) -> bytes:
    return b'{"resource": ' + bytes(resource) + b"}"
