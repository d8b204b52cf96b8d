"""How long an entry of a disease counts, by how long such diseases last (docs/design.md).

A chronic disease lasts until an end is recorded. An event happens on one day. Any other disease is taken to be there
until its duration is over; after that it is over as the diagnosis of a visit, which nobody comes back to and ends, and
not known to be elsewhere. The assumed end only limits how long it may have lasted: whether it reached into a window
that begins after its onset is not known.
"""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cds_service.as_of import AsOf
from cds_service.durations import Duration
from cds_service.facts.catalogue import Lasts
from cds_service.facts.dates import days_back
from cds_service.facts.events.coded import CodeMatch
from cds_service.facts.events.entries import ANY_TIME, EventEntry, EventSpan, event, past
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event
from cds_service.fhir import DateRange

FELT_FOR = Duration(months=3)
"""So long a patient *has* what an event did, as with an acute disease. Later it is only certain that it happened."""


class Illness(Struct, frozen=True, gc=False):
    """What a Condition says of its course.

    * `onset`: when it began, where that can be read; `onset_said`: whether anything is said about it.
    * `noted`: the day of the visit, or that on which it was recorded: it began no later.
    * `is_visit`: it is the diagnosis of a visit and stands on no list that somebody keeps.
    * `is_current`: what clinicalStatus itself says; `None` where it says nothing, or nothing clear.
    """

    as_of: date
    onset: DateRange | None = None
    onset_said: bool = False
    noted: DateRange | None = None
    abated: DateRange | None = None
    is_visit: bool = False
    is_current: bool | None = None

    @property
    def began(self) -> DateRange | None:
        """Its onset, else the day on which it was seen: the day from which a duration counts."""
        return self.onset or self.noted

    def stated_on(self, recorded: DateRange | None) -> DaySpan | None:
        """How long ago the entry was written: by its own date of record, else its latest date."""
        day = recorded or self.abated or self.onset or self.noted
        return None if day is None else days_back(day, self.as_of)


class IllnessEntry(EventEntry, frozen=True, gc=False, kw_only=True):
    """A Condition as an entry. Its `span` is that of a chronic disease; `written`: how long ago it was stated."""

    illness: Illness
    written: DaySpan | None


def illness_event(entry: IllnessEntry, match: CodeMatch, lasts: Lasts, says: bool | None) -> Event:
    """The entry as an event of one fact. `says`: the code itself says that it is active (`in relapse`: true) or not
    (`in remission`: false); where that contradicts the status, whether it is active is not known."""
    span = span_of(entry.span, entry.illness, lasts)
    stated = entry.illness.is_current
    if says is not None and span.active is not False and stated is not says:
        span = replace(span, active=None if stated is not None else says and span.active)
    elif says and stated is False and span.present is not False:
        span = replace(span, active=None)
    made = event(replace(entry, span=span), match, entry.illness.as_of)
    return _once(made) if made.only_past and lasts.is_event else made


def is_quiet(entry: IllnessEntry, says: bool | None) -> bool:
    """Whether an entry itself says that the disease is not active: by its status, its end, or its code alone."""
    return entry.span.active is False or (says is False and entry.illness.is_current is None)


def illness_past(entry: IllnessEntry, match: CodeMatch, lasts: Lasts) -> Event:
    """The same where only a "history of" code beside the disease's own is meant."""
    made = past(illness_event(entry, match, lasts, None))
    return _once(made) if lasts.is_event else made


def span_of(base: EventSpan, illness: Illness, lasts: Lasts) -> EventSpan:
    """When the disease was there, from what it is as a chronic one."""
    if lasts.is_event:
        return _happened(base, illness)
    if lasts.duration is None or illness.abated is not None:  # a recorded end is better than an assumed one
        return base
    return _limited(base, illness, lasts.duration)


def _once(item: Event) -> Event:
    """An event that happened at an unknown time since `start.hi` days: its end is its start."""
    return replace(item, end=item.start, course=item.start)


def _happened(base: EventSpan, illness: Illness) -> EventSpan:
    as_of = illness.as_of
    # The onset says the day, and so does a visit that says nothing of an onset.
    day = illness.onset or (illness.noted if illness.is_visit and not illness.onset_said else None)
    if day is not None:
        moment = days_back(day, as_of)
    else:
        latest = [days_back(one, as_of).lo for one in (illness.noted, illness.abated) if one is not None]
        moment = DaySpan(max(latest, default=0), UNBOUNDED)
    felt = None if day is None or as_of > FELT_FOR.after(day.days(AsOf.of(as_of).zone)[0]) else True
    active = False if moment.lo > 0 else True if moment.hi == 0 else None
    return EventSpan(moment, moment, active, _and(base.present, felt))


def _limited(base: EventSpan, illness: Illness, duration: Duration) -> EventSpan:
    as_of, began = illness.as_of, illness.began
    over = base.present is False or base.active is False  # by what is recorded
    if began is None:
        return EventSpan(ANY_TIME, base.end if over else ANY_TIME, _and(base.active, None), _and(base.present, None))
    day = days_back(began, as_of)
    first, final = began.days(AsOf.of(as_of).zone)
    last = duration.after(min(final, as_of))
    still: bool | None = True if as_of <= duration.after(first) else None
    end = base.end if over else DaySpan(0, day.hi)
    if illness.is_visit and as_of > last:
        still = False
        end = DaySpan((as_of - last).days, max(end.hi, (as_of - last).days))
    return EventSpan(base.start, end, _and(base.active, still), _and(base.present, still))


def _and(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True
