"""Sources of a client's keys: the clients file, or the address where the client publishes them."""

from collections.abc import Callable
from typing import Protocol

import anyio
import anyio.to_thread

from cds_service.cds_hooks.outbound import ByteBudget, Outbound, OutboundError
from cds_service.cds_hooks.trust.key_ring import KeyRing
from cds_service.cds_hooks.trust.keys import Algorithm, KeyProblem, VerifyKey, read_keys
from cds_service.errors import CdsError

FRESH_FOR = 3_600.0
"""Seconds after which a published key set is asked for again."""
USABLE_FOR = 86_400.0
"""Seconds for which the keys last read still count while the address gives no others: longer, and a key that the
client took back because it was stolen would count for longer."""
PAUSE = 30.0
"""Seconds between two requests to one address, so that tokens with invented key ids cause no flood there."""
PAUSE_AFTER_FAILURE = 5.0
DEADLINE = 2.0
"""Seconds for one request: a client waits for its answer meanwhile."""
MOST_WAITING = 8
"""Calls that wait for a request that another one makes. Each holds a place of those that are answered at the same time
(CDS_MAX_CONCURRENT), which other clients need while this one's server is slow."""
_MOST_BYTES = 512_000


class KeysAwaited(CdsError):  # noqa: N818 - it names the situation that is answered with 503
    """Too many wait already for this client's keys."""


class KeySource(Protocol):
    """Gives the keys that a token may have been signed with."""

    async def find(self, kid: str, algorithm: Algorithm) -> tuple[VerifyKey, ...]:
        """The keys with this id for this algorithm; usually one, none where there is no such key.

        Raises KeysAwaited.
        """
        ...


class GivenKeys:
    """Keys that stand in the clients file."""

    def __init__(self, keys: tuple[VerifyKey, ...]) -> None:
        self._keys = KeyRing(keys)

    async def find(self, kid: str, algorithm: Algorithm) -> tuple[VerifyKey, ...]:
        """See `KeySource`."""
        return self._keys.find(kid, algorithm)


class PublishedKeys:
    """Keys that the client publishes as a JSON Web Key Set: fetched when first needed, kept, and fetched again when
    they are old or a token names an id that is not among them.
    """

    def __init__(
        self,
        url: str,
        outbound: Outbound,
        failed: Callable[[str], None],
        seconds: Callable[[], float] = anyio.current_time,
    ) -> None:
        """`failed` is called with a word for why a request for the keys brought none, or not all of them.

        `seconds` is a clock that never jumps.
        """
        self._url = url
        self._outbound = outbound
        self._failed = failed
        self._seconds = seconds
        self._lock = anyio.Lock()
        self._keys = KeyRing()
        self._read_at: float | None = None
        self._next_try = float("-inf")

    async def find(self, kid: str, algorithm: Algorithm) -> tuple[VerifyKey, ...]:
        """See `KeySource`. Takes `DEADLINE` at most, apart from waiting for another call that asks already.

        Raises KeysAwaited where `MOST_WAITING` calls do that.
        """
        found = self._held(kid, algorithm)
        if found and (self._age() < FRESH_FOR or self._lock.locked()):
            return found
        if self._lock.statistics().tasks_waiting >= MOST_WAITING:
            raise KeysAwaited
        async with self._lock:
            found = self._held(kid, algorithm)
            if (not found or self._age() >= FRESH_FOR) and self._seconds() >= self._next_try:
                await self._read()
        return self._held(kid, algorithm)

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._seconds() - self._read_at

    def _held(self, kid: str, algorithm: Algorithm) -> tuple[VerifyKey, ...]:
        return self._keys.find(kid, algorithm) if self._age() < USABLE_FOR else ()

    async def _read(self) -> None:
        failure: str = "too_slow"
        self._next_try = self._seconds() + PAUSE_AFTER_FAILURE
        with anyio.move_on_after(DEADLINE):
            try:
                reply = await self._outbound.get(self._url, {"Accept": "application/json"}, ByteBudget(_MOST_BYTES))
                if reply.status == 200:
                    # In a thread: a set may hold as many keys as fit into it.
                    self._keys = await anyio.to_thread.run_sync(_ring, reply.body)
                    self._read_at = self._seconds()
                    self._next_try = self._read_at + PAUSE
                    if self._keys.left_out:
                        self._failed("same_kid")
                    return
                failure = f"status_{reply.status}"
            except OutboundError as problem:
                failure = problem.reason
            except KeyProblem:
                failure = "no_key_set"
        self._failed(failure)


def _ring(body: bytes) -> KeyRing:
    return KeyRing(read_keys(body))
