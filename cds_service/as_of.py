"""As of when a record is read: a calendar day of a site, with its end as an instant (docs/design.md, 4a).

The zone is an argument (a `tzinfo`): which zone a site has is for the settings to say.
"""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

_NEXT_TO_THE_ENDS = frozenset({1, 9999})
"""The years at the ends of the calendar, in which not every instant has a day in every zone."""


class AsOf(date):
    """A calendar day in the site's `zone`, that ends for what is asked at `end`, an instant in UTC which is included.

    It is a `date` and counts as one: whatever asks only for the day takes it as it is. What is computed from it (a
    sum, a `replace`, a minimum) is a plain date, which has no end of its own.
    """

    __slots__ = ("end", "zone")

    end: datetime
    zone: tzinfo

    def __new__(cls, year: Any, month: int, day: int) -> date:  # type: ignore[misc]  # what arithmetic calls
        """A plain date: `date` makes the results of arithmetic by this. Instances come from `at` and `of`."""
        return date(year, month, day)

    @classmethod
    def at(cls, moment: datetime, zone: tzinfo = UTC) -> "AsOf":
        """The day of an instant in a zone, up to that instant. Without an offset it is taken in the zone."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return _made(day_in(zone, moment), moment.astimezone(UTC), zone)

    @classmethod
    def of(cls, day: date, zone: tzinfo = UTC) -> "AsOf":
        """The whole of a day in a zone; an as-of as it is, which has its own."""
        return day if isinstance(day, AsOf) else _made(day, last_instant(day, zone), zone)

    @property
    def shown_end(self) -> str:
        """The end in ISO 8601 to the second, in the offset of the zone."""
        end = self.end if self.end.year in _NEXT_TO_THE_ENDS else self.end.astimezone(self.zone)
        return end.isoformat(timespec="seconds")

    def replace(self, *args: Any, **parts: Any) -> date:  # type: ignore[override]  # a plain date, see the class
        """Another day."""
        return self.plain().replace(*args, **parts)

    def plain(self) -> date:
        """The day alone."""
        return date(self.year, self.month, self.day)

    def __reduce__(self) -> tuple[Any, ...]:  # that of `date` would lose the end
        return _made, (self.plain(), self.end, self.zone)


def _made(day: date, end: datetime, zone: tzinfo) -> AsOf:
    made: AsOf = date.__new__(AsOf, day.year, day.month, day.day)
    made.end, made.zone = end, zone
    return made


def day_in(zone: tzinfo, moment: datetime) -> date:
    """The day on which an instant falls in a zone."""
    if (zone is UTC and moment.tzinfo is UTC) or moment.year in _NEXT_TO_THE_ENDS:
        return moment.date()
    return moment.astimezone(zone).date()


def last_instant(day: date, zone: tzinfo) -> datetime:
    """The last instant of a day in a zone, in UTC."""
    return instants_of(datetime.combine(day, time.max, UTC), zone)[1]


def instants_of(clock: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last instant, in UTC, at which clocks of a zone show what `clock` shows.

    They differ where clocks are set back. Where they are set forward over it, they are the ends of what was left out.
    """
    if zone is UTC or clock.year in _NEXT_TO_THE_ENDS:
        return clock, clock
    local = clock.replace(tzinfo=zone)
    one, other = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return (one, other) if one <= other else (other, one)
