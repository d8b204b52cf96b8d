"""A trial as it stands in the editor: what is wrong with it, what it changes, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from cds_service.errors import Finding
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import match
from cds_service.rule_tools import TRIAL_FILE, Draft, compile_draft, placed
from cds_service.rule_tools.cases import ReadSample, differences
from cds_service.rule_tools.changes import TrialChange, VerdictFlip, trial_change, verdict_flips
from cds_service.trials import CASES_FILE
from cds_service.workbench.views.outcomes import OutcomeView, outcomes


@dataclass(frozen=True, slots=True)
class DraftProblem:
    """One thing to mend. `file` is `trial.json` or `cases.json`; `line` counts from 1."""

    file: str
    line: int | None
    severity: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """`outcomes` are the chosen patient's, with what they were before; `flips` are all patients'.

    Where the trial has an error, outcomes are those of the rules in use and there are no flips.
    """

    draft: Draft
    problems: tuple[DraftProblem, ...]
    change: TrialChange | None
    outcomes: tuple[OutcomeView, ...]
    flips: tuple[VerdictFlip, ...]

    @property
    def can_save(self) -> bool:
        """Whether it may be written: every check passes, or only the cases of one that gives no card do not."""
        return self.draft.may_be_saved


def check(
    library: Library,
    trial_id: str,
    texts: Mapping[str, str],
    *,
    records: Mapping[str, Record],
    patient: str,
    as_of: date,
    read_sample: ReadSample,
) -> DraftCheck:
    """Check the texts of a trial's files against the rules in use and the patients `records`."""
    draft = compile_draft(library, trial_id, texts[TRIAL_FILE], texts[CASES_FILE], read_sample)
    found = [*draft.findings, *(() if draft.cases is None else differences(draft.cases))]
    problems = [_problem(one) for one in placed(found, lambda name: texts.get(_file(name), ""))]
    problems.sort(key=lambda p: (p.severity != "error", p.file != TRIAL_FILE))
    old = only(library, trial_id)
    record = records.get(patient)
    if draft.trial is None or draft.library is None:
        return DraftCheck(draft, tuple(problems), None, _outcomes(record, old, None, trial_id, as_of), ())
    change = trial_change(library.trial(trial_id), draft.trial, library.titles())
    flips = verdict_flips(records, old, draft.library, as_of) if change is not None else ()
    return DraftCheck(draft, tuple(problems), change, _outcomes(record, draft.library, old, trial_id, as_of), flips)


def only(library: Library, trial_id: str) -> Library:
    """The library with one of its trials."""
    return replace(library, compiled=library.compiled.only(trial_id))


def _outcomes(
    record: Record | None, new: Library, old: Library | None, trial_id: str, as_of: date
) -> tuple[OutcomeView, ...]:
    if record is None:
        return ()
    before = None if old is None else match(record, old, as_of)
    return outcomes(match(record, new, as_of), new, trial_id, before)


def _problem(finding: Finding) -> DraftProblem:
    place = finding.criterion or finding.pointer or "the file"
    return DraftProblem(
        _file(finding.file), finding.line, finding.severity, f"{place}: {finding.message}", finding.hint
    )


def _file(name: str) -> str:
    return name.rpartition("/")[2]
