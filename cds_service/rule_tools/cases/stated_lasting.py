"""What a stated record of a disease means that does not last until somebody enters its end (docs/facts.md).

Told from the words of a case alone, so that what the reader of records makes of a chart can be compared with it.
"""

from datetime import date, timedelta
from typing import NamedTuple

from cds_service.durations import Duration
from cds_service.facts.fact import UNBOUNDED, Days

_FELT = Duration.parse("P3M")


class Course(NamedTuple):
    """When a record began and ended, and whether it is active and there."""

    begun: Days
    ended: Days
    active: bool | None
    present: bool | None


def happened(course: Course, start: Days | None, as_of: date, *, is_over: bool, is_past: bool) -> Course:
    """The course of an event: it ended when it began. `is_past`: a "history of" code tells of it."""
    if is_past:
        moment = Days(course.begun.lo, UNBOUNDED)
        return Course(moment, moment, active=False, present=False)
    recent = start is not None and as_of <= _FELT.after(_day(as_of, start.hi))
    today = None if course.begun.lo == 0 else False
    active = True if course.begun.hi == 0 else today
    return Course(course.begun, course.begun, active, present=False if is_over else True if recent else None)


def limited(course: Course, start: Days | None, as_of: date, duration: Duration, *, at_visit: bool) -> Course:
    """The course of a disease of which nobody says that it is over."""
    if start is None:
        return Course(course.begun, Days(0, UNBOUNDED), _if(course.active, None), None)
    longest_ago, latest = _day(as_of, start.hi), _day(as_of, start.lo)
    still: bool | None = True if as_of <= duration.after(longest_ago) else None
    ended = Days(0, start.hi)
    last = duration.after(latest)
    if at_visit and as_of > last:
        still, ended = False, Days((as_of - last).days, start.hi)
    return Course(course.begun, ended, _if(course.active, still), still)


def _day(as_of: date, days_ago: int) -> date:
    return as_of - timedelta(min(days_ago, (as_of - date.min).days))


def _if(active: bool | None, still: bool | None) -> bool | None:
    return False if active is False else still
