"""Procedures, immunizations, devices and study participation as events."""

from datetime import date

from cds_service.facts.entries import (
    ANY_TIME,
    ONGOING,
    Entry,
    Span,
    consistent,
    ended,
    is_planned,
    over,
    source,
    started,
)
from cds_service.facts.fact import Days, Reason
from cds_service.facts.moments import days_back, period_text, read_date
from cds_service.facts.onsets import performed_at
from cds_service.fhir.views import (
    Device,
    DeviceUseStatement,
    Immunization,
    Patient,
    Period,
    Procedure,
    ResearchSubject,
)

_NO_PROCEDURE = frozenset({"preparation", "not-done", "entered-in-error"})
_NO_IMMUNIZATION = frozenset({"not-done", "entered-in-error"})
# https://hl7.org/fhir/R4/valueset-research-subject-status.html: on the study, or once on it.
_ON_STUDY = frozenset({"on-study", "on-study-intervention", "on-study-observation", "follow-up"})
_OFF_STUDY = frozenset({"off-study", "withdrawn"})
_NOT_YET_ON_STUDY = frozenset(
    {"candidate", "eligible", "ineligible", "not-registered", "potential-candidate", "screening", "pending-on-study"}
)


def procedure_entry(view: Procedure, patient: Patient | None, as_of: date) -> Entry | None:
    """A Procedure; `None` where it was not done, is only prepared or lies after `as_of`. Completed ones are certain."""
    status = (view.status or "").strip().casefold()
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
            span = Span(moment, ONGOING if lasts else moment, lasts)
    if span is None:
        return None
    doubt: Reason | None = None if status in {"completed", "in-progress"} else "unconfirmed"
    return Entry(source("Procedure", view.id), span, shown, status, doubt)


def immunization_entry(view: Immunization, as_of: date) -> Entry | None:
    """An Immunization; `None` where it was not given or lies after `as_of`."""
    status = (view.status or "").strip().casefold()
    when = read_date(view.occurrence_date_time)
    if status in _NO_IMMUNIZATION or is_planned(when, as_of):
        return None
    moment = started(view.occurrence_date_time, view.recorded, as_of)
    doubt: Reason | None = None if status == "completed" else "unconfirmed"
    shown = view.occurrence_date_time or view.occurrence_string or view.recorded or ""
    span = Span(moment, Days(0, moment.hi) if when is None else moment, False)
    return Entry(source("Immunization", view.id), span, shown[:40], status, doubt)


def device_entry(view: Device) -> Entry | None:
    """A Device of the patient's, present at an unknown time since."""
    status = (view.status or "").strip().casefold()
    if status == "entered-in-error":
        return None
    active = {"": True, "active": True, "inactive": False}.get(status)
    doubt: Reason | None = "unconfirmed" if active is None else None
    span = Span(ANY_TIME, ONGOING if active else ANY_TIME, active)
    return Entry(source("Device", view.id), span, "", status, doubt)


def device_use_entry(view: DeviceUseStatement, as_of: date) -> Entry | None:
    """A statement that a device is or was used."""
    status = (view.status or "").strip().casefold()
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
        span = None if is_planned(when, as_of) else Span(start, ONGOING if active else Days(0, start.hi), active)
    if span is None:
        return None
    doubt: Reason | None = None if status in {"active", "completed", "stopped"} else "unconfirmed"
    return Entry(source("DeviceUseStatement", view.id), span, shown, status, doubt)


def study_entry(view: ResearchSubject, as_of: date) -> Entry | None:
    """Participation in a study; `None` for a person who was only considered."""
    status = (view.status or "").strip().casefold()
    period = view.period or Period()
    span = _over_period(period, status in _ON_STUDY, as_of)
    if status in _NOT_YET_ON_STUDY or span is None:
        return None
    doubt: Reason | None = None if status in _ON_STUDY | _OFF_STUDY else "unconfirmed"
    return Entry(source("ResearchSubject", view.id), span, period_text(view.period), status, doubt)


def _over_period(period: Period, lasts: bool, as_of: date) -> Span | None:
    """What goes on over a period: `lasts` where its status says that it is not over. `None`: wholly after `as_of`."""
    begin, stop = read_date(period.start), read_date(period.end)
    if is_planned(begin, as_of):
        return None
    start = ANY_TIME if begin is None else days_back(begin, as_of)
    if lasts:
        end, active = ended(stop, period.end is not None, start, as_of)
    else:
        end, active = over(stop, start, as_of), False
    return Span(*consistent(start, end), active)
