"""A cache bounded by memory, for what is costly to make: compiled trials."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar
from weakref import ref

DEFAULT_BYTES = 1_000_000_000
"""Holds some five thousand trials that agree on most of their criteria, or two thousand that agree on few."""


class Shared(Protocol):
    """A part that several things share. It is compared by identity and counts once."""

    @property
    def bytes(self) -> int:
        """About what it takes in memory. It never changes."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a thing takes in memory: bytes of its `own`, and what it shares with others."""

    own: int
    shared: Sequence[Shared] = ()


class Weighed(Protocol):
    """A thing that knows what it takes in memory."""

    @property
    def weight(self) -> Weight:
        """It may grow; then call `Kept.grew`."""


K = TypeVar("K")
V = TypeVar("V", bound=Weighed)


class Kept(Generic[K, V]):
    """Things by the object that they were made from; the least recently used goes first.

    * What is kept never takes more than `most_bytes`. One thing that takes more by itself is not kept.
    * Whoever has been given a thing has it: what goes is forgotten here, and freed when nobody uses it any more.
    * A thing goes with the object that it was made from. So libraries that follow one another share one of these, and
      what an earlier one alone had is freed with it.

    Threads share it. Keys are compared by identity, are not kept alive, and must not be held by their things.
    """

    def __init__(self, most_bytes: int = DEFAULT_BYTES) -> None:
        self.most_bytes = most_bytes
        self._lock = Lock()
        self._entries: OrderedDict[int, _Entry[K, V]] = OrderedDict()
        self._users: Counter[Shared] = Counter()
        self._bytes = 0
        # Filled from weak references, whenever and in whichever thread their objects go, this lock held or not.
        self._orphans: deque[_Key[K]] = deque()

    @property
    def bytes(self) -> int:
        """About what everything kept here takes in memory."""
        with self._lock:
            self._let_orphans_go()
            return self._bytes

    def __len__(self) -> int:
        with self._lock:
            self._let_orphans_go()
            return len(self._entries)

    def get(self, key: K) -> V | None:
        """The thing kept for this object; None if there is none any more."""
        with self._lock:
            self._let_orphans_go()
            entry = self._entries.get(id(key))
            if entry is None:
                return None
            self._entries.move_to_end(id(key))
            return entry.thing

    def keep(self, key: K, thing: V) -> V:
        """Keep the thing made for this object, and return the one to use: another thread's, if that was sooner."""
        weight = thing.weight
        with self._lock:
            self._let_orphans_go()
            found = self._entries.get(id(key))
            if found is not None:
                self._entries.move_to_end(id(key))
                return found.thing
            self._entries[id(key)] = _Entry(_Key(key, self._orphaned), thing, weight)
            self._add(weight)
            gone = self._trim()
        del gone  # not under the lock: it takes time to free a trial
        return thing

    def grew(self, key: K) -> None:
        """What was made for this object takes more than before. It was just used."""
        with self._lock:
            self._let_orphans_go()
            entry = self._entries.get(id(key))
            if entry is None:
                return
            before, entry.weight = entry.weight, entry.thing.weight
            self._add(entry.weight)
            self._subtract(before)
            self._entries.move_to_end(id(key))
            gone = self._trim()
        del gone

    def _trim(self) -> "list[_Entry[K, V]]":
        gone = []
        while self._bytes > self.most_bytes:
            _, entry = self._entries.popitem(last=False)
            self._subtract(entry.weight)
            gone.append(entry)
        return gone

    def _add(self, weight: Weight) -> None:
        self._bytes += weight.own
        for one in weight.shared:
            if not self._users[one]:
                self._bytes += one.bytes
            self._users[one] += 1

    def _subtract(self, weight: Weight) -> None:
        self._bytes -= weight.own
        for one in weight.shared:
            self._users[one] -= 1
            if not self._users[one]:
                del self._users[one]
                self._bytes -= one.bytes

    def _orphaned(self, key: "_Key[K]") -> None:
        self._orphans.append(key)
        # At once where nobody is at work here, else by whoever is here next.
        if self._lock.acquire(blocking=False):
            try:
                self._let_orphans_go()
            finally:
                self._lock.release()

    def _let_orphans_go(self) -> None:
        while self._orphans:
            key = self._orphans.popleft()
            entry = self._entries.get(key.number)
            if entry is not None and entry.key is key:
                del self._entries[key.number]
                self._subtract(entry.weight)


class _Key(ref[K]):
    """A key that is not kept alive, and the number that it is found by."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, key: K, gone: "Callable[[_Key[K]], None]") -> "_Key[K]":
        made = super().__new__(cls, key, gone)
        made.number = id(key)
        return made


@dataclass(slots=True)
class _Entry(Generic[K, V]):
    key: _Key[K]
    thing: V
    weight: Weight
