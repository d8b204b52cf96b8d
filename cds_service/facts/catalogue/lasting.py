"""How long a disease lasts when nobody enters an end: what an include of a value set says of its codes (design.md).

`chronic`: until an end is recorded. A duration (`P3M`): that long, from the onset on. `event`: it happens on one day.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from cds_service.durations import PATTERN as _DURATION
from cds_service.durations import Duration

PATTERN: Final = f"^(chronic|event)$|{_DURATION}"


class Lasts(Struct, frozen=True, gc=False):
    """How long, in one of three ways; a `duration` of `None` is no limit, or that of an event."""

    duration: Duration | None = None
    is_event: bool = False

    @staticmethod
    def parse(text: str) -> "Lasts":
        """One object for each text. Raises ValueError for what is neither `chronic`, `event` nor an ISO duration."""
        return _parsed(text)

    def __str__(self) -> str:
        """As an include says it."""
        return "event" if self.is_event else "chronic" if self.duration is None else str(self.duration)

    def words(self) -> str:
        """As a reader would say it."""
        if self.is_event:
            return "an event of one day"
        return "chronic" if self.duration is None else self.duration.words()

    @property
    def _most(self) -> float:
        """Days that it lasts at most, for comparison alone."""
        if self.is_event:
            return 0
        return float("inf") if self.duration is None else self.duration.bounds()[1]


CHRONIC: Final = Lasts()
EVENT: Final = Lasts(is_event=True)


@lru_cache(maxsize=1_024)
def _parsed(text: str) -> Lasts:
    if text == "chronic":
        return CHRONIC
    return EVENT if text == "event" else Lasts(Duration.parse(text))


def longest(several: Iterable[Lasts]) -> Lasts:
    """The longest; chronic of none, as nothing says that it ends."""
    return max(several, key=lambda one: one._most, default=CHRONIC)
