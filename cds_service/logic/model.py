"""The typed rule: what a criterion means once names, types and units are settled.

Conditions are true, false or unknown; measures are numbers known as an interval. Every node keeps the JSON pointer of
the source that it came from. Units are gone: each number is in the canonical unit of the fact that it is compared with.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cds_service.durations import Duration

Quantifier = Literal["some", "all", "none"]
Comparator = Literal["<", "<=", "=="]
Arithmetic = Literal["*", "/", "%"]


@dataclass(frozen=True, slots=True)
class FactRef:
    """One fact, or one field of the record at hand, as a rule reads it.

    `limit`: how old its evidence may be; None where age does not matter.
    """

    name: str
    path: str
    limit: Duration | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """true, false, or (None) unknown."""

    value: bool | None
    pointer: str


@dataclass(frozen=True, slots=True)
class BoolFact:
    """A boolean fact on its own."""

    fact: FactRef
    pointer: str


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "BoolExpr"
    pointer: str


@dataclass(frozen=True, slots=True)
class And:
    """`and`: each part holds."""

    parts: tuple["BoolExpr", ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Or:
    """`or`: some part holds."""

    parts: tuple["BoolExpr", ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class If:
    """`if`: the second part where the first holds, else the third."""

    test: "BoolExpr"
    then: "BoolExpr"
    otherwise: "BoolExpr"
    pointer: str


@dataclass(frozen=True, slots=True)
class Equal:
    """Two truth values are equal."""

    left: "BoolExpr"
    right: "BoolExpr"
    pointer: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A coded fact has one of these codes."""

    fact: FactRef
    codes: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Compare:
    """`left` stands in this relation to `right`. `>` and `>=` have their sides exchanged."""

    relation: Comparator
    left: "Measure"
    right: "Measure"
    pointer: str
    swapped: bool = False
    implied: bool = False
    """True for the third comparison of a between, which the other two imply."""


@dataclass(frozen=True, slots=True)
class Quantified:
    """Some, each or none of the records of an event fact fulfils `test`."""

    quantifier: Quantifier
    fact: FactRef
    test: "BoolExpr"
    pointer: str


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A definition of the catalogue, put in place of its name."""

    name: str
    title: str
    body: "BoolExpr"
    pointer: str


@dataclass(frozen=True, slots=True)
class Excepted:
    """A criterion's rule whose source makes an exception: where `body` fails and `when` may hold it is unknown.

    `fails_on` is the truth of `body` with which the criterion fails: true for an exclusion, false for an inclusion. It
    only ever stands at the top of a rule.
    """

    body: "BoolExpr"
    when: "BoolExpr"
    fails_on: bool
    pointer: str


BoolExpr = Constant | BoolFact | Not | And | Or | If | Equal | OneOf | Compare | Quantified | NamedRule | Excepted


@dataclass(frozen=True, slots=True)
class Number:
    """A number in the canonical unit; `written` is how the rule's author put it, such as `8 g/dL`."""

    value: float
    written: str
    pointer: str


@dataclass(frozen=True, slots=True)
class UnknownNumber:
    """A null where a number belongs."""

    pointer: str


@dataclass(frozen=True, slots=True)
class LengthOfTime:
    """The days that a length of time covers, counted back from as_of; `written` is how the rule's author put it."""

    duration: Duration
    written: str
    pointer: str


@dataclass(frozen=True, slots=True)
class NumericFact:
    """A numeric fact; `elapsed` where it counts the days since a date, and so grows by one each day."""

    fact: FactRef
    unit: str
    pointer: str
    elapsed: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the parts."""

    parts: tuple["Measure", ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Scaled:
    """A part times a constant."""

    factor: float
    divides: bool
    part: "Measure"
    pointer: str


@dataclass(frozen=True, slots=True)
class Extreme:
    """The smallest or largest part."""

    which: Literal["min", "max"]
    parts: tuple["Measure", ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class ComputedMeasure:
    """Arithmetic that is not exact on intervals: known only where every part is known to be one number."""

    operator: Arithmetic
    parts: tuple["Measure", ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """`if` over numbers."""

    test: BoolExpr
    then: "Measure"
    otherwise: "Measure"
    pointer: str


Measure = Number | UnknownNumber | LengthOfTime | NumericFact | Sum | Scaled | Extreme | ComputedMeasure | Chosen
Rule = BoolExpr | Measure


def children(node: Rule) -> tuple[Rule, ...]:
    """The parts a node is made of, left to right."""
    match node:
        case Not(part=part) | Scaled(part=part):
            return (part,)
        case And(parts=parts) | Or(parts=parts):
            return parts
        case Sum(parts=measures) | Extreme(parts=measures) | ComputedMeasure(parts=measures):
            return measures
        case If(test=test, then=then, otherwise=otherwise) | Chosen(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case Equal(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Excepted(body=body, when=when):
            return (body, when)
        case Quantified(test=test):
            return (test,)
        case Constant() | BoolFact() | OneOf() | Number() | UnknownNumber() | LengthOfTime() | NumericFact():
            return ()
        case _:
            return (node.body,)


def walk(node: Rule) -> Iterator[Rule]:
    """The node and everything below it, each before its parts."""
    yield node
    for child in children(node):
        yield from walk(child)


def facts_read(rule: Rule) -> tuple[FactRef, ...]:
    """Every fact that the rule reads, in reading order, without the fields of single records."""
    seen: dict[tuple[str, str], FactRef] = {}
    _collect(rule, seen)
    return tuple(seen.values())


def _collect(node: Rule, seen: dict[tuple[str, str], FactRef]) -> None:
    match node:
        case BoolFact(fact=fact) | OneOf(fact=fact) | NumericFact(fact=fact):
            seen.setdefault((fact.name, fact.path), fact)
        case Quantified(fact=fact):
            seen.setdefault((fact.name, fact.path), fact)
            return
    for child in children(node):
        _collect(child, seen)


def durations(rule: Rule) -> frozenset[Duration]:
    """Every length of time whose days depend on as_of."""
    found = set()
    for node in walk(rule):
        match node:
            case LengthOfTime(duration=duration):
                found.add(duration)
            case BoolFact(fact=fact) | OneOf(fact=fact) | NumericFact(fact=fact) if fact.limit is not None:
                found.add(fact.limit)
    return frozenset(d for d in found if d.exact is None)
