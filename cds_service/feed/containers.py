"""From sources (files, folders, archives, standard input) to streams of bytes, unpacked and one at a time.

What a file is packed in is told by its first bytes, whatever its name. In folders and archives only what is called
`.json`, `.ndjson`, `.jsonl`, `.gz` or `.zip` is looked at; a file that is named itself is read whatever it is called.
"""

import gzip
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

_SUFFIXES = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
STANDARD_INPUT = "-"

UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What unpacking raises: no such file, cut off, damaged; a packing that is not known; an archive under a password."""


class Problem(NamedTuple):
    """What could not be read: its place (file, line, entry) and why. The file's own name stands in `place`; the
    message holds nothing of the file's content."""

    place: str
    message: str


Note = Callable[[Problem], None]


def opened(sources: Iterable[str], note: Note) -> Iterator[tuple[str, IO[bytes]]]:
    """Each stream with its place, such as `export.zip Condition.ndjson`. One is done with before the next is asked for.

    What can't be opened is noted and the rest goes on. A file that several sources name is read once.
    """
    seen: set[str] = set()
    for source in sources:
        if source == STANDARD_INPUT:
            yield from _unpacked("standard input", sys.stdin.buffer, note)
            continue
        for path in _files(Path(source), note):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield from _of_file(path, note)


def received(name: str, data: bytes, note: Note) -> Iterator[tuple[str, IO[bytes]]]:
    """The same for a file that was received and lies on no disk: `name` is what its sender calls it."""
    yield from _unpacked(name, io.BufferedReader(cast("io.RawIOBase", io.BytesIO(data))), note)


def why(problem: Exception) -> str:
    """What went wrong, without anything of the file's content."""
    match problem:
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
    for folder, folders, names in os.walk(source, onerror=lambda error: note(Problem(str(source), why(error)))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if _is_asked_for(name))


def _of_file(path: Path, note: Note) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        file = path.open("rb")
    except OSError as problem:
        note(Problem(str(path), why(problem)))
        return
    with file:
        yield from _unpacked(str(path), file, note)


def _unpacked(
    place: str, stream: IO[bytes] | gzip.GzipFile, note: Note, *, is_inner: bool = False
) -> Iterator[tuple[str, IO[bytes]]]:
    # `io.BufferedReader` takes whatever can `readinto`; its stub asks for more.
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    try:
        start = buffered.peek(len(_ZIP))[: len(_ZIP)]
    except UNREADABLE as problem:
        note(Problem(place, why(problem)))
        return
    if start.startswith(_GZIP):
        with gzip.GzipFile(fileobj=buffered) as inner:
            yield from _unpacked(place, inner, note, is_inner=True)
    elif start == _ZIP and (is_inner or not buffered.seekable()):
        note(Problem(place, "is an archive within an archive, or one that comes as a stream: unpack it first"))
    elif start == _ZIP:
        yield from _members(place, buffered, note)
    else:
        yield place, buffered


def _members(place: str, file: IO[bytes], note: Note) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as problem:
        note(Problem(place, why(problem)))
        return
    with archive:
        for member in archive.infolist():
            parts = member.filename.split("/")
            if member.is_dir() or not _is_asked_for(parts[-1]) or "__MACOSX" in parts:
                continue
            inner_place = f"{place} {member.filename}"
            try:
                inner = archive.open(member)
            except UNREADABLE as problem:
                note(Problem(inner_place, why(problem)))
                continue
            with inner:
                yield from _unpacked(inner_place, inner, note, is_inner=True)


def _is_asked_for(name: str) -> bool:
    return name.casefold().endswith(_SUFFIXES) and not name.startswith(".")
