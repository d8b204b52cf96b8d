"""Drugs as they were ordered, taken or given: the text of the order, and the dose as it is written there."""

from dataclasses import dataclass
from datetime import date

from cds_service.fhir import (
    CodeableConcept,
    DateError,
    Dosage,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Record,
    Timing,
    parse_date,
    word_of,
)
from cds_service.workbench.views.patient_chart.wording import (
    all_words,
    amount,
    day_of,
    folded,
    joined,
    lasting,
    period_words,
    when,
    words_of,
)

_TYPES = ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration")
_OVER = frozenset({"completed", "stopped", "cancelled", "not-taken", "declined", "not-done", "ended"})
_PLAIN = frozenset({"active", "in-progress", "completed", "unknown", ""})
_RETRACTED = "entered-in-error"
_ORDERED = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", ""})
_EACH = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


@dataclass(frozen=True, slots=True)
class ChartDrug:
    """A drug: what the chart calls it, its dose, and `told`: since when, until when, what became of it."""

    words: str
    dose: str
    told: str
    past: bool


@dataclass(frozen=True, slots=True)
class _Use:
    words: str
    dose: str
    since: str
    until: str
    notes: tuple[str, ...]
    past: bool


def drugs(record: Record, as_of: date) -> tuple[ChartDrug, ...]:
    """Every drug of the record, those in use first, each by how recent it is; what is said alike stands once."""
    uses = [_use(entry, record, as_of) for name in _TYPES for entry in record.resources.get(name, ())]
    grouped: dict[tuple[str, str, bool, tuple[str, ...]], list[_Use]] = {}
    for use in filter(None, uses):
        grouped.setdefault((folded(use.words), use.dose, use.past, use.notes), []).append(use)
    found = [(_together(same), max(when(use.since or use.until) for use in same)) for same in grouped.values()]
    found.sort(key=lambda pair: pair[1], reverse=True)
    return tuple(drug for drug, _ in sorted(found, key=lambda pair: pair[0].past))


def _together(same: list[_Use]) -> ChartDrug:
    first = same[0]
    begun = sorted(filter(None, (use.since for use in same)), key=when)
    ended = sorted(filter(None, (use.until for use in same)), key=when)
    until = ended[-1] if len(ended) == len(same) else ""
    times = f"{len(same)} entries" if len(same) > 1 and first.past else ""
    span = lasting(begun[0] if begun else "", until)
    span = begun[0] if first.past and begun and not until and len(set(begun)) == 1 else span
    return ChartDrug(first.words, first.dose, joined(*first.notes, span, times), first.past)


def _use(entry: MedicationUse, record: Record, as_of: date) -> _Use | None:
    status = word_of(entry.status)
    if status == _RETRACTED:
        return None
    since, until = _times(entry)
    notes = [] if status in _PLAIN else [status.replace("-", " ")]
    if isinstance(entry, MedicationRequest):
        if entry.do_not_perform:
            notes.append("not to be given")
        if word_of(entry.intent) not in _ORDERED:
            notes.append(word_of(entry.intent).replace("-", " "))
    if isinstance(entry, MedicationAdministration):
        notes.append("given")
    if isinstance(entry, MedicationDispense):
        notes.append(joined("dispensed", f"for {amount(entry.days_supply)}" if entry.days_supply else "", by=" "))
    reasons = all_words(entry.reason_code) if not isinstance(entry, MedicationDispense) else ""
    if reasons:
        notes.append(f"for {reasons}")
    over = status in _OVER or isinstance(entry, MedicationAdministration) or _is_before(until, as_of)
    return _Use(_name(entry, record), _dose(entry), since, until, tuple(notes), over)


def _is_before(day: str, as_of: date) -> bool:
    try:
        return bool(day) and parse_date(day).last.toordinal() < as_of.toordinal()
    except DateError:
        return False


def _times(entry: MedicationUse) -> tuple[str, str]:
    """The first and the last day that the entry gives."""
    if isinstance(entry, MedicationRequest):
        dosed = [d.timing.repeat.bounds_period for d in entry.dosage_instruction if d.timing and d.timing.repeat]
        first, last = next((period_words(period) for period in dosed if period), ("", ""))
        return first or day_of(entry.authored_on), last
    if isinstance(entry, MedicationDispense):
        return day_of(entry.when_handed_over or entry.when_prepared), ""
    first, last = period_words(entry.effective_period)
    if entry.effective_date_time:
        return day_of(entry.effective_date_time), last
    asserted = day_of(entry.date_asserted) if isinstance(entry, MedicationStatement) and not (first or last) else ""
    return first or asserted, last


def _name(entry: MedicationUse, record: Record) -> str:
    found = record.medication_of(entry)
    if found is None:
        shown = entry.medication_reference.display if entry.medication_reference else None
        return shown or "Drug that was not sent"
    if isinstance(found, CodeableConcept):
        return words_of(found) or "Drug without a name"
    parts = [words_of(i.item_codeable_concept) for i in found.ingredient]
    return words_of(found.code) or joined(*parts, by=" + ") or "Drug without a name"


def _dose(entry: MedicationUse) -> str:
    if isinstance(entry, MedicationAdministration):
        given: tuple[Dosage, ...] = () if entry.dosage is None else (entry.dosage,)
    elif isinstance(entry, MedicationStatement):
        given = entry.dosage
    else:
        given = entry.dosage_instruction
    return joined(*map(_dosage, given), by="; then ")


def _dosage(dosage: Dosage) -> str:
    if dosage.text and dosage.text.strip():
        return dosage.text.strip()
    amounts = [amount(one.dose_quantity) for one in dosage.dose_and_rate]
    needed = dosage.as_needed_boolean or dosage.as_needed
    reasons = [c for c in (dosage.as_needed_codeable_concept, *dosage.as_needed_for) if c is not None]
    asked = f"as needed for {all_words(reasons)}" if reasons else "as needed" if needed else ""
    route = words_of(dosage.route)
    dose = joined(joined(*amounts), _frequency(dosage.timing), by=" · ")
    return joined(dose, route, asked, all_words(dosage.additional_instruction), dosage.patient_instruction)


def _frequency(timing: Timing | None) -> str:
    """Such as `twice a day`, `once every 8 hours`; the words of its code where it has no numbers."""
    repeat = None if timing is None else timing.repeat
    if timing is None or repeat is None or (repeat.frequency is None and repeat.period is None):
        return "" if timing is None else words_of(timing.code)
    each = _EACH.get(repeat.period_unit or "", repeat.period_unit or "")
    count = repeat.frequency or 1
    times = {1: "once", 2: "twice"}.get(int(count), f"{count:f} times") if count == int(count) else f"{count:f} times"
    if not each:
        return times
    period = repeat.period or 1
    return f"{times} a{'n' if each == 'hour' else ''} {each}" if period == 1 else f"{times} every {period:f} {each}s"
