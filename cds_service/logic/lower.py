"""Lowering: each criterion becomes two plain JSONLogic rules, `certainly_true` and `certainly_false`.

`certainly_true` holds only if the criterion holds for every value that the unknown facts could have,
`certainly_false` only if it fails for every such value (docs/design.md, section 3). Intervals in a fact document are
closed, so the only comparisons needed are between their ends.
"""

import sys
from dataclasses import dataclass
from typing import Any

from cds_service.durations import Duration
from cds_service.logic.model import (
    And,
    BoolExpr,
    BoolFact,
    Chosen,
    Compare,
    ComputedMeasure,
    Constant,
    Equal,
    Excepted,
    Extreme,
    FactRef,
    If,
    LengthOfTime,
    Measure,
    Not,
    Number,
    NumericFact,
    OneOf,
    Or,
    Quantified,
    Scaled,
    Sum,
    UnknownNumber,
)

Json = Any
MAX_LOWERED = 20_000
MAX_LOWERED_DEPTH = 100
"""The engine's parser ends at 128 levels."""


class RuleTooLargeError(Exception):
    """The two rules would exceed `MAX_LOWERED` operators or `MAX_LOWERED_DEPTH` levels."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """Two plain JSONLogic rules over a fact document. Never both true."""

    certainly_true: Json
    certainly_false: Json


@dataclass(frozen=True, slots=True)
class LoweredMeasure:
    """A measure as plain JSONLogic: what must hold for it to be known, and its two ends."""

    known: tuple[Json, ...]
    low: Json
    high: Json


def lower(rule: BoolExpr) -> Lowered:
    """Lower a typed rule. Raises RuleTooLargeError."""
    return _bounded(_Lowering(in_record=False).condition(rule))


def conjunction(parts: list[Json]) -> Json:
    """`and` of the parts, without what is certainly true and without repeats."""
    kept = _distinct([p for p in parts if p is not True])
    if any(p is False for p in kept):
        return False
    return True if not kept else kept[0] if len(kept) == 1 else {"and": kept}


def disjunction(parts: list[Json]) -> Json:
    """`or` of the parts, without what is certainly false and without repeats."""
    kept = _distinct([p for p in parts if p is not False])
    if any(p is True for p in kept):
        return True
    return False if not kept else kept[0] if len(kept) == 1 else {"or": kept}


def negation(part: Json) -> Json:
    """`!` of the part."""
    return (not part) if isinstance(part, bool) else {"!": [part]}


def _distinct(parts: list[Json]) -> list[Json]:
    kept: list[Json] = []
    for part in parts:
        if part not in kept:
            kept.append(part)
    return kept


def _bounded(lowered: Lowered) -> Lowered:
    if size(lowered.certainly_true) + size(lowered.certainly_false) > MAX_LOWERED:
        raise RuleTooLargeError
    return lowered


def size(rule: Json) -> int:
    """Operators in a lowered rule (shared parts count each time they stand); over the limit where it is too deep."""
    count, depth, level = 0, 0, [rule]
    while level:
        below: list[Json] = []
        for node in level:
            if type(node) is dict:
                count += 1
                below.extend(node.values())
            elif type(node) is list:
                level.extend(node)  # a list is no level of its own
            if count > MAX_LOWERED:
                return MAX_LOWERED + 1
        if depth > MAX_LOWERED_DEPTH and below:
            return MAX_LOWERED + 1
        depth, level = depth + 1, below
    return count


class _Lowering:
    """Lowers one scope; inside `some`, `all` and `none` variables are fields of the record at hand."""

    def __init__(self, *, in_record: bool) -> None:
        self.in_record = in_record

    def condition(self, rule: BoolExpr) -> Lowered:
        """The two rules for a condition."""
        match rule:
            case Constant(value=value):
                return Lowered(value is True, value is False)
            case BoolFact(fact=fact):
                is_path = {"var": f"{fact.path}.is"}
                fresh = self._fresh(fact)
                return Lowered(
                    conjunction([{"===": [is_path, True]}, *fresh]), conjunction([{"===": [is_path, False]}, *fresh])
                )
            case Not(part=part):
                inner = self.condition(part)
                return Lowered(inner.certainly_false, inner.certainly_true)
            case And(parts=parts):
                each = [self.condition(p) for p in parts]
                return Lowered(
                    conjunction([p.certainly_true for p in each]), disjunction([p.certainly_false for p in each])
                )
            case Or(parts=parts):
                each = [self.condition(p) for p in parts]
                return Lowered(
                    disjunction([p.certainly_true for p in each]), conjunction([p.certainly_false for p in each])
                )
            case If(test=test, then=then, otherwise=otherwise):
                return self._choice(self.condition(test), self.condition(then), self.condition(otherwise))
            case Equal(left=left, right=right):
                one, two = self.condition(left), self.condition(right)
                return self._choice(one, two, Lowered(two.certainly_false, two.certainly_true))
            case OneOf(fact=fact, codes=codes):
                return self._one_of(fact, codes)
            case Compare():
                return self._compare(rule)
            case Quantified():
                return self._records(rule)
            case Excepted(body=body, when=when, fails_on=fails_on):
                return _excepted(self.condition(body), self.condition(when), fails_on=fails_on)
            case _:
                return self.condition(rule.body)

    @staticmethod
    def _choice(test: Lowered, then: Lowered, otherwise: Lowered) -> Lowered:
        """(test and a) or (not test and b) or (a and b), with the larger of a and b written once.

        The test and the smaller branch stand twice in the result, so tests in tests are where a rule can explode.
        """

        def side(a: Json, b: Json) -> Json:
            yes, no = test.certainly_true, test.certainly_false
            if size(a) > size(b):
                a, b, yes, no = b, a, no, yes
            return disjunction([conjunction([yes, a]), conjunction([b, disjunction([no, a])])])

        return _bounded(
            Lowered(
                side(then.certainly_true, otherwise.certainly_true),
                side(then.certainly_false, otherwise.certainly_false),
            )
        )

    def _one_of(self, fact: FactRef, codes: tuple[str, ...]) -> Lowered:
        value = {"var": f"{fact.path}.is"}
        known = [{"!==": [value, None]}, *self._fresh(fact)]
        listed: Json = {"===": [value, codes[0]]} if len(codes) == 1 else {"in": [value, list(codes)]}
        return Lowered(conjunction([*known, listed]), conjunction([*known, negation(listed)]))

    def _compare(self, rule: Compare) -> Lowered:
        left, right = self.measure(rule.left), self.measure(rule.right)
        known = [*left.known, *right.known]
        match rule.relation:
            case "==":
                holds = [{"<=": [left.high, right.low]}, {">=": [left.low, right.high]}]
                fails = disjunction([{"<": [left.high, right.low]}, {">": [left.low, right.high]}])
                return Lowered(conjunction([*known, *holds]), conjunction([*known, fails]))
            case "<":
                holds_one, fails_one = {"<": [left.high, right.low]}, {">=": [left.low, right.high]}
            case _:
                holds_one, fails_one = {"<=": [left.high, right.low]}, {">": [left.low, right.high]}
        # The third comparison of a between can only add a certain "no": the other two already imply its "yes".
        return Lowered(True if rule.implied else conjunction([*known, holds_one]), conjunction([*known, fails_one]))

    def _records(self, rule: Quantified) -> Lowered:
        items = {"var": f"{rule.fact.path}.items"}
        whole = {"===": [{"var": f"{rule.fact.path}.whole"}, True]}
        sure: Json = {"===": [{"var": "sure"}, True]}
        test = _Lowering(in_record=True).condition(rule.test)

        def exists(condition: Json) -> Json:
            return False if condition is False else {"some": [items, condition]}

        def each(condition: Json) -> Json:
            return True if condition is True else {"none": [items, negation(condition)]}

        surely_some = exists(conjunction([sure, test.certainly_true]))
        surely_none = conjunction([whole, each(test.certainly_false)])
        match rule.quantifier:
            case "some":
                return Lowered(surely_some, surely_none)
            case "none":
                return Lowered(surely_none, surely_some)
            case _:
                # JSONLogic's `all` is false for an empty list, so one record must be there for certain.
                return Lowered(
                    conjunction([whole, exists(sure), each(test.certainly_true)]),
                    disjunction([exists(conjunction([sure, test.certainly_false])), surely_none]),
                )

    def measure(self, measure: Measure) -> LoweredMeasure:
        """The measure's ends and what makes it known."""
        match measure:
            case Number(value=value):
                return LoweredMeasure((), value, value)
            case UnknownNumber():
                return LoweredMeasure((False,), 0, 0)
            case LengthOfTime(duration=duration):
                days = self._days(duration)
                return LoweredMeasure((), days, days)
            case NumericFact(fact=fact):
                low, high = {"var": f"{fact.path}.lo"}, {"var": f"{fact.path}.hi"}
                return LoweredMeasure(({"!==": [low, None]}, *self._fresh(fact)), low, high)
            case Sum(parts=parts):
                each = [self.measure(p) for p in parts]
                return LoweredMeasure(_all_known(each), {"+": [b.low for b in each]}, {"+": [b.high for b in each]})
            case Scaled(factor=factor, divides=divides, part=part):
                inner = self.measure(part)
                scaling = "/" if divides else "*"
                one, other = {scaling: [inner.low, factor]}, {scaling: [inner.high, factor]}
                return LoweredMeasure(inner.known, *((one, other) if factor >= 0 else (other, one)))
            case Extreme(which=which, parts=parts):
                return _extreme(which, [self.measure(p) for p in parts])
            case ComputedMeasure(operator=operator, parts=parts):
                each = [self.measure(p) for p in parts]
                exact = tuple({"===": [b.low, b.high]} for b in each if b.low is not b.high)
                result = {operator: [b.low for b in each]}
                divisor = tuple({"!==": [b.low, 0]} for b in each[1:]) if operator in ("/", "%") else ()
                return LoweredMeasure((*_all_known(each), *exact, *divisor), result, result)
            case _:
                return self._chosen(measure)

    def _chosen(self, measure: Chosen) -> LoweredMeasure:
        test = self.condition(measure.test)
        then, otherwise = self.measure(measure.then), self.measure(measure.otherwise)
        then_known, otherwise_known = conjunction(list(then.known)), conjunction(list(otherwise.known))
        known = disjunction(
            [
                conjunction([test.certainly_true, then_known]),
                conjunction([test.certainly_false, otherwise_known]),
                conjunction([then_known, otherwise_known]),
            ]
        )

        def pick(a: Json, b: Json, which: str) -> Json:
            return {"if": [test.certainly_true, a, test.certainly_false, b, {which: [a, b]}]}

        low, high = pick(then.low, otherwise.low, "min"), pick(then.high, otherwise.high, "max")
        _bounded(Lowered({"and": [known, low]}, high))
        return LoweredMeasure((known,), low, high)

    def _fresh(self, fact: FactRef) -> list[Json]:
        if fact.limit is None:
            return []
        age = {"var": f"{fact.path}.age"}
        # Engines take null for 0 in comparisons, so a missing age must be ruled out first.
        return [{"!==": [age, None]}, {"<=": [age, self._days(fact.limit)]}]

    def _days(self, duration: Duration) -> Json:
        if duration.exact is not None:
            return duration.exact
        # `val` with [1] reaches from a record up to the whole document.
        return {"val": [[1], "span", str(duration)]} if self.in_record else {"var": f"span.{duration}"}


def _excepted(body: Lowered, when: Lowered, *, fails_on: bool) -> Lowered:
    """It fails where the body fails and the exception certainly does not hold; where it passes nothing changes."""
    fails = conjunction([body.certainly_true if fails_on else body.certainly_false, when.certainly_false])
    return _bounded(Lowered(fails, body.certainly_false) if fails_on else Lowered(body.certainly_true, fails))


def _extreme(which: str, each: list[LoweredMeasure]) -> LoweredMeasure:
    """The smallest or largest part. One that is unknown may be any number, yet another can settle an end without it."""
    known = [conjunction(list(b.known)) for b in each]

    def end(value: Json, is_known: Json, otherwise: float) -> Json:
        return value if is_known is True else otherwise if is_known is False else {"if": [is_known, value, otherwise]}

    pairs = list(zip(each, known, strict=True))
    low = {which: [end(b.low, k, -sys.float_info.max) for b, k in pairs]}
    high = {which: [end(b.high, k, sys.float_info.max) for b, k in pairs]}
    return LoweredMeasure((disjunction(known),), low, high)


def _all_known(each: list[LoweredMeasure]) -> tuple[Json, ...]:
    return tuple(_distinct([k for b in each for k in b.known]))
