"""What else stands in a chart, and what of it could not be read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cds_service.fhir import (
    AllergyIntolerance,
    Device,
    DeviceUseStatement,
    DiagnosticReport,
    Encounter,
    Immunization,
    Procedure,
    Record,
    ResearchSubject,
    codes_of,
    is_material,
    word_of,
)
from cds_service.workbench.views.patient_chart.wording import (
    all_words,
    amount,
    day_of,
    joined,
    lasting,
    period_words,
    span_of,
    when,
    words_of,
)

_USUAL = frozenset({"completed", "finished", "active", "final", "amended", "corrected", "unknown", ""})


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """A line of the chart, and what it says besides: when, and what became of it."""

    words: str
    told: str


def allergies(record: Record) -> tuple[ChartEntry, ...]:
    """Allergies and intolerances, also that there are none."""
    return _listed(record, "AllergyIntolerance", _allergy)


def other_sections(record: Record) -> tuple[tuple[str, tuple[ChartEntry, ...]], ...]:
    """Title and lines of every other part of the chart that has any."""
    found = (
        ("Procedures", _listed(record, "Procedure", _procedure)),
        ("Immunisations", _listed(record, "Immunization", _immunization)),
        ("Devices", _listed(record, "DeviceUseStatement", lambda e: _device(e, record))),
        ("Reports", _listed(record, "DiagnosticReport", _report)),
        ("Studies", _listed(record, "ResearchSubject", _study)),
        ("Visits", _listed(record, "Encounter", _visit)),
    )
    return tuple((title, entries) for title, entries in found if entries)


def unread(record: Record) -> tuple[ChartEntry, ...]:
    """What could not be read, as the chart says it, each with the reason."""
    found = []
    for entry in record.malformed:
        said = words_of(entry.said or entry.code)
        issue = entry.issue
        found.append(
            ChartEntry(joined(said, day_of(entry.date)) or issue.resource, f"{issue.resource}: {issue.message}")
        )
    found += [ChartEntry(entry.place, entry.why) for entry in record.unread]
    told = {entry.issue.resource for entry in record.malformed}
    rest = (issue for issue in record.issues if is_material(issue) and issue.resource not in told)
    found += [ChartEntry(issue.resource, joined(issue.element, issue.message, by=": ")) for issue in rest]
    return tuple(dict.fromkeys(found))


def _listed(record: Record, name: str, told: Callable[[Any], tuple[ChartEntry, str]]) -> tuple[ChartEntry, ...]:
    """The entries of a type, newest first; what says that it was entered in error is no part of the chart."""
    kept = [entry for entry in record.resources.get(name, ()) if not _is_retracted(entry)]
    found = sorted(map(told, kept), key=lambda pair: when(pair[1]), reverse=True)
    return tuple(dict.fromkeys(entry for entry, _ in found))


def _is_retracted(entry: Any) -> bool:
    stated = codes_of(getattr(entry, "verification_status", None))
    return word_of(getattr(entry, "status", None)) == "entered-in-error" or "entered-in-error" in stated


def _status(status: str | None) -> str:
    word = word_of(status)
    return "" if word in _USUAL else word.replace("-", " ")


def _allergy(entry: AllergyIntolerance) -> tuple[ChartEntry, str]:
    states = [state for state in (entry.clinical_status, entry.verification_status) if state is not None]
    stated = [code for state in states for code in sorted(codes_of(state)) if code not in {"active", "confirmed"}]
    reactions = [all_words(reaction.manifestation) for reaction in entry.reaction]
    since = day_of(entry.onset_date_time) or period_words(entry.onset_period)[0] or day_of(entry.recorded_date)
    age = amount(entry.onset_age) or span_of(entry.onset_range)
    began = lasting(since, "") or (f"since the age of {age}" if age else entry.onset_string)
    risk = f"{entry.criticality.replace('-', ' ')} risk" if entry.criticality in {"high", "low"} else ""
    name = words_of(entry.code) or joined(*(words_of(r.substance) for r in entry.reaction))
    return ChartEntry(name or "Allergy without a name", joined(*reactions, risk, *stated, began)), since


def _procedure(entry: Procedure) -> tuple[ChartEntry, str]:
    first, last = period_words(entry.performed_period)
    age = amount(entry.performed_age) or span_of(entry.performed_range)
    day = day_of(entry.performed_date_time) or (lasting(first, last) if first or last else "")
    done = day or (f"at the age of {age}" if age else entry.performed_string)
    told = joined(done, all_words(entry.body_site), _status(entry.status))
    return ChartEntry(
        words_of(entry.code) or "Procedure without a name", told
    ), entry.performed_date_time or first or last


def _immunization(entry: Immunization) -> tuple[ChartEntry, str]:
    day = day_of(entry.occurrence_date_time) or entry.occurrence_string or ""
    words = words_of(entry.vaccine_code) or "Vaccine without a name"
    return ChartEntry(words, joined(day, _status(entry.status))), entry.occurrence_date_time or ""


def _device(entry: DeviceUseStatement, record: Record) -> tuple[ChartEntry, str]:
    device: Device | None = record.device_of(entry)
    words = words_of(device.type) if device else (entry.device.display if entry.device else None)
    first, last = period_words(entry.timing_period)
    span = lasting(first, last) or day_of(entry.timing_date_time) or day_of(entry.recorded_on)
    return ChartEntry(words or "Device without a name", joined(span, _status(entry.status))), first or span


def _report(entry: DiagnosticReport) -> tuple[ChartEntry, str]:
    first, last = period_words(entry.effective_period)
    day = day_of(entry.effective_date_time) or lasting(first, last) or day_of(entry.issued)
    said = joined(entry.conclusion, all_words(entry.conclusion_code), by="; ")
    words = words_of(entry.code) or "Report without a name"
    return ChartEntry(
        words, joined(day, said, _status(entry.status))
    ), entry.effective_date_time or entry.issued or first


def _study(entry: ResearchSubject) -> tuple[ChartEntry, str]:
    first, last = period_words(entry.period)
    study = entry.study
    name = (study.display or (study.identifier.value if study.identifier else None) or study.reference) if study else ""
    status = word_of(entry.status).replace("-", " ")
    return ChartEntry(name or "Study without a name", joined(status, lasting(first, last))), first


def _visit(entry: Encounter) -> tuple[ChartEntry, str]:
    first, last = period_words(entry.period)
    words = all_words(entry.type) or (entry.class_.display or entry.class_.code if entry.class_ else "") or "Visit"
    return ChartEntry(words, joined(lasting(first, last), all_words(entry.reason_code), _status(entry.status))), first
