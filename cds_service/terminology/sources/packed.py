"""A release as its publisher packs it: a folder, a zip or a single file, plain or gzip; and the tables in it, by line.

Everything is read in blocks: nothing is unpacked onto the disk, and a table takes no memory beyond its longest line.
"""

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple, cast

from cds_service.terminology.sources.source import SourceError

_BLOCK = 1 << 20
_LONGEST = 1 << 20
"""Bytes of a line. The longest of a real release are text definitions, 4096 characters."""

_DAMAGED = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, struct.error, ValueError)
_UNREADABLE = (OSError, EOFError, NotImplementedError, RuntimeError, *_DAMAGED)
"""What unpacking raises: cut off, damaged; a packing that is not known; an archive under a password."""

TAB = b"\t"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How an archive begins, and how one without files."""
_GZIP, _BOM = b"\x1f\x8b", b"\xef\xbb\xbf"


class ReleaseFile(NamedTuple):
    """`name`: without folders and `.gz`. `where`: as an error names it, with the archive it is in."""

    name: str
    where: str
    opened: Callable[[], io.BufferedIOBase]

    def at(self, line: int, problem: str) -> SourceError:
        return SourceError(f"{self.where}:{line}", problem)


def release_files(place: str) -> list[ReleaseFile]:
    """The files of a release in the order of their names. Raises SourceError where there are none."""
    path = Path(place)
    try:
        if path.is_dir():
            found = [
                plain_file(each) for each in sorted(path.rglob("*")) if each.is_file() and not _is_hidden(each, path)
            ]
        elif path.exists() and not path.is_file():
            raise SourceError(place, "is neither a folder nor a regular file")
        else:
            with path.open("rb") as file:
                start = file.read(len(_ZIP[0]))
            found = _members(path) if start in _ZIP else [plain_file(path)]
    except _UNREADABLE as problem:
        raise SourceError(place, _why(problem)) from problem
    if not found:
        raise SourceError(place, "holds no files")
    return found


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)


def plain_file(path: Path) -> ReleaseFile:
    """A file on the disk, gzip or not."""
    return ReleaseFile(path.name.removesuffix(".gz"), str(path), partial(_open, path))


def _open(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as file:
        start = file.read(len(_GZIP))
    return gzip.open(path) if start == _GZIP else path.open("rb")


def _members(path: Path) -> list[ReleaseFile]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(member.filename for member in archive.infolist() if not member.is_dir())
    for name in names:
        inner = PurePosixPath(name.replace("\\", "/"))
        if inner.is_absolute() or ".." in inner.parts:
            raise SourceError(str(path), f"holds a file that lies outside of it ({name!r}), as no release does")
    visible = [name for name in names if not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))]
    return [
        ReleaseFile(PurePosixPath(name).name.removesuffix(".gz"), f"{path} {name}", partial(_open_member, path, name))
        for name in visible
    ]


def _open_member(path: Path, name: str) -> io.BufferedIOBase:
    with zipfile.ZipFile(path) as archive:
        # It stays open when the archive is closed, and the stub does not say what it is.
        member = cast("zipfile.ZipExtFile", archive.open(name))
    return gzip.GzipFile(fileobj=member) if member.peek(len(_GZIP))[: len(_GZIP)] == _GZIP else member


def _why(problem: Exception) -> str:
    if isinstance(problem, _DAMAGED):
        return "is damaged or cut off"
    match problem:
        case FileNotFoundError():
            return "there is no such file or folder"
        case PermissionError():
            return "may not be read"
        case NotImplementedError():
            return "is packed in a way that is not known"
        case EOFError():
            return "is cut off"
        case RuntimeError():
            return "is under a password"
    return "can't be read"


def lines(file: ReleaseFile, *, ended: bool = True) -> Iterator[tuple[int, bytes]]:
    """The lines of a text with their numbers, from 1, without line ends and a byte order mark.

    `ended`: whether the last line has its line end too, in which case one without is a file that was cut off.
    """
    number, rest = 0, b""
    try:
        with file.opened() as stream:
            while block := stream.read(_BLOCK):
                *whole, rest = (rest + block).split(b"\n")
                for line in whole:
                    number += 1
                    yield number, _without_marks(line, number)
                if len(rest) > _LONGEST:
                    raise file.at(number + 1, "is a line of more than a megabyte: this is no table of lines")
    except _UNREADABLE as problem:
        raise file.at(number + 1, _why(problem)) from problem
    if rest:
        if ended:
            raise file.at(number + 1, "ends within this line: the file is cut off")
        yield number + 1, _without_marks(rest, number + 1)


def _without_marks(line: bytes, number: int) -> bytes:
    return (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r")


def rows(file: ReleaseFile, columns: Sequence[str], marker: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """The fields of each line of a tab separated table without quotes, below its line of `columns`, with its number.

    Every line is checked for its number of columns; given out are those that hold `marker`.
    """
    tabs = len(columns) - 1
    expected = "\t".join(columns).casefold().encode()
    is_empty = True
    for number, line in lines(file):
        if is_empty:
            is_empty = False
            if line.lower() != expected:
                raise file.at(1, _other_columns(line, columns))
        elif line.count(TAB) != tabs:
            raise file.at(number, f"has {len(line.split(TAB)) if line else 0} columns instead of {tabs + 1}")
        elif marker in line:
            yield number, line.split(TAB)
    if is_empty:
        raise SourceError(file.where, "is empty")


def _other_columns(line: bytes, columns: Sequence[str]) -> str:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16, and releases are UTF-8"
    return f"the columns are {line[:200].decode('utf-8', 'replace')!r} instead of {' '.join(columns)}"


def text(file: ReleaseFile, line: int, field: bytes) -> str:
    """A field as text. Raises SourceError for one that is not UTF-8."""
    try:
        return field.decode()
    except UnicodeDecodeError as problem:
        raise file.at(line, "is not UTF-8: was the file saved by another program?") from problem


def number(file: ReleaseFile, line: int, field: bytes, column: str) -> int:
    """A field of digits, at most 18 of them (64 bits). Raises SourceError for any other."""
    if not field.isdigit() or len(field) > 18:
        raise file.at(line, f"{column} is {field[:40].decode('utf-8', 'replace')!r}, no number")
    return int(field)
