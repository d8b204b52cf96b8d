"""Drugs as events: requests, statements and administrations, when they began and ended (DESIGN.md 4a)."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.dates import days_back, earlier, read_date
from cds_service.facts.events.coded import Coded, EventCodes
from cds_service.facts.events.entries import ANY_TIME, Entry, Span, consistent, ended, is_planned, over, source
from cds_service.facts.events.routes import Routes
from cds_service.facts.fact import UNBOUNDED, Days, Reason
from cds_service.fhir import (
    CodeableConcept,
    DateRange,
    Dosage,
    Medication,
    MedicationAdministration,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Period,
    Record,
    misread,
    word_of,
)

_VOID = frozenset({"cancelled", "draft", "not-taken", "not-done", "entered-in-error"})
_CURRENT = frozenset({"active", "in-progress"})
_OVER = frozenset({"completed", "stopped"})
# Not an order: somebody thinks of it (https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
_NOT_ORDERED = frozenset({"proposal", "plan", "option"})


class Product(Struct, eq=False, gc=False):
    """Which facts a drug speaks of, and what tells its route whoever takes it: form, and words about it.

    `is_odd`: the Medication that says which drug it is has a status that FHIR does not know.
    """

    coded: Coded
    form: CodeableConcept | None
    words: tuple[str, ...]
    is_odd: bool = False
    _by_form: frozenset[str] | None = None
    _by_words: frozenset[str] | None = None

    def by_form(self, routes: Routes) -> frozenset[str]:
        """The routes that the form is for; looked up when first asked for, as is the other."""
        if self._by_form is None:
            self._by_form = routes.of_form(self.form)
        return self._by_form

    def by_words(self, routes: Routes) -> frozenset[str]:
        """The routes that the forms named in the words are for."""
        if self._by_words is None:
            self._by_words = routes.in_words(self.words)
        return self._by_words


class Drug(Struct, frozen=True, gc=False):
    """A drug as an entry has it: the product, and the dosages that are stated."""

    product: Product
    dosages: tuple[Dosage, ...]


class _Times(Struct, frozen=True, gc=False):
    """The dates of a use: every stated start, and the stated end (`given` though perhaps unreadable)."""

    starts: tuple[str, ...]
    end: str | None
    bound: str | None = None
    shown: str = ""


Products = dict[tuple[int, str | None], tuple[Medication, Product]]
"""Of one record, by the identity of the Medication (which is kept here, so that it stays the only one of it) and what a
use calls it: thousands of uses may refer to one Medication with thousands of ingredients."""


def drug_of(
    view: MedicationUse, codes: EventCodes, record: Record, known: Products, deadline: Deadline = NEVER
) -> Drug:
    """The drug that is used, matched. `known` gains what it is. Raises `OutOfTime`."""
    called = None if view.medication_reference is None else view.medication_reference.display
    drug, dosages = record.medication_of(view, deadline), _dosages(view)
    deadline.spend(len(dosages))
    if not isinstance(drug, Medication):
        coded = codes.read((drug,), texts=(called,), deadline=deadline)
        return Drug(Product(coded, None, _words((drug,), called)), dosages)
    found = known.get((id(drug), called))
    if found is None:
        found = known[id(drug), called] = (drug, _product(drug, called, codes, deadline))
    return Drug(found[1], dosages)


def _product(drug: Medication, called: str | None, codes: EventCodes, deadline: Deadline) -> Product:
    if drug.status == "entered-in-error":
        return Product(codes.read(()), None, _words((), called))  # which drug it is then nobody has said
    concepts = [item.item_codeable_concept for item in deadline.each(drug.ingredient) if item.is_active is not False]
    # Thousands of ingredients may refer to one item, whose code is then the very same thing.
    parts = list({id(concept): concept for concept in concepts}.values())
    coded = codes.read((drug.code,), texts=(called,), weaker=parts, deadline=deadline)
    return Product(coded, drug.form, _words(deadline.each((drug.code, *parts)), called), bool(misread(drug)))


def medication_entry(view: MedicationUse, as_of: date) -> Entry | None:
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


def _words(concepts: Iterable[CodeableConcept | None], called: str | None) -> tuple[str, ...]:
    found = {called or ""}
    for concept in concepts:
        if concept is not None:
            found |= {concept.text or "", *(coding.display or "" for coding in concept.coding)}
    return tuple(sorted(found - {""}))
