"""Explanation of a criterion that is true, false or unknown: the value of every part, and the parts that decided.

What is about facts is lowered and evaluated on the engine like the whole; the rest follows from it (see `composed`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from typing import Any

from cds_service.logic import model
from cds_service.logic.clearing import clears_on
from cds_service.logic.composed import Leaf, composed
from cds_service.logic.flip import Flip, flip
from cds_service.logic.program import CompiledRule, Outcomes, PagedDocument, Program, Truth3
from cds_service.logic.words import words

MOST_PATTERNS = 64
"""For how many patterns of truths of a rule's leaves the steps are kept."""
STEP_BYTES = 200
"""About what a step takes in memory."""


@dataclass(frozen=True, eq=False)
class RulePart:
    """One condition of a rule, whatever the record. `parts` are the nearest conditions below it."""

    rule: model.BoolExpr
    parts: tuple["RulePart", ...]
    definition: str
    titles: Mapping[str, str]

    @cached_property
    def words(self) -> str:
        """The condition in plain words."""
        return words(self.rule, self.titles)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What has been worked out from this part alone, whoever the patient is. It goes with the part."""
        return {}

    @cached_property
    def facts(self) -> tuple[model.FactRef, ...]:
        """The facts that the condition reads, in reading order."""
        return model.facts_read(self.rule)

    def walk(self) -> Iterator["RulePart"]:
        """This part and all below it, each before its parts."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, eq=False)
