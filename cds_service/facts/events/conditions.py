"""Conditions and allergies as events: what counts for certain, what is a hint, what is over (docs/design.md, 4a).

A Condition is read as a chronic disease; `illness` makes of it what it is where such diseases do not last.
"""

from datetime import date

from cds_service.facts.dates import day_text, days_back, period_text, read_date
from cds_service.facts.events.coded import Coded
from cds_service.facts.events.entries import (
    ANY_TIME,
    ONGOING,
    EventEntry,
    EventSpan,
    consistent,
    is_planned,
    over,
    source,
)
from cds_service.facts.events.illness import Illness, IllnessEntry
from cds_service.facts.events.onset import When, abatement_of, onset_of
from cds_service.facts.events.reading import EventReader, Matching, Readers
from cds_service.facts.fact import UNBOUNDED, DaySpan, Reason
from cds_service.fhir import (
    AllergyIntolerance,
    CodeableConcept,
    Condition,
    DateRange,
    Encounter,
    Patient,
    Record,
    codes_of,
    is_empty,
    misread,
    word_of,
)

_VOID = frozenset({"refuted", "entered-in-error"})
_CERTAIN = frozenset({"confirmed"})
_DOUBTFUL = frozenset({"unconfirmed", "provisional", "differential", "presumed"})
_CURRENT = frozenset({"active", "recurrence", "relapse"})
_GONE = frozenset({"resolved"})
_QUIET = frozenset({"inactive", "remission"})
# https://hl7.org/fhir/R4/valueset-condition-category.html
_VISIT = "encounter-diagnosis"
_LISTED = frozenset({"problem-list-item", "health-concern"})
# https://hl7.org/fhir/R4/valueset-encounter-status.html: the visit took place, or does.
_VISITED = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished", "unknown", ""})
_GOES_ON = frozenset({"arrived", "triaged", "in-progress", "onleave"})


def condition_coded(view: Condition, matching: Matching) -> Coded:
    return matching.codes.read((view.code,), deadline=matching.deadline)


def visit_of(record: Record, view: Condition) -> Encounter | None:
    """The Encounter at which the diagnosis was made, where that was sent."""
    return record.encounter_of(view)


def condition_entry(
    view: Condition, patient: Patient | None, as_of: date, visit: Encounter | None = None
) -> IllnessEntry | None:
    """A Condition; `None` for one that never counts or has not begun yet. `visit`: the Encounter it belongs to."""
    certain, odd = is_certain(view.verification_status), misread(view)
    if certain is None and not odd:
        return None
    onset = onset_of(view, patient)
    if is_planned(onset.span, as_of):
        return None
    abatement = abatement_of(view, patient)
    categories = frozenset[str]().union(*map(codes_of, view.category))
    is_visit = _VISIT in categories and categories.isdisjoint(_LISTED)
    recorded, visited = read_date(view.recorded_date), _visited(visit, as_of)
    noted = (visited or recorded) if is_visit else (recorded or visited)
    start = _start(onset, noted, as_of)
    status = status_of(view.clinical_status)
    illness = Illness(
        as_of,
        onset.span,
        onset.given,
        noted,
        abatement.span,
        is_visit,
        None if is_empty(view.clinical_status) else status[0],
    )
    return IllnessEntry(
        source("Condition", view.id),
        _span(view, status, abatement, start, as_of),
        onset.shown or view.recorded_date or _shown_visit(visit, visited),
        _shown(view.clinical_status, abatement, as_of),
        _doubt(certain, odd, onset, noted, as_of),
        illness=illness,
        written=illness.stated_on(recorded),
    )


def allergy_coded(view: AllergyIntolerance, matching: Matching) -> Coded:
    substances = [reaction.substance for reaction in matching.deadline.each(view.reaction)]
    return matching.codes.read((view.code, *substances), deadline=matching.deadline)


