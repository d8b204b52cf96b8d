"""What the benchmark measures: rules with a plain twin, and invented patients of whom every fact is known.

The twin is what somebody would write for an engine that knows nothing of units, intervals, freshness or unknown
values: plain numbers in the canonical unit, lengths of time as days. A patient's data stand
in both forms. On them our answer and the twin's are the same, so both do the same work for the same result.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.facts.catalogue import Catalogue
from cds_service.library import Library
from cds_service.logic import Vocabulary, model, placed
from cds_service.logic.check import read_rule

AS_OF = date(2026, 11, 24)
SIDES: Mapping[str, str] = {"<": ">", "<=": ">=", "==": "=="}


@dataclass(frozen=True, slots=True)
class Workload:
    """Rules, the plain twin of each, and patients as fact documents and as plain data (by the names of `key`)."""

    name: str
    rules: tuple[model.BoolExpr, ...]
    twins: tuple[Any, ...]
    patients: tuple[tuple[dict[str, Any], dict[str, Any]], ...]

    def only(self, keep: Iterable[int]) -> "Workload":
        """The same with some of the rules."""
        chosen = tuple(keep)
        return Workload(
            self.name, tuple(self.rules[i] for i in chosen), tuple(self.twins[i] for i in chosen), self.patients
        )


def criteria(library: Library, seed: int, patients: int) -> Workload:
    """Every criterion of the rules folder that a rule decides or shows."""
    rules = [c.rule for trial in library.trials for c in trial.all_criteria() if c.rule is not None]
    return _workload("criteria of the rules folder", rules, library.compiled.vocabulary, seed, patients)


def invented(library: Library, seed: int, rules: int, patients: int) -> Workload:
    """Random rules over the facts of the rules folder: one to eight comparisons, joined by and, or and !."""
    rng = random.Random(seed)
    made: list[model.BoolExpr] = []
    while len(made) < rules:
        typed, _ = read_rule(_invented(rng, _leaves(library.catalogue), rng.randint(1, 8)), library.compiled.vocabulary)
        if typed is not None:
            made.append(typed)
    return _workload("random rules", made, library.compiled.vocabulary, seed, patients)


def _workload(name: str, rules: Sequence[model.BoolExpr], vocabulary: Vocabulary, seed: int, patients: int) -> Workload:
    rng = random.Random(seed)
    made = tuple(_patient(rules, vocabulary, rng) for _ in range(patients))
    return Workload(name, tuple(rules), tuple(map(twin, rules)), made)


def _leaves(catalogue: Catalogue) -> list[Callable[[random.Random], Any]]:
    """Makers of one comparison each."""

    def limit(name: str, unit: str | None) -> Callable[[random.Random], Any]:
        def make(rng: random.Random) -> Any:
            number = rng.randint(1, 200)
            value = number if unit in (None, "1") else {"quantity": [number, unit]}
            return {rng.choice(["<", "<=", ">", ">="]): [{"var": name}, value]}

        return make

    def code(name: str) -> Callable[[random.Random], Any]:
        return lambda rng: {"==": [{"var": name}, rng.choice(["positive", "negative"])]}

    def event(name: str) -> Callable[[random.Random], Any]:
        within = [{"var": name}, {"quantity": [6, "mo"]}]
        return lambda rng: {"var": name} if rng.random() < 0.7 else {"within": within}

    makers = []
    for name in catalogue.names():
        entry = catalogue.lookup(name)
        if entry is not None and entry.type in ("number", "result", "events"):
            kind = {"number": limit(name, entry.unit), "result": code(name), "events": event(name)}
            makers.append(kind[entry.type])
    return makers


def _invented(rng: random.Random, leaves: Sequence[Callable[[random.Random], Any]], size: int) -> Any:
    if size == 1:
        leaf = rng.choice(leaves)(rng)
        return {"!": [leaf]} if rng.random() < 0.2 else leaf
    first = rng.randint(1, size - 1)
    return {rng.choice(["and", "or"]): [_invented(rng, leaves, first), _invented(rng, leaves, size - first)]}


def key(path: str) -> str:
    """A fact's name in the plain data: as rules write it, with what follows the second word joined to that word.

    So a fact and its parts stand side by side: `lab.alt`, `lab.alt_x_uln`, `condition.sle_any`.
    """
    first, dot, rest = path.partition(".")
    return first + dot + rest.replace(".", "_")


def nested(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data as JSON holds them."""
    tree: dict[str, Any] = {}
    for name, value in plain.items():
        _merge(tree, placed(name, value))
    return tree


