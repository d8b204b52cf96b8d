"""The leaves of a criterion: the comparisons and questions about one fact that its outcome is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cds_service.logic import model


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a rule that asks about one fact.

    `pointer` leads into the trial file; into the logic of a definition of the catalogue where `definition` names one.
    """

    rule: model.Compare | model.Truth | model.OneOf | model.Records
    fact: model.FactRef
    pointer: str
    definition: str = ""

    def alone(self) -> model.Condition:
        """The leaf as a rule of its own."""
        return replace(self.rule, implied=False) if isinstance(self.rule, model.Compare) else self.rule

    def limit(self) -> model.Number | model.Span | None:
        """What a comparison compares the fact with."""
        if not isinstance(self.rule, model.Compare):
            return None
        sides = (self.rule.left, self.rule.right)
        return next((side for side in sides if isinstance(side, model.Number | model.Span)), None)


def leaves(rule: model.Condition) -> tuple[tuple[Leaf, ...], tuple[str, ...]]:
    """The leaves in reading order, and the pointers of comparisons that are no leaf (of two facts, of arithmetic)."""
    found: list[Leaf] = []
    others: list[str] = []
    for part, definition in _conditions(rule, ""):
        fact = _fact(part)
        if fact is not None and isinstance(part, model.Compare | model.Truth | model.OneOf | model.Records):
            found.append(Leaf(part, fact, part.pointer, definition))
        elif isinstance(part, model.Compare) and not part.implied:
            others.append(part.pointer)
    return tuple(found), tuple(others)


def tests_of(leaf: Leaf) -> Iterator[tuple[str, model.Number | model.Span]]:
    """What a leaf over records asks of each: the field and the length of time that it is compared with."""
    if isinstance(leaf.rule, model.Records):
        for node in model.walk(leaf.rule.test):
            match node:
                case model.Compare(left=model.Reading(fact=fact), right=(model.Number() | model.Span()) as limit):
                    yield fact.name, limit
                case model.Compare(left=(model.Number() | model.Span()) as limit, right=model.Reading(fact=fact)):
                    yield fact.name, limit


def _conditions(rule: model.Rule, definition: str) -> Iterator[tuple[model.Condition, str]]:
    """Every condition outside the tests of single records, with the definition that it stands in."""
    if isinstance(rule, model.Condition):
        yield rule, definition
    if isinstance(rule, model.Records):
        return
    inside = rule.name if isinstance(rule, model.Named) else definition
    for child in model.children(rule):
        yield from _conditions(child, inside)


def _fact(part: model.Condition) -> model.FactRef | None:
    match part:
        case model.Truth(fact=fact) | model.OneOf(fact=fact) | model.Records(fact=fact):
            return fact
        case model.Compare(implied=False, left=model.Reading(fact=fact), right=model.Number() | model.Span()):
            return fact
        case model.Compare(implied=False, left=model.Number() | model.Span(), right=model.Reading(fact=fact)):
            return fact
    return None
