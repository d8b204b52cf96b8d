"""Facts of the Patient resource itself: age, sex, and whether the person has died."""

from datetime import date

from cds_service.durations import completed_months
from cds_service.facts.dates import read_date
from cds_service.facts.fact import Age, Evidence, Fact, unknown
from cds_service.fhir import Patient, birth_sexes

PATIENT_FACTS = ("patient.age", "patient.sex", "patient.deceased")

# The longest human life on record is 122 years; a birth date beyond that is a placeholder such as 1900-01-01 or 0001.
_LONGEST_LIFE = 130


def age_at(birth_date: str | None, day: date) -> Age | None:
    """The age on a day, from a birth date that may be partial; `None` for no date, one to come, or an absurd one."""
    born = read_date(birth_date)
    if born is None or born.first > day:
        return None
    first, last = born.first, min(born.last, day)
    months = (completed_months(last, day), completed_months(first, day))
    if months[0] // 12 > _LONGEST_LIFE:
        return None
    return Age((months[0] // 12, months[1] // 12), months, ((day - last).days, (day - first).days))


def sex_of(patient: Patient | None) -> str | None:
    """`male` or `female`; other, unknown, missing and what differs from a sex at birth on record are not known."""
    gender = None if patient is None or patient.gender is None else patient.gender.strip().casefold()
    if patient is None or gender not in {"male", "female"}:
        return None
    return gender if birth_sexes(patient) <= {gender} else None


def age_fact(name: str, patient: Patient | None, as_of: date) -> Fact:
    if patient is None or patient.birth_date is None:
        return unknown(name, "not_supplied")
    evidence = (_evidence(patient, patient.birth_date, "birth date"),)
    age = age_at(patient.birth_date, as_of)
    return unknown(name, "value_not_understood", evidence) if age is None else Fact(name, age, evidence=evidence)


def sex_fact(name: str, patient: Patient | None) -> Fact:
    if patient is None or patient.gender is None:
        return unknown(name, "not_supplied")
    at_birth = [_evidence(patient, sex, "sex at birth") for sex in sorted(birth_sexes(patient))]
    evidence = (_evidence(patient, patient.gender, "gender"), *at_birth)
    sex = sex_of(patient)
    if sex is None:
        differs = patient.gender.strip().casefold() in {"male", "female"}
        return unknown(name, "conflicting_results" if differs else "value_not_understood", evidence)
    return Fact(name, sex, evidence=evidence)


def is_deceased(patient: Patient | None, as_of: date) -> bool:
    """Whether the record says that the person has died by then. A date that cannot be read still says so."""
    if patient is None:
        return False
    if patient.deceased_date_time is not None:
        died = read_date(patient.deceased_date_time)
        return died is None or not died.begins_after(as_of)
    return patient.deceased_boolean is True


def deceased_fact(name: str, patient: Patient | None, as_of: date) -> Fact:
    if patient is None:
        return unknown(name, "not_supplied")
    said = patient.deceased_date_time or ("" if patient.deceased_boolean is None else str(patient.deceased_boolean))
    evidence = (_evidence(patient, said.lower(), "deceased"),) if said else ()
    return Fact(name, is_deceased(patient, as_of), evidence=evidence)


def _evidence(patient: Patient, value: str, note: str) -> Evidence:
    return Evidence(f"Patient/{patient.id}" if patient.id else "Patient", value=value[:40], note=note)
