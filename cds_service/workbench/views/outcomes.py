"""Each criterion of a trial for one patient: outcome, why, and what it was before an edit."""

import re
from dataclasses import dataclass

from cds_service.facts import PRESUMED, presumed_words
from cds_service.library import Library
from cds_service.logic import Reason, reasons_of
from cds_service.matching import Match
from cds_service.rule_tools.cases import Place, places_of
from cds_service.rule_tools.changes import OutcomeChange, outcome_changes
from cds_service.trials import CriterionResult, TrialResult

_LONG = re.compile(r"\d+\.\d{4,}")
"""A number with more digits than any record has: it was converted, or divided by a limit of normal."""


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """`reasons` made the outcome what it is; `was` is the outcome before, where that was another."""

    place: Place
    outcome: str
    basis: str
    reasons: tuple[str, ...]
    was: str = ""


def outcomes(result: Match, library: Library, trial_id: str, before: Match | None = None) -> tuple[OutcomeView, ...]:
    """Every criterion of the trial. `library` is the one that `result` was made with; `before` an earlier match."""
    found = result_of(result, trial_id)
    compiled = library.trial(trial_id)
    if found is None or compiled is None:
        return ()
    old = None if before is None else result_of(before, trial_id)
    changed: dict[Place, OutcomeChange] = (
        {} if old is None else {c.place: c for c in outcome_changes(old, found) if c.old != "none"}
    )
    closed = result.sheet.document("closed")
    document = library.compiled.document(closed, result.as_of)
    steps = dict(zip(places_of(compiled), compiled.explainer.explain(document), strict=True))
    views = []
    for place, criterion in by_place(found):
        step = steps[place]
        why = () if step is None else reasons_of(step, closed, result.as_of)
        reasons = tuple(dict.fromkeys(said(reason, result, fails=criterion.outcome == "fail") for reason in why))
        was = changed[place].old if place in changed else ""
        views.append(OutcomeView(place, criterion.outcome, criterion.basis, reasons, was))
    return tuple(views)


def said(reason: Reason, result: Match, *, fails: bool) -> str:
    """One reason in words: what is so, the value behind it, and, where the criterion fails, what it lacks.

    Such as `haemoglobin ≥ 80 g/L: is 108 g/L`, `no stroke: not known (not supplied)`, or `NYHA class < 3: presumed
    absent (no record)`.
    """
    text = reason.said
    if reason.value is None:
        why = [entry["reason"] for name in reason.facts for entry in result.sheet.describe(name) if entry["reason"]]
        return f"{text}: not known" + (f" ({why[0].replace('_', ' ')})" if why else "")
    presumed = _presumed(reason, result)
    if presumed is not None:
        text += f": {presumed}"
    elif reason.flip is not None:
        has, _, needs = reason.flip.text().partition(", needs ")
        text += f": is {_LONG.sub(lambda number: f'{float(number[0]):.4g}', has)}" + (
            f", needs {needs}" if fails else ""
        )
    return text if reason.clears is None else f"{text}, until {reason.clears.isoformat()}"


def _presumed(reason: Reason, result: Match) -> str | None:
    """What is to be said where nothing on record is behind a reason; None where something is."""
    told = [entry for name in reason.facts for entry in result.sheet.describe(name)]
    if not told or any(entry.get("basis") != PRESUMED for entry in told):
        return None
    return presumed_words(told[0]["value"])


def result_of(result: Match, trial_id: str) -> TrialResult | None:
    """The result of one trial."""
    return next((r for r in result.trials if r.trial.id == trial_id), None)


def by_place(result: TrialResult) -> list[tuple[Place, CriterionResult]]:
    """The trial's own criteria, then each cohort's, with their places."""
    own = [(("", c.criterion.id), c) for c in result.criteria]
    return own + [((cohort.cohort.id, c.criterion.id), c) for cohort in result.cohorts for c in cohort.criteria]
