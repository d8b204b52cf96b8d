"""Procedures, immunizations, devices and study participation as events."""

from datetime import date

from cds_service.facts.dates import days_back, period_text, read_date
from cds_service.facts.events.coded import Coded
from cds_service.facts.events.entries import (
    ANY_TIME,
    ONGOING,
    EventEntry,
    EventSpan,
    consistent,
    ended,
    is_planned,
    over,
    source,
    started,
)
from cds_service.facts.events.onset import performed_at
from cds_service.facts.events.reading import EventReader, Matching, Readers
from cds_service.facts.fact import DaySpan, Reason
from cds_service.fhir import (
    Device,
    DeviceUseStatement,
    Immunization,
    Patient,
    Period,
    Procedure,
    ResearchSubject,
    misread,
    word_of,
)

_Act = Procedure | Immunization | Device | DeviceUseStatement | ResearchSubject

_NO_PROCEDURE = frozenset({"preparation", "not-done", "entered-in-error"})
_NO_IMMUNIZATION = frozenset({"not-done", "entered-in-error"})
# https://hl7.org/fhir/R4/valueset-research-subject-status.html: on the study, or once on it.
_ON_STUDY = frozenset({"on-study", "on-study-intervention", "on-study-observation", "follow-up"})
_OFF_STUDY = frozenset({"off-study", "withdrawn"})
_NOT_YET_ON_STUDY = frozenset(
    {"candidate", "eligible", "ineligible", "not-registered", "potential-candidate", "screening", "pending-on-study"}
)


def procedure_coded(view: Procedure, matching: Matching) -> Coded:
    return matching.codes.read((view.code,), categories=(view.category,), deadline=matching.deadline)


def procedure_entry(view: Procedure, patient: Patient | None, as_of: date) -> EventEntry | None:
    """A Procedure; `None` where it was not done, is only prepared or lies after `as_of`. Completed ones are certain."""
    status = word_of(view.status)
    if status in _NO_PROCEDURE:
        return None
    period = view.performed_period
    if period is not None:
        span, shown = _over_period(period, status == "in-progress", as_of), period_text(period)
    else:
        when = performed_at(view, patient)
        shown = when.shown
        if is_planned(when.span, as_of):
            span = None
        else:
            moment = ANY_TIME if when.span is None else days_back(when.span, as_of)
            lasts = status == "in-progress"
            span = EventSpan(moment, ONGOING if lasts else moment, lasts)
    if span is None:
        return None
    return _entry(view, span, shown, settled=status in {"completed", "in-progress"})


def immunization_coded(view: Immunization, matching: Matching) -> Coded:
    return matching.codes.read((view.vaccine_code,), deadline=matching.deadline)


def immunization_entry(view: Immunization, _patient: Patient | None, as_of: date) -> EventEntry | None:
    """An Immunization; `None` where it was not given or lies after `as_of`."""
    status = word_of(view.status)
    when = read_date(view.occurrence_date_time)
    if status in _NO_IMMUNIZATION or is_planned(when, as_of):
        return None
    moment = started(view.occurrence_date_time, view.recorded, as_of)
    shown = view.occurrence_date_time or view.occurrence_string or view.recorded or ""
    span = EventSpan(moment, DaySpan(0, moment.hi) if when is None else moment, False)
    return _entry(view, span, shown[:40], settled=status == "completed")


def device_coded(view: Device, matching: Matching) -> Coded:
    return matching.codes.read((view.type,), deadline=matching.deadline)


def device_entry(view: Device, _patient: Patient | None, _as_of: date) -> EventEntry | None:
    """A Device of the patient's, present at an unknown time since."""
    status = word_of(view.status)
    if status == "entered-in-error":
        return None
    active = {"": True, "active": True, "inactive": False}.get(status)
    span = EventSpan(ANY_TIME, ONGOING if active else ANY_TIME, active)
    return _entry(view, span, "", settled=active is not None)


def device_use_coded(view: DeviceUseStatement, matching: Matching) -> Coded:
    device = matching.record.device_of(view, matching.deadline)
    called = None if view.device is None else view.device.display
    key = (id(device), called)
    found = matching.remembered.get(key)
    if found is None:
        kind = None if device is None else device.type
        coded = matching.codes.read((kind,), texts=(called,), deadline=matching.deadline)
        found = matching.remembered[key] = device, coded
    return found[1]


def device_use_entry(view: DeviceUseStatement, _patient: Patient | None, as_of: date) -> EventEntry | None:
    """A statement that a device is or was used."""
    status = word_of(view.status)
    if status in {"entered-in-error", "intended"}:
        return None
    period = view.timing_period
    if period is not None:
        span, shown = _over_period(period, status == "active", as_of), period_text(period)
    else:
        when = read_date(view.timing_date_time)
        shown = view.timing_date_time or ""
        start = started(view.timing_date_time, view.recorded_on, as_of)
        active = True if status == "active" else False if status in {"completed", "stopped"} else None
        span = (
            None if is_planned(when, as_of) else EventSpan(start, ONGOING if active else DaySpan(0, start.hi), active)
        )
    if span is None:
        return None
    return _entry(view, span, shown, settled=status in {"active", "completed", "stopped"})


def study_coded(_view: ResearchSubject, matching: Matching) -> Coded:
    """Studies are not told apart: there is no code that could be unread."""
    return matching.codes.read((), deadline=matching.deadline)


def study_entry(view: ResearchSubject, _patient: Patient | None, as_of: date) -> EventEntry | None:
    """Participation in a study; `None` for a person who was only considered."""
    status = word_of(view.status)
    period = view.period or Period()
    span = _over_period(period, status in _ON_STUDY, as_of)
    if status in _NOT_YET_ON_STUDY or span is None:
        return None
    return _entry(view, span, period_text(view.period), settled=status in _ON_STUDY | _OFF_STUDY)


def _entry(view: _Act, span: EventSpan, shown: str, *, settled: bool) -> EventEntry:
    """What was done, as an event. `settled`: its status says that it counts."""
    doubt: Reason | None = None if settled else "unconfirmed"
    if not settled and misread(view):
        # Nor does such a status say whether it goes on.
        doubt, span = "malformed_entry", EventSpan(span.start, DaySpan(0, span.start.hi), None)
    return EventEntry(source(type(view).__name__, view.id), span, shown, word_of(view.status), doubt)


def _over_period(period: Period, lasts: bool, as_of: date) -> EventSpan | None:
    """What goes on over a period: `lasts` where its status says that it is not over. `None`: wholly after `as_of`."""
    begin, stop = read_date(period.start), read_date(period.end)
    if is_planned(begin, as_of):
        return None
    start = ANY_TIME if begin is None else days_back(begin, as_of)
    if lasts:
        end, active = ended(stop, period.end is not None, start, as_of)
    else:
        end, active = over(stop, start, as_of), False
    return EventSpan(*consistent(start, end), active)


READERS: Readers = {
    "Procedure": EventReader(procedure_coded, procedure_entry),
    "Immunization": EventReader(immunization_coded, immunization_entry),
    "Device": EventReader(device_coded, device_entry),
    "DeviceUseStatement": EventReader(device_use_coded, device_use_entry),
    "ResearchSubject": EventReader(study_coded, study_entry),
}
