"""A bounded memory of what was made for objects that are costly to compare: trials, for one."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Gives what `make` makes of an object, and keeps it for the `most` objects that were asked for last.

    Objects are told apart by identity, not by content. Each is kept alive with what was made of it, so no other can
    come to have its identity meanwhile. Threads share it; two that ask for a new object at once may both make it.
    """

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        self._make = make
        self._most = most
        self._made: OrderedDict[int, tuple[K, V]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._made)

    def of(self, key: K) -> V:
        """What was made of `key`, now or before."""
        with self._lock:
            found = self._made.get(id(key))
            if found is not None:
                self._made.move_to_end(id(key))
                return found[1]
        # Not under the lock: it takes milliseconds, and others need not wait for it.
        made = self._make(key)
        with self._lock:
            self._made[id(key)] = (key, made)
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        return made
