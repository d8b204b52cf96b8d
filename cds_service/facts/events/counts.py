"""How many events began within so many days: from those that certainly did to those that may have.

* An event counts by the day it began on. Records of one day are one event; so are records of a drug that belong to one
  course (at most the fact's `gap` apart).
* The lower end takes certain records alone, each of which began within the window whatever its date leaves open. Where
  the dates of two leave open that they are of one day they count once.
* The upper end takes every record that may have begun within the window, a hint or one without a date as well. It is
  open where there may be more than are listed.
"""

from collections.abc import Sequence
from itertools import count

from cds_service.facts.catalogue import CountFact, EventsFact
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event, Events, Fact, Reason, unknown
from cds_service.facts.intervals import Interval, point


def count_within(spec: CountFact, of: EventsFact, events: Events, days: int) -> Fact:
    """The count of the events that began at most so many days ago.

    Its `value` is what the record says, without an upper end; `presumed`, in the closed world, is that of all there
    are. `reason` is why the two ends differ, where a record or the list says so.
    """
    near = [item for item in events.items if item.start.lo <= days]
    evidence = tuple([item.evidence for item in near])
    ends = _courses(events.items, of.gap.days, days) if of.resource == "Medication" else _days(near, days)
    least, most = map(point, ends)
    reason = _why_open(near, days) or (None if events.complete else events.gap or "no_result")
    if events.complete:
        presumed = Interval(least.lo, most.hi)
        if not near:
            return Fact(spec.name, reason="no_result", presumed=presumed)
        return Fact(spec.name, Interval(least.lo, None), reason=reason, evidence=evidence, presumed=presumed)
    if ends[0] == 0:
        return unknown(spec.name, reason or "no_result", evidence)
    return Fact(spec.name, Interval(least.lo, None), reason=reason, evidence=evidence)


def _why_open(near: Sequence[Event], days: int) -> Reason | None:
    """Why a record only may count, of the first of which that is so."""
    for item in near:
        if item.hint is not None:
            return item.hint
        if item.start.hi >= UNBOUNDED and days < UNBOUNDED:
            return "undated"
    return None


def _days(near: Sequence[Event], days: int) -> tuple[int, int]:
    """The fewest and the most events of these records, of which those of one day are one."""
    return _apart([item.start for item in near if item.sure and item.start.hi <= days]), _most_days(near)


def _apart(spans: Sequence[DaySpan]) -> int:
    """The most of these that can't be of one day two by two: so many days there are at least."""
    found, last = 0, -1
    for span in sorted(spans, key=lambda span: span.hi):
        if span.lo > last:
            found, last = found + 1, span.hi
    return found


def _most_days(near: Sequence[Event]) -> int:
    """Known days, and one for each entry that may be of another; an entry that is told in two ways is one."""
    known = {item.start.lo for item in near if item.start.lo == item.start.hi}
    dated = {item.evidence.source for item in near if item.start.lo == item.start.hi}
    unnamed = count()
    others = {
        item.evidence.source if "/" in item.evidence.source else next(unnamed)
        for item in near
        if item.start.lo != item.start.hi and not ("/" in item.evidence.source and item.evidence.source in dated)
    }
    return len(known) + len(others)


def _courses(items: Sequence[Event], gap: int, days: int) -> tuple[int, int]:
    """The fewest and the most courses of a drug that began at most so many days ago."""
    understood = [item for item in items if item.hint != "unread_entry"]
    least = sum(
        any(item.sure for item in course) and all(item.start.hi <= days for item in course)
        for course in _joined_perhaps(understood, gap)
    )
    steady = [item for item in understood if item.sure and item.continuous]
    began = [max(item.start.lo for item in course) for course in _joined_surely(steady, gap)]
    began += [item.start.lo for item in items if not (item.sure and item.continuous) or item.hint == "unread_entry"]
    return least, sum(start <= days for start in began)


def _joined_perhaps(items: Sequence[Event], gap: int) -> list[list[Event]]:
    """The records by the courses that they belong to where all that may be one is one."""
    found: list[list[Event]] = []
    reach = 0
    for item in sorted(items, key=lambda item: item.end.lo):
        if found and item.end.lo <= reach + gap:
            found[-1].append(item)
            reach = max(reach, item.start.hi)
        else:
            found.append([item])
            reach = item.start.hi
    return found


def _joined_surely(items: Sequence[Event], gap: int) -> list[list[Event]]:
    """The same where only what certainly is one course is one: whatever its dates leave open, each record touches those
    before it."""
    found: list[list[Event]] = []
    reach = newest = 0
    for item in sorted(items, key=lambda item: item.end.hi):
        if found and item.end.hi <= reach + gap and item.start.lo + gap >= newest:
            found[-1].append(item)
            reach = max(reach, item.start.lo)
        else:
            found.append([item])
            reach, newest = item.start.lo, item.end.hi
    return found
