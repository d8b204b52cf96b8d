"""Outcomes of criteria and the verdict that follows from them (docs/design.md, section 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cds_service.logic import FactRef, Truth3
from cds_service.trials.model import Cohort, Criterion, Trial

Outcome = Literal["pass", "fail", "unknown", "review"]
Basis = Literal["documented", "presumed"]
Verdict = Literal["likely_eligible", "possibly_eligible", "undetermined", "not_eligible"]

BEST_FIRST: tuple[Verdict, ...] = ("likely_eligible", "possibly_eligible", "undetermined", "not_eligible")


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion for one patient. `facts` are what its logic, or its screen, reads.

    `screened` is what a `screen` rule found; it never decides. `excepted`: the outcome is unknown because the logic
    fails and the criterion's exception may cover that.
    """

    criterion: Criterion
    outcome: Outcome
    basis: Basis
    facts: tuple[FactRef, ...]
    screened: Truth3 = None
    excepted: bool = False


@dataclass(frozen=True, slots=True)
class CohortResult:
    """A cohort's verdict, which covers the trial's own criteria and the cohort's."""

    cohort: Cohort
    verdict: Verdict
    criteria: tuple[CriterionResult, ...]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial's verdict: the best of its cohorts' where it has cohorts."""

    trial: Trial
    verdict: Verdict
    criteria: tuple[CriterionResult, ...]
    cohorts: tuple[CohortResult, ...]


def fails_on(criterion: Criterion) -> bool:
    """The truth of its logic with which a criterion fails."""
    return criterion.kind == "exclusion"


def outcome_of(criterion: Criterion, closed: Truth3, opened: Truth3) -> tuple[Outcome, Basis]:
    """The outcome under the closed world, and whether the open world agrees.

    Pass and fail are from the patient's side: an exclusion that does not hold is a pass.
    """
    basis: Basis = "documented" if closed == opened else "presumed"
    if not criterion.has_logic:
        return "review", "documented"
    if closed is None:
        return "unknown", basis
    return ("pass" if closed == (criterion.kind == "inclusion") else "fail"), basis


EXCEPTION = "exception"
"""The reason why a criterion is unknown whose logic fails where its source makes an exception."""
SOURCE_GAP = "source_gap"
"""The reason, before all others, why a trial fits no better than possibly whose source does not say all."""


def verdict_of(trial: Trial, results: Iterable[CriterionResult]) -> Verdict:
    """The verdict over a set of the trial's criteria: at most possibly eligible where its source has gaps."""
    verdict: Verdict = "possibly_eligible" if trial.source_gaps else "likely_eligible"
    for result in results:
        outcome = result.outcome
        if outcome == "pass":
            continue
        if outcome == "fail":
            return "not_eligible"
        if result.criterion.gate:
            verdict = "undetermined"
        elif outcome == "unknown" and verdict == "likely_eligible":
            verdict = "possibly_eligible"
    return verdict


class Results(dict[tuple[Truth3, Truth3], CriterionResult]):
    """The results that a criterion can have, by what its rule comes to in the closed and in the open world.

    Each is made once: there are nine at most, and every patient has one of them.
    """

    def __init__(self, criterion: Criterion, facts: tuple[FactRef, ...]) -> None:
        super().__init__()
        self._criterion, self._facts = criterion, facts
        self._excepted: dict[tuple[Truth3, Truth3], CriterionResult] = {}

    def __missing__(self, truths: tuple[Truth3, Truth3]) -> CriterionResult:
        closed, opened = truths
        outcome, basis = outcome_of(self._criterion, closed, opened)
        screened = closed if self._criterion.has_screen else None
        made = self[truths] = CriterionResult(self._criterion, outcome, basis, self._facts, screened)
        return made

    def of(self, truths: tuple[Truth3, Truth3], logic: Truth3) -> CriterionResult:
        """The result of a criterion with an exception; `logic` is what its logic by itself is in the closed world."""
        found = self[truths]
        if found.outcome != "unknown" or logic is not fails_on(self._criterion):
            return found
        made = self._excepted.get(truths)
        if made is None:
            made = self._excepted[truths] = replace(found, excepted=True)
        return made


def trial_result(trial: Trial, own: Sequence[CriterionResult], cohorts: Sequence[CohortResult]) -> TrialResult:
    """Put a trial together from its criteria and its cohorts."""
    verdicts = [c.verdict for c in cohorts] or [verdict_of(trial, own)]
    return TrialResult(trial, min(verdicts, key=BEST_FIRST.index), tuple(own), tuple(cohorts))
