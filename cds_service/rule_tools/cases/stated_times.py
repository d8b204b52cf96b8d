"""Moments and ages as a test case states them: a date that may be partial, or a number of days before `as_of`."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from cds_service.durations import Duration, completed_months, in_words, last_of_month
from cds_service.facts.fact import Age, DaySpan

PartialDate = Annotated[str, Field(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-[0-3][0-9])?)?$")]
"""`2026`, `2026-05` or `2026-05-24`."""
Count = Annotated[int, Field(ge=0, le=100_000, strict=True)]
DaysAgo = Count | tuple[Count, Count]
"""How many days before `as_of`, or at least and at most how many."""

_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


def first_and_last(text: str) -> tuple[date, date]:
    """The days that a date, which may be partial, can mean. Raises ValueError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a date such as 2026-05-24, 2026-05 or 2026")
    year, month, day = (None if part is None else int(part) for part in found.groups())
    assert year is not None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if day is None:
        return date(year, month, 1), last_of_month(year, month)
    return date(year, month, day), date(year, month, day)


def days_since(text: str, as_of: date) -> DaySpan:
    """How long before `as_of` a date was; what of a partial one lies later counts as today. Raises ValueError."""
    first, last = first_and_last(text)
    if first > as_of:
        raise ValueError(f"{text} lies after {as_of}: what is to come doesn't count, so leave it out")
    return DaySpan(max(0, (as_of - last).days), (as_of - first).days)


def days_of(count: DaysAgo) -> DaySpan:
    """A number of days, or two. Raises ValueError where the greater one stands first."""
    low, high = (count, count) if isinstance(count, int) else count
    if low > high:
        raise ValueError(f"[{low}, {high}]: the least comes first")
    return DaySpan(low, high)


def age_of_birth(text: str, as_of: date) -> Age:
    """The age by a birth date, which may be partial. Raises ValueError."""
    first, last = first_and_last(text)
    if first > as_of:
        raise ValueError(f"born on {text}, after {as_of}")
    return _between(first, min(last, as_of), as_of)


def age_of_months(months: Sequence[int], as_of: date) -> Age:
    """The age of somebody who has completed at least the first and at most the last of these months. Raises ValueError
    where the calendar does not go back so far."""
    if months[-1] + 1 >= as_of.year * 12:
        raise ValueError(f"nobody is {in_words(months[-1], 'mo')} old on {as_of}: the calendar begins with the year 1")
    latest = Duration(months[0]).before(as_of)
    while completed_months(latest, as_of) < months[0]:
        latest -= timedelta(days=1)
    earliest = Duration(months[-1] + 1).before(as_of)
    while completed_months(earliest, as_of) > months[-1]:
        earliest += timedelta(days=1)
    return _between(earliest, latest, as_of)


def age_of_days(days: DaySpan, as_of: date) -> Age:
    """The age of somebody born so many days ago."""
    return _between(as_of - timedelta(days=days.hi), as_of - timedelta(days=days.lo), as_of)


def _between(first: date, last: date, as_of: date) -> Age:
    """The age of somebody born on one of these days."""
    months = (completed_months(last, as_of), completed_months(first, as_of))
    return Age((months[0] // 12, months[1] // 12), months, ((as_of - last).days, (as_of - first).days))
