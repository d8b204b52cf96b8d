"""The database as the rest of the store uses it: transactions, whether it is there, and its schema kept current."""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store import schema
from cds_service.store.engines import WRITES, open_engine
from cds_service.store.failures import StoreUnavailable, cause_of, is_outage
from cds_service.store.sqlite_file import GONE, REPLACED, Seen, SqliteFile
from cds_service.store.tables import seen_tokens

_BUSY = "SQLITE_BUSY"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
PAUSE_SECONDS = 5.0
"""After a failure, how long whoever can do without the database does not try it again."""


class Database:
    """One database, for all threads of a process. Nothing is connected before the first transaction.

    `available` is what the last use showed; it starts as False and is True once the schema is known to be current.

    An SQLite file is made at the first use, once. Where it is gone later nothing is kept until one is there again: an
    empty one in its place would be the loss of the log that nobody is told of.
    """

    def __init__(self, url: URL) -> None:
        """Raises StoreError where `url` names a file in a folder that is not there."""
        self._file = SqliteFile.of(url)
        if self._file is not None:
            self._file.check_folder()
        self.url = url
        self._engines = {durable: open_engine(url, durable=durable, makes_file=False) for durable in (True, False)}
        self._migrating = threading.Lock()
        self._current = False
        self._opened = Seen(None, None)
        self._failed_at: float | None = None
        self._writes_fail = False
        self.trouble = ""
        """What failed last: the type of an exception without its text, or a word of `sqlite_file`."""

    @property
    def available(self) -> bool:
        """Whether the last use succeeded, and the last write, and a file is still the one that was opened."""
        return self._current and self._failed_at is None and not self._writes_fail and self._is_same()

    @property
    def worth_trying(self) -> bool:
        """Whether a use now has a chance to be quick: it was there last time, or the pause since then is over."""
        if not self._current:
            return False
        return self._failed_at is None or time.monotonic() - self._failed_at > PAUSE_SECONDS

    @property
    def obstacle(self) -> str:
        """What stands in the way while it is not available, for those who run the service; holds nothing secret."""
        seen = None if self._file is None else self._file.obstacle()
        return ": ".join(part for part in (self.trouble, seen) if part)

    @contextlib.contextmanager
    def transaction(self, *, writes: bool, durable: bool = True) -> Iterator[Connection]:
        """A transaction that is committed, for `durable` to the disk, when the block ends without an exception.

        Raises StoreUnavailable for an outage; what a database refuses (DataError, IntegrityError) passes as it is.
        """
        with self._watched(writes):
            self._prepare()
            opened = self._opened
            connecting = self._engines[durable].connect().execution_options(**{WRITES: writes})
            with connecting as connection, connection.begin():
                yield connection
            if writes:
                self._check(opened)

    def ping(self) -> None:
        """Use the database once, so that `available` is up to date. Raises StoreUnavailable.

        After a write that failed it is a write, which must reach the disk: a database that is full, or a server that
        only reads, answers questions all the same.
        """
        failing = self._writes_fail
        with self.transaction(writes=True) as connection:
            if failing:
                token = secrets.token_hex(32)
                row = {"token": token, "issuer": "", "expires": _LONG_AGO}
                connection.execute(insert(seen_tokens), row)
                connection.execute(delete(seen_tokens).where(seen_tokens.c.token == token))
            else:
                connection.execute(text("SELECT 1"))

    def note_failure(self, cause: str) -> None:
        """Take note that the database failed somebody; `cause` is an exception's type."""
        self.trouble = cause
        self._failed_at = time.monotonic()

    def close(self) -> None:
        """Close the connections that are not in use. A later transaction opens new ones."""
        # Who closes the last connection deletes the write-ahead log.
        self._opened = self._opened._replace(journal=None)
        for engine in self._engines.values():
            engine.dispose()

    def engine(self) -> Engine:
        """For migrations on command."""
        if self._file is not None and self._opened.file is None:
            self._file.make()
        return self._engines[True]

    @contextlib.contextmanager
    def _watched(self, writes: bool) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            if not is_outage(error):
                raise
            self._writes_fail = self._writes_fail or writes
            self.note_failure(cause_of(error))
            if self._file is not None and _BUSY not in self.trouble:
                # A connection that was opened while the file could only be read never writes.
                self.close()
            # Not chained: the driver's text may quote values.
            raise StoreUnavailable(self.trouble) from None
        self._failed_at = None
        if writes:
            self._writes_fail = False

    def _prepare(self) -> None:
        """The schema is current, in the file that is there now. Raises StoreUnavailable where there is none."""
        if self._current and self._is_same():
            return
        with self._migrating:
            if self._file is not None:
                self._open(self._file)
            if not self._current:
                schema.upgrade(self._engines[True])
                if self._file is not None:
                    self._opened = Seen(self._file.look().file, None)
                self._current = True

    def _open(self, file: SqliteFile) -> None:
        found = file.look().file
        if self._opened.file is None:
            file.make()
        elif found is None:
            self._fail(GONE)
        elif found != self._opened.file:
            # Another one, perhaps of another version: its schema is looked at as at the start.
            self.close()
            self._current = False

    def _is_same(self) -> bool:
        return self._file is None or self._file.look().file == self._opened.file

    def _check(self, opened: Seen) -> None:
        """After a commit: it went into the file that is there. Raises StoreUnavailable."""
        if self._file is None:
            return
        found = self._file.look()
        if found.file != opened.file:
            self._fail(GONE if found.file is None else REPLACED)
        if opened.journal is not None and found.journal != opened.journal:
            self.close()
            self._fail(GONE if found.journal is None else REPLACED)
        if opened.journal is None and opened is self._opened:
            self._opened = found

    def _fail(self, cause: str) -> None:
        self.note_failure(cause)
        raise StoreUnavailable(cause)
