"""Sets of answers, or of changes, by which a criterion would come out as wanted, the cheapest first.

A rule is a tree of `and`, `or`, `not` and `if` over leaves that are true, false or unknown. A leaf that is not as
wanted may be brought there by one set of steps or another, or by none; from these follow the ways for the whole.
Only few are kept at each junction, so the work stays small for any rule and the way found is the cheapest in all but
contrived cases.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Generic, TypeVar

from cds_service.logic import TracedPart, model

MOST = 16
"""Ways kept at each junction."""

S = TypeVar("S")
Way = frozenset[S]
Cost = Callable[[Way[S]], float]
Leaf = Callable[[TracedPart, bool], Iterable[Way[S]]]


def ways(step: TracedPart, wanted: bool, leaf: Leaf[S], cost: Cost[S]) -> list[Way[S]]:
    """The ways to make `step` come out as `wanted`, the cheapest first; [] where there is none.

    `leaf` gives the ways for a leaf that is not as wanted; what is as wanted already needs nothing.
    """

    return _Ways(leaf, cost).of(step, wanted)


class _Ways(Generic[S]):
    def __init__(self, leaf: Leaf[S], cost: Cost[S]) -> None:
        self.leaf = leaf
        self.cost = cost

    def of(self, step: TracedPart, wanted: bool) -> list[Way[S]]:
        of, cost = self.of, self.cost
        if step.value is wanted:
            return [frozenset()]
        parts = step.parts
        match step.rule:
            case model.Constant():
                return []
            case model.Not():
                return of(parts[0], not wanted)
            case model.NamedRule() | model.Excepted():
                return of(parts[0], wanted)
            case model.And() | model.Or():
                needed = [part for part in parts if not (isinstance(part.rule, model.Compare) and part.rule.implied)]
                each = [of(part, wanted) for part in needed]
                if isinstance(step.rule, model.And) is wanted:
                    return together(each, cost)
                return cheapest([way for found in each for way in found], cost)
            case model.If():
                test, then, otherwise = parts
                branches = (
                    together([of(test, True), of(then, wanted)], cost),
                    together([of(test, False), of(otherwise, wanted)], cost),
                    together([of(then, wanted), of(otherwise, wanted)], cost),
                )
                return cheapest([way for branch in branches for way in branch], cost)
            case model.Equal():
                left, right = parts
                pairs = [[of(left, value), of(right, value is wanted)] for value in (True, False)]
                return cheapest([way for pair in pairs for way in together(pair, cost)], cost)
            case _:
                return cheapest(self.leaf(step, wanted), cost)


def together(each: Iterable[Iterable[Way[S]]], cost: Cost[S]) -> list[Way[S]]:
    """The ways that do all at once, one way taken from each; a step that serves several is taken once."""
    found: list[Way[S]] = [frozenset()]
    for alternatives in each:
        found = cheapest([one | other for one, other in product(found, alternatives)], cost)
    return found


def cheapest(found: Iterable[Way[S]], cost: Cost[S]) -> list[Way[S]]:
    """The few cheapest, each once; among equals the earlier one in the rule comes first."""
    different = list(dict.fromkeys(found))
    return sorted(different, key=cost)[:MOST] if len(different) > 1 else different
