"""Newest-result selection: the observation that decides a fact (docs/design.md, 4a).

Final, amended and corrected ones count; preliminary and registered ones only where none of these exists; the others
never. Of several of the same time a corrected or amended one replaces the others, else the one issued last decides.
Where that or a partial date leaves open which is the newest, all that may be it are looked at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cds_service.as_of import AsOf
from cds_service.deadline import NEVER, Deadline
from cds_service.facts.dates import EARLIEST, days_back, period_text, read_date
from cds_service.facts.fact import UNDATED, DaySpan
from cds_service.facts.observations.newest import newest_of
from cds_service.facts.observations.observations import Result
from cds_service.fhir import ALWAYS, DateError, DateRange, Observation, UnreadableResource, parse_timing, word_of

_FINAL = frozenset({"final", "amended", "corrected"})
_CORRECTING = frozenset({"amended", "corrected"})
_EARLY = frozenset({"preliminary", "registered"})
_VOID = frozenset({"entered-in-error", "cancelled", "unknown"})

_FEW = 4
_MOMENT = timedelta(hours=1)
"""A time is told to the minute at least; what spans more is a day or longer."""


class Candidate(Struct, frozen=True, gc=False):
    """An observation that may decide, with its date clipped at `as_of` (`None`: undated).

    `measurement` is `None` for a resource that could not be read at all; `readable` is false where the value must not
    be relied on. `earliest` and `latest` are the instants between which it was made.
    """

    measurement: Result | None
    malformed: UnreadableResource | None
    readable: bool
    date: DateRange | None
    shown_date: str
    earliest: datetime
    latest: datetime
    issued: DateRange | None


class NewestResults(Struct, frozen=True, gc=False):
    """Those that may be the newest (nearly always one), and how many days old the newest is at most and at least.

    `passed_over` are those without any value, shown only where nothing else is found. `planned`: those that lie after
    the end of the day that is asked about.
    """

    deciding: tuple[Candidate, ...]
    age: int
    least_age: int
    passed_over: tuple[Candidate, ...]
    planned: tuple[Result, ...] = ()

    @property
    def is_one_day(self) -> bool:
        """Whether those that decide were certainly all made on one day."""
        days = {None if c.date is None or not c.date.is_one_day else c.date.first for c in self.deciding}
        return len(days) == 1 and None not in days


def select(
    measurements: Sequence[Result],
    malformed: Iterable[UnreadableResource],
    has_value: Callable[[Result], bool],
    as_of: date,
    deadline: Deadline = NEVER,
    *,
    whole_day: bool = False,
) -> NewestResults:
    """The deciding ones among the measurements of one fact. `malformed`: unreadable resources with the fact's code.
    `whole_day`: all that may be of the day of the newest decide with it.

    Raises `OutOfTime`.
    """
    if len(measurements) > _FEW:
        measurements = newest_of(measurements, _FINAL, has_value, as_of, whole_day=whole_day)
    final: list[Candidate] = []
    early: list[Candidate] = []
    planned: list[Result] = []
    for measurement in deadline.each(measurements):
        status = word_of(measurement.observation.status)
        if status not in _VOID:
            readable = status in _FINAL or status in _EARLY
            candidate = candidate_of(measurement, as_of, readable=readable)
            if candidate is None:
                planned.append(measurement)
            else:
                (early if status in _EARLY else final).append(candidate)
    counting = final or early
    # A value that may be newer must not be hidden by an older one, even if nothing but its code can be read.
    unreadable = [_unreadable(item, as_of) for item in deadline.each(malformed)]
    counting = counting + [found for found in unreadable if found is not None]
    telling = [
        c for c in deadline.each(counting) if c.measurement is None or not c.readable or has_value(c.measurement)
    ]
    if not telling:
        return NewestResults((), UNDATED, 0, tuple(counting), tuple(planned))
    if len(telling) == 1:
        return _selection(telling, telling[0], planned, as_of)
    newest = max(deadline.each(telling), key=lambda c: c.earliest)
    possible = [
        c for c in deadline.each(telling) if c.latest >= newest.earliest or (whole_day and _may_share_day(c, newest))
    ]
    # Two of one day of which no time is told are two measurements, where all of that day are asked for.
    apart = [c for c in possible if c.latest - c.earliest > _MOMENT] if whole_day else []
    rest = [c for c in possible if c.latest - c.earliest <= _MOMENT] if whole_day else possible
    return _selection([*_standing(rest, deadline), *apart], newest, planned, as_of)


def _standing(possible: list[Candidate], deadline: Deadline) -> list[Candidate]:
    """Without those that another one of the very same time replaces."""
    if len(possible) > 1:
        possible = _without_replaced(list(deadline.each(possible)))
    last = _last_issued(deadline.each(possible))
    return [c for c in deadline.each(possible) if not _is_superseded(c, last)]


def _selection(
    possible: Sequence[Candidate], newest: Candidate, planned: Sequence[Result], as_of: date
) -> NewestResults:
    ago = _ago(newest, as_of)
    least_age = min([(ago if c is newest else _ago(c, as_of)).lo for c in possible])
    return NewestResults(tuple(possible), min(UNDATED, ago.hi), least_age, (), tuple(planned))


def _ago(candidate: Candidate, as_of: date) -> DaySpan:
    return DaySpan(0, UNDATED) if candidate.date is None else days_back(candidate.date, as_of)


def _may_share_day(one: Candidate, other: Candidate) -> bool:
    """Whether both may be of one day of the site."""
    return one.date is None or other.date is None or one.date.last >= other.date.first


def _without_replaced(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without what a corrected or amended one of the very same time replaces. What was issued after it stays."""
    correcting = [c for c in candidates if _status(c) in _CORRECTING and c.date is not None and c.date.is_one_day]

    def is_replaced(candidate: Candidate) -> bool:
        return _status(candidate) == "final" and any(
            (candidate.earliest, candidate.latest) == (other.earliest, other.latest)
            and not _is_issued_after(candidate, other)
            for other in correcting
        )

    return [candidate for candidate in candidates if not is_replaced(candidate)] if correcting else list(candidates)


