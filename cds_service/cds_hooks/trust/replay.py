"""The memory of used tokens: a token is good for one request."""

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from cds_service.errors import CdsError

LONGEST_LEAP = timedelta(days=2)
"""By which a clock may be wrong: a token that was used is remembered for so long after it has expired. When a clock
that was ahead is put right, what had expired is valid again."""
MOST_REMEMBERED = 200_000
"""In the memory of one worker, some 30 MB: a token each second for two days. The database has no such bound."""
_SURELY_OVER = 300.0
"""Seconds after which no leeway makes a token valid (CDS_CLOCK_LEEWAY)."""


class ReplayGuardDown(CdsError):  # noqa: N818 - it names the situation that is answered with 503
    """Nobody can say now whether a token was used before."""


class ReplayGuard(Protocol):
    """Remembers which tokens were used. One that several workers share must decide for all of them together."""

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this is the first call with `issuer` and `jti`; from now until `expires` every other one is not.

        Safe to call from several threads at once: of two calls at the same moment one is the first.
        Raises ReplayGuardDown.
        """
        ...


class MemoryReplayGuard:
    """Remembers in the memory of one process: enough for one worker, and only until it is restarted.

    Tokens that have expired are remembered for clocks that leap, and no more of them than `most`: of more, those that
    expired first are forgotten. What may still be valid is remembered however many there are.
    """

    def __init__(
        self, now: Callable[[], datetime], kept: timedelta = LONGEST_LEAP, most: int = MOST_REMEMBERED
    ) -> None:
        """`now` gives the time, with a zone. `kept`: for how long past its expiry a token is remembered."""
        self._now = now
        self._kept = kept.total_seconds()
        self._most = most
        self._lock = threading.Lock()
        self._seen: dict[bytes, float] = {}
        self._swept = now().timestamp()
        self._sweep_at = most

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """See `ReplayGuard`."""
        now, name = self._now().timestamp(), _name(issuer, jti)
        with self._lock:
            # Once a minute is enough to keep no more than what a few minutes of requests bring.
            if abs(now - self._swept) >= 60 or len(self._seen) >= self._sweep_at:
                self._sweep(now)
            # Whatever the clock says by now: that the token is valid was judged by another look at it.
            if name in self._seen:
                return False
            self._seen[name] = expires.timestamp()
            return True

    def forget(self, issuer: str, jti: str) -> None:
        """The token was not used after all."""
        with self._lock:
            self._seen.pop(_name(issuer, jti), None)

    def _sweep(self, now: float) -> None:
        self._seen = {name: until for name, until in self._seen.items() if until + self._kept >= now}
        if len(self._seen) > self._most:
            over = sorted(self._seen.values())[len(self._seen) - self._most - 1]
            least = min(over, now - _SURELY_OVER)
            self._seen = {name: until for name, until in self._seen.items() if until > least}
        self._swept = now
        # What is left may be more than `most`; to look again soon would bring nothing.
        self._sweep_at = max(self._most, len(self._seen)) + self._most // 10 + 1


def _name(issuer: str, jti: str) -> bytes:
    """A token in 16 bytes: what a client calls it may be of any length, and made of anything."""
    return hashlib.blake2b(f"{len(issuer)} {issuer} {jti}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
