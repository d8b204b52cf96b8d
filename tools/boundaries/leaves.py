"""The leaves of a criterion: the comparisons and questions about one fact that its outcome is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cds_service.logic import model


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a rule that asks about one fact.

    `pointer` leads into the trial file; into the logic of a definition of the catalogue where `definition` names one.
    """

    rule: model.Compare | model.BoolFact | model.OneOf | model.Quantified
    fact: model.FactRef
    pointer: str
    definition: str = ""

    def alone(self) -> model.BoolExpr:
        """The leaf as a rule of its own."""
        return replace(self.rule, implied=False) if isinstance(self.rule, model.Compare) else self.rule

    def limit(self) -> model.Number | model.LengthOfTime | None:
        """What a comparison compares the fact with."""
        if not isinstance(self.rule, model.Compare):
            return None
        sides = (self.rule.left, self.rule.right)
        return next((side for side in sides if isinstance(side, model.Number | model.LengthOfTime)), None)


def leaves(rule: model.BoolExpr) -> tuple[tuple[Leaf, ...], tuple[str, ...]]:
    """The leaves in reading order, and the pointers of comparisons that are no leaf (of two facts, of arithmetic)."""
    found: list[Leaf] = []
    others: list[str] = []
    for part, definition in _conditions(rule, ""):
        fact = _fact(part)
        if fact is not None and isinstance(part, model.Compare | model.BoolFact | model.OneOf | model.Quantified):
            found.append(Leaf(part, fact, part.pointer, definition))
        elif isinstance(part, model.Compare) and not part.implied:
            others.append(part.pointer)
    return tuple(found), tuple(others)


def tests_of(leaf: Leaf) -> Iterator[tuple[str, model.Number | model.LengthOfTime]]:
    """What a leaf over records asks of each: the field and the length of time that it is compared with."""
    if isinstance(leaf.rule, model.Quantified):
        for node in model.walk(leaf.rule.test):
            match node:
                case model.Compare(
                    left=model.NumericFact(fact=fact), right=(model.Number() | model.LengthOfTime()) as limit
                ):
                    yield fact.name, limit
                case model.Compare(
                    left=(model.Number() | model.LengthOfTime()) as limit, right=model.NumericFact(fact=fact)
                ):
                    yield fact.name, limit


def _conditions(rule: model.Rule, definition: str) -> Iterator[tuple[model.BoolExpr, str]]:
    """Every condition outside the tests of single records, with the definition that it stands in."""
    if isinstance(rule, model.BoolExpr):
        yield rule, definition
    if isinstance(rule, model.Quantified):
        return
    inside = rule.name if isinstance(rule, model.NamedRule) else definition
    for child in model.children(rule):
        yield from _conditions(child, inside)


def _fact(part: model.BoolExpr) -> model.FactRef | None:
    match part:
        case model.BoolFact(fact=fact) | model.OneOf(fact=fact) | model.Quantified(fact=fact):
            return fact
        case model.Compare(
            implied=False, left=model.NumericFact(fact=fact), right=model.Number() | model.LengthOfTime()
        ):
            return fact
        case model.Compare(
            implied=False, left=model.Number() | model.LengthOfTime(), right=model.NumericFact(fact=fact)
        ):
            return fact
    return None
