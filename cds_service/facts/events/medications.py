"""Drugs as events: orders, statements, administrations and supplies (docs/design.md, 4a)."""

from datetime import date

from cds_service.facts.dates import read_date
from cds_service.facts.events.drug_times import Stated, limited, start_of, stated
from cds_service.facts.events.drugs import Product, RecordedDrug, product_of, words_of
from cds_service.facts.events.entries import ONGOING, EventEntry, EventSpan, consistent, ended, is_planned, over, source
from cds_service.facts.events.reading import EventReader, Matching, Readers
from cds_service.facts.fact import DaySpan, Reason
from cds_service.fhir import (
    Dosage,
    Medication,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Patient,
    misread,
    word_of,
)

_VOID = frozenset({"cancelled", "draft", "not-taken", "not-done", "declined", "entered-in-error"})
_CURRENT = frozenset({"active", "in-progress"})
_OVER = frozenset({"completed", "stopped"})
# Not an order: somebody thinks of it (https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
_NOT_ORDERED = frozenset({"proposal", "plan", "option"})


def drug_of(view: MedicationUse, matching: Matching) -> RecordedDrug:
    """The drug that is used, matched. Raises `OutOfTime`."""
    called = None if view.medication_reference is None else view.medication_reference.display
    drug, dosages = matching.record.medication_of(view, matching.deadline), _dosages(view)
    matching.deadline.spend(len(dosages))
    if not isinstance(drug, Medication):
        coded = matching.codes.read((drug,), texts=(called,), deadline=matching.deadline)
        return RecordedDrug(Product(coded, None, words_of((drug,), called)), dosages)
    # Thousands of uses may refer to one Medication with thousands of ingredients.
    found = matching.remembered.get((id(drug), called))
    if found is None:
        product = product_of(drug, called, matching.codes, matching.deadline)
        found = matching.remembered[id(drug), called] = (drug, product)
    return RecordedDrug(found[1], dosages)


def medication_entry(view: MedicationUse, _patient: Patient | None, as_of: date) -> EventEntry | None:
    """A use of a drug; `None` for one that never counts or has not begun yet."""
    odd = misread(view)
    status = "" if "status" in odd else word_of(view.status)
    if status in _VOID or (isinstance(view, MedicationRequest) and view.do_not_perform):
        return None
    times = stated(view)
    spans = [read_date(text) for kind in times.starts for text in kind]
    if spans and all(is_planned(span, as_of) for span in spans):
        return None
    # What was handed out is not over with that: it is taken from then on.
    is_taken = status == "completed" if isinstance(view, MedicationDispense) else status in _CURRENT
    is_over = status in _OVER and not isinstance(view, MedicationDispense)
    span = _span(times, start_of(times, as_of), as_of, is_taken=is_taken, is_over=is_over)
    doubt: Reason | None = "malformed_entry" if odd else _doubt(view, is_settled=is_taken or is_over)
    is_open = is_taken and times.end is None and not times.limits
    return EventEntry(source(type(view).__name__, view.id), span, times.shown, word_of(view.status), doubt, is_open)


def _doubt(view: MedicationUse, *, is_settled: bool) -> Reason | None:
    if not is_settled:
        return "unconfirmed"  # intended, on hold, unknown, none; a supply that was not handed out
    if isinstance(view, MedicationRequest) and (not view.intent or word_of(view.intent) in _NOT_ORDERED):
        return "unconfirmed"  # FHIR asks for an intent: without one it may be a proposal as well
    return None


def _span(times: Stated, start: DaySpan, as_of: date, *, is_taken: bool, is_over: bool) -> EventSpan:
    stop = read_date(times.end)
    active: bool | None = False
    if is_over:
        end = over(stop, start, as_of)
    else:
        if times.end is not None:
            end, active = ended(stop, True, start, as_of)
        elif times.limits:
            end, active = limited(start, times.limits, as_of)
        else:
            end, active = ONGOING, True
        if not is_taken and active is not False:
            end, active = DaySpan(0, start.hi), None
    start, end = consistent(start, end)
    return EventSpan(start, end, active)


def _dosages(view: MedicationUse) -> tuple[Dosage, ...]:
    match view:
        case MedicationRequest() | MedicationDispense():
            return view.dosage_instruction
        case MedicationStatement():
            return view.dosage
        case MedicationAdministration():
            return () if view.dosage is None else (view.dosage,)


_READER = EventReader(drug_of, medication_entry)
_TYPES = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")

READERS: Readers = dict.fromkeys(_TYPES, _READER)
