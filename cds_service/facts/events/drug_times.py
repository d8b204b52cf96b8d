"""When a drug was begun and when it ends, as an order, a statement or a supply of it states (docs/design.md, 4a).

A stated start wins over the day of writing. A stated end is the end; a computed one (a length, a supply) only says how
long the drug is taken for certain: afterwards it may have been renewed, stopped or used up later.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from cds_service.as_of import AsOf
from cds_service.durations import Duration
from cds_service.facts.dates import days_back, earlier, read_date
from cds_service.facts.events.entries import ANY_TIME, ONGOING
from cds_service.facts.events.lengths import length_of
from cds_service.facts.fact import UNBOUNDED, DaySpan
from cds_service.fhir import (
    Dosage,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Period,
)

Limit = Duration | str | None
"""Until when a drug is taken at least: so long from its start, or until a date as sent; `None`: not understood."""


class Stated(Struct, frozen=True, gc=False):
    """What a use of a drug says of its times.

    * `starts`: the stated starts by the kind of element, each as sent. Those of one kind belong to one course; kinds
      that disagree leave it open. `bound`: a day on which it had begun.
    * `end`: the end, where all of it has one (though perhaps unreadable).
    * `limits`: where there is no such end, what says how long it is taken at least.
    """

    starts: tuple[tuple[str, ...], ...]
    bound: str | None = None
    end: str | None = None
    limits: tuple[Limit, ...] = ()

    @property
    def shown(self) -> str:
        """The dates as evidence shows them."""
        dated = [text for kind in self.starts for text in kind if read_date(text) is not None]
        first = min(dated, key=_first_day) if dated else ""
        return (first or self.bound or "") if self.end is None else f"{first or '…'}/{self.end}"


def stated(view: MedicationUse) -> Stated:
    """The times that a use of a drug states."""
    match view:
        case MedicationRequest():
            return _of_request(view)
        case MedicationStatement():
            return _of_statement(view)
        case MedicationDispense():
            when = view.when_handed_over or view.when_prepared
            return Stated(_kinds([when]), None, None, (length_of(view.days_supply, "d"),))
        case MedicationAdministration():
            moment, period = view.effective_date_time, view.effective_period or Period()
            if moment is not None:
                return Stated(_kinds([moment]), None, moment)
            return Stated(_kinds([period.start]), None, period.end)


def start_of(times: Stated, as_of: date) -> DaySpan:
    """How long ago it began."""
    kinds = [_earliest(kind, as_of) for kind in times.starts]
    if not kinds:
        limit = read_date(times.bound)
        return ANY_TIME if limit is None else DaySpan(days_back(limit, as_of).lo, UNBOUNDED)
    return DaySpan(min(kind.lo for kind in kinds), max(kind.hi for kind in kinds))


def limited(start: DaySpan, limits: Iterable[Limit], as_of: date) -> tuple[DaySpan, bool | None]:
    """When something ended of which it is only known how long it lasted at least, and whether it still lasts.

    From the last of its limits on nothing is known.
    """
    known = [day for day in (_until(limit, start, as_of) for limit in limits) if day is not None]
    last = max(known, default=None)
    if last is None:
        return DaySpan(0, start.hi), None
    if last > as_of:
        return ONGOING, True
    return DaySpan(0, min((as_of - last).days, start.hi)), None


def _until(limit: Limit, start: DaySpan, as_of: date) -> date | None:
    if isinstance(limit, str):
        span = read_date(limit)
        return None if span is None else span.days(AsOf.of(as_of).zone)[0]
    if limit is None or start.hi >= UNBOUNDED:
        return None
    return limit.after(as_of - timedelta(days=start.hi))


def _of_request(view: MedicationRequest) -> Stated:
    supply = view.dispense_request
    bounds = _bounds(view.dosage_instruction)
    # Until when it may be handed out is no end.
    validity = None if supply is None or supply.validity_period is None else supply.validity_period.start
    starts = _kinds(_starts(view.dosage_instruction), [validity]) or _kinds([view.authored_on])
    end = _end_of_all(bounds, view.dosage_instruction)
    if end is not None:
        return Stated(starts, None, end)
    limits = _limits(view.dosage_instruction)
    if not limits and supply is not None and supply.expected_supply_duration is not None:
        limits = (_times(length_of(supply.expected_supply_duration), (supply.number_of_repeats_allowed or 0) + 1),)
    return Stated(starts, None, None, limits)


def _of_statement(view: MedicationStatement) -> Stated:
    bounds = _bounds(view.dosage)
    period = view.effective_period or Period()
    starts = _kinds([view.effective_date_time, period.start], _starts(view.dosage))
    end = period.end if period.end is not None else _end_of_all(bounds, view.dosage)
    limits = _limits(view.dosage) if end is None else ()
    return Stated(starts, view.date_asserted, end, limits)


def _kinds(*kinds: Iterable[str | None]) -> tuple[tuple[str, ...], ...]:
    given = (tuple(text for text in kind if text is not None) for kind in kinds)
    return tuple(kind for kind in given if kind)


def _bounds(dosages: Iterable[Dosage]) -> list[Period]:
    repeats = (dosage.timing.repeat for dosage in dosages if dosage.timing is not None)
    return [repeat.bounds_period for repeat in repeats if repeat is not None and repeat.bounds_period is not None]


def _starts(dosages: Iterable[Dosage]) -> list[str]:
    """The stated starts of the dosages: one of several that states none may have begun before the others."""
    periods = [next(iter(_bounds([dosage])), Period()).start for dosage in dosages]
    return [start or "" for start in periods] if any(periods) else []


def _end_of_all(bounds: list[Period], dosages: tuple[Dosage, ...]) -> str | None:
    """The last of the ends, where each of the dosages has one."""
    ends = [period.end for period in bounds if period.end is not None]
    return max(ends, key=_last_day) if ends and len(ends) == len(dosages) else None


def _limits(dosages: Iterable[Dosage]) -> tuple[Limit, ...]:
    """What the dosages say of how long each is taken; of a range the least. None where one has a period without end."""
    found: list[Limit] = []
    for dosage in dosages:
        repeat = None if dosage.timing is None else dosage.timing.repeat
        if repeat is None:
            continue
        if repeat.bounds_period is not None:
            if repeat.bounds_period.end is None:
                return ()
            found.append(repeat.bounds_period.end)
        elif repeat.bounds_duration is not None:
            found.append(length_of(repeat.bounds_duration))
        elif repeat.bounds_range is not None:
            found.append(length_of(repeat.bounds_range.low))
    return tuple(found)


def _times(length: Duration | None, count: int) -> Duration | None:
    return None if length is None or count < 1 else Duration(length.months * count, length.days * count)


def _earliest(kind: tuple[str, ...], as_of: date) -> DaySpan:
    """The earliest of the stated starts; one that cannot be read may be any time before the others."""
    spans = [read_date(text) for text in kind]
    readable = [days_back(span, as_of) for span in spans if span is not None]
    if not readable:
        return ANY_TIME
    first = readable[0]
    for other in readable[1:]:
        first = earlier(first, other)
    return first if len(readable) == len(spans) else DaySpan(first.lo, UNBOUNDED)


def _first_day(text: str) -> tuple[date, str]:
    span = read_date(text)
    return (date.min if span is None else span.first), text


def _last_day(text: str) -> tuple[date, str]:
    span = read_date(text)
    return (date.max if span is None else span.last), text  # one that cannot be read may be the last
