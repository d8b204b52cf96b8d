"""The connections of one worker: how many there are, of whom, and which gives way when there are too many.

A newcomer is worth more than a connection that has not said anything whole yet, so at a limit the oldest of these is
ended, and of bodies the one that comes slowest. Whoever holds connections open cannot keep others out, not even others
of the same address.
"""

import asyncio
from collections import Counter
from enum import Enum
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks import open_log
from cds_service.server.connections.limits import TICK, ConnectionLimits

_QUIET_SECONDS = 10.0
"""Between two lines of the log, whatever is tried meanwhile."""


class ConnectionState(Enum):
    """What could be given up at a limit, the first first; `BUSY` never is."""

    HALF_OPEN = 0
    IDLE = 1
    BUSY = 2


class Connection(Protocol):
    """What the register knows of a connection. `address`: whom it counts for, None for no one."""

    @property
    def address(self) -> str | None: ...

    @property
    def body_rate(self) -> float | None:
        """Bytes a second of the body that is arriving; None where it is not to be ended, as it has only begun."""
        ...

    def give_up_body(self) -> None:
        """End, and say that too many bodies are arriving."""
        ...

    def give_way(self) -> None:
        """End at once."""
        ...

    def tick(self, seconds: float) -> None:
        """So many seconds have gone by in which its client could have done something."""
        ...


class Register:
    """Made before the worker runs, and used from its event loop alone."""

    def __init__(self, limits: ConnectionLimits, log_level: str) -> None:
        self.limits = limits
        self._log_level = log_level
        self._places: dict[Connection, ConnectionState] = {}
        self._queues = {place: _Queue() for place in (ConnectionState.HALF_OPEN, ConnectionState.IDLE)}
        self._by_address: Counter[str] = Counter()
        self._bodies: dict[Connection, str | None] = {}
        self._ended: Counter[str] = Counter()
        self._quiet = 0.0
        self._ticking = False
        self._log: FilteringBoundLogger | None = None

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, connection: Connection) -> bool:
        """Take note of a connection; False where there is no room for it, which then has not entered."""
        address = connection.address
        if address is not None and self._by_address[address] >= self.limits.connections_per_address:
            if not self._make_room(address):
                return False
        elif len(self._places) >= self.limits.connections and not self._make_room(None):
            return False
        self._places[connection] = ConnectionState.BUSY
        if address is not None:
            self._by_address[address] += 1
        self.put(connection, ConnectionState.HALF_OPEN)
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(TICK, self._tick)
        return True

    def put(self, connection: Connection, place: ConnectionState) -> None:
        """Say where a connection stands now; one that has left stays away."""
        before = self._places.get(connection)
        if before is None or before is place:
            return
        self._places[connection] = place
        if before in self._queues:
            self._queues[before].discard(connection)
        if place in self._queues:
            self._queues[place].add(connection)

    def leave(self, connection: Connection) -> None:
        """It is no more; said twice, it counts once."""
        place = self._places.pop(connection, None)
        if place is None:
            return
        if place in self._queues:
            self._queues[place].discard(connection)
        if connection.address is not None:
            _less(self._by_address, connection.address)

    def body_begins(self, connection: Connection, of: str | None) -> bool:
        """Take note of a body that is to come, from the address `of`; False where there is no room for it."""
        if len(self._bodies) >= self.limits.bodies:
            self._end_slowest(list(self._bodies))
        if of is not None:
            others = [one for one, whose in self._bodies.items() if whose == of]
            if len(others) >= self.limits.bodies_per_address and not self._end_slowest(others):
                return False
        self._bodies[connection] = of
        return True

    def body_ends(self, connection: Connection) -> None:
        """Its body is there, or will never be; said twice, it counts once."""
        self._bodies.pop(connection, None)

    def ended(self, why: str) -> None:
        """A limit was reached: for the log."""
        self._ended[why] += 1

    def _make_room(self, address: str | None) -> bool:
        for queue in self._queues.values():
            oldest = queue.oldest(address)
            if oldest is not None:
                self.leave(oldest)
                self.ended("gave_way")
                oldest.give_way()
                return True
        return False

    def _end_slowest(self, bodies: list[Connection]) -> bool:
        """End the one that comes slowest, of those that could have been there by now."""
        rates = [(rate, number) for number, one in enumerate(bodies) if (rate := one.body_rate) is not None]
        if rates:
            bodies[min(rates)[1]].give_up_body()
        return bool(rates)

    def _tick(self) -> None:
        # What counts is how often was looked, not the time on a clock: while the event loop has no time, clients get
        # no answers and are not late.
        for connection in list(self._places):
            connection.tick(TICK)
        self._quiet -= TICK
        self._ticking = bool(self._places)
        if self._ended and (self._quiet <= 0 or not self._ticking):
            self._tell()
            self._quiet = _QUIET_SECONDS
        if self._ticking:
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tell(self) -> None:
        # Opened here: it is not for another process.
        self._log = self._log or open_log(self._log_level)
        for why, number in sorted(self._ended.items()):
            self._log.warning("connections_ended", why=why, connections=number)
        self._ended.clear()


class _Queue:
    """Connections in the order in which they came into it, all together and by address."""

    def __init__(self) -> None:
        self._all: dict[Connection, None] = {}
        self._of: dict[str, dict[Connection, None]] = {}

    def add(self, connection: Connection) -> None:
        self._all[connection] = None
        if connection.address is not None:
            self._of.setdefault(connection.address, {})[connection] = None

    def discard(self, connection: Connection) -> None:
        self._all.pop(connection, None)
        address = connection.address
        if address is not None and address in self._of:
            self._of[address].pop(connection, None)
            if not self._of[address]:
                del self._of[address]

    def oldest(self, address: str | None) -> Connection | None:
        """The one that came first; of `address`, unless that is None."""
        return next(iter(self._all if address is None else self._of.get(address, {})), None)


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
