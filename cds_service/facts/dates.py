"""When something in the record happened, in days back from `as_of`. What cannot be read is as good as not given."""

from datetime import UTC, date, datetime
from functools import lru_cache

from cds_service.as_of import AsOf
from cds_service.facts.fact import DaySpan
from cds_service.fhir import DateError, DateRange, Period, parse_date

EARLIEST = datetime.min.replace(tzinfo=UTC)
_LONGEST = 64


def read_date(text: str | None) -> DateRange | None:
    """A FHIR date, dateTime or instant; `None` where there is none or it is no date."""
    return None if text is None or len(text) > _LONGEST else _read_date(text)


@lru_cache(maxsize=8_192)
def _read_date(text: str) -> DateRange | None:
    try:
        return parse_date(text)
    except DateError:
        return None


def period_text(period: Period | None) -> str:
    """A period as evidence shows it."""
    if period is None:
        return ""
    return f"{period.start or '…'}/{period.end or '…'}"


def day_text(text: str, as_of: date) -> str:
    """A date, or a period with its slash, as evidence shows it: the day in the site's zone, without the time."""
    if "/" in text:
        return "/".join([day_text(part, as_of) for part in text.split("/")])
    span = read_date(text)
    if span is None:
        return text
    first, last = span.days(AsOf.of(as_of).zone)
    return text if first != last else first.isoformat()


def days_back(span: DateRange, as_of: date) -> DaySpan:
    """How long ago a moment within `span` was, in days of the site's zone; what of it lies after `as_of` counts as
    today."""
    first, last = span.days(AsOf.of(as_of).zone)
    return DaySpan(max(0, (as_of - last).days), max(0, (as_of - first).days))


def earlier(first: DaySpan, second: DaySpan) -> DaySpan:
    """The earlier of two moments, of which each is only known to lie within its range."""
    return DaySpan(max(first.lo, second.lo), max(first.hi, second.hi))
