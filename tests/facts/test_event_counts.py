"""Events that began within a window, counted: from those that certainly did to those that may have."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.facts.catalogue import CountFact, EventsFact
from cds_service.facts.events import count_within
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event, Events, Evidence, Fact, Reason
from cds_service.facts.intervals import Interval

WINDOW = 10
GAP = 2
SPEC = CountFact.model_validate(
    {"name": "count.x", "kind": "count", "title": "X", "of": "procedure.x", "within": f"P{WINDOW}D"}
)


def listed(resource: str, **more: Any) -> EventsFact:
    return EventsFact.model_validate(
        {"name": "procedure.x", "kind": "events", "title": "X", "resource": resource, **more}
    )


PROCEDURE, DRUG = listed("Procedure"), listed("Medication", gap=f"P{GAP}D")


def event(
    start: tuple[int, int], end: tuple[int, int] | None = None, *, hint: Reason | None = None, source: str = ""
) -> Event:
    """A record that began so many days ago; it was over at once unless an end is given."""
    begun, over = DaySpan(*start), DaySpan(*(end or start))
    return Event(hint is None, False, True, begun, over, begun, Evidence(source), hint)


def on(days: int) -> Event:
    return event((days, days))


MAYBE = event((3, 3), hint="unconfirmed")
UNDATED = event((0, UNBOUNDED))
MONTH = event((2, 8))


def counted(items: list[Event], of: EventsFact = PROCEDURE, *, complete: bool = True) -> Fact:
    return count_within(SPEC, of, Events(tuple(items), complete, None if complete else "incomplete_record"), WINDOW)


def ends(fact: Fact) -> tuple[int, int | None]:
    """The least and the most; no most where there may be more than are listed."""
    best = fact.presumed if fact.presumed is not None else fact.value
    assert best is None or isinstance(best, Interval)
    if best is None:
        return 0, None
    return int(best.lo or 0), None if best.hi is None else int(best.hi)


@pytest.mark.parametrize(
    ("items", "expected", "reason"),
    [
        ([], (0, 0), "no_result"),
        ([on(3)], (1, 1), None),
        ([on(3), on(5)], (2, 2), None),
        # The edges of the window: today, its first day, the day before.
        ([on(0)], (1, 1), None),
        ([on(WINDOW - 1)], (1, 1), None),
        ([on(WINDOW)], (1, 1), None),
        ([on(WINDOW + 1)], (0, 0), "no_result"),
        # Records of one day are one event.
        ([on(3), on(3)], (1, 1), None),
        ([on(3), MAYBE], (1, 1), "unconfirmed"),
        # What only may be one, or may have been then.
        ([MAYBE], (0, 1), "unconfirmed"),
        ([on(5), MAYBE], (1, 2), "unconfirmed"),
        ([UNDATED], (0, 1), "undated"),
        ([event((WINDOW, WINDOW + 1))], (0, 1), None),
        ([event((WINDOW + 1, WINDOW + 30))], (0, 0), "no_result"),
        # A month in which another is dated to the day: one or two. Two other days can't both be that month's.
        ([MONTH, on(4)], (1, 2), None),
        ([MONTH, on(4), on(6)], (2, 3), None),
        ([MONTH, on(1)], (2, 2), None),
        # One entry that is told in two ways (a code, and a code of its history) is one event.
        ([event((3, 3), source="Condition/1"), event((3, UNBOUNDED), source="Condition/1")], (1, 1), "undated"),
        # Two entries without an id are two.
        ([event((0, UNBOUNDED), source="Procedure"), event((0, UNBOUNDED), source="Procedure")], (0, 2), "undated"),
    ],
)
def test_what_is_counted(items: list[Event], expected: tuple[int, int], reason: str | None) -> None:
    fact = counted(items)
    assert (ends(fact), fact.reason) == (expected, reason)
    assert [item.evidence for item in items if item.start.lo <= WINDOW] == list(fact.evidence)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([event((9, 9), (7, 7)), event((5, 5), (4, 4))], (1, 1)),  # 2 days apart: one course
        ([event((9, 9), (7, 7)), event((4, 4), (3, 3))], (2, 2)),  # 3 days apart: two
        ([event((9, 9), (7, 7)), event((6, 6), (5, 5)), event((4, 4), (3, 3))], (1, 1)),
        ([event((9, 9), (7, 7)), event((6, 6), (5, 5), hint="unconfirmed"), event((4, 4), (3, 3))], (1, 3)),
        ([event((10, 10), (7, 7))], (1, 1)),
        ([event((11, 11), (7, 7))], (0, 0)),  # it began the day before the window
        ([event((11, 11), (9, 9)), event((8, 8), (0, 0))], (0, 0)),
        ([event((11, 11), (9, 9)), event((5, 5), (0, 0))], (1, 1)),
        ([event((5, 5), (0, 0)), event((0, UNBOUNDED), (0, UNBOUNDED), hint="unread_entry")], (1, 2)),
    ],
)
def test_a_course_of_a_drug_counts_once_by_its_first_day(items: list[Event], expected: tuple[int, int]) -> None:
    assert ends(counted(items, DRUG)) == expected


@pytest.mark.parametrize(
    ("items", "value", "reason"),
    [
        ([], None, "incomplete_record"),
        ([MAYBE], None, "unconfirmed"),
        ([on(3)], Interval(Decimal(1), None), "incomplete_record"),
    ],
)
def test_of_a_list_that_is_not_whole_there_is_no_most(items: list[Event], value: Any, reason: str) -> None:
    fact = counted(items, complete=False)
    assert (fact.value, fact.reason, fact.presumed) == (value, reason, None)


def spans(most: int = WINDOW + 6) -> st.SearchStrategy[DaySpan]:
    def ordered(days: tuple[int, int]) -> DaySpan:
        return DaySpan(min(days), max(days))

    day = st.integers(0, most)
    return st.one_of(day.map(lambda one: DaySpan(one, one)), st.tuples(day, day).map(ordered))


@st.composite
def events(draw: st.DrawFn, *, lasting: bool = False) -> Event:
    start = draw(spans())
    end = start
    if lasting:
        end = draw(spans(start.hi))
        start, end = DaySpan(max(start.lo, end.lo), start.hi), DaySpan(end.lo, min(end.hi, start.hi))
    made = event((start.lo, start.hi), (end.lo, end.hi), hint=draw(st.sampled_from([None, None, "unconfirmed"])))
    return replace(made, continuous=draw(st.booleans()))


LISTS = st.lists(events(), max_size=6)


def no_later(least: int | None) -> float:
    return float("inf") if least is None else least


@given(LISTS, events())
def test_one_more_event_lowers_neither_end(items: list[Event], one: Event) -> None:
    (low, high), (more_low, more_high) = ends(counted(items)), ends(counted([*items, one]))
    assert low <= more_low
    assert no_later(high) <= no_later(more_high)


@given(st.lists(events(), min_size=1, max_size=6), st.data())
def test_an_entry_that_says_less_never_makes_the_count_more_certain(items: list[Event], data: st.DataObject) -> None:
    """It loses its date, its certainty or is of a list that is not whole: what was possible stays so."""
    place = data.draw(st.integers(0, len(items) - 1))
    one = items[place]
    earlier, later = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
    vague = DaySpan(max(0, one.start.lo - later), one.start.hi + earlier)
    less = [
        replace(one, start=DaySpan(0, UNBOUNDED), end=DaySpan(0, UNBOUNDED)),
        replace(one, start=vague, end=vague),
        replace(one, sure=False, hint="unconfirmed"),
    ]
    low, high = ends(counted(items))
    for instead in less:
        less_low, less_high = ends(counted([*items[:place], instead, *items[place + 1 :]]))
        assert less_low <= low
        assert no_later(less_high) >= no_later(high)
    assert ends(counted(items, complete=False)) in {(low, None), (0, None)}


@given(LISTS, st.data())
def test_whatever_the_dates_leave_open_the_number_of_days_is_between_the_ends(
    items: list[Event], data: st.DataObject
) -> None:
    true = [item for item in items if item.sure or data.draw(st.booleans())]
    days = {data.draw(st.integers(item.start.lo, item.start.hi)) for item in true}
    low, high = ends(counted(items))
    assert low <= sum(day <= WINDOW for day in days) <= no_later(high)


@given(st.lists(events(lasting=True), max_size=5), st.data())
def test_whatever_the_dates_leave_open_the_number_of_courses_is_between_the_ends(
    items: list[Event], data: st.DataObject
) -> None:
    taken: list[tuple[int, int]] = []
    for item in items:
        if item.sure or data.draw(st.booleans()):
            start = data.draw(st.integers(item.start.lo, item.start.hi))
            taken.append((start, data.draw(st.integers(min(item.end.lo, start), min(item.end.hi, start)))))
    low, high = ends(counted(items, DRUG))
    assert low <= sum(start <= WINDOW for start in course_starts(taken)) <= no_later(high)


def course_starts(taken: list[tuple[int, int]]) -> list[int]:
    """The first days of the courses of which these are the first and last days, none of them taken as needed."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(taken, key=lambda one: one[1]):
        if found and end <= found[-1][0] + GAP:
            found[-1] = (max(found[-1][0], start), found[-1][1])
        else:
            found.append((start, end))
    return [start for start, _ in found]