def allergy_entry(view: AllergyIntolerance, patient: Patient | None, as_of: date) -> EventEntry | None:
    """An allergy or intolerance; `None` for one that never counts or has not begun yet.

    One that is inactive or resolved is no longer there: the person is no longer at risk
    (https://hl7.org/fhir/R4/valueset-allergyintolerance-clinical.html).
    """
    certain, odd = is_certain(view.verification_status), misread(view)
    if certain is None and not odd:
        return None
    onset = onset_of(view, patient)
    if is_planned(onset.span, as_of):
        return None
    recorded = read_date(view.recorded_date)
    start = _start(onset, recorded, as_of)
    active, _ = status_of(view.clinical_status)
    end = ONGOING if active else DaySpan(0, start.hi)
    return EventEntry(
        source("AllergyIntolerance", view.id),
        EventSpan(start, end, active, active),
        onset.shown or view.recorded_date or "",
        ", ".join(sorted(codes_of(view.clinical_status))),
        _doubt(certain, odd, onset, recorded, as_of),
    )


def is_certain(verification: CodeableConcept | None) -> bool | None:
    """Whether an entry is certain (`confirmed` or nothing said) or a hint; `None` for one that never counts."""
    if is_empty(verification):
        return True
    said = codes_of(verification)
    if said & _VOID and not said & (_CERTAIN | _DOUBTFUL):
        return None
    return bool(said & _CERTAIN) and not said & (_VOID | _DOUBTFUL)


def status_of(clinical: CodeableConcept | None) -> tuple[bool | None, bool | None]:
    """Whether a clinicalStatus says active, and whether resolved; `None` where it says neither clearly."""
    if is_empty(clinical):
        return True, False
    said = codes_of(clinical)
    if said & _CURRENT:
        return (True, False) if not said & (_GONE | _QUIET) else (None, None)
    if said & _GONE:
        return False, True
    return (False, False) if said & _QUIET else (None, None)


def _span(
    view: Condition, status: tuple[bool | None, bool | None], abatement: When, start: DaySpan, as_of: date
) -> EventSpan:
    active, resolved = status
    abated: bool | None = abatement.given and not is_planned(abatement.span, as_of)
    if view.abatement_string is not None and abatement.span is None:
        abated = None  # free text: "ongoing" stands there as well as "years ago"
    if abated or active is False:
        end = over(abatement.span, start, as_of)
    elif abated is None or active is None:
        end = DaySpan(0, start.hi)
    else:
        end = ONGOING
    start, end = consistent(start, end)
    present = _not_any(abated, resolved)
    return EventSpan(start, end, active if active is False else _not_any(abated, _negated(active)), present)


def _not_any(*answers: bool | None) -> bool | None:
    if any(answers):
        return False
    return None if None in answers else True


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _visited(visit: Encounter | None, as_of: date) -> DateRange | None:
    """The days of a visit. Without an end it is its first day, unless it goes on."""
    if visit is None or visit.period is None or word_of(visit.status) not in _VISITED:
        return None
    start, end = read_date(visit.period.start), read_date(visit.period.end)
    if start is None:
        return end
    if end is None and word_of(visit.status) in _GOES_ON and not start.begins_after(as_of):
        end = read_date(as_of.isoformat())
    return start if end is None or end.last < start.first else start.hull(end)


def _shown_visit(visit: Encounter | None, visited: DateRange | None) -> str:
    return "" if visit is None or visited is None else period_text(visit.period)


def _doubt(
    certain: bool | None, odd: tuple[str, ...], onset: When, noted: DateRange | None, as_of: date
) -> Reason | None:
    if odd:
        return "malformed_entry"
    if not certain:
        return "unconfirmed"
    # Recorded after the day that is asked about, and nothing says since when: it may not have been there yet.
    return "undated" if onset.span is None and is_planned(noted, as_of) else None


def _start(onset: When, noted: DateRange | None, as_of: date) -> DaySpan:
    if onset.span is not None:
        return days_back(onset.span, as_of)
    if noted is None or is_planned(noted, as_of):
        return ANY_TIME
    return DaySpan(days_back(noted, as_of).lo, UNBOUNDED)


def _shown(clinical: CodeableConcept | None, abatement: When, as_of: date) -> str:
    words = ", ".join(sorted(codes_of(clinical)))
    return f"{words} until {day_text(abatement.shown, as_of)}".strip() if abatement.given else words


READERS: Readers = {
    "Condition": EventReader(condition_coded, condition_entry, visit_of),
    "AllergyIntolerance": EventReader(allergy_coded, allergy_entry),
}