def twin(rule: model.Rule) -> Any:
    """The rule as plain JSONLogic over plain data. A null becomes false, which is what engines take it for."""
    match rule:
        case model.Constant(value=value):
            return value is True
        case model.BoolFact(fact=fact) | model.NumericFact(fact=fact):
            return {"var": key(fact.path)}
        case model.Not(part=part):
            return {"!": [twin(part)]}
        case model.And(parts=parts):
            return _between(parts) or {"and": [twin(part) for part in parts]}
        case model.Or(parts=parts):
            return {"or": [twin(part) for part in parts]}
        case model.If(test=test, then=one, otherwise=other) | model.Chosen(test=test, then=one, otherwise=other):
            return {"if": [twin(test), twin(one), twin(other)]}
        case model.Equal(left=left, right=right):
            return {"==": [twin(left), twin(right)]}
        case model.OneOf(fact=fact, codes=codes):
            read = {"var": key(fact.path)}
            return {"==": [read, codes[0]]} if len(codes) == 1 else {"in": [read, list(codes)]}
        case model.Compare(relation=relation, left=left, right=right, swapped=swapped):
            sides = [twin(right), twin(left)] if swapped else [twin(left), twin(right)]
            return {SIDES[relation] if swapped else relation: sides}
        case model.Quantified(quantifier=quantifier, fact=fact, test=test):
            return {quantifier: [{"var": f"{key(fact.path)}_records"}, twin(test)]}
        case model.NamedRule(body=body) | model.Excepted(body=body):
            return twin(body)
        case _:
            return _plain_number(rule)


def _between(parts: Sequence[model.BoolExpr]) -> Any:
    """`{"<=": [a, b, c]}` where the parts are what a between was taken apart into; None for any other."""
    compares = [part for part in parts if isinstance(part, model.Compare) and not part.implied]
    if len(compares) != 2 or len({part.pointer for part in parts}) != 1:
        return None
    low, high = compares
    if twin(low.right) != twin(high.left):
        return None
    sides = [twin(low.left), twin(low.right), twin(high.right)]
    return {SIDES[low.relation]: sides[::-1]} if low.swapped else {low.relation: sides}


def _plain_number(measure: model.Rule) -> Any:
    match measure:
        case model.Number(value=value):
            return value
        case model.LengthOfTime(duration=duration):
            return duration.span(AS_OF)
        case model.Sum(parts=parts):
            return {"+": [twin(part) for part in parts]}
        case model.Scaled(factor=factor, divides=divides, part=part):
            return {"/" if divides else "*": [twin(part), factor]}
        case model.Extreme(which=operator, parts=parts) | model.ComputedMeasure(operator=operator, parts=parts):
            return {operator: [twin(part) for part in parts]}
    return 0


def _patient(
    rules: Sequence[model.BoolExpr], vocabulary: Vocabulary, rng: random.Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A fact document and plain data that say the same, with every fact of the rules known, exact and fresh."""
    document: dict[str, Any] = {}
    plain: dict[str, Any] = {}

    def number(path: str, limits: Sequence[float]) -> dict[str, Any]:
        low, high = min(limits, default=0.0), max(limits, default=100.0)
        value = round(rng.uniform(0.5 * low, 1.5 * high + 1), 1)
        return {"lo": value, "hi": value}

    limits = _limits(rules)
    for node in (part for rule in rules for part in outside_records(rule)):
        match node:
            case model.BoolFact(fact=fact) if key(fact.path) not in plain:
                plain[key(fact.path)] = held = rng.random() < 0.3
                _merge(document, placed(fact.path, {"is": held, "age": 0}))
            case model.OneOf(fact=fact) if key(fact.path) not in plain:
                plain[key(fact.path)] = code = rng.choice(sorted(vocabulary.facts[fact.name].values))
                _merge(document, placed(fact.path, {"is": code, "age": 0}))
            case model.NumericFact(fact=fact) if key(fact.path) not in plain:
                found = number(fact.path, limits.get(fact.path, ()))
                plain[key(fact.path)] = found["lo"]
                _merge(document, placed(fact.path, {**found, "age": 0}))
            case model.Quantified(fact=fact) if f"{key(fact.path)}_records" not in plain:
                records = [_record(rng) for _ in range(rng.choice([0, 0, 0, 0, 0, 0, 1, 3]))]
                plain[f"{key(fact.path)}_records"] = [plainly for _, plainly in records]
                _merge(document, placed(fact.path, {"items": [ours for ours, _ in records], "whole": True}))
    return document, plain


def _record(rng: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    end = rng.choice([0, rng.randint(1, 400)])
    start = end + rng.randint(0, 800)
    times = {"days_since_start": start, "days_since_end": end, "days_since_course_start": start}
    ours = {name: {"lo": days, "hi": days} for name, days in times.items()}
    return {"sure": True, "active": {"is": end == 0}, **ours}, {"active": end == 0, **times}


def outside_records(rule: model.Rule) -> Iterable[model.Rule]:
    """The nodes of a rule without those in the tests of single records."""
    yield rule
    if not isinstance(rule, model.Quantified):
        for child in model.children(rule):
            yield from outside_records(child)


def _limits(rules: Sequence[model.BoolExpr]) -> dict[str, list[float]]:
    """Path of each number -> what the rules compare it with."""
    found: dict[str, list[float]] = {}
    for node in (part for rule in rules for part in outside_records(rule)):
        if isinstance(node, model.Compare):
            sides = (node.left, node.right)
            numbers = [side.value for side in sides if isinstance(side, model.Number)]
            numbers += [float(side.duration.span(AS_OF)) for side in sides if isinstance(side, model.LengthOfTime)]
            for side in sides:
                if isinstance(side, model.NumericFact):
                    found.setdefault(side.fact.path, []).extend(numbers)
    return found


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
