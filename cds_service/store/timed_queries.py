"""Using the database where an answer waits for it: beside other work, and never for longer than said."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import Generic, TypeVar

from sqlalchemy import Connection

from cds_service.store.database import Database
from cds_service.store.failures import StoreUnavailable

T = TypeVar("T")


class TimedQueries(Generic[T]):
    """Runs transactions in a few threads of its own. After a failure the database is left alone for a while."""

    def __init__(self, database: Database, *, writes: bool, threads: int) -> None:
        """What it writes is not waited for to reach the disk."""
        self._database = database
        self._writes = writes
        self._number = threads
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def start(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Begin. Raises StoreUnavailable where the database failed a moment ago."""
        if not self._database.worth_trying:
            raise StoreUnavailable(self._database.trouble)
        with self._lock:
            self._threads = self._threads or ThreadPoolExecutor(self._number, thread_name_prefix="store")
            return self._threads.submit(self._run, work)

    def result(self, begun: "Future[T]", seconds: float) -> T:
        """What the work returned. Raises StoreUnavailable where it failed, or is not done within `seconds` from now."""
        try:
            return begun.result(seconds)
        except Late:
            begun.cancel()
            # Until the pause is over nobody else waits for it.
            self._database.note_failure("Timeout")
            raise StoreUnavailable(self._database.trouble) from None
        except StoreUnavailable:
            raise
        except Exception as error:
            # Whatever it is: no answer fails for the sake of what it remembers.
            raise StoreUnavailable(type(error).__name__) from None

    def close(self) -> None:
        """End the threads. The next use starts new ones."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self._database.transaction(writes=self._writes, durable=not self._writes) as connection:
            return work(connection)
