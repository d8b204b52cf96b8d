"""The files of a release as they were downloaded: a folder, a zip archive, or one file. Read by line, never unpacked.

Every fault is a SourceError that names the file: it is missing, cut off, no archive, or not UTF-8.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cds_service.terminology.sources.source import SourceError

BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What reading raises for a file that is cut off, encrypted, packed in an unknown way, or not to be had."""


class ReleaseFiles:
    """A downloaded release: `place` is a folder, a zip archive, or a file of it."""

    def __init__(self, place: str) -> None:
        """Look what is there. Raises SourceError."""
        self.place = place
        path = Path(place)
        self._zip: zipfile.ZipFile | None = None
        try:
            if path.is_dir():
                self._root = path
                self.names = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file())
            elif zipfile.is_zipfile(path):
                self._zip = zipfile.ZipFile(path)
                self.names = sorted(self._zip.namelist())
            elif path.suffix.lower() == ".zip":
                raise SourceError(place, "it is no zip archive that can be read: was the download cut off?")
            elif path.is_file():
                self._root, self.names = path.parent, [path.name]
            else:
                raise SourceError(place, "there is no such file or folder")
        except BROKEN as problem:
            raise SourceError(place, f"it cannot be read: {problem}") from problem

    def find(self, name: str) -> str | None:
        """The file of that name that lies least deep, whatever the case of its letters."""
        found = [one for one in self.names if PurePosixPath(one).name.lower() == name.lower()]
        return min(found, key=lambda one: (one.count("/"), one), default=None)

    def need(self, name: str) -> str:
        """The same. Raises SourceError where there is none."""
        found = self.find(name)
        if found is None:
            raise SourceError(self.place, f"there is no {name} in it")
        return found

    def where(self, name: str) -> str:
        """A file's name for people."""
        return self.place if name == Path(self.place).name else f"{self.place}/{name}"

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """The lines of a file with their numbers, without their ends. Raises SourceError, also for a last line that
        does not end: such a file was cut off."""
        number, line = 0, "\n"
        with self._open(name) as text:
            for number, line in enumerate(text, 1):
                yield number, line.rstrip("\r\n")
        if not line.endswith("\n"):
            raise SourceError(self.where(name), f"it ends in the middle of line {number}: was it cut off?")

    def rows(self, name: str, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
        """The rows of a CSV file by the names of its first line. Raises SourceError, also where a column is missing."""
        where = self.where(name)
        last = [""]

        def lines(text: io.TextIOWrapper) -> Iterator[str]:
            for line in text:
                last[0] = line
                yield line

        with self._open(name) as text:
            try:
                reader = csv.reader(lines(text), strict=True)
                head = next(reader, [])
                missing = [column for column in columns if column not in head]
                if missing:
                    raise SourceError(where, f"it has no column {', '.join(missing)}: another layout, or another file")
                for row in reader:
                    if len(row) != len(head):
                        problem = f"line {reader.line_num} has {len(row)} columns of {len(head)}: was it cut off?"
                        raise SourceError(where, problem)
                    yield dict(zip(head, row, strict=True))
                if not last[0].endswith(("\n", '"')):
                    raise SourceError(where, f"it ends in the middle of line {reader.line_num}: was it cut off?")
            except csv.Error as problem:
                raise SourceError(where, f"line {reader.line_num}: {problem}: was it cut off?") from problem

    @contextmanager
    def _open(self, name: str) -> Iterator[io.TextIOWrapper]:
        try:
            opened = self._zip.open(name) if self._zip else (self._root / name).open("rb")
            with opened as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="strict", newline="") as text:
                yield text
        except UnicodeDecodeError as problem:
            raise SourceError(self.where(name), f"it is not UTF-8: {problem.reason}") from problem
        except BROKEN as problem:
            raise SourceError(self.where(name), f"it cannot be read to its end: {problem}") from problem
