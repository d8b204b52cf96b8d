"""A chart as an EHR shows it, from the record itself: in its own words, whatever the rules make of them."""

from dataclasses import dataclass
from datetime import date

from cds_service.cards import age_words
from cds_service.facts import age_at
from cds_service.fhir import Patient, Record
from cds_service.workbench.views.patient_chart.drugs import ChartDrug, drugs
from cds_service.workbench.views.patient_chart.others import ChartEntry, allergies, other_sections, unread
from cds_service.workbench.views.patient_chart.problems import Disease, problems
from cds_service.workbench.views.patient_chart.results import ChartResult, Panel, ResultSection, result_sections
from cds_service.workbench.views.patient_chart.wording import day_of, joined

__all__ = [
    "ChartDrug",
    "ChartEntry",
    "ChartResult",
    "Disease",
    "Drug",
    "Entry",
    "Panel",
    "PatientChart",
    "Result",
    "ResultSection",
    "patient_chart",
]


@dataclass(frozen=True, slots=True)
class PatientChart:
    """All that a record says of its patient. `banner`: sex, age and birth date; `unread`: what could not be read."""

    banner: str
    problems: tuple[Disease, ...]
    drugs: tuple[ChartDrug, ...]
    allergies: tuple[ChartEntry, ...]
    results: tuple[ResultSection, ...]
    others: tuple[tuple[str, tuple[ChartEntry, ...]], ...]
    unread: tuple[ChartEntry, ...]


def patient_chart(record: Record, as_of: date) -> PatientChart:
    """The chart of a record on a day: ages are reckoned for it, and what ended before it is past."""
    return PatientChart(
        _banner(record.patient, as_of),
        problems(record.resources.get("Condition", ())),
        drugs(record, as_of),
        allergies(record),
        result_sections(record),
        other_sections(record),
        unread(record),
    )


def _banner(patient: Patient | None, as_of: date) -> str:
    if patient is None:
        return "The Patient resource could not be read"
    age = age_at(patient.birth_date, as_of)
    born = f"born {day_of(patient.birth_date)}" if patient.birth_date else "birth date not given"
    dead = patient.deceased_boolean or patient.deceased_date_time
    died = joined("deceased", day_of(patient.deceased_date_time), by=" ") if dead else ""
    years = "" if age is None or dead else age_words(age.years, age.months)
    return joined(patient.gender or "sex not given", years, born, died, by=" · ")
