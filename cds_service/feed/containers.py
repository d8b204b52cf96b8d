"""From sources (files, folders, archives, standard input) to streams of bytes, unpacked and one at a time.

What a file is packed in is told by its first bytes, whatever its name. In folders and archives only what is called
`.json`, `.ndjson`, `.jsonl`, `.gz` or `.zip` is looked at; a file that is named itself is read whatever it is called.

Nothing is unpacked onto the disk, and no more than `UnpackingBounds` say. A link that leads out of its folder, a name
that leads out of its archive, and an archive within an archive are noted and not read.
"""

import gzip
import io
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from cds_service.feed.bounds import BOUNDS, Counted, TooMuchUnpackedError, Unpacked, UnpackingBounds, UnpackingBudget

_SUFFIXES = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
STANDARD_INPUT = "-"

UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What unpacking raises: no such file, cut off, damaged; a packing that is not known; an archive under a password."""


class UnreadPlace(NamedTuple):
    """What could not be read: its place (file, line, entry) and why. The file's own name stands in `place`; the
    message holds nothing of the file's content."""

    place: str
    message: str


Note = Callable[[UnreadPlace], None]


def opened(sources: Iterable[str], note: Note, bounds: UnpackingBounds = BOUNDS) -> Iterator[tuple[str, IO[bytes]]]:
    """Each stream with its place, such as `export.zip Condition.ndjson`. One is done with before the next is asked for.

    What can't be opened is noted and the rest goes on. A file that several sources name is read once.
    """
    seen: set[str] = set()
    for source in sources:
        if source == STANDARD_INPUT:
            yield from _unpacked("standard input", sys.stdin.buffer, note, UnpackingBudget(bounds))
            continue
        for path in _files(Path(source), note):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield from _of_file(path, note, bounds)


def received(name: str, data: bytes, note: Note, bounds: UnpackingBounds = BOUNDS) -> Iterator[tuple[str, IO[bytes]]]:
    """The same for a file that was received and lies on no disk: `name` is what its sender calls it."""
    yield from _unpacked(name, io.BufferedReader(cast("io.RawIOBase", io.BytesIO(data))), note, UnpackingBudget(bounds))


def why(problem: Exception) -> str:
    """What went wrong, without anything of the file's content."""
    match problem:
        case TooMuchUnpackedError():
            return str(problem)
        case FileNotFoundError() | PermissionError() | IsADirectoryError():
            return os.strerror(problem.errno) if problem.errno is not None else "can't be opened"
        case EOFError():
            return "is cut off: what came before it counts"
        case NotImplementedError():
            return "is packed in a way that is not known"
        case RuntimeError():
            return "is under a password"
        case gzip.BadGzipFile() | zlib.error() | zipfile.BadZipFile():
            return "is damaged: what came before it counts"
    return "can't be read"


def _files(source: Path, note: Note) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for folder, folders, names in os.walk(source, onerror=lambda error: note(UnreadPlace(str(source), why(error)))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(folder, name) for name in folders):
            if path.is_symlink() and not _is_within(path, source):
                note(UnreadPlace(str(path), "is a link to another folder and was not followed"))
        for path in (Path(folder, name) for name in sorted(names) if _is_asked_for(name)):
            if path.is_symlink() and not _is_within(path, source):
                note(UnreadPlace(str(path), "is a link out of the folder and was not followed"))
            elif path.exists() and not path.is_file():
                note(UnreadPlace(str(path), "is no regular file and was not read"))
            else:
                yield path


def _is_within(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _of_file(path: Path, note: Note, bounds: UnpackingBounds) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        file = path.open("rb")
    except OSError as problem:
        note(UnreadPlace(str(path), why(problem)))
        return
    with file:
        yield from _unpacked(str(path), file, note, UnpackingBudget(bounds))


def _unpacked(
    place: str, stream: IO[bytes] | Unpacked, note: Note, budget: UnpackingBudget, *, within: str = ""
) -> Iterator[tuple[str, IO[bytes]]]:
    # `io.BufferedReader` takes whatever can `readinto`; its stub asks for more.
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    try:
        start = buffered.peek(len(_ZIP))[: len(_ZIP)]
    except UNREADABLE as problem:
        note(UnreadPlace(place, why(problem)))
        return
    if start.startswith(_GZIP) and within != "gzip":
        packed = Counted(buffered)
        with gzip.GzipFile(fileobj=packed.as_file()) as inner:
            unpacked = Unpacked(cast("IO[bytes]", inner), lambda: packed.given, budget)
            yield from _unpacked(place, unpacked, note, budget, within="gzip")
    elif start.startswith(_GZIP):
        note(UnreadPlace(place, "is packed twice: unpack it first"))
    elif start == _ZIP and (within or not buffered.seekable()):
        note(UnreadPlace(place, "is an archive within an archive, or one that comes as a stream: unpack it first"))
    elif start == _ZIP:
        yield from _members(place, buffered, note, budget)
    else:
        yield place, buffered


def _members(place: str, file: IO[bytes], note: Note, budget: UnpackingBudget) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as problem:
        note(UnreadPlace(place, why(problem)))
        return
    with archive:
        members = archive.infolist()
        if len(members) > budget.bounds.members:
            note(UnreadPlace(place, f"holds more than {budget.bounds.members:,} files and was not read"))
            return
        for member in members:
            parts = member.filename.split("/")
            if member.is_dir() or not _is_asked_for(parts[-1]) or "__MACOSX" in parts:
                continue
            inner_place = f"{place} {member.filename}"
            refusal = _refusal(member)
            if refusal is not None:
                note(UnreadPlace(inner_place, refusal))
                continue
            if budget.is_spent:
                note(UnreadPlace(inner_place, "was not read: the archive unpacks to too much"))
                continue
            try:
                inner = archive.open(member)
            except UNREADABLE as problem:
                note(UnreadPlace(inner_place, why(problem)))
                continue
            with inner:
                unpacked = Unpacked(inner, partial(int, member.compress_size), budget)
                yield from _unpacked(inner_place, unpacked, note, budget, within="zip")


def _refusal(member: zipfile.ZipInfo) -> str | None:
    """Why a member of an archive is not read; None where it is."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or name.parts[0].endswith(":"):
        return "has a name that leads out of the archive and was not read"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link and was not followed"
    return None


def _is_asked_for(name: str) -> bool:
    return name.casefold().endswith(_SUFFIXES) and not name.startswith(".")
