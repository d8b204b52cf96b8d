"""When something began, ended or was done, however FHIR lets one say it: as a date, a period, an age or in words."""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from cds_service.durations import completion
from cds_service.facts.dates import period_text, read_date
from cds_service.fhir import (
    ALWAYS,
    AllergyIntolerance,
    Condition,
    DateRange,
    Patient,
    Period,
    Procedure,
    Quantity,
    Range,
)

_YEARS = frozenset({"a", "y", "yr", "yrs", "year", "years"})
_MONTHS = frozenset({"mo", "mos", "month", "months"})
_LONGEST_LIFE_MONTHS = 130 * 12
_SHOWN = 40


class When(Struct, frozen=True, gc=False):
    """A stated moment. `given`: something is said; `span`: what that is, if it can be read; `shown`: how it was put."""

    given: bool = False
    span: DateRange | None = None
    shown: str = ""


def onset_of(view: Condition | AllergyIntolerance, patient: Patient | None) -> When:
    return (
        _of_date(view.onset_date_time)
        or _of_period(view.onset_period)
        or _of_age(view.onset_age, view.onset_range, patient)
        or _of_words(view.onset_string)
    )


def abatement_of(view: Condition, patient: Patient | None) -> When:
    return (
        _of_date(view.abatement_date_time)
        or _of_period(view.abatement_period)
        or _of_age(view.abatement_age, view.abatement_range, patient)
        or _of_words(view.abatement_string)
    )


def performed_at(view: Procedure, patient: Patient | None) -> When:
    """When a procedure was performed, unless a period says from when to when."""
    return (
        _of_date(view.performed_date_time)
        or _of_age(view.performed_age, view.performed_range, patient)
        or _of_words(view.performed_string)
    )


def _of_date(text: str | None) -> When | None:
    return None if text is None else When(True, read_date(text), text[:_SHOWN])


def _of_period(period: Period | None) -> When | None:
    """At some time within the period; without an end, at any time since its start."""
    if period is None:
        return None
    start, end = read_date(period.start), read_date(period.end)
    shown = period_text(period)[:_SHOWN]
    if start is None:
        return When(True, None, shown)
    if end is None or end.last < start.first:
        return When(True, replace(start, last=ALWAYS.last, latest=ALWAYS.latest), shown)
    return When(True, start.hull(end), shown)


def _of_age(age: Quantity | None, ages: Range | None, patient: Patient | None) -> When | None:
    if age is None and ages is None:
        return None
    low, high = (age, age) if ages is None else (ages.low, ages.high)
    return When(True, _at_age(low, high, patient), "given as an age")


def _of_words(words: str | None) -> When:
    return When() if words is None else When(True, read_date(words), words[:_SHOWN])


def _at_age(low: Quantity | None, high: Quantity | None, patient: Patient | None) -> DateRange | None:
    """The days on which the person was that old, in completed years or months."""
    born = None if patient is None else read_date(patient.birth_date)
    least, most = _months(low), _months(high)
    if born is None or least is None or most is None:
        return None
    first, after = completion(born.first, least[0]), completion(born.last, most[0] + most[1])
    if first is None or after is None or after <= first:
        return None
    last = after - timedelta(days=1)
    begin, finish = read_date(first.isoformat()), read_date(last.isoformat())
    return None if begin is None or finish is None else begin.hull(finish)


def _months(age: Quantity | None) -> tuple[int, int] | None:
    """An age in months, and for how many months one is that old."""
    if age is None or age.value is None or age.comparator or age.value != age.value.to_integral_value():
        return None
    unit = (age.code or age.unit or "").strip().casefold()
    scale = 12 if unit in _YEARS else 1 if unit in _MONTHS else 0
    if scale == 0 or not 0 <= age.value <= _LONGEST_LIFE_MONTHS // scale:
        return None
    return int(age.value) * scale, scale
