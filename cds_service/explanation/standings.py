"""How the trials stand for a patient, best first, with what decides each."""

from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.logic import TracedPart
from cds_service.matching import Match, overlaid
from cds_service.trials import BEST_FIRST, CohortResult, CriterionResult, Outcome, TrialResult


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """A criterion with its rule over the record; None where there is none."""

    result: CriterionResult
    step: TracedPart | None

    @property
    def id(self) -> str:
        """The criterion's id."""
        return self.result.criterion.id


@dataclass(frozen=True, slots=True)
class TrialStanding:
    """A trial with the criteria that its verdict rests on: its own and those of its best cohort. `cohorts`: each with
    its own criteria."""

    result: TrialResult
    counted: tuple[CriterionStanding, ...]
    own: tuple[CriterionStanding, ...]
    cohorts: tuple[tuple[CohortResult, tuple[CriterionStanding, ...]], ...] = ()

    def having(self, outcome: Outcome) -> tuple[CriterionStanding, ...]:
        """The criteria with this outcome, gates first, and what is documented before what is presumed."""
        found = [one for one in self.counted if one.result.outcome == outcome]
        return tuple(sorted(found, key=lambda j: (not j.result.criterion.gate, j.result.basis == "presumed")))

    @property
    def open_gates(self) -> int:
        """How many gates are not passed."""
        return sum(j.result.criterion.gate and j.result.outcome != "pass" for j in self.counted)

    @property
    def decisive(self) -> CriterionStanding | None:
        """The first thing in the way: what fails, else the gate that is not certain, else what is open."""
        fails, unknown = self.having("fail"), self.having("unknown")
        return (fails or unknown or (None,))[0]

    @property
    def rank(self) -> tuple[int, int, int, int, bool, str]:
        """What trials are sorted by: verdict, then the disease, then how much fails, then how much is open."""
        trial = self.result.trial
        open_points = len(self.having("unknown")) + len(trial.source_gaps)
        fails = len(self.having("fail"))
        verdict = BEST_FIRST.index(self.result.verdict)
        return verdict, self.open_gates, fails, open_points, trial.status != "recruiting", trial.id


def standings(match: Match, trial_id: str | None = None) -> tuple[TrialStanding, ...]:
    """The trials that were evaluated, or one of them, best first."""
    document = match.library.compiled.document(overlaid(match.sheet, "closed"), match.as_of)
    found = []
    for result in match.trials:
        compiled = match.library.trial(result.trial.id)
        if compiled is None or trial_id not in {None, result.trial.id}:
            continue
        steps = compiled.explainer.explain(document)
        own = _judged(result.criteria, steps)
        start, cohorts = len(own), []
        for cohort in result.cohorts:
            cohorts.append((cohort, _judged(cohort.criteria, steps[start:])))
            start += len(cohort.criteria)
        best: tuple[CriterionStanding, ...] = min(
            cohorts, key=lambda c: (BEST_FIRST.index(c[0].verdict), _unknown(c[1])), default=((), ())
        )[1]
        found.append(TrialStanding(result, (*own, *best), own, tuple(cohorts)))
    return tuple(sorted(found, key=lambda standing: standing.rank))


def _judged(results: Sequence[CriterionResult], steps: Sequence[TracedPart | None]) -> tuple[CriterionStanding, ...]:
    return tuple(CriterionStanding(result, step) for result, step in zip(results, steps, strict=False))


def _unknown(criteria: Sequence[CriterionStanding]) -> int:
    return sum(one.result.outcome == "unknown" for one in criteria)