class TracedPart:
    """One part of a rule and its truth. It knows nothing else of a patient, so patients share it."""

    part: RulePart
    value: Truth3
    parts: tuple["TracedPart", ...]

    @property
    def rule(self) -> model.BoolExpr:
        """The condition itself."""
        return self.part.rule

    @property
    def words(self) -> str:
        """The condition in plain words."""
        return self.part.words

    @property
    def pointer(self) -> str:
        """Where the condition stands in the rule, or in `definition` where that names one."""
        return self.part.rule.pointer

    @property
    def definition(self) -> str:
        """The definition of the catalogue that the condition belongs to; empty for the rule's own."""
        return self.part.definition

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What has been worked out from this step alone. It goes with the step."""
        return {}

    @cached_property
    def decisive_facts(self) -> tuple[model.FactRef, ...]:
        """The facts of the leaves that made this step what it is, in the order of the rule."""
        found = {(f.name, f.path): f for leaf in decisive(self) for f in leaf.part.facts}
        return tuple(found.values())

    def walk(self) -> Iterator["TracedPart"]:
        """This step and all below it, each before its parts."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Reason:
    """A leaf that made the rule what it is.

    `said` is what is so, in plain words: the leaf's own where it is true, its opposite's where it is false. `flip` says
    how far a number is from the opposite, `clears` the first day on which a test of elapsed time turns into its
    opposite by itself; both are None where there is no such thing.
    """

    step: TracedPart
    said: str
    flip: Flip | None = None
    clears: date | None = None

    @property
    def value(self) -> Truth3:
        """The leaf's truth."""
        return self.step.value

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts that the leaf reads."""
        return tuple(dict.fromkeys(fact.name for fact in self.step.part.facts))

    def text(self) -> str:
        """Such as `78 g/L, needs ≥ 80 g/L (8 g/dL)` or `stroke within the last 6 months, until 2026-12-03`."""
        said = self.said if self.flip is None else self.flip.text()
        return said if self.clears is None else f"{said}, until {self.clears.isoformat()}"


class Explainers:
    """Rules taken apart. `titles` maps the name of a fact to its title.

    `program` compiles the leaves of the rules, which it is given for each rule in the order of `Part.walk`. A step
    depends on the truths of a rule's leaves and on nothing else, and these come in few patterns: for the latest of them
    each rule keeps its steps.
    """

    def __init__(
        self,
        rules: Sequence[model.BoolExpr],
        titles: Mapping[str, str],
        program: Callable[[Sequence[Sequence[model.BoolExpr]]], Program] | None = None,
    ) -> None:
        roots = [_part(rule, "", titles) for rule in rules]
        leaves = [[_alone(part.rule) for part in root.walk() if isinstance(part.rule, Leaf)] for root in roots]
        self._program = Program([leaf for own in leaves for leaf in own]) if program is None else program(leaves)
        self._sizes = [sum(1 for _ in root.walk()) for root in roots]
        ends = list(accumulate(map(len, leaves)))
        places = zip([0, *ends], ends, strict=False)
        self._rules = [
            (lru_cache(MOST_PATTERNS)(partial(_step, root)), start, end)
            for root, (start, end) in zip(roots, places, strict=True)
        ]

    @property
    def parts(self) -> int:
        """How many conditions the rules have, those in them included."""
        return sum(self._sizes)

    @property
    def placed(self) -> Sequence[CompiledRule]:
        """The leaves as they are compiled."""
        return self._program.placed

    @property
    def step_bytes(self) -> int:
        """About what the steps that are kept take in memory."""
        kept = (step.cache_info().currsize for step, _, _ in self._rules)
        return STEP_BYTES * sum(number * size for number, size in zip(kept, self._sizes, strict=True))

    def explain(self, facts: Mapping[str, Any], as_of: date) -> tuple[TracedPart, ...]:
        """The truth of each rule and of every part of it over one fact document."""
        return self._steps(self._program.evaluate(facts, as_of))

    def over(self, document: PagedDocument) -> tuple[TracedPart, ...]:
        """The same over a document of the compiler that the program of the leaves has."""
        return self._steps(self._program.answer(document.on(self._program.pages)))

    def _steps(self, outcomes: Outcomes) -> tuple[TracedPart, ...]:
        truths = outcomes.truths
        return tuple([step(truths[start:end]) for step, start, end in self._rules])


class Explainer:
    """One rule, compiled part by part. `titles` maps the name of a fact to its title."""

    def __init__(self, rule: model.BoolExpr, titles: Mapping[str, str]) -> None:
        self.rule = rule
        self._explainers = Explainers([rule], titles)

    def explain(self, facts: Mapping[str, Any], as_of: date) -> TracedPart:
        """The truth of the rule and of every part of it over one fact document."""
        return self._explainers.explain(facts, as_of)[0]

    def reasons(self, facts: Mapping[str, Any], as_of: date) -> tuple[Reason, ...]:
        """The leaves that made the rule true, false or unknown, in reading order."""
        return reasons_of(self.explain(facts, as_of), facts, as_of)


def reasons_of(step: TracedPart, facts: Mapping[str, Any], as_of: date) -> tuple[Reason, ...]:
    """The leaves that made a step what it is over these facts, in reading order."""
    return tuple(_reason(leaf, facts, as_of) for leaf in decisive(step))


def _reason(leaf: TracedPart, facts: Mapping[str, Any], as_of: date) -> Reason:
    titles = leaf.part.titles
    said = leaf.words if leaf.value is not False else words(model.Not(leaf.rule, leaf.pointer), titles)
    return Reason(
        leaf, said, flip(leaf.rule, leaf.value, facts, as_of, titles), clears_on(leaf.rule, leaf.value, facts, as_of)
    )


def decisive(step: TracedPart) -> tuple[TracedPart, ...]:
    """The leaves that made this step what it is, in reading order; constants only where nothing else did."""
    leaves = tuple({id(leaf): leaf for leaf in _decisive(step)}.values())
    return tuple(leaf for leaf in leaves if not isinstance(leaf.rule, model.Constant)) or leaves


def _part(rule: model.BoolExpr, definition: str, titles: Mapping[str, str]) -> RulePart:
    """The rule and every condition in it; a test of single records is no part."""
    inside = rule.name if isinstance(rule, model.NamedRule) else definition
    return RulePart(rule, tuple(_part(part, inside, titles) for part in _subconditions(rule)), definition, titles)


def _step(root: RulePart, truths: tuple[Truth3, ...]) -> TracedPart:
    """The step of a part. `truths` are those of its leaves, each before its parts."""
    values = iter(truths)

    def step(part: RulePart) -> TracedPart:
        is_leaf = isinstance(part.rule, Leaf)
        own = next(values) if is_leaf else None
        parts = tuple([step(inner) for inner in part.parts])
        return TracedPart(part, own if is_leaf else composed(part.rule, [one.value for one in parts]), parts)

    return step(root)


def _subconditions(rule: model.Rule) -> Iterator[model.BoolExpr]:
    """The nearest conditions below a rule."""
    if isinstance(rule, model.Quantified):
        return
    for child in model.children(rule):
        if isinstance(child, model.BoolExpr):
            yield child
        else:
            yield from _subconditions(child)


def _alone(rule: model.BoolExpr) -> model.BoolExpr:
    """The rule as it is evaluated on its own: nothing else implies it there."""
    return replace(rule, implied=False) if isinstance(rule, model.Compare) else rule


def _decisive(step: TracedPart) -> Iterator[TracedPart]:
    parts = step.parts
    match step.rule:
        case model.Not() | model.NamedRule():
            yield from _decisive(parts[0])
        case model.And() | model.Or():
            yield from _of_junction(step)
        case model.If():
            yield from _of_choice(step)
        case model.Excepted(fails_on=fails_on):
            yield from _decisive(parts[0])
            # Without a fail nobody asks for the exception.
            if parts[0].value is fails_on:
                yield from _decisive(parts[1])
        case model.Equal():
            for part in parts:
                if step.value is not None or part.value is None:
                    yield from _decisive(part)
        case _:
            yield step
            for part in parts:
                if step.value is None and part.value is None:
                    yield from _decisive(part)


def _of_junction(step: TracedPart) -> Iterator[TracedPart]:
    """All parts where all had to agree, else those that share the outcome."""
    alike = [part for part in step.parts if part.value is step.value]
    written = [part for part in alike if not (isinstance(part.rule, model.Compare) and part.rule.implied)]
    for part in written or alike:
        yield from _decisive(part)


def _of_choice(step: TracedPart) -> Iterator[TracedPart]:
    """The branch that was taken; the test where the branch says nothing by itself, or where it is not settled."""
    test, then, otherwise = step.parts
    taken = [then] if test.value is True else [otherwise] if test.value is False else [then, otherwise]
    telling = [part for part in taken if part.value is step.value and not isinstance(part.rule, model.Constant)]
    if not telling or (test.value is None and step.value is None):
        yield from _decisive(test)
    for part in telling:
        yield from _decisive(part)
