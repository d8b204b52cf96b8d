"""The pure function at the centre: a patient's record and the rules give a verdict for every trial."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from cds_service.errors import Issue
from cds_service.facts.fact import Fact
from cds_service.facts.sheet import FactSheet, build_sheet
from cds_service.facts.supply import types_read
from cds_service.fhir.record import Gap, Record
from cds_service.library import Library
from cds_service.trials.verdicts import TrialResult


@dataclass(frozen=True, slots=True)
class Match:
    """Everything known about one patient and all trials on one day.

    `trials` holds a result for every trial of the library that was looked at, eligible or not, in the library's order.
    `passed_over`: how many were ruled out without looking. `skipped`: ids of those for which there was no time.
    `gaps` are the resource types that the rules rest on and that were not supplied whole, each with the reason.
    """

    as_of: date
    patient_id: str
    deceased: bool
    issues: tuple[Issue, ...]
    sheet: FactSheet
    library: Library
    trials: tuple[TrialResult, ...]
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    passed_over: int = 0
    skipped: tuple[str, ...] = ()


def match(
    record: Record,
    library: Library,
    as_of: date,
    stated: Mapping[str, Fact] = MappingProxyType({}),
    *,
    screened: bool = False,
    near: bool = False,
    hurry: Callable[[], bool] = lambda: False,
) -> Match:
    """Match one record against all trials as of a calendar date.

    `hurry` is asked whether there is no more time: then trials that were not looked at yet are skipped. `stated` facts
    are put in place of what the record says, to ask what would be if they were so.
    No clock, no settings, no global state: the same arguments give the same result. Never raises for what a record
    holds: a fact that can't be read is unknown, with the reason.
    """
    sheet = build_sheet(record, library.facts, as_of, library.facts_read, stated)
    late = hurry()
    trials = () if late else library.compiled.evaluate(sheet.document("closed"), sheet.document("open"), as_of)
    skipped = tuple(t.id for t in library.trials) if late else ()
    patient_id = record.patient.id if record.patient is not None and record.patient.id else ""
    issues = (*record.issues, *sheet.issues)
    read = types_read(library.catalogue, library.facts_read)
    gaps = {name: gap for name, gap in record.gaps.items() if name in read}
    return Match(as_of, patient_id, sheet.deceased, issues, sheet, library, trials, gaps, 0, skipped)


def undecided(result: Match) -> bool:
    """Whether a trial has no card only because its diagnosis is not certain."""
    return not result.deceased and any(t.trial.state == "active" and t.verdict == "undetermined" for t in result.trials)
