"""Rules that can never be true, or never false: most often a limit on the wrong side, or `and` in place of `or`.

A bounded search. Facts are given values one after another, those that matter: for a number each limit that the rule
compares it with and a value on either side of it, each code, true and false, lists of records that differ in what
the rule asks of them. The lowered rules answer with the rest unknown, and by monotonicity (`docs/rule-language.md`)
an outcome that is certain holds whatever the rest may be, so a branch ends there.

What the search cannot settle counts as possible: a `null`, a comparison of two facts or of arithmetic, and whatever
lies beyond the budget. A finding is therefore certain; that there is none proves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, pairwise, product
from typing import Any

from cds_service.logic import model
from cds_service.logic.lower import lower, size
from cds_service.logic.program import Program, Truth3
from cds_service.logic.vocabulary import Vocabulary

MAX_EVALUATIONS = 400
MAX_OPERATIONS = 100_000
"""Evaluations times operators: large rules are tried less often."""
MAX_RECORDS = 200
MAX_TESTS = 3
"""Different questions about the records of one fact; more would make the lists of records too many."""

# Months differ in length: what rests on that must be impossible at each of these.
_DAYS = (date(2023, 3, 1), date(2023, 8, 31), date(2024, 2, 29), date(2024, 12, 31))

Choice = Mapping[str, Any]
"""One way to settle a fact: path in the fact document -> node."""


class _BudgetError(Exception):
    """The search would take too long, or its values would not cover all that matters."""


def impossible(rule: model.BoolExpr, vocabulary: Vocabulary) -> tuple[bool, ...]:
    """The truth values that the rule cannot take, whatever the facts are. () also where the search gives up."""
    simple = _relaxed(rule)
    days = _DAYS if model.durations(simple) else _DAYS[:1]
    never: tuple[bool, ...] = (True, False)
    lowered = lower(simple)
    operators = size(lowered.certainly_true) + size(lowered.certainly_false)
    evaluations = min(MAX_EVALUATIONS, MAX_OPERATIONS // (operators + 1))
    program = Program([simple])
    for day in days:
        try:
            search = _Search(program, evaluations, list(_choices(simple, vocabulary, day)), day)
            never = tuple(value for value in never if not search.possible(value))
        except _BudgetError:
            return ()
        if not never:
            break
    return never


@dataclass(slots=True)
class _Search:
    """`left`: evaluations until it gives up; `choices`: the ways to settle each fact."""

    program: Program
    left: int
    choices: Sequence[Sequence[Choice]]
    as_of: date

    def possible(self, wanted: bool) -> bool:
        """Whether some choice of facts lets the rule be `wanted`."""
        return self._reaches(wanted, {}, 0)

    def _reaches(self, wanted: bool, facts: dict[str, Any], depth: int) -> bool:
        self.left -= 1
        if self.left < 0:
            raise _BudgetError
        truth = self.program.evaluate(facts, self.as_of).truths[0]
        if truth is not None or depth == len(self.choices):
            return truth is not (not wanted)
        return any(self._reaches(wanted, _with(facts, choice), depth + 1) for choice in self.choices[depth])


def _with(facts: Mapping[str, Any], choice: Choice) -> dict[str, Any]:
    """The document with some nodes more."""

    def put(tree: Mapping[str, Any], steps: Sequence[str], node: Mapping[str, Any]) -> dict[str, Any]:
        if not steps:
            return {**tree, **node}
        return {**tree, steps[0]: put(tree.get(steps[0], {}), steps[1:], node)}

    result = dict(facts)
    for path, node in choice.items():
        result = put(result, path.split("."), node)
    return result


def _relaxed(rule: model.BoolExpr) -> model.BoolExpr:
    """The rule with everything that the search does not look into made unknown."""
    match rule:
        case model.Compare(left=left, right=right):
            return rule if _limit_of(left, right) is not None else model.Constant(None, rule.pointer)
        case model.Not(part=part):
            return replace(rule, part=_relaxed(part))
        case model.And(parts=parts) | model.Or(parts=parts):
            return replace(rule, parts=tuple(map(_relaxed, parts)))
        case model.If(test=test, then=then, otherwise=otherwise):
            return replace(rule, test=_relaxed(test), then=_relaxed(then), otherwise=_relaxed(otherwise))
        case model.Equal(left=one, right=two):
            return replace(rule, left=_relaxed(one), right=_relaxed(two))
        case model.Quantified(test=test):
            return replace(rule, test=_relaxed(test))
        case model.NamedRule(body=body):
            return _relaxed(body)
        case _:
            return rule


def _limit_of(
    left: model.Measure, right: model.Measure
) -> tuple[model.NumericFact, model.Number | model.LengthOfTime] | None:
    """The two sides of a comparison of one fact with one limit; None for any other."""
    match left, right:
        case (model.NumericFact() as reading, (model.Number() | model.LengthOfTime()) as limit):
            return reading, limit
        case ((model.Number() | model.LengthOfTime()) as limit, model.NumericFact() as reading):
            return reading, limit
    return None


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a number is compared with, in its own unit."""

    reading: model.NumericFact
    values: list[float]

    def around(self) -> list[float]:
        """Each limit, and a value between each two neighbours and beyond the outermost."""
        limits = sorted(set(self.values))
        found = [limits[0] - 1, *limits, *((a + b) / 2 for a, b in pairwise(limits)), limits[-1] + 1]
        counted = self.reading.elapsed or self.reading.fact.path != self.reading.fact.name
        return sorted(value for value in found if not counted or value >= 0)


