"""What cards need of a catalogue and its trials whoever the patient is, made once and kept."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache, partial
from itertools import count
from typing import Any

from cds_service.cards.asking import Asking
from cds_service.cards.values import Names
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.supply import types_read
from cds_service.logic.explain import Explainers, Step
from cds_service.logic.recent import Recent
from cds_service.trials.library import CompiledTrial
from cds_service.trials.vocabulary import titles_of

MOST_TRIALS = 256
"""Trials whose rules are kept compiled part by part, the latest ones: some 300 KB each."""

_MOST_TYPES = 1_024


class TrialRules:
    """The rules of one trial part by part, compiled together."""

    def __init__(self, trial: CompiledTrial, titles: Mapping[str, str]) -> None:
        rules = [c.rule for c in trial.all_criteria()]
        self._explainers = Explainers([rule for rule in rules if rule is not None], titles)
        places = count()
        self._places = [None if rule is None else next(places) for rule in rules]

    def explain(self, facts: Mapping[str, Any], as_of: date) -> tuple[Step | None, ...]:
        """A step for each criterion, the trial's own and then each cohort's; None for one without a rule."""
        steps = self._explainers.explain(facts, as_of)
        return tuple([None if place is None else steps[place] for place in self._places])


class Prepared:
    """The names of facts, the ways to ask for them, and the rules of trials part by part. Threads share it.

    What is kept here depends on the catalogue, the trials and the rules. What of it depends on a patient is told by
    the truths of a rule's parts and the reasons why facts are unknown, and both are part of the key.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.names = Names(catalogue)
        self.asking = Asking(catalogue)
        # By the names of the facts that a trial reads; to work it out takes half a millisecond.
        self.types_read = lru_cache(_MOST_TYPES)(partial(types_read, catalogue))
        self.titles = titles_of(catalogue)
        self._rules: Recent[CompiledTrial, TrialRules] = Recent(self._rules_of, MOST_TRIALS)

    def rules(self, trial: CompiledTrial) -> TrialRules:
        """The rules of a trial. The first time that it is asked for takes some 5 ms."""
        return self._rules.of(trial)

    def _rules_of(self, trial: CompiledTrial) -> TrialRules:
        return TrialRules(trial, self.titles)


@lru_cache(maxsize=2)
def prepared_for(catalogue: Catalogue) -> Prepared:
    """What is kept for a catalogue, told apart by identity. While rules are loaded again there are two."""
    return Prepared(catalogue)
