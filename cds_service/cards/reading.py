"""A trial's result as a card tells it: the criteria that count, each with the truth of every part of its rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cds_service.cards.counted import best_cohort
from cds_service.explanation import evidence_of
from cds_service.logic.explain import Step, decisive
from cds_service.logic.model import FactRef, facts_read
from cds_service.matching import Match
from cds_service.trials.library import CompiledCriterion
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
        if self.step is None:
            return ()
        found = {(f.name, f.path): f for leaf in decisive(self.step) for f in facts_read(leaf.rule)}
        return tuple(found.values())


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
        self._read: dict[tuple[str, str], TrialReading] = {}
        self._evidence: dict[FactRef, list[dict[str, Any]]] = {}

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
        if ref not in self._evidence:
            self._evidence[ref] = evidence_of(self.match, (ref,))
        return self._evidence[ref]

    def _of(self, result: TrialResult, cohort: CohortResult | None) -> TrialReading:
        compiled = self.match.library.trial(result.trial.id)
        if compiled is None:
            raise KeyError(result.trial.id)
        pairs = list(zip(compiled.criteria, result.criteria, strict=True))
        if cohort is not None:
            own = next(criteria for c, criteria in compiled.cohorts if c.id == cohort.cohort.id)
            pairs += zip(own, cohort.criteria, strict=True)
        return TrialReading(result, cohort, tuple(self._criteria(pairs)))

    def _criteria(self, pairs: Iterable[tuple[CompiledCriterion, CriterionResult]]) -> Iterable[Read]:
        for compiled, result in pairs:
            if compiled.rule is None or result.outcome == "review":
                yield Read(result, None)
            else:
                explainer = self.match.library.explainer(compiled.rule)
                yield Read(result, explainer.explain(self.facts, self.match.as_of))
