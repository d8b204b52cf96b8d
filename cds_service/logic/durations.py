"""Lengths of time and how far back they reach from a date.

Days and weeks are exact. Months and years go back by the calendar and stop at the end of a shorter month: three
months before 31 May is the last day of February (DESIGN section 4a).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dateutil.relativedelta import relativedelta

DurationUnit = Literal["d", "wk", "mo", "a"]
UNITS: tuple[DurationUnit, ...] = ("d", "wk", "mo", "a")

_ISO = re.compile(r"P(?P<count>[1-9][0-9]{0,3})(?P<unit>[DWMY])")
_FROM_ISO: dict[str, DurationUnit] = {"D": "d", "W": "wk", "M": "mo", "Y": "a"}
_WORDS: dict[DurationUnit, tuple[str, str]] = {
    "d": ("day", "days"),
    "wk": ("week", "weeks"),
    "mo": ("month", "months"),
    "a": ("year", "years"),
}


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A whole number of days, weeks, months or years (UCUM `d`, `wk`, `mo`, `a`)."""

    count: int
    unit: DurationUnit

    @property
    def key(self) -> str:
        """Its name in the `span` table of a fact document."""
        return f"{self.count} {self.unit}"

    @property
    def days(self) -> int | None:
        """Its length where that does not depend on the calendar."""
        return {"d": self.count, "wk": self.count * 7}.get(self.unit)

    def _delta(self) -> relativedelta:
        if self.days is not None:
            return relativedelta(days=self.days)
        return relativedelta(months=self.count * (12 if self.unit == "a" else 1))

    def before(self, day: date) -> date:
        """The day this far before `day`; the earliest day there is when it would lie before year 1."""
        try:
            return day - self._delta()
        except (ValueError, OverflowError):
            return date.min

    def after(self, day: date) -> date:
        """The day this far after `day`; the latest day there is when it would lie after year 9999."""
        try:
            return day + self._delta()
        except (ValueError, OverflowError):
            return date.max

    def span(self, as_of: date) -> int:
        """Days from the day this far before `as_of` up to `as_of`."""
        return (as_of - self.before(as_of)).days

    def words(self) -> str:
        """Such as `2 months`."""
        one, many = _WORDS[self.unit]
        return f"{self.count} {one if self.count == 1 else many}"


def parse_iso(text: str) -> Duration:
    """Read `P14D`, `P2W`, `P3M` or `P1Y`. Raises ValueError on anything else."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as P14D, P2W, P3M or P1Y")
    return Duration(int(match["count"]), _FROM_ISO[match["unit"]])
