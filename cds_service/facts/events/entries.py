"""One entry of the record as an event in time, before it is known which facts it speaks of."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cds_service.as_of import AsOf
from cds_service.facts.dates import day_text, days_back, read_date
from cds_service.facts.events.coded import CodeMatch, Role
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event, Evidence, Reason
from cds_service.fhir import DateRange, UnreadableResource

ONGOING = DaySpan(0, 0)
ANY_TIME = DaySpan(0, UNBOUNDED)

_LONGEST_VALUE = 120
_HINTS: dict[Role, Reason] = {"text": "uncoded_mention", "hint": "unconfirmed", "unread": "unread_entry"}


class EventSpan(Struct, frozen=True, gc=False):
    """When it began, when it ended (`ONGOING` while it lasts), whether it is current and whether it is there at all."""

    start: DaySpan
    end: DaySpan
    active: bool | None
    present: bool | None = True


class EventEntry(Struct, frozen=True, gc=False):
    """An entry that counts, or may; `doubt` is why it only may. `is_open`: it goes on, and nothing says until when."""

    source: str
    span: EventSpan
    shown_date: str
    shown_value: str
    doubt: Reason | None = None
    is_open: bool = False


def event(entry: EventEntry, match: CodeMatch, as_of: date) -> Event:
    """The entry as an event of one fact."""
    coding = match.coding
    evidence = Evidence(
        source=entry.source,
        date=day_text(entry.shown_date, as_of),
        value=entry.shown_value[:_LONGEST_VALUE],
        system=(coding.system or "") if coding else "",
        code=(coding.code or "") if coding else "",
        display=((coding.display or "") if coding else "")[:120],
        note={"text": "uncoded", "unread": "unread"}.get(match.role, ""),
    )
    hint = entry.doubt or _HINTS.get(match.role)
    if match.role == "unread":
        hint = "unread_entry"  # whatever else is wrong: to mend that would not tell what it is
    if hint == "malformed_entry" and match.role == "hint":
        hint = "unconfirmed"  # once it is mended it only may mean it still
    span = entry.span
    result = Event(
        sure=hint is None,
        active=span.active,
        present=span.present,
        start=span.start,
        end=span.end,
        course=span.start,
        evidence=evidence,
        hint=hint,
    )
    if match.role == "history":
        return past(result)
    return replace(result, sure=False, hint=hint or "unconfirmed") if match.contested else result


def is_ongoing(end: DaySpan) -> bool:
    return end == ONGOING


def malformed_entry(malformed: UnreadableResource) -> EventEntry:
    """What can be said of an entry that could not be read: that it may be, at any time."""
    return EventEntry(malformed.issue.resource, EventSpan(ANY_TIME, ANY_TIME, None, None), "", "", "malformed_entry")


def past(item: Event) -> Event:
    """An event of which a code only says that it once was: it began no later than the entry says, and may have ended at
    any time since."""
    start = DaySpan(item.start.lo, UNBOUNDED)
    return replace(item, only_past=True, active=False, present=False, start=start, end=ANY_TIME, course=start)


def consistent(start: DaySpan, end: DaySpan) -> tuple[DaySpan, DaySpan]:
    """Start and end as they are stated; where it would end before it began, neither is known."""
    return (ANY_TIME, ANY_TIME) if start.hi < end.lo else (start, end)


def ended(end: DateRange | None, given: bool, start: DaySpan, as_of: date) -> tuple[DaySpan, bool | None]:
    """When something ended that has no other sign of being over, and whether it still lasts.

    `given`: an end is stated (`end` is `None` where it cannot be read). The last day counts as lasting.
    """
    if not given:
        return ONGOING, True
    if end is None:
        return DaySpan(0, start.hi), None
    first, last = end.days(AsOf.of(as_of).zone)
    if first >= as_of:
        return ONGOING, True
    return days_back(end, as_of), False if last < as_of else None


def over(end: DateRange | None, start: DaySpan, as_of: date) -> DaySpan:
    """When something ended that is said to be over; at any time since its start where the end is not known."""
    if end is None or is_planned(end, as_of):
        return DaySpan(0, start.hi)
    return days_back(end, as_of)


def is_planned(span: DateRange | None, as_of: date) -> bool:
    """Whether it lies wholly after the end of `as_of`."""
    return span is not None and span.begins_after(as_of)


def started(text: str | None, bound: str | None, as_of: date) -> DaySpan:
    """How long ago it began, from its own date; else, as it cannot be told later than it began, from a later one."""
    own = read_date(text)
    if own is not None:
        return days_back(own, as_of)
    limit = read_date(bound)
    return ANY_TIME if limit is None else DaySpan(days_back(limit, as_of).lo, UNBOUNDED)


def source(type: str, id: str | None) -> str:
    return f"{type}/{id}" if id else type
