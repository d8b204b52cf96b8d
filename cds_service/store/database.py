"""The database as the rest of the store uses it: transactions, whether it is there, and its schema kept current."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store import schema
from cds_service.store.engines import WRITES, open_engine
from cds_service.store.failures import StoreError, StoreUnavailable, cause_of, is_outage

PAUSE_SECONDS = 5.0
"""After a failure, how long whoever can do without the database does not try it again."""


class Database:
    """One database, for all threads of a process. Nothing is connected before the first transaction.

    `available` is what the last use showed; it starts as False and is True once the schema is known to be current.
    """

    def __init__(self, url: URL) -> None:
        """Raises StoreError where `url` names a file in a folder that is not there."""
        if url.get_backend_name() == "sqlite":
            _check_folder(url)
        self.url = url
        self._engines = {True: open_engine(url), False: open_engine(url, durable=False)}
        self._migrating = threading.Lock()
        self._current = False
        self._failed_at: float | None = None
        self.trouble = ""
        """The type of the last exception, without its text."""

    @property
    def available(self) -> bool:
        """Whether the last use succeeded."""
        return self._current and self._failed_at is None

    @property
    def worth_trying(self) -> bool:
        """Whether a use now has a chance to be quick: it was there last time, or the pause since then is over."""
        if not self._current:
            return False
        return self._failed_at is None or time.monotonic() - self._failed_at > PAUSE_SECONDS

    @contextlib.contextmanager
    def transaction(self, *, writes: bool, durable: bool = True) -> Iterator[Connection]:
        """A transaction that is committed, for `durable` to the disk, when the block ends without an exception.

        Raises StoreUnavailable for an outage; what a database refuses (DataError, IntegrityError) passes as it is.
        """
        with self._watched():
            self._migrate()
            connecting = self._engines[durable].connect().execution_options(**{WRITES: writes})
            with connecting as connection, connection.begin():
                yield connection

    def ping(self) -> None:
        """Use the database once, so that `available` is up to date. Raises StoreUnavailable."""
        with self.transaction(writes=False) as connection:
            connection.execute(text("SELECT 1"))

    def note_failure(self, cause: str) -> None:
        """Take note that the database failed somebody; `cause` is an exception's type."""
        self.trouble = cause
        self._failed_at = time.monotonic()

    def close(self) -> None:
        """Close the connections that are not in use. A later transaction opens new ones."""
        for engine in self._engines.values():
            engine.dispose()

    def engine(self) -> Engine:
        """For migrations on command."""
        return self._engines[True]

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            if not is_outage(error):
                raise
            self.note_failure(cause_of(error))
            # Not chained: the driver's text may quote values.
            raise StoreUnavailable(self.trouble) from None
        self._failed_at = None

    def _migrate(self) -> None:
        if self._current:
            return
        with self._migrating:
            if not self._current:
                _make_private(self.url)
                schema.upgrade(self._engines[True])
                self._current = True


def _check_folder(url: URL) -> None:
    folder = Path(url.database or "").resolve().parent
    if not folder.is_dir():
        raise StoreError(f"{folder}: there is no such folder for the database; make it or set CDS_DATABASE_URL")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{folder} cannot be written; SQLite needs that; set CDS_STATE_DIR or CDS_DATABASE_URL")


def _make_private(url: URL) -> None:
    """A new SQLite file is for its owner only, and so are the journals that SQLite puts beside it."""
    if url.get_backend_name() == "sqlite" and url.database:
        with contextlib.suppress(OSError):
            os.close(os.open(url.database, os.O_CREAT | os.O_EXCL, 0o600))
