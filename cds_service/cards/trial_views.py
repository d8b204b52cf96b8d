"""A trial's result as a card tells it: the criteria that count, each with the truth of every part of its rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from cds_service.cards.card_words import CardWords, prepared_for
from cds_service.cards.counted import best_cohort
from cds_service.deadline import NEVER, Deadline
from cds_service.durations import Duration
from cds_service.explanation import UnreadEntry, each_once, unread_entries
from cds_service.logic import FactRef, PagedDocument, TracedPart
from cds_service.matching import Match, overlaid
from cds_service.trials import CohortResult, CompiledTrial, CriterionResult, Trial, TrialResult


@dataclass(frozen=True, slots=True)
class TracedCriterion:
    """One criterion. `step` is its rule over the record; None where a person decides."""

    result: CriterionResult
    step: TracedPart | None

    @property
    def outcome(self) -> str:
        """pass, fail, unknown or review."""
        return self.result.outcome

    @property
    def wanted(self) -> bool:
        """The truth value of the rule with which the criterion passes."""
        return self.result.criterion.kind == "inclusion"

    def decisive_facts(self) -> tuple[FactRef, ...]:
        """The facts that the outcome rests on, in the order of the rule."""
        return () if self.step is None else self.step.decisive_facts


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial with the criteria of its best cohort, or of the one asked for."""

    result: TrialResult
    cohort: CohortResult | None
    criteria: tuple[TracedCriterion, ...]

    @property
    def trial(self) -> Trial:
        """The trial itself."""
        return self.result.trial

    def having(self, *outcomes: str) -> tuple[TracedCriterion, ...]:
        """The criteria with one of these outcomes."""
        return tuple([read for read in self.criteria if read.result.outcome in outcomes])

    @property
    def computed(self) -> tuple[TracedCriterion, ...]:
        """The criteria that a rule decides."""
        return self.having("pass", "fail", "unknown")


class TrialViews:
    """Reads trial results of one match. Nothing is evaluated for a trial that is not read."""

    def __init__(self, match: Match, deadline: Deadline = NEVER) -> None:
        """`deadline` may end every method with `OutOfTime`, and is for whoever goes through evidence that is read."""
        self.match = match
        self.deadline = deadline
        self.prepared: CardWords = prepared_for(match.library.catalogue)
        self._read: dict[tuple[str, str], TrialView] = {}
        self._steps: dict[str, tuple[TracedPart | None, ...]] = {}
        self._evidence: dict[tuple[str, Duration | None], list[dict[str, Any]]] = {}
        self._reasons: dict[tuple[str, Duration | None], str | None] = {}

    @cached_property
    def unread_entries(self) -> tuple[UnreadEntry, ...]:
        """The entries of the record whose words were not understood and for which facts wait."""
        return unread_entries(self.match, self.deadline)

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """The fact document of the closed world, on which outcomes rest."""
        return self.match.sheet.for_rules("closed")

    @cached_property
    def _document(self) -> PagedDocument:
        return self.match.library.compiled.document(overlaid(self.match.sheet, "closed"), self.match.as_of)

    def read(self, result: TrialResult, cohort: CohortResult | None = None) -> TrialView:
        """A trial's result with its best cohort, or with `cohort`."""
        chosen = best_cohort(result) if cohort is None else cohort
        key = (result.trial.id, "" if chosen is None else chosen.cohort.id)
        if key not in self._read:
            self._read[key] = self._of(result, chosen)
        return self._read[key]

    def evidence(self, ref: FactRef) -> list[dict[str, Any]]:
        """The evidence of a fact under the limit of age that the rule sets."""
        return self.described(ref.name, ref.limit)

    def described(self, name: str, limit: Duration | None = None) -> list[dict[str, Any]]:
        """The same by the fact's name."""
        key = (name, limit)
        found = self._evidence.get(key)
        if found is None:
            days = None if limit is None else self.days(limit)
            found = self._evidence[key] = each_once(self.match.sheet.describe(name, days, self.deadline), self.deadline)
        return found

    def reason(self, ref: FactRef) -> str | None:
        """The reason why a fact is unknown, or only one end of its value is known; None where it is known."""
        key = (ref.name, ref.limit)
        if key not in self._reasons:
            entries = self.deadline.each(self.evidence(ref))
            reasons = [e["reason"] for e in entries if e["reason"] is not None and e["name"] == ref.name]
            self._reasons[key] = reasons[0] if reasons else None
        return self._reasons[key]

    def types_read(self, trial_id: str) -> frozenset[str]:
        """The FHIR resource types that the rules of one trial rest on."""
        compiled = self.match.library.trial(trial_id)
        if compiled is None:
            raise KeyError(trial_id)
        return self.prepared.types_read(frozenset([ref.name for one in compiled.all_criteria() for ref in one.facts]))

    def days(self, limit: Duration) -> int:
        """A limit of age in days before the day of the match."""
        return _days(limit, self.match.as_of)

    def _of(self, result: TrialResult, cohort: CohortResult | None) -> TrialView:
        compiled = self.match.library.trial(result.trial.id)
        if compiled is None:
            raise KeyError(result.trial.id)
        steps = self._explained(compiled)
        results, own = result.criteria, steps[: len(compiled.criteria)]
        if cohort is not None:
            start = len(compiled.criteria)
            for one, criteria in compiled.cohorts:
                if one.id == cohort.cohort.id:
                    results, own = (*results, *cohort.criteria), (*own, *steps[start : start + len(criteria)])
                start += len(criteria)
        pairs = zip(results, own, strict=True)
        return TrialView(
            result, cohort, tuple([TracedCriterion(r, None if r.outcome == "review" else step) for r, step in pairs])
        )

    def _explained(self, trial: CompiledTrial) -> tuple[TracedPart | None, ...]:
        """The steps of a trial's criteria, its own and then each cohort's; None where there is no rule."""
        found = self._steps.get(trial.id)
        if found is None:
            found = self._steps[trial.id] = trial.explainer.explain(self._document)
        return found


@lru_cache(1_024)
def _days(limit: Duration, as_of: date) -> int:
    # To count by the calendar takes 15 µs, and rules name the same few limits again and again.
    return limit.span(as_of)