def _status(candidate: Candidate) -> str:
    return "" if candidate.measurement is None else word_of(candidate.measurement.observation.status)


def _is_issued_after(candidate: Candidate, other: Candidate) -> bool:
    if candidate.issued is None or other.issued is None:
        return False
    return candidate.issued.earliest > other.issued.latest


def _last_issued(candidates: Iterable[Candidate]) -> dict[tuple[datetime, datetime], DateRange]:
    """When the last one of each time was issued. Two of the same month or year are not of the same time."""
    found: dict[tuple[datetime, datetime], DateRange] = {}
    for candidate in candidates:
        if candidate.issued is not None and candidate.date is not None and candidate.date.is_one_day:
            time = (candidate.earliest, candidate.latest)
            best = found.setdefault(time, candidate.issued)
            if candidate.issued.earliest > best.earliest:
                found[time] = candidate.issued
    return found


def _is_superseded(candidate: Candidate, last: Mapping[tuple[datetime, datetime], DateRange]) -> bool:
    """Whether another one of the very same time was issued later."""
    issued = last.get((candidate.earliest, candidate.latest))
    return issued is not None and candidate.issued is not None and issued.earliest > candidate.issued.latest


def effective(observation: Observation) -> tuple[DateRange | None, str]:
    """When an observation is of, and how that was written. A period counts from its end, when the value was there."""
    for text in (observation.effective_date_time, observation.effective_instant):
        if text is not None:
            return read_date(text), text
    period, timing = observation.effective_period, observation.effective_timing
    if period is not None:
        start = read_date(period.start)
        if period.end is not None:
            return read_date(period.end), period.end
        # Not over yet: at any time since its start.
        return None if start is None else replace(start, last=ALWAYS.last, latest=ALWAYS.latest), period_text(period)
    if timing is not None:
        try:
            return parse_timing(timing), "; ".join(timing.event[:3])
        except DateError:
            pass
    return None, ""


def is_void(observation: Observation) -> bool:
    """Whether an observation never counts."""
    return word_of(observation.status) in _VOID


def is_early(candidate: Candidate) -> bool:
    """Whether it only counts where there is none that is final."""
    return candidate.measurement is not None and word_of(candidate.measurement.observation.status) in _EARLY


def candidate_of(measurement: Result, as_of: date, *, readable: bool = True) -> Candidate | None:
    """The measurement as a candidate; `None` where it lies wholly after `as_of`."""
    span, text = effective(measurement.observation)
    issued = read_date(measurement.observation.issued)
    if span is None:  # made at any time until it was issued
        asked = AsOf.of(as_of)
        latest = asked.end if issued is None else min(issued.on(asked.zone).latest, asked.end)
        return Candidate(measurement, None, readable, None, "", EARLIEST, latest, issued)
    span = span.clip(as_of)
    if span is None:
        return None
    return Candidate(measurement, None, readable, span, _shown(span, text), span.earliest, span.latest, issued)


def _unreadable(item: UnreadableResource, as_of: date) -> Candidate | None:
    span = read_date(item.date)
    if span is None:
        return Candidate(None, item, False, None, "", EARLIEST, AsOf.of(as_of).end, None)
    span = span.clip(as_of)
    if span is None:
        return None
    return Candidate(None, item, False, span, _shown(span, item.date or ""), span.earliest, span.latest, None)


def _shown(span: DateRange, text: str) -> str:
    return span.first.isoformat() if span.is_one_day else text
