"""Lengths of time by the calendar: `P90D`, `P2W`, `P3M`, `P1Y`, `P1M15D`; and ages, which count completed months.

Days are exact. Months go by the calendar and stop at the end of a shorter month: three months before 31 May is the last
day of February. So months and days are kept apart, and which of two lengths is longer can depend on the day from which
they are counted (READING.md, sections 3 and 7).
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final, Literal, Self

TimeUnit = Literal["d", "wk", "mo", "a"]
"""UCUM days, weeks, months and years."""
UNITS: Final[tuple[TimeUnit, ...]] = ("d", "wk", "mo", "a")
PATTERN: Final = (
    "^P(?=[0-9])(?=[0-9YMW]*[1-9])([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$"  # ECMA-262, for schemas
)

_FORM = re.compile("P(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?", re.ASCII)
_FAULTS = (
    (re.compile(r"P?\s*"), "it is empty"),
    (re.compile(r"P(0+[YMWD])+"), "it lasts no time at all"),
    (re.compile(r".*[-+−].*"), "it has no sign"),
    (re.compile(r".*[.,].*"), "it has no fractions"),
    (re.compile(r"P.*T.*"), "it has no time of day"),
)
_ONE_UNIT: Final = {"d": "day", "wk": "week", "mo": "month", "a": "year"}
_CYCLE: Final = (2000, 2400)
"""After 400 years the Gregorian calendar's months repeat."""


_SPELLED = re.compile(
    "P? *([0-9]{1,4}) *(?:(d|days?)|(w|wks?|weeks?)|(m|mos?|months?)|(a|y|yrs?|years?))", re.ASCII | re.IGNORECASE
)
_LETTERS: Final = {"d": "D", "wk": "W", "mo": "M", "a": "Y"}


