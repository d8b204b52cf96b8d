"""FHIR dates, whose precision may be a year, a month, a day or an instant, as intervals.

A clinical rule compares calendar dates, and which of two results is newer compares instants; `DateRange` holds both.
The calendar dates are the ones written until they are put into the site's zone (`DateRange.on`): a sample taken at
2026-05-11T06:30+08:00 was taken on the eleventh in Shanghai and on the tenth in Greenwich. Formats:
https://hl7.org/fhir/R4/datatypes.html#dateTime.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from msgspec import Struct

from cds_service.as_of import AsOf, day_in, instants_of
from cds_service.durations import last_of_month
from cds_service.errors import CdsError
from cds_service.fhir.views import Period, Timing
from cds_service.fhir.written_dates import fhir_form

_SHOWN = 40
_LARGEST_OFFSET = timedelta(hours=14)
_WHATEVER_THE_ZONES = 3
"""Days."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)

# Wider than FHIR where nothing becomes ambiguous: seconds, the zone and its colon may be missing, as they are in feeds.
_FORMAT = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-(?P<month>[0-9]{2})"
    r"(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)


class DateError(CdsError):
    """Text that is no FHIR date, or a period that ends before it starts; `text` is what was sent (shortened)."""

    def __init__(self, text: str, why: str) -> None:
        self.text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        super().__init__(f"{self.text!r} {why}")


class DateRange(Struct, frozen=True, gc=False):
    """When something may have happened, or over which days it went on.

    `first` and `last` are calendar dates, both included: as written, or after `on` those of a zone. `earliest` and
    `latest` are UTC instants, both included. An end of which the text gives no offset (`is_instant_…` false) is no
    instant yet: it says what clocks show where the record was written, and stands here as if that were in UTC. An open
    end is the first or last date there is.
    """

    first: date
    last: date
    earliest: datetime
    latest: datetime
    starts_at_instant: bool = False
    ends_at_instant: bool = False

    @property
    def is_one_day(self) -> bool:
        return self.first == self.last

    def days(self, zone: tzinfo) -> tuple[date, date]:
        """The first and the last day in a zone. A day that was written without an offset is a day of any zone."""
        first = day_in(zone, self.earliest) if self.starts_at_instant else self.first
        last = day_in(zone, self.latest) if self.ends_at_instant else self.last
        return first, max(first, last)

    def on(self, zone: tzinfo) -> "DateRange":
        """The same in days and instants of a zone."""
        if zone is UTC and not (self.starts_at_instant or self.ends_at_instant):
            return self
        first, last = self.days(zone)
        earliest = self.earliest if self.starts_at_instant else instants_of(self.earliest, zone)[0]
        latest = self.latest if self.ends_at_instant else instants_of(self.latest, zone)[1]
        return DateRange(first, last, earliest, max(earliest, latest), True, True)

    def begins_after(self, as_of: date) -> bool:
        """Whether it lies wholly after the end of `as_of`: it is planned, so it does not count."""
        # Whatever the zones, one of two instants that are written three days apart is the earlier one.
        if abs(apart := (self.first - as_of).days) > _WHATEVER_THE_ZONES:
            return apart > 0
        asked = AsOf.of(as_of)
        earliest = self.earliest if self.starts_at_instant else instants_of(self.earliest, asked.zone)[0]
        return earliest > asked.end

    def clip(self, as_of: date) -> "DateRange | None":
        """The part that is not after the end of `as_of`, in the days of its zone; `None` where it lies wholly after it
        (planned, so it does not count)."""
        asked = AsOf.of(as_of)
        span = self.on(asked.zone)
        if span.earliest > asked.end:
            return None
        if span.latest <= asked.end:
            return span
        last = min(span.last, asked.plain())
        first = min(span.first, last)
        return DateRange(first, last, span.earliest, asked.end, span.starts_at_instant, True)

    def hull(self, other: "DateRange") -> "DateRange":
        """The smallest range that holds both."""
        low = self if self.earliest <= other.earliest else other
        high = self if self.latest >= other.latest else other
        return DateRange(low.first, high.last, low.earliest, high.latest, low.starts_at_instant, high.ends_at_instant)


ALWAYS = DateRange(date.min, date.max, _EARLIEST, _LATEST)
"""What is known of a date that was not given."""


