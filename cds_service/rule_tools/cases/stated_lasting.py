"""What a stated record of a disease means that does not last until somebody enters its end (docs/facts.md).

Told from the words of a case alone, so that what the reader of records makes of a chart can be compared with it.
"""

from datetime import date, timedelta
from typing import NamedTuple

from cds_service.durations import Duration
from cds_service.facts.fact import UNBOUNDED, DaySpan

_FELT = Duration.parse("P3M")


class StatedCourse(NamedTuple):
    """When a record began and ended, and whether it is active and there."""

    begun: DaySpan
    ended: DaySpan
    active: bool | None
    present: bool | None


def happened(course: StatedCourse, start: DaySpan | None, as_of: date, *, is_over: bool, is_past: bool) -> StatedCourse:
    """The course of an event: it ended when it began. `is_past`: a "history of" code tells of it."""
    if is_past:
        moment = DaySpan(course.begun.lo, UNBOUNDED)
        return StatedCourse(moment, moment, active=False, present=False)
    recent = start is not None and as_of <= _FELT.after(_day(as_of, start.hi))
    today = None if course.begun.lo == 0 else False
    active = True if course.begun.hi == 0 else today
    return StatedCourse(course.begun, course.begun, active, present=False if is_over else True if recent else None)


def limited(
    course: StatedCourse, start: DaySpan | None, as_of: date, duration: Duration, *, at_visit: bool
) -> StatedCourse:
    """The course of a disease of which nobody says that it is over."""
    if start is None:
        return StatedCourse(course.begun, DaySpan(0, UNBOUNDED), _if(course.active, None), None)
    longest_ago, latest = _day(as_of, start.hi), _day(as_of, start.lo)
    still: bool | None = True if as_of <= duration.after(longest_ago) else None
    ended = DaySpan(0, start.hi)
    last = duration.after(latest)
    if at_visit and as_of > last:
        still, ended = False, DaySpan((as_of - last).days, start.hi)
    return StatedCourse(course.begun, ended, _if(course.active, still), still)


def _day(as_of: date, days_ago: int) -> date:
    return as_of - timedelta(min(days_ago, (as_of - date.min).days))


def _if(active: bool | None, still: bool | None) -> bool | None:
    return False if active is False else still
