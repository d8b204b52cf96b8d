"""The last few of what is costly to make and often asked for again."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """At most `most` things by their keys; what was asked for longest ago goes first.

    Threads may share it: at worst something is made twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The thing of that key, made where it is not remembered."""
        found = self._made.pop(key, None)
        if found is None:
            found = make()
            for oldest in list(self._made)[: max(0, len(self._made) + 1 - self._most)]:
                self._made.pop(oldest, None)
        self._made[key] = found
        return found