def _limits(rule: model.BoolExpr, as_of: date) -> dict[str, _Limits]:
    """Path of each number in the scope of the rule -> what it is compared with."""
    found: dict[str, _Limits] = {}
    for node in _scope(rule):
        if isinstance(node, model.Compare) and (sides := _limit_of(node.left, node.right)) is not None:
            reading, limit = sides
            value = limit.value if isinstance(limit, model.Number) else float(limit.duration.span(as_of))
            found.setdefault(reading.fact.path, _Limits(reading, [])).values.append(value)
    return found


def _scope(rule: model.Rule) -> Iterator[model.Rule]:
    """The nodes of the rule outside the tests of single records."""
    yield rule
    if not isinstance(rule, model.Quantified):
        for child in model.children(rule):
            yield from _scope(child)


def _choices(rule: model.BoolExpr, vocabulary: Vocabulary, as_of: date) -> Iterator[list[Choice]]:
    """For each fact that the rule reads, the ways to settle it."""
    limits = _limits(rule, as_of)
    ages = {path: limits.pop(path) for path in list(limits) if limits[path].reading.unit in ("a", "mo")}
    for path, limit in limits.items():
        yield [{path: _exactly(value)} for value in limit.around()]
    if ages:
        yield list(_ages(ages.values()))
    records: dict[str, list[model.Quantified]] = {}
    booleans, codes = set(), set()
    for node in _scope(rule):
        match node:
            case model.BoolFact(fact=fact):
                booleans.add(fact.path)
            case model.OneOf(fact=fact):
                codes.add(fact.path)
            case model.Quantified(fact=fact):
                records.setdefault(fact.path, []).append(node)
    for path in sorted(booleans):
        yield [{path: {"is": value, "age": 0}} for value in (True, False)]
    for path in sorted(codes):
        yield [{path: {"is": code, "age": 0}} for code in sorted(vocabulary.facts[path].values)]
    yield from (_record_lists(path, tests, as_of) for path, tests in records.items())


def _exactly(value: float) -> dict[str, Any]:
    return {"lo": value, "hi": value, "age": 0}


def _ages(limits: Iterable[_Limits]) -> Iterator[Choice]:
    """Ages in completed months, and the completed years that go with them."""
    months: set[int] = set()
    name = ""
    for limit in limits:
        name = limit.reading.fact.name
        size = 12 if limit.reading.unit == "a" else 1
        months.update(int(value) * size + step for value in limit.values for step in (-1, 0, size))
    for count in sorted(m for m in months if m >= 0):
        yield {f"{name}.mo": _exactly(count), f"{name}.a": _exactly(count // 12)}


def _record_lists(path: str, rules: Sequence[model.Quantified], as_of: date) -> list[Choice]:
    """Lists of records that differ in which of the rules' tests their records fulfil.

    A record that fulfils the same tests as another adds nothing, and each rule needs one witness at most.
    """
    alone = [replace(rule, quantifier="some") for rule in rules]
    if len(alone) > MAX_TESTS:
        raise _BudgetError
    program = Program(alone)
    kinds: dict[tuple[Truth3, ...], Any] = {}
    for record in _records(rules, as_of):
        document = _with({}, {path: {"items": [record], "whole": True}})
        kinds.setdefault(program.evaluate(document, as_of).truths, record)
    return [
        {path: {"items": list(chosen), "whole": True}}
        for size in range(len(alone) + 1)
        for chosen in combinations(kinds.values(), size)
    ]


def _records(rules: Sequence[model.Quantified], as_of: date) -> Iterator[dict[str, Any]]:
    """Records with each combination of the values that matter to the tests."""
    fields: dict[str, list[Any]] = {}
    for rule in rules:
        for node in _scope(rule.test):
            if isinstance(node, model.BoolFact):
                fields[node.fact.path] = [{"is": True}, {"is": False}]
    merged = model.And(tuple(rule.test for rule in rules), "")
    for path, limit in _limits(merged, as_of).items():
        fields[path] = [_exactly(value) for value in limit.around()]
    combined = 1
    for values in fields.values():
        combined *= len(values)
    if combined > MAX_RECORDS:
        raise _BudgetError
    for combination in product(*fields.values()):
        yield {"sure": True, **dict(zip(fields, combination, strict=True))}
