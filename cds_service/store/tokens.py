"""Tokens that were used: each JWT counts once, for all workers of all machines that share the database."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from cds_service.cds_hooks.trust import LONGEST_LEAP, MemoryReplayGuard, ReplayGuardDown
from cds_service.store.database import Database
from cds_service.store.failures import StoreUnavailable
from cds_service.store.pruning import delete_in_batches
from cds_service.store.tables import seen_tokens
from cds_service.store.timed_queries import TimedQueries
from cds_service.store.upserts import insert_new

DEADLINE_SECONDS = 0.3
"""Longest that a request waits for this."""
_THREADS = 4


class SeenTokens:
    """A `ReplayGuard` in the database, with one in memory before it.

    Where the database is away the memory is all there is: a stolen token could then be used once more in each other
    worker, for the minutes until it expires. Turning every caller away instead lets an outage of the log stop the
    advice: that is for a site to choose (`CDS_REPLAY_FAIL`).
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime], failed: Callable[[], None], *, fails_open: bool = True
    ) -> None:
        """`failed` is called each time that the database could not be asked; then `fails_open` lets the caller in."""
        self._database = database
        # Not to the disk: after a power failure the tokens of the last moment have all but expired.
        self._prompt = TimedQueries[bool](database, writes=True, threads=_THREADS)
        self._now = now
        self._failed = failed
        self._fails_open = fails_open
        self._here = MemoryReplayGuard(now)

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this token has not been used before; from now on it has. Raises ReplayGuardDown unless it fails
        open."""
        if not self._here.first_time(issuer, jti, expires):
            return False
        # Of any length, and whatever it is made of.
        name = hashlib.sha256(f"{len(issuer)} {issuer} {jti}".encode("utf-8", "surrogatepass")).hexdigest()
        row = {"token": name, "issuer": issuer, "expires": expires}
        try:
            asked = self._prompt.start(lambda connection: insert_new(connection, seen_tokens, [row]) == 1)
            return self._prompt.result(asked, DEADLINE_SECONDS)
        except StoreUnavailable as problem:
            self._failed()
            if self._fails_open:
                return True
            # Nobody was let in with it, so it may be sent again.
            self._here.forget(issuer, jti)
            raise ReplayGuardDown(problem.cause) from None

    def close(self) -> None:
        """End its threads."""
        self._prompt.close()

    def forget_expired(self) -> int:
        """Delete what has expired. Gives how many rows. Raises StoreUnavailable."""
        return delete_in_batches(
            self._database, seen_tokens, seen_tokens.c.expires < self._now() - LONGEST_LEAP, lambda: None, durable=False
        )