def parse_date(text: str) -> DateRange:
    """A FHIR `date`, `dateTime` or `instant` as the range of days and instants it stands for. Raises `DateError`.

    Another form is read where only one reading is possible (`written_dates`), and `T24:00` as the end of its day.
    """
    found = _FORMAT.fullmatch(text.strip())
    if found is None:
        written = fhir_form(text)
        found = None if written is None else _FORMAT.fullmatch(written)
    if found is None:
        raise DateError(text, "is not a FHIR date")
    year, month, day = int(found["year"]), found["month"], found["day"]
    try:
        if month is None:
            return _days(date(year, 1, 1), date(year, 12, 31))
        if day is None:
            return _days(date(year, int(month), 1), last_of_month(year, int(month)))
        first = date(year, int(month), int(day))
        if found["hour"] is None:
            return _days(first, first)
        return _moment(first, found)
    except ValueError as error:  # month 13, 30 February, hour 25, year 0
        raise DateError(text, "is not a date of the calendar") from error


@lru_cache(maxsize=8_192)
def is_odd(text: str) -> bool:
    """Whether a date is not in FHIR's form and is read all the same."""
    found = _FORMAT.fullmatch(text.strip())
    if found is not None and found["hour"] != "24":
        return False
    try:
        parse_date(text)
    except DateError:
        return False
    return True


def parse_period(period: Period) -> DateRange:
    """From the first day the start may mean to the last day the end may mean. Raises `DateError`.

    A missing start or end is open (`date.min`, `date.max`): clip it at `as_of` before reading anything into it.
    """
    start = ALWAYS if period.start is None else parse_date(period.start)
    end = ALWAYS if period.end is None else parse_date(period.end)
    # An instant and a day that names no zone can only be compared as they are written.
    alike = start.starts_at_instant == end.ends_at_instant
    if end.latest < start.earliest if alike else end.last < start.first:
        raise DateError(f"{period.start}/{period.end}", "ends before it starts")
    return DateRange(start.first, end.last, start.earliest, end.latest, start.starts_at_instant, end.ends_at_instant)


def parse_timing(timing: Timing) -> DateRange | None:
    """The range from a timing's first event to its last, else its bounds; `None` without either. Raises `DateError`."""
    events = [parse_date(event) for event in timing.event]
    if events:
        span = events[0]
        for event in events[1:]:
            span = span.hull(event)
        return span
    if timing.repeat is not None and timing.repeat.bounds_period is not None:
        return parse_period(timing.repeat.bounds_period)
    return None


def _days(first: date, last: date) -> DateRange:
    return DateRange(first, last, datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC))


def _moment(day: date, found: re.Match[str]) -> DateRange:
    hour, minute = int(found["hour"]), int(found["minute"])
    # A second of 60 is a leap second, which FHIR allows and Python's clock has not.
    second = min(int(found["second"]), 59) if found["second"] in {"60"} else int(found["second"] or 0)
    micro = int((found["fraction"] or "0").ljust(6, "0")[:6])
    zone = _zone(found["zone"])
    # ISO 8601 writes the midnight that ends a day as its 24 o'clock. The day is the one that is written.
    at_end = hour == 24 and minute == second == micro == 0
    is_instant = found["zone"] is not None
    start = datetime(day.year, day.month, day.day, 0 if at_end else hour, minute, second, micro, zone)
    if at_end:
        # Its last moment, so that it lies on the day that is written.
        end = _utc(start) + timedelta(days=1, microseconds=-1) if day < date.max else _LATEST
        return DateRange(day, day, end, end, is_instant, is_instant)
    # Without seconds the whole minute is meant.
    end = start if found["second"] is not None else start.replace(second=59, microsecond=999_999)
    return DateRange(day, day, _utc(start), _utc(end), is_instant, is_instant)


def _zone(text: str | None) -> timezone:
    if text in {None, "Z"}:
        return UTC
    assert text is not None
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    if offset > _LARGEST_OFFSET or int(text[-2:]) > 59:
        raise ValueError("no such offset")
    return timezone(-offset if text[0] == "-" else offset)


def _utc(moment: datetime) -> datetime:
    """In UTC; within a day of the ends of the calendar, where there is no such instant, the last one there is."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _EARLIEST if moment.year == 1 else _LATEST
