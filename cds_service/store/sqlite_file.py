"""The file under an SQLite database: whether it is there, and still the one that was opened.

SQLite goes on with a file that was unlinked or replaced, and says nothing: what is committed then is gone with the
process (https://sqlite.org/howtocorrupt.html, 2.4). So the file is looked at before and after each transaction.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy.engine import URL

from cds_service.store.failures import StoreError
from cds_service.wire import file_named

GONE = "FileGone"
"""The causes that StoreUnavailable gives, in place of an exception's type."""
REPLACED = "FileReplaced"

Node = tuple[int, int]
"""Device and inode."""


class Seen(NamedTuple):
    """What was at the paths of the database and of its write-ahead log; None for nothing, or nothing that may be
    seen."""

    file: Node | None
    journal: Node | None


class SqliteFile:
    """One database file, by its path."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._journal = f"{path}-wal"

    @classmethod
    def of(cls, url: URL) -> "SqliteFile | None":
        """The file of that database; None where it is not SQLite."""
        if url.get_backend_name() != "sqlite":
            return None
        name = url.database or ""
        if "uri" in url.query:
            name = file_named(name)
        return cls(os.path.abspath(name))

    def check_folder(self) -> None:
        """Raise StoreError where there is no folder for it: that is a setting that is wrong."""
        folder = Path(self._path).parent
        if not folder.is_dir():
            raise StoreError(f"{folder}: there is no such folder for the database; make it or set CDS_DATABASE_URL")

    def make(self) -> None:
        """Make it, for its owner only, where it is not there; SQLite gives its journals the same rights."""
        with contextlib.suppress(OSError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))

    def look(self) -> Seen:
        """What is there now."""
        return Seen(_node(self._path), _node(self._journal))

    def is_read_only(self) -> bool:
        """Whether it is there and may not be both read and written."""
        return os.access(self._path, os.F_OK) and not os.access(self._path, os.R_OK | os.W_OK)

    def obstacle(self) -> str | None:
        """Why it can't be written, in words of ours; None where nothing is seen that would explain it."""
        folder = os.path.dirname(self._path)
        if not os.access(folder, os.F_OK):
            return "its folder is gone, or may not be entered"
        if not os.access(folder, os.W_OK | os.X_OK):
            return "its folder may not be written"
        if not os.access(self._path, os.F_OK):
            return "the file is gone"
        if not os.access(self._path, os.R_OK | os.W_OK):
            return "the file may not be written"
        return None


def may_not_be_written(url: URL) -> bool:
    """Whether the database's file is there and this process has no right to write it."""
    path = SqliteFile.of(url)
    return path is not None and path.is_read_only()


def opened_only(name: str) -> str:
    """The name for SQLite of a file that it must not make."""
    return f"file:{quote(name)}?mode=rw"


def _node(path: str) -> Node | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
