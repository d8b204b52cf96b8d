"""What cards need of a catalogue and its trials whoever the patient is, made once and kept."""

from functools import lru_cache

from cds_service.cards.asking import Asking
from cds_service.cards.values import Names
from cds_service.facts.catalogue import Catalogue
from cds_service.logic.explain import Explainers
from cds_service.logic.recent import Recent
from cds_service.trials.case_runs import titles_of
from cds_service.trials.library import CompiledTrial

MOST_TRIALS = 512
"""Trials whose rules are kept compiled part by part, the latest ones."""


class Prepared:
    """The names of facts, the ways to ask for them, and the rules of trials part by part. Threads share it.

    What is kept here depends on the catalogue, the trials and the rules. What of it depends on a patient is told by
    the truths of a rule's parts and the reasons why facts are unknown, and both are part of the key.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.names = Names(catalogue)
        self.asking = Asking(catalogue)
        self.titles = titles_of(catalogue)
        self._explainers = Recent(self._compiled, MOST_TRIALS)

    def explainers(self, trial: CompiledTrial) -> Explainers:
        """What explains the rules of a trial, in the order of its criteria. The first time it takes some 10 ms."""
        return self._explainers.of(trial)

    def _compiled(self, trial: CompiledTrial) -> Explainers:
        return Explainers([c.rule for c in trial.all_criteria() if c.rule is not None], self.titles)


@lru_cache(maxsize=2)
def prepared_for(catalogue: Catalogue) -> Prepared:
    """What is kept for a catalogue, told apart by identity. While rules are loaded again there are two."""
    return Prepared(catalogue)
