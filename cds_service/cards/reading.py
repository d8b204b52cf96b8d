"""A trial's result as a card tells it: the criteria that count, each with the truth of every part of its rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cds_service.cards.counted import best_cohort
from cds_service.cards.prepared import Prepared, prepared_for
from cds_service.explanation import each_once
from cds_service.logic.durations import Duration
from cds_service.logic.explain import Step
from cds_service.logic.model import FactRef
from cds_service.matching import Match
from cds_service.trials.library import CompiledTrial
from cds_service.trials.model import Trial
from cds_service.trials.verdicts import CohortResult, CriterionResult, TrialResult


@dataclass(frozen=True, slots=True)
class Read:
    """One criterion. `step` is its rule over the record; None where a person decides."""

    result: CriterionResult
    step: Step | None

    @property
    def outcome(self) -> str:
        """pass, fail, unknown or review."""
        return self.result.outcome

    @property
    def wanted(self) -> bool:
        """What the rule has to be for the criterion to pass."""
        return self.result.criterion.kind == "inclusion"

    def decisive_facts(self) -> tuple[FactRef, ...]:
        """The facts that the outcome rests on, in the order of the rule."""
        return () if self.step is None else self.step.decisive_facts


@dataclass(frozen=True, slots=True)
class TrialReading:
    """A trial with the criteria of its best cohort, or of the one asked for."""

    result: TrialResult
    cohort: CohortResult | None
    criteria: tuple[Read, ...]

    @property
    def trial(self) -> Trial:
        """The trial itself."""
        return self.result.trial

    def having(self, *outcomes: str) -> tuple[Read, ...]:
        """The criteria with one of these outcomes."""
        return tuple(read for read in self.criteria if read.outcome in outcomes)

    @property
    def computed(self) -> tuple[Read, ...]:
        """The criteria that a rule decides."""
        return self.having("pass", "fail", "unknown")


class Reader:
    """Reads trial results of one match. Nothing is evaluated for a trial that is not asked for."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.prepared: Prepared = prepared_for(match.library.catalogue)
        self._read: dict[tuple[str, str], TrialReading] = {}
        self._steps: dict[str, tuple[CompiledTrial, dict[int, Step]]] = {}
        self._evidence: dict[FactRef, list[dict[str, Any]]] = {}
        self._reasons: dict[FactRef, str | None] = {}
        self._days: dict[Duration, int] = {}

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """The fact document of the closed world, on which outcomes rest."""
        return self.match.sheet.document("closed")

    def read(self, result: TrialResult, cohort: CohortResult | None = None) -> TrialReading:
        """A trial's result with its best cohort, or with `cohort`."""
        chosen = best_cohort(result) if cohort is None else cohort
        key = (result.trial.id, "" if chosen is None else chosen.cohort.id)
        if key not in self._read:
            self._read[key] = self._of(result, chosen)
        return self._read[key]

    def evidence(self, ref: FactRef) -> list[dict[str, Any]]:
        """What is known of a fact under the limit of age that the rule sets."""
        found = self._evidence.get(ref)
        if found is None:
            limit = None if ref.limit is None else self.days(ref.limit)
            found = self._evidence[ref] = each_once(self.match.sheet.describe(ref.name, limit))
        return found

    def reason(self, ref: FactRef) -> str | None:
        """Why a fact is unknown; None where it is known."""
        if ref not in self._reasons:
            told = (e["reason"] for e in self.evidence(ref) if e["name"] == ref.name and e["reason"] is not None)
            self._reasons[ref] = next(told, None)
        return self._reasons[ref]

    def days(self, limit: Duration) -> int:
        """A limit of age in days before the day of the match."""
        found = self._days.get(limit)
        if found is None:
            found = self._days[limit] = limit.span(self.match.as_of)
        return found

    def _of(self, result: TrialResult, cohort: CohortResult | None) -> TrialReading:
        compiled, steps = self._explained(result.trial.id)
        pairs = list(zip(compiled.criteria, result.criteria, strict=True))
        if cohort is not None:
            own = next(criteria for c, criteria in compiled.cohorts if c.id == cohort.cohort.id)
            pairs += zip(own, cohort.criteria, strict=True)
        criteria = [Read(found, None if found.outcome == "review" else steps.get(id(c))) for c, found in pairs]
        return TrialReading(result, cohort, tuple(criteria))

    def _explained(self, trial_id: str) -> tuple[CompiledTrial, dict[int, Step]]:
        """A trial with the steps of each of its criteria that has a rule, by the identity of the criterion."""
        found = self._steps.get(trial_id)
        if found is None:
            compiled = self.match.library.trial(trial_id)
            if compiled is None:
                raise KeyError(trial_id)
            steps = self.prepared.explainers(compiled).explain(self.facts, self.match.as_of)
            ruled = [c for c in compiled.all_criteria() if c.rule is not None]
            found = self._steps[trial_id] = compiled, {id(c): step for c, step in zip(ruled, steps, strict=True)}
        return found
