"""Why a criterion is true, false or unknown: the value of every part, and the parts that decided.

Each part is lowered and evaluated on the engine like the whole, so there is no second reading of the language that
could disagree with the first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cds_service.logic import model
from cds_service.logic.clearing import clears_on
from cds_service.logic.document import node_at, placed
from cds_service.logic.flip import Flip, flip
from cds_service.logic.program import Program, Truth3
from cds_service.logic.words import words


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a rule and its truth. `pointer` leads into `definition` where that names one."""

    rule: model.Condition
    value: Truth3
    words: str
    parts: tuple["Step", ...]
    pointer: str
    definition: str = ""

    def walk(self) -> Iterator["Step"]:
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

    step: Step
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
        return tuple(dict.fromkeys(fact.name for fact in model.facts_read(self.step.rule)))

    def text(self) -> str:
        """Such as `78 g/L, needs ≥ 80 g/L (8 g/dL)` or `stroke within the last 6 months, until 2026-12-03`."""
        said = self.said if self.flip is None else self.flip.text()
        return said if self.clears is None else f"{said}, until {self.clears.isoformat()}"


class Explainer:
    """A rule compiled part by part. `titles` maps the name of a fact to its title."""

    def __init__(self, rule: model.Condition, titles: Mapping[str, str]) -> None:
        self.rule = rule
        self._titles = titles
        self._parts = list(_parts(rule))
        self._program = Program([_alone(part) for part in self._parts])
        self._words = [words(part, titles) for part in self._parts]

    def explain(self, facts: Mapping[str, Any], as_of: date) -> Step:
        """The truth of the rule and of every part of it over one fact document."""
        truths = iter(zip(self._words, self._program.evaluate(facts, as_of).truths, strict=True))

        def step(rule: model.Condition, definition: str) -> Step:
            said, value = next(truths)
            inside = rule.name if isinstance(rule, model.Named) else definition
            parts = tuple(step(part, inside) for part in _subconditions(rule))
            return Step(rule, value, said, parts, rule.pointer, definition)

        return step(self.rule, "")

    def reasons(self, facts: Mapping[str, Any], as_of: date) -> tuple[Reason, ...]:
        """The leaves that made the rule true, false or unknown, in reading order."""
        return tuple(self._reason(leaf, facts, as_of) for leaf in decisive(self.explain(facts, as_of)))

    def _reason(self, leaf: Step, facts: Mapping[str, Any], as_of: date) -> Reason:
        said = leaf.words if leaf.value is not False else words(model.Not(leaf.rule, leaf.pointer), self._titles)
        return Reason(
            leaf,
            said,
            flip(leaf.rule, leaf.value, facts, as_of, self._titles),
            clears_on(leaf.rule, leaf.value, facts, as_of),
        )


def decisive(step: Step) -> tuple[Step, ...]:
    """The leaves that made this step what it is, in reading order; constants only where nothing else did."""
    leaves = tuple({id(leaf): leaf for leaf in _decisive(step)}.values())
    return tuple(leaf for leaf in leaves if not isinstance(leaf.rule, model.Constant)) or leaves


def record_truths(rule: model.Records, facts: Mapping[str, Any], as_of: date) -> tuple[Truth3, ...]:
    """Whether each listed record fulfils the test, in the order of the fact document; () where nothing is listed."""
    items = node_at(facts, rule.fact.path).get("items", ())
    alone = model.Records("some", rule.fact, rule.test, rule.pointer)
    program = Program([alone])
    return tuple(
        program.evaluate(placed(rule.fact.path, {"items": [{**item, "sure": True}], "whole": True}), as_of).truths[0]
        for item in items
    )


def _parts(rule: model.Condition) -> Iterator[model.Condition]:
    """The rule and every condition in it, each before its parts; a test of single records is no part."""
    yield rule
    for part in _subconditions(rule):
        yield from _parts(part)


def _subconditions(rule: model.Rule) -> Iterator[model.Condition]:
    """The nearest conditions below a rule."""
    if isinstance(rule, model.Records):
        return
    for child in model.children(rule):
        if isinstance(child, model.Condition):
            yield child
        else:
            yield from _subconditions(child)


def _alone(rule: model.Condition) -> model.Condition:
    """The rule as it is evaluated on its own: nothing else implies it there."""
    return replace(rule, implied=False) if isinstance(rule, model.Compare) else rule


def _decisive(step: Step) -> Iterator[Step]:
    parts = step.parts
    match step.rule:
        case model.Not() | model.Named():
            yield from _decisive(parts[0])
        case model.Every() | model.Either():
            yield from _of_junction(step)
        case model.Choice():
            yield from _of_choice(step)
        case model.Same():
            for part in parts:
                if step.value is not None or part.value is None:
                    yield from _decisive(part)
        case _:
            yield step
            for part in parts:
                if step.value is None and part.value is None:
                    yield from _decisive(part)


def _of_junction(step: Step) -> Iterator[Step]:
    """All parts where all had to agree, else those that share the outcome."""
    alike = [part for part in step.parts if part.value is step.value]
    written = [part for part in alike if not (isinstance(part.rule, model.Compare) and part.rule.implied)]
    for part in written or alike:
        yield from _decisive(part)


def _of_choice(step: Step) -> Iterator[Step]:
    """The branch that was taken; the test where the branch says nothing by itself, or where it is not settled."""
    test, then, otherwise = step.parts
    taken = [then] if test.value is True else [otherwise] if test.value is False else [then, otherwise]
    telling = [part for part in taken if part.value is step.value and not isinstance(part.rule, model.Constant)]
    if not telling or (test.value is None and step.value is None):
        yield from _decisive(test)
    for part in telling:
        yield from _decisive(part)
