"""Time that runs out: it is looked at in every loop over what a client sent, so that no record keeps a thread.

Half of what was sent says nothing: what is read until then is no record, and facts that are made of it are none. So a
loop that finds no time left ends everything with `OutOfTime`, and whoever answers says that there was no time.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cds_service.errors import CdsError

T = TypeVar("T")

STEP = 256
"""Things that are handled from one look at the time to the next: some milliseconds of the dearest of them."""


class OutOfTime(CdsError):  # noqa: N818 - it names the situation that the hook answers with 503
    """There was no time to finish."""

    def __init__(self) -> None:
        super().__init__("there was no time to finish")


class Deadline:
    """Asks whether it `is_over` once for every `STEP` things, in whatever loops they are handled. For one thread."""

    __slots__ = ("_left", "is_over")

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self.is_over = is_over
        self._left = STEP

    def each(self, things: Iterable[T]) -> Iterable[T]:
        """The things one by one. Raises OutOfTime in between."""
        return self._each(things)

    def spend(self, things: int = 1) -> None:
        """Note that so many things are going to be handled. Raises OutOfTime."""
        self._left -= things
        if self._left < 0:
            self._left = STEP
            if self.is_over():
                raise OutOfTime

    def _each(self, things: Iterable[T]) -> Iterator[T]:
        for thing in things:
            self._left -= 1
            if self._left < 0:
                self.spend()
            yield thing


class _Never(Deadline):
    """For whoever has all the time: nothing is counted, and threads may share it."""

    __slots__ = ()

    def each(self, things: Iterable[T]) -> Iterable[T]:
        return things

    def spend(self, things: int = 1) -> None:
        pass


def never() -> bool:
    """There is time."""
    return False


NEVER: Deadline = _Never(never)
