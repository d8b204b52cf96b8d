"""Lengths of time by the calendar: `P90D`, `P2W`, `P3M`, `P1Y`."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_FORM = re.compile(r"P(?=[0-9])(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time; months and years go by the calendar, so their days depend on where they are counted from."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """An ISO 8601 duration in whole years, months, weeks and days. Raises `ValueError`."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a duration such as P90D, P2W, P3M or P1Y")
        years, months, weeks, days = (int(part or 0) for part in found.groups())
        return cls(years * 12 + months, weeks * 7 + days)

    def before(self, day: date) -> date:
        """The date this long before `day`: 31 May - 3 months is the last of February. Never before the year 1."""
        months = day.year * 12 + day.month - 1 - self.months
        if months < 12:
            return date.min
        year, month = divmod(months, 12)
        start = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
        return start - min(timedelta(days=self.days), start - date.min)

    def days_before(self, day: date) -> int:
        """How many days that is, counted back from `day`."""
        return (day - self.before(day)).days


def completed_months(birth: date, day: date) -> int:
    """Whole months of life on `day`. A month is complete on the same day of the month; where the month has none, on the
    first of the next, so that who is born on 29 February completes a year on 1 March (as CQL's `AgeInYears` counts)."""
    return (day.year - birth.year) * 12 + day.month - birth.month - (1 if day.day < birth.day else 0)


def completion(birth: date, months: int) -> date | None:
    """The day on which that many months of life are complete; `None` beyond the calendar."""
    year, month = divmod(birth.year * 12 + birth.month - 1 + months, 12)
    if year > date.max.year or (year == date.max.year and month == 11):
        return None
    if birth.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, birth.day)
    return date(year, month + 2, 1)  # only December has no next month in its year, and it has 31 days
