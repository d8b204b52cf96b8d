"""The pure function at the centre: a patient's record and the rules give a verdict for every trial."""

from dataclasses import dataclass
from datetime import date

from cds_service.errors import Issue
from cds_service.facts.sheet import FactSheet, build_sheet
from cds_service.fhir.record import Record
from cds_service.library import Library
from cds_service.trials.verdicts import TrialResult


@dataclass(frozen=True, slots=True)
class Match:
    """Everything known about one patient and all trials on one day.

    `trials` holds a result for every trial of the library, eligible or not, in the library's order.
    """

    as_of: date
    patient_id: str
    deceased: bool
    issues: tuple[Issue, ...]
    sheet: FactSheet
    library: Library
    trials: tuple[TrialResult, ...]


def match(record: Record, library: Library, as_of: date) -> Match:
    """Match one record against all trials as of a calendar date.

    No clock, no settings, no global state: the same arguments give the same result. Never raises for what a record
    holds: a fact that can't be read is unknown, with the reason.
    """
    sheet = build_sheet(record, library.facts, as_of, library.facts_read)
    trials = library.compiled.evaluate(sheet.document("closed"), sheet.document("open"), as_of)
    patient_id = record.patient.id if record.patient is not None and record.patient.id else ""
    issues = (*record.issues, *sheet.issues)
    return Match(as_of, patient_id, sheet.deceased, issues, sheet, library, trials)
