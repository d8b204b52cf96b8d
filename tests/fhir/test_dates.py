"""FHIR dates as ranges of days and instants."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import (
    ALWAYS,
    DateError,
    DateRange,
    Period,
    Timing,
    TimingRepeat,
    is_odd,
    parse_date,
    parse_period,
    parse_timing,
)

DAY = date(2026, 5, 10)


@pytest.mark.parametrize(
    ("text", "first", "last", "why"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "a year is any of its days"),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28), "a month ends with its last day"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "also in a leap year"),
        ("2026-05-10", DAY, DAY, "a day"),
        ("2026-05-10T08:30:00Z", DAY, DAY, "an instant in UTC"),
        ("2026-05-10T23:30:00-05:00", DAY, DAY, "the day is the one written, though it is 11 May in Greenwich"),
        ("2026-05-10T00:30:00+14:00", DAY, DAY, "likewise, though it is 9 May in Greenwich"),
        ("2026-05-10T08:30Z", DAY, DAY, "seconds left out, as many feeds do"),
        ("2026-05-10T08:30:00", DAY, DAY, "zone left out, as many feeds do"),
        ("2026-05-10T08:30:00+0200", DAY, DAY, "offset without colon"),
        ("2026-05-10T08:30:00.123456789Z", DAY, DAY, "nanoseconds"),
        ("2016-12-31T23:59:60Z", date(2016, 12, 31), date(2016, 12, 31), "a leap second is allowed"),
        (" 2026-05-10 ", DAY, DAY, "white space around it changes nothing"),
        ("0001-01-01", date.min, date.min, "the first day there is"),
        ("9999-12-31", date.max, date.max, "the last day there is, written for 'no end'"),
    ],
)
def test_a_date_is_the_days_it_may_mean(text: str, first: date, last: date, why: str) -> None:
    found = parse_date(text)
    assert (found.first, found.last) == (first, last), why


@pytest.mark.parametrize(
    "text",
    [
        "20.05.2026",
        "20.5.2026",
        "05/20/2026",
        "20/05/2026 14:30",
        "2026-5-20",
        "2026/05/20",
        "20260520",
        "202605201030+0800",
        "20260520103000",
        "2026-05-20 08:30",
        "2026-05-20 08:30:00+02:00",
        "2026-05-20T24:00:00Z",
        "2026-05-20T24:00",
        "2026-05-20Z",
        "2026年5月20日",
        "２０２６年５月２０日",
        "20-MAY-2026",
        "May 20, 2026",
        "20. Mai 2026",
        "Wed May 20 2026",
        "2026-05-20 (approx.)",
        "collected: 2026-05-20",
    ],
)
def test_another_form_is_read_where_it_can_be_one_day_only(text: str) -> None:
    found = parse_date(text)
    assert (found.first, found.last) == (date(2026, 5, 20), date(2026, 5, 20))
    assert is_odd(text)


def test_24_oclock_is_the_end_of_the_day_that_is_written() -> None:
    found = parse_date("2026-05-20T24:00:00Z")
    assert found.earliest == found.latest == datetime(2026, 5, 20, 23, 59, 59, 999_999, tzinfo=UTC)
    assert parse_date("9999-12-31T24:00").last == date.max


@pytest.mark.parametrize("text", ["2026-05-20", "2026", "2026-05-20T10:00:00Z", "yesterday", ""])
def test_what_is_in_the_form_of_fhir_or_no_date_is_not_odd(text: str) -> None:
    assert not is_odd(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "10.05.2026",
        "5/10/2026",
        "10.05.26",
        "before 2026-05-10",
        "2026-05-10 or 2026-05-11",
        "planned 2026-05-10",
        "202605",
        "2026-13",
        "2026-02-30",
        "0000-01-01",
        "2026-05-10T25:00:00Z",
        "2026-05-10T08:30:61Z",
        "2026-05-10T08:30:00+25:00",
        "2026-05-10T08",
        "2026-05-10T24:30:00Z",
        "٢٠٢٦-05-10",
    ],
)
def test_what_is_no_date_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(text)
    assert caught.value.text == text
    assert repr(text) in str(caught.value)


def test_a_long_text_is_named_in_short() -> None:
    with pytest.raises(DateError) as caught:
        parse_date("x" * 1_000_000)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("older", "newer", "why"),
    [
        ("2026-05-10T09:00:00+02:00", "2026-05-10T08:00:00Z", "07:00 UTC is before 08:00 UTC"),
        ("2026-05-10T23:30:00-05:00", "2026-05-11T05:00:00Z", "04:30 UTC on the eleventh"),
        ("2026-05-10T08:00:00.1Z", "2026-05-10T08:00:00.25Z", "fractions are fractions, not numbers"),
        ("2026-05-10T08:00:00", "2026-05-10T08:00:01Z", "without zone it is ordered as UTC"),
        ("9999-12-31T22:00:00Z", "9999-12-31T23:00:00-05:00", "beyond the calendar's end it is the end"),
        ("0001-01-01T01:00:00+05:00", "0001-01-01T01:00:00Z", "before its beginning it is the beginning"),
    ],
)
def test_instants_are_ordered_in_utc(older: str, newer: str, why: str) -> None:
    assert parse_date(older).latest < parse_date(newer).earliest, why


def test_an_instant_without_seconds_is_the_whole_minute() -> None:
    minute = parse_date("2026-05-10T08:30Z")
    assert (minute.earliest, minute.latest) == (
        datetime(2026, 5, 10, 8, 30, tzinfo=UTC),
        datetime(2026, 5, 10, 8, 30, 59, 999_999, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "as_of", "expected", "why"),
    [
        ("2025", DAY, (date(2025, 1, 1), date(2025, 12, 31)), "wholly past: nothing to cut"),
        ("2026", DAY, (date(2026, 1, 1), DAY), "this year: up to today"),
        ("2026-05-10", DAY, (DAY, DAY), "today counts"),
        ("2026-05-11", DAY, None, "tomorrow is planned"),
        ("2027", DAY, None, "next year is planned"),
    ],
)
def test_a_range_is_clipped_at_as_of(text: str, as_of: date, expected: tuple[date, date] | None, why: str) -> None:
    clipped = parse_date(text).clip(as_of)
    assert (None if clipped is None else (clipped.first, clipped.last)) == expected, why


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "why"),
    [
        ("2026-01", "2026-03", date(2026, 1, 1), date(2026, 3, 31), "from the earliest start to the latest end"),
        ("2026-01-05", None, date(2026, 1, 5), date.max, "without end it is open"),
        (None, "2026-01-05", date.min, date(2026, 1, 5), "without start it is open"),
        (None, None, date.min, date.max, "an empty period says nothing"),
        ("2026", "2026-03-01", date(2026, 1, 1), date(2026, 3, 1), "the start's year may begin before the end"),
        ("2026-05-10", "2026-05-10", DAY, DAY, "one day"),
    ],
)
def test_a_period_is_a_range(start: str | None, end: str | None, first: date, last: date, why: str) -> None:
    found = parse_period(Period(start, end))
    assert (found.first, found.last) == (first, last), why


@pytest.mark.parametrize(
    ("start", "end"), [("2026-05-10", "2026-05-09"), ("2026-05-10T09:00:00Z", "2026-05-10T08:00:00Z"), ("soon", None)]
)
def test_a_period_that_cannot_be_is_an_error(start: str, end: str | None) -> None:
    with pytest.raises(DateError):
        parse_period(Period(start, end))


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (Timing(event=("2026-05-12", "2026-05-10")), (DAY, date(2026, 5, 12))),
        (Timing(repeat=TimingRepeat(Period("2026-05-10", "2026-06"))), (DAY, date(2026, 6, 30))),
        (Timing(repeat=TimingRepeat()), None),
        (Timing(), None),
    ],
)
def test_a_timing_spans_its_events_or_its_bounds(timing: Timing, expected: tuple[date, date] | None) -> None:
    found = parse_timing(timing)
    assert (None if found is None else (found.first, found.last)) == expected


@given(st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        found = parse_date(text)
    except DateError:
        return
    assert found.first <= found.last


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: moment.utcoffset() is not None))
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    offset = moment.utcoffset()
    assert offset is not None
    if offset.seconds % 60 or abs(offset.total_seconds()) > 14 * 3600:
        return  # historical offsets with seconds cannot be written in FHIR
    found = parse_date(moment.isoformat())
    assert found.first == found.last == moment.date()
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        expected = ALWAYS.earliest if moment.year == 1 else ALWAYS.latest
    assert found.earliest == found.latest == expected


@given(st.dates(), st.dates(), st.dates())
def test_clipping_never_passes_as_of_and_never_loses_the_past(a: date, b: date, as_of: date) -> None:
    start, end = parse_date(min(a, b).isoformat()), parse_date(max(a, b).isoformat())
    whole = DateRange(start.first, end.last, start.earliest, end.latest)
    clipped = whole.clip(as_of)
    if clipped is None:
        assert whole.first > as_of
    else:
        assert clipped.first == whole.first
        assert clipped.last == min(whole.last, as_of)
        assert clipped.earliest <= clipped.latest
