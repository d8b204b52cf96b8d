"""Tokens that were used: each JWT counts once, for all workers of all machines that share the database."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete

from cds_service.cds_hooks.trust import LONGEST_LEAP, MemoryReplayGuard
from cds_service.store.database import Database
from cds_service.store.failures import StoreUnavailable
from cds_service.store.prompt import Prompt
from cds_service.store.tables import NAME, seen_tokens
from cds_service.store.upserts import insert_new

_KEPT_HERE = timedelta(minutes=5)
"""In memory, past its expiry; the database remembers for `LONGEST_LEAP`."""
DEADLINE_SECONDS = 0.3
"""Longest that a request waits for this."""
_THREADS = 4


class SeenTokens:
    """A `ReplayGuard` in the database, with one in memory before it.

    Where the database is away the memory is all there is: a stolen token could then be used once more in each other
    worker, for the minutes until it expires. Turning every caller away instead would let an outage of the log stop the
    advice.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], failed: Callable[[], None]) -> None:
        """`failed` is called each time that the database could not be asked."""
        self._database = database
        # Not to the disk: after a power failure the tokens of the last moment have all but expired.
        self._prompt = Prompt[bool](database, writes=True, threads=_THREADS)
        self._now = now
        self._failed = failed
        self._here = MemoryReplayGuard(now, _KEPT_HERE)

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this token has not been used before; from now on it has. Never raises."""
        if not self._here.first_time(issuer, jti, expires):
            return False
        # Of any length, and whatever it is made of.
        name = hashlib.sha256(f"{len(issuer)} {issuer} {jti}".encode("utf-8", "surrogatepass")).hexdigest()
        row = {"token": name, "issuer": issuer[:NAME], "expires": expires}
        try:
            asked = self._prompt.start(lambda connection: insert_new(connection, seen_tokens, [row]) == 1)
            return self._prompt.result(asked, DEADLINE_SECONDS)
        except StoreUnavailable:
            self._failed()
            return True

    def close(self) -> None:
        """End its threads."""
        self._prompt.close()

    def forget_expired(self) -> int:
        """Delete what has expired. Gives how many rows. Raises StoreUnavailable."""
        with self._database.transaction(writes=True, durable=False) as connection:
            return connection.execute(
                delete(seen_tokens).where(seen_tokens.c.expires < self._now() - LONGEST_LEAP)
            ).rowcount
