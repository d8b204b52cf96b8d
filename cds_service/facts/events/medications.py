"""Drugs as events: requests, statements and administrations, when they began and ended (docs/design.md, 4a)."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from cds_service.facts.dates import days_back, earlier, read_date
from cds_service.facts.events.drugs import Drug, Product, product_of, words_of
from cds_service.facts.events.entries import ANY_TIME, Entry, Span, consistent, ended, is_planned, over, source
from cds_service.facts.events.reading import EventReader, Matching, Readers
from cds_service.facts.fact import UNBOUNDED, Days, Reason
from cds_service.fhir import (
    DateRange,
    Dosage,
    Medication,
    MedicationAdministration,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Patient,
    Period,
    misread,
    word_of,
)

_VOID = frozenset({"cancelled", "draft", "not-taken", "not-done", "entered-in-error"})
_CURRENT = frozenset({"active", "in-progress"})
_OVER = frozenset({"completed", "stopped"})
# Not an order: somebody thinks of it (https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
_NOT_ORDERED = frozenset({"proposal", "plan", "option"})


class _Times(Struct, frozen=True, gc=False):
    """The dates of a use: every stated start, and the stated end (`given` though perhaps unreadable)."""

    starts: tuple[str, ...]
    end: str | None
    bound: str | None = None
    shown: str = ""


def drug_of(view: MedicationUse, matching: Matching) -> Drug:
    """The drug that is used, matched. Raises `OutOfTime`."""
    called = None if view.medication_reference is None else view.medication_reference.display
    drug, dosages = matching.record.medication_of(view, matching.deadline), _dosages(view)
    matching.deadline.spend(len(dosages))
    if not isinstance(drug, Medication):
        coded = matching.codes.read((drug,), texts=(called,), deadline=matching.deadline)
        return Drug(Product(coded, None, words_of((drug,), called)), dosages)
    # Thousands of uses may refer to one Medication with thousands of ingredients.
    found = matching.remembered.get((id(drug), called))
    if found is None:
        product = product_of(drug, called, matching.codes, matching.deadline)
        found = matching.remembered[id(drug), called] = (drug, product)
    return Drug(found[1], dosages)


def medication_entry(view: MedicationUse, _patient: Patient | None, as_of: date) -> Entry | None:
    """A use of a drug; `None` for one that never counts or has not begun yet."""
    odd = misread(view)
    status = "" if "status" in odd else word_of(view.status)
    if status in _VOID or (isinstance(view, MedicationRequest) and view.do_not_perform):
        return None
    times = _times(view)
    spans = [read_date(text) for text in times.starts]
    if spans and all(is_planned(span, as_of) for span in spans):
        return None
    start = _start(spans, times.bound, as_of)
    return Entry(
        source(type(view).__name__, view.id),
        _span(status, start, times, as_of),
        times.shown,
        word_of(view.status),
        "malformed_entry" if odd else _doubt(view, status),
    )


def _doubt(view: MedicationUse, status: str) -> Reason | None:
    if status not in _CURRENT | _OVER | {"on-hold"}:
        return "unconfirmed"  # intended, unknown, none
    if isinstance(view, MedicationRequest) and word_of(view.intent) in _NOT_ORDERED:
        return "unconfirmed"
    return None


def _span(status: str, start: Days, times: _Times, as_of: date) -> Span:
    stop = read_date(times.end)
    active: bool | None = False
    if status in _OVER:
        end = over(stop, start, as_of)
    else:
        end, active = ended(stop, times.end is not None, start, as_of)
        if status not in _CURRENT and active is not False:
            end, active = Days(0, start.hi), None
    start, end = consistent(start, end)
    return Span(start, end, active)


def _start(spans: list[DateRange | None], bound: str | None, as_of: date) -> Days:
    """The earliest of the stated starts; one that cannot be read may be any time before the others."""
    readable = [days_back(span, as_of) for span in spans if span is not None]
    if not readable:
        limit = read_date(bound)
        return ANY_TIME if limit is None else Days(days_back(limit, as_of).lo, UNBOUNDED)
    first = readable[0]
    for other in readable[1:]:
        first = earlier(first, other)
    return first if len(readable) == len(spans) else Days(first.lo, UNBOUNDED)


def _times(view: MedicationUse) -> _Times:
    bounds = [
        dosage.timing.repeat.bounds_period
        for dosage in _dosages(view)
        if dosage.timing is not None
        and dosage.timing.repeat is not None
        and dosage.timing.repeat.bounds_period is not None
    ]
    match view:
        case MedicationRequest():
            dispense = view.dispense_request
            validity = None if dispense is None else dispense.validity_period
            return _times_of([bounds, [] if validity is None else [validity]], [view.authored_on])
        case MedicationStatement():
            period = view.effective_period
            own = _times_of([[] if period is None else [period], bounds], [view.effective_date_time])
            return _Times(own.starts, own.end, view.date_asserted, own.shown or view.date_asserted or "")
        case MedicationAdministration():
            if view.effective_date_time is not None:
                moment = view.effective_date_time
                return _Times((moment,), moment, None, moment)
            return _times_of([[] if view.effective_period is None else [view.effective_period]], [])


def _times_of(periods: list[list[Period]], moments: Iterable[str | None]) -> _Times:
    """All starts, and the end of the first kind of period that is there: the latest, if each of that kind has one."""
    starts = [period.start for kind in periods for period in kind if period.start is not None]
    starts += [moment for moment in moments if moment is not None]
    end = None
    for kind in periods:
        ends = [period.end for period in kind if period.end is not None]
        if kind and len(ends) == len(kind):
            end = max(ends, key=_last_day)
        if ends:
            break
    dated = [text for text in starts if read_date(text) is not None]
    first = min(dated, key=_first_day) if dated else ""
    return _Times(tuple(starts), end, None, first if end is None else f"{first or '…'}/{end}")


def _first_day(text: str) -> tuple[date, str]:
    span = read_date(text)
    return (date.min if span is None else span.first), text


def _last_day(text: str) -> tuple[date, str]:
    span = read_date(text)
    return (date.max if span is None else span.last), text  # one that cannot be read may be the last


def _dosages(view: MedicationUse) -> tuple[Dosage, ...]:
    match view:
        case MedicationRequest():
            return view.dosage_instruction
        case MedicationStatement():
            return view.dosage
        case MedicationAdministration():
            return () if view.dosage is None else (view.dosage,)


_READER = EventReader(drug_of, medication_entry)

READERS: Readers = dict.fromkeys(("MedicationRequest", "MedicationStatement", "MedicationAdministration"), _READER)
