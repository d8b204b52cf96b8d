"""A trial that passed all checks, ready to be evaluated and to be explained, and what it takes in memory."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cds_service.logic import BoolExpr, CompiledRule, Explainers, FactRef, PagedDocument, Program, TracedPart
from cds_service.trials.checked import Leaves, PreparedRule, RuleChecker
from cds_service.trials.model import Cohort, Criterion, Trial
from cds_service.trials.stored import StoredTrial, rule_of
from cds_service.trials.verdicts import Results
from cds_service.trials.weighted_cache import Shared, Weight

SOURCE_BYTES = 6
"""What a trial takes in memory for each character of its file."""
CRITERION_BYTES = 1_300
"""What a criterion takes with the results that it has had."""
PART_BYTES = 650
"""What a condition takes that is taken apart: typed, with its words and its facts."""


class CompiledCriterion:
    """A criterion with its rule, or its screen where a person decides, and the results that these can have.

    `slot` is the place of its answer among those of its trial's program, -1 where it has no rule; `prepared` is what it
    shares with the same criterion of other trials. `logic_slot` is the place of the answer of the logic without the
    criterion's exception, -1 where it has none.
    """

    __slots__ = ("_rule", "_typed", "criterion", "facts", "logic_slot", "prepared", "results", "slot")

    def __init__(
        self,
        criterion: Criterion,
        slot: int,
        prepared: PreparedRule | None,
        typed: Callable[[], BoolExpr] | None,
        logic_slot: int = -1,
    ) -> None:
        self.criterion = criterion
        self.slot = slot
        self.logic_slot = logic_slot
        self.prepared = prepared
        self.facts: tuple[FactRef, ...] = () if prepared is None else prepared.facts
        """What the rule reads."""
        self.results = Results(criterion, self.facts)
        self._typed = typed
        self._rule: BoolExpr | None = None

    @property
    def rule(self) -> BoolExpr | None:
        """The typed rule; None where there is none. It is made when it is first asked for: to evaluate takes none."""
        if self._rule is None and self._typed is not None:
            self._rule = self._typed()
        return self._rule


class TrialExplainer:
    """The rules of one trial part by part. They are made at the first question, in one or two milliseconds.

    `grew` is called when it has come to take more memory.
    """

    def __init__(self, criteria: Sequence[CompiledCriterion], rules: RuleChecker, grew: Callable[[], None]) -> None:
        self._criteria = criteria
        self._rules = rules
        self._grew = grew
        self._explainers: Explainers | None = None
        self._leaves: list[Leaves] = []
        self._own_bytes = 0

    @property
    def weight(self) -> Weight:
        """What it takes at the moment; nothing before it was asked for anything."""
        return Weight(self._own_bytes, () if self._explainers is None else self._explainers.placed)

    def explain(self, document: PagedDocument) -> tuple[TracedPart | None, ...]:
        """A step for each criterion, the trial's own and then each cohort's; None for one without a rule.

        `document` is one of the library's compiler (`TrialLibrary.document`).
        """
        made = self._explainers
        if made is None:
            made = self._made()
        found = iter(made.over(document))
        takes = PART_BYTES * made.parts + made.step_bytes
        if takes != self._own_bytes:
            self._own_bytes = takes
            self._grew()
        return tuple([None if one.prepared is None else next(found) for one in self._criteria])

    def prepare(self) -> None:
        """Take the rules apart ahead of the first question."""
        if self._explainers is None:
            made = self._made()
            self._own_bytes = PART_BYTES * made.parts
            self._grew()

    def _made(self) -> Explainers:
        prepared = [one.prepared for one in self._criteria if one.prepared is not None]
        rules = [one.rule for one in self._criteria if one.rule is not None]
        kept: list[Leaves] = []

        def program(leaves: Sequence[Sequence[BoolExpr]]) -> Program:
            kept.extend(one.leaves(own) for one, own in zip(prepared, leaves, strict=True))
            return Program.of(self._rules.compiler, [leaf for own in kept for leaf in own])

        # Two threads may both make it, and either is right.
        made = Explainers(rules, self._rules.titles, program)
        self._leaves, self._explainers = kept, made
        return made


@dataclass(frozen=True, slots=True)
class CompiledTrial:
    """A trial that passed all checks, ready to be evaluated. `digest` is the SHA-256 of its file.

    `explainer` explains its criteria. It lives and dies with the trial.
    """

    trial: Trial
    digest: str
    criteria: tuple[CompiledCriterion, ...]
    cohorts: tuple[tuple[Cohort, tuple[CompiledCriterion, ...]], ...]
    program: Program
    explainer: TrialExplainer
    source_size: int

    @property
    def id(self) -> str:
        """The registry's number."""
        return self.trial.id

    @property
    def rules_version(self) -> str:
        """The version that the rule's author gave."""
        return self.trial.rules_version

    @property
    def state(self) -> str:
        """draft, active or retired."""
        return self.trial.state

    def all_criteria(self) -> tuple[CompiledCriterion, ...]:
        """The trial's own criteria, then each cohort's."""
        return (*self.criteria, *(c for _, criteria in self.cohorts for c in criteria))

    @property
    def weight(self) -> Weight:
        """About what it takes in memory at the moment. Trials share the rules of criteria that are the same."""
        criteria = len(self.criteria) + sum(len(own) for _, own in self.cohorts)
        explained = self.explainer.weight
        own = SOURCE_BYTES * self.source_size + CRITERION_BYTES * criteria + explained.own
        shared: Sequence[Shared] = (*self.program.placed, *explained.shared)
        return Weight(own, shared)


def compile_trial(stored_trial: StoredTrial, rules: RuleChecker, grew: Callable[[], None]) -> CompiledTrial:
    """Compile a trial that was checked with these `rules`. `grew` is called when it has come to take more memory.

    Without rules that are compiled already, for another trial, it takes one or two milliseconds.
    """
    content = stored_trial.content()
    trial = Trial.model_validate(json.loads(content))
    groups = [("", trial.criteria)] + [(f"/cohorts/{n}", cohort.criteria) for n, cohort in enumerate(trial.cohorts)]
    slots: dict[CompiledRule, int] = {}

    def compiled(criterion: Criterion, place: str) -> CompiledCriterion:
        found = rule_of(criterion)
        if found is None:
            return CompiledCriterion(criterion, -1, None, None)
        key, rule = found
        prepared = rules.prepared(criterion, rule)
        slot, logic_slot = slots.setdefault(prepared.compiled, len(slots)), -1
        if criterion.exception is not None:
            alone = rules.prepared(criterion.model_copy(update={"exception": None}), rule)
            logic_slot = slots.setdefault(alone.compiled, len(slots))
        return CompiledCriterion(
            criterion, slot, prepared, partial(rules.typed, criterion, rule, place, key), logic_slot
        )

    own, *others = (
        tuple([compiled(criterion, f"{place}/criteria/{i}") for i, criterion in enumerate(criteria)])
        for place, criteria in groups
    )
    program = Program.of(rules.compiler, list(slots))
    cohorts = tuple(zip(trial.cohorts, others, strict=True))
    explainer = TrialExplainer([*own, *(one for group in others for one in group)], rules, grew)
    return CompiledTrial(trial, stored_trial.digest, own, cohorts, program, explainer, len(content))