def spelled(text: str) -> tuple[int, TimeUnit] | None:
    """The count and the unit that people mean by `7 days`, `2wk`, `1 year` or `P7D`; None for anything else."""
    found = _SPELLED.fullmatch(text.strip())
    if found is None:
        return None
    count, *words = found.groups()
    return int(count), next(unit for unit, word in zip(UNITS, words, strict=True) if word)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: calendar months and, counted after them, days. Neither is negative."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """An ISO 8601 duration in whole years, months, weeks and days. Raises ValueError on anything else, as on times
        of day, signs, fractions and what lasts no time at all."""
        found = _FORM.fullmatch(text)
        years, months, weeks, days = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
        if not (years or months or weeks or days):
            meant = spelled(text)
            why = next((why for form, why in _FAULTS if form.fullmatch(text)), "")
            if meant is not None and meant[0] and not why:
                why = f"write 'P{meant[0]}{_LETTERS[meant[1]]}'"
            example = "is not a duration such as P90D, P2W, P3M, P1Y or P1M15D"
            raise ValueError(f"{text!r} {example}{why and ': '}{why}")
        return cls(years * 12 + months, weeks * 7 + days)

    @classmethod
    def of(cls, count: int, unit: TimeUnit) -> Self:
        """So many days, weeks, months or years."""
        match unit:
            case "d" | "wk":
                return cls(days=count * (7 if unit == "wk" else 1))
            case "mo" | "a":
                return cls(months=count * (12 if unit == "a" else 1))

    @property
    def exact(self) -> int | None:
        """Its days, where they do not depend on the calendar."""
        return None if self.months else self.days

    def before(self, day: date) -> date:
        """The day this far before `day`; the earliest day there is when it would lie before year 1."""
        start = _months_from(day, -self.months)
        return start - min(timedelta(days=self.days), start - date.min)

    def after(self, day: date) -> date:
        """The day this far after `day`; the latest day there is when it would lie after year 9999."""
        end = _months_from(day, self.months)
        return end + min(timedelta(days=self.days), date.max - end)

    def span(self, as_of: date) -> int:
        """Days from the day this far before `as_of` up to `as_of`: evidence of that many days is not too old."""
        return (as_of - self.before(as_of)).days

    def bounds(self) -> tuple[int, int]:
        """The fewest and the most days that it can span."""
        fewest, most = _bounds(self.months)
        return fewest + self.days, most + self.days

    def fits(self, other: Self) -> bool | None:
        """Whether it is never longer than `other`: False where it is always longer, None where the day decides."""
        if self.months <= other.months and self.days <= other.days:
            return True
        if self.months >= other.months and self.days >= other.days:
            return False
        # What both have of months is the same on either side.
        shared = min(self.months, other.months)
        own, others = (Duration(one.months - shared, one.days).bounds() for one in (self, other))
        # At the ends of months the shared part may begin on another day: up to 3 days (31 against 28).
        slack = 3 if shared else 0
        return True if own[1] + slack <= others[0] else False if own[0] - slack > others[1] else None

    def words(self) -> str:
        """Such as `90 days`, `2 months`, `1 year`, `1 month and 15 days`."""
        years, months = divmod(self.months, 12)
        said = [in_words(self.months, "mo") if months else in_words(years, "a")] if self.months else []
        if self.days or not said:
            said.append(in_words(self.days, "d"))
        return " and ".join(said)

    def __str__(self) -> str:
        """The ISO 8601 form in months and days, one for each length: `P12M`, `P1M15D`, `P0D`."""
        months = f"{self.months}M" if self.months else ""
        return f"P{months}{self.days}D" if self.days or not months else f"P{months}"


def shortest(durations: Iterable[Duration]) -> Duration | None:
    """The shortest; where the day decides which that is, a number of days that is never longer than any of them. None
    of none."""
    every = tuple(dict.fromkeys(durations))
    if not every:
        return None
    found = next((one for one in every if all(one.fits(other) for other in every)), None)
    return Duration(days=min(one.bounds()[0] for one in every)) if found is None else found


def in_words(count: int, unit: TimeUnit) -> str:
    """A length as it was written, such as `4 weeks` or `24 months`."""
    return f"{count} {_ONE_UNIT[unit]}{'' if count == 1 else 's'}"


def range_in_words(low: int, high: int, unit: TimeUnit) -> str:
    """Such as `1 month`, `14 to 15 months`, `0 to 1 month`."""
    return in_words(low, unit) if low == high else f"{low} to {in_words(high, unit)}"


def last_of_month(year: int, month: int) -> date:
    """The last day of a month. Raises ValueError where the calendar has no such month."""
    if not (date.min.year <= year <= date.max.year and 1 <= month <= 12):
        raise ValueError(f"there is no month {month} of the year {year}")
    return date(year, month, calendar.monthrange(year, month)[1])


def completed_months(birth: date, day: date) -> int:
    """Whole months of life on `day`. A month is complete on the same day of the month; where the month has none, on the
    first of the next, so that who is born on 29 February completes a year on 1 March (as CQL's `AgeInYears` counts)."""
    return (day.year - birth.year) * 12 + day.month - birth.month - (1 if day.day < birth.day else 0)


def completion(birth: date, months: int) -> date | None:
    """The day on which that many months of life are complete; `None` beyond the calendar."""
    clipped = _months_from(birth, months)
    if clipped == date.max:
        return None
    # A month without that day: the first of the next.
    return clipped if clipped.day == birth.day else clipped + timedelta(days=1)


def _months_from(day: date, months: int) -> date:
    """The same day of a month that is so many months off, or the month's last; never outside the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if year < date.min.year else date.max
    return date(year, month + 1, min(day.day, last_of_month(year, month + 1).day))


@lru_cache(maxsize=256)
def _bounds(months: int) -> tuple[int, int]:
    """The fewest and most days of so many months in a row. A span that stops at the end of a shorter month is longer
    than the months it lies in and at most as long as those one later, so whole months show both ends."""
    lengths = [calendar.monthrange(year, month)[1] for year in range(*_CYCLE) for month in range(1, 13)]
    around, rest = divmod(months, len(lengths))
    sums = [0, *accumulate((*lengths, *lengths[:rest]))]
    spans = [sums[i + rest] - sums[i] for i in range(len(lengths))]
    return around * sum(lengths) + min(spans), around * sum(lengths) + max(spans)
