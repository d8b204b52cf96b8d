"""The last few of what is costly to make and often asked for again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """At most `most` things by their keys; what was asked for longest ago goes first.

    Threads may share it: at worst something is made twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The thing of that key, made where it is not remembered."""
        found = self._made.pop(key, None)
        if found is None:
            found = make()
            with suppress(KeyError):  # another thread was here as well
                while len(self._made) >= self._most:
                    self._made.popitem(last=False)
        self._made[key] = found
        return found
