"""Writing the decision log beside the answers: a bounded queue and one thread that writes it in batches.

An answer only puts its decision into the queue. While the database is away the thread keeps what it has and tries
again; when the queue is full the newest decisions are dropped, counted and said so in the log, and answers go on.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from msgspec import MsgspecError
from structlog.typing import FilteringBoundLogger

from cds_service.store.batches import BatchResult, write_batch
from cds_service.store.database import PAUSE_SECONDS, Database
from cds_service.store.decisions import Decision, Rows, rows_of
from cds_service.store.failures import REFUSED, StoreUnavailable

MOST_QUEUED = 10_000
"""Decisions that wait for the database; some hours of a busy clinic."""
MOST_QUEUED_BYTES = 128_000_000
"""Of request bodies whose digest has yet to be made."""
_BATCH = 200
_LINGER_SECONDS = 0.1
"""What comes within this time is written to the disk at once, together."""
_CHORE_SECONDS = 600.0
_MOST_FAILURES = 3
"""A decision that fails that often, while others are written, is given up."""


class Watch(Protocol):
    """What is counted. Each is called from the writing thread or an answering one, and must be quick."""

    def decisions_written(self, number: int) -> None: ...

    def decisions_dropped(self, number: int, why: str) -> None: ...

    def decisions_queued(self, number: int) -> None: ...

    def database_available(self, available: bool) -> None: ...


class Recorder:
    """The queue and its thread. It may be started again after it was stopped."""

    def __init__(
        self,
        database: Database,
        log: FilteringBoundLogger,
        watch: Watch,
        maintenance: Callable[[], object] = lambda: None,
        *,
        most_queued: int = MOST_QUEUED,
        most_queued_bytes: int = MOST_QUEUED_BYTES,
    ) -> None:
        """`chore` is done every ten minutes, when the database is there."""
        self._database = database
        self._log = log
        self._watch = watch
        self._maintenance = maintenance
        self._most = most_queued
        self._most_bytes = most_queued_bytes
        self._queue: deque[tuple[Decision, bytes]] = deque()
        self._queued_bytes = 0
        self._rows: deque[Rows] = deque()
        self._failures: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._stop_at: float | None = None
        self._dropping = False
        self._was_available: bool | None = None
        self._thread: threading.Thread | None = None
        self._tried = threading.Event()

    def start(self, seconds: float = 0.0) -> None:
        """Start the thread. It connects to the database and brings its schema up to date; wait `seconds` for that."""
        if self._thread is None:
            self._stop_at = None
            self._tried.clear()
            self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
            self._thread.start()
        self._tried.wait(seconds)

    def stop(self, seconds: float) -> None:
        """Write what is queued, for at most about `seconds`, and end the thread. What is left is counted as dropped."""
        if self._thread is None:
            return
        with self._changed:
            self._stop_at = time.monotonic() + seconds
            self._changed.notify_all()
        self._thread.join(seconds + 1)
        ended = not self._thread.is_alive()
        self._thread = None
        with self._changed:
            left = len(self._queue) + len(self._rows)
            if ended:
                self._queue.clear()
                self._rows.clear()
                self._queued_bytes = 0
        if left:
            self._drop(left, "shutdown")

    def put(self, decision: Decision, request: bytes) -> None:
        """Queue the decision on `request`, the body as it came. Returns at once, whatever the database does.

        Only where large requests come faster than their digests are made, that of this one is made here, at once.
        """
        with self._changed:
            waiting = len(self._queue) + len(self._rows)
            full = waiting >= self._most
            crowded = self._queued_bytes + len(request) > self._most_bytes
            if not full and not crowded:
                self._queue.append((decision, request))
                self._queued_bytes += len(request)
                # With more than this one in the queue the thread knows, and waits for others on purpose.
                if len(self._queue) == 1:
                    self._changed.notify_all()
        if full:
            self._drop(1, "full")
            return
        if crowded:
            self._keep_rows(decision, request)
        self._watch.decisions_queued(waiting + 1)

    def flush(self, seconds: float) -> bool:
        """Wait until everything queued is written; False where that took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._rows, seconds)

    def _run(self) -> None:
        next_chore = 0.0
        while True:
            written = False
            try:
                self._make_rows()
                written = self._write()
                self._tell_availability()
                if written and time.monotonic() >= next_chore:
                    next_chore = time.monotonic() + _CHORE_SECONDS
                    self._maintenance()
            except StoreUnavailable:
                self._tell_availability()
            except Exception as error:
                # Whatever it is, the thread must not end: from then on every decision would be lost.
                self._log.error("decision_log_failed", error=type(error).__name__)
            self._tried.set()
            if self._is_over():
                return
            self._wait(trouble=not written)

    def _make_rows(self) -> None:
        """Turn queued decisions into rows: from then on their requests take no memory."""
        while True:
            with self._changed:
                if not self._queue:
                    return
                decision, request = self._queue[0]
            self._keep_rows(decision, request)
            with self._changed:
                self._queue.popleft()
                self._queued_bytes -= len(request)

    def _keep_rows(self, decision: Decision, request: bytes) -> None:
        try:
            rows = rows_of(decision, request)
        except (MsgspecError, *REFUSED):
            # Answered all the same, and then not to be replayed: the reader of records is more patient with JSON.
            self._drop(1, "refused")
            return
        with self._changed:
            self._rows.append(rows)

    def _write(self) -> bool:
        """Write all rows; False where the database did not take them."""
        while True:
            batch = [self._rows[n] for n in range(min(_BATCH, len(self._rows)))]
            try:
                if not batch:
                    self._database.ping()
                    return True
                written = write_batch(self._database, batch, PAUSE_SECONDS)
            except StoreUnavailable:
                return False
            left = self._put_back(batch, written)
            self._watch.decisions_written(written.number)
            self._watch.decisions_queued(left)
            if not written.number and not written.refused:
                return False
            self._dropping = False

    def _put_back(self, batch: list[Rows], written: BatchResult) -> int:
        """Take a batch out of the queue but for what can be tried again: what failed last of all, the rest first.

        Gives how many are in the queue. What has failed beside others that were written, time and again, is dropped.
        """
        refused = list(written.refused)
        again = []
        for rows in written.failed:
            self._failures[rows.decision["id"]] += bool(written.number)
            if self._failures[rows.decision["id"]] >= _MOST_FAILURES:
                refused.append((rows, "failed"))
            else:
                again.append(rows)
        kept = {rows.decision["id"] for rows in (*again, *written.untried)}
        for rows in batch:
            if rows.decision["id"] not in kept:
                self._failures.pop(rows.decision["id"], None)
        with self._changed:
            for _ in batch:
                self._rows.popleft()
            self._rows.extendleft(reversed(written.untried))
            self._rows.extend(again)
            self._changed.notify_all()
            left = len(self._queue) + len(self._rows)
        for rows, cause in refused:
            self._log.error("decision_refused", decision=rows.decision["id"], error=cause)
        if refused:
            self._drop(len(refused), "refused")
        return left

    def _tell_availability(self) -> None:
        available = self._database.available
        if available != self._was_available:
            self._was_available = available
            self._watch.database_available(available)
            if available:
                self._log.info("database_available")
            else:
                self._log.error("database_unavailable", error=self._database.obstacle)

    def _is_over(self) -> bool:
        with self._changed:
            if self._stop_at is None:
                return False
            return not (self._queue or self._rows) or time.monotonic() >= self._stop_at

    def _wait(self, *, trouble: bool) -> None:
        """Until there is something to write, or it is time to look whether the database is there."""
        with self._changed:
            if trouble:
                # What is put meanwhile changes nothing.
                self._changed.wait_for(lambda: self._stop_at is not None, PAUSE_SECONDS)
                if self._stop_at is not None:
                    self._changed.wait(0.2)
                return
            self._changed.wait_for(lambda: self._queue or self._stop_at is not None, PAUSE_SECONDS)
            self._changed.wait_for(lambda: self._stop_at is not None, _LINGER_SECONDS)

    def _drop(self, number: int, why: str) -> None:
        self._watch.decisions_dropped(number, why)
        # One line when it begins, not one for each.
        if why != "full" or not self._dropping:
            self._log.error("decisions_dropped", dropped=number, why=why)
        self._dropping = self._dropping or why == "full"
