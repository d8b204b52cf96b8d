"""A token is good for one request: what remembers those that were used."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from cds_service.errors import CdsError


class ReplayGuardDown(CdsError):  # noqa: N818 - it names the situation that is answered with 503
    """It cannot be told whether a token was used before."""


class ReplayGuard(Protocol):
    """Remembers which tokens were used. One that several workers share must decide for all of them together."""

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this is the first call with `issuer` and `jti`; from now until `expires` every other one is not.

        Safe to call from several threads at once: of two calls at the same moment one is the first.
        Raises ReplayGuardDown.
        """
        ...


class MemoryReplayGuard:
    """Remembers in the memory of one process: enough for one worker, and only until it is restarted."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` gives the time, with a zone."""
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], datetime] = {}
        self._swept = now()

    def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
        """See `ReplayGuard`."""
        now = self._now()
        with self._lock:
            self._sweep(now)
            until = self._seen.get((issuer, jti))
            if until is not None and until >= now:
                return False
            self._seen[issuer, jti] = expires
            return True

    def forget(self, issuer: str, jti: str) -> None:
        """The token was not used after all."""
        with self._lock:
            self._seen.pop((issuer, jti), None)

    def _sweep(self, now: datetime) -> None:
        # Once a minute is enough to keep no more than what a few minutes of requests bring.
        if abs((now - self._swept).total_seconds()) >= 60:
            self._seen = {key: until for key, until in self._seen.items() if until >= now}
            self._swept = now
