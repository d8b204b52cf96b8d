"""JSON to a syntax tree in which every node knows its place."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cds_service.errors import Finding
from cds_service.logic.check.meant import length_meant
from cds_service.logic.check.operators import OPERATORS, REFUSED, operator_meant

MAX_DEPTH = 24
MAX_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Literal:
    """true, false, null (which means unknown), a number, a code, or a list of codes or numbers."""

    value: bool | int | float | str | tuple[Any, ...] | None
    pointer: str


@dataclass(frozen=True, slots=True)
class QuantityLiteral:
    """A number with a UCUM unit."""

    value: int | float
    unit: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Var:
    """The name of a fact, or of a field of the record at hand inside `some`, `all` and `none`."""

    name: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator and its arguments."""

    operator: str
    args: tuple["Node", ...]
    pointer: str


Node = Literal | QuantityLiteral | Var | Call


class Findings:
    """Collects findings of one rule, each once; `at` makes one."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def at(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        """Record an error at `pointer`."""
        self._found[Finding("", pointer, code, "error", message, hint)] = None

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean ...?`, or nothing where no known name is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def escape(step: str | int) -> str:
    """One step of an RFC 6901 JSON pointer."""
    return "/" + str(step).replace("~", "~0").replace("/", "~1")


def extent(node: Node) -> tuple[int, int]:
    """How many nodes a tree has and how deep it is."""
    parts = [extent(arg) for arg in node.args] if isinstance(node, Call) else []
    return 1 + sum(nodes for nodes, _ in parts), 1 + max((depth for _, depth in parts), default=0)


def to_json(node: Node) -> Any:
    """The rule that `parse` reads as this tree, in its longest form: arguments always stand in a list."""
    match node:
        case Literal(value=tuple(items)):
            return list(items)
        case Literal(value=value):
            return value
        case QuantityLiteral(value=value, unit=unit):
            return {"quantity": [value, unit]}
        case Var(name=name):
            return {"var": name}
        case _:
            return {node.operator: [to_json(arg) for arg in node.args]}


def parse(rule: Any, findings: Findings, pointer: str = "") -> Node | None:
    """The syntax tree of a decoded JSON rule, or None where `findings` says why not.

    Every fault is reported, not only the first. `pointer` is the place of the rule in its file.
    """
    return _Parser(findings).node(rule, pointer, 0)


class _Parser:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.nodes = 0
        self.refused = False

    def node(self, rule: Any, pointer: str, depth: int) -> Node | None:
        self.nodes += 1 + (len(rule) if isinstance(rule, list) else 0)
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            if not self.refused:
                limit = f"deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"larger than {MAX_NODES} nodes"
                self.findings.at(pointer, "rule-too-large", f"the rule is {limit}", "split it into several criteria")
            self.refused = True
            return None
        match rule:
            case dict():
                return self._object(rule, pointer, depth)
            case list():
                return self._list(rule, pointer)
            case bool() | None | str():
                return Literal(rule, pointer)
            case int() | float():
                return self._number(rule, pointer)
        self.findings.at(pointer, "not-json", f"{type(rule).__name__} is not a JSON value")
        return None

    def _number(self, value: int | float, pointer: str) -> Node | None:
        if not -1e15 < value < 1e15:
            self.findings.at(pointer, "number-out-of-range", f"{value!r} is outside ±10^15")
            return None
        return Literal(value, pointer)

    def _list(self, items: list[Any], pointer: str) -> Node | None:
        wrong = [i for i, item in enumerate(items) if not isinstance(item, str | int | float) or isinstance(item, bool)]
        if wrong:
            place = pointer + escape(wrong[0])
            self.findings.at(place, "bad-list", "a list may hold codes or numbers only", "use 'and' or 'or' for rules")
            return None
        numbers = [self._number(v, pointer + escape(i)) for i, v in enumerate(items) if not isinstance(v, str)]
        if any(number is None for number in numbers):
            return None
        return Literal(tuple(items), pointer)

    def _object(self, rule: dict[str, Any], pointer: str, depth: int) -> Node | None:
        if len(rule) != 1:
            self.findings.at(
                pointer,
                "not-one-key",
                f"a rule object has exactly one key, the operator; this one has {len(rule)}",
                "put each operator into an object of its own and join them with 'and' or 'or'",
            )
            return None
        [(name, body)] = rule.items()
        place = pointer + escape(name)
        if name in REFUSED:
            self.findings.at(place, "operator-refused", f"operator {name!r} is not in this language", REFUSED[name])
            return None
        if name not in OPERATORS:
            self.findings.at(place, "unknown-operator", f"unknown operator {name!r}", operator_meant(name))
            return None
        args = body if isinstance(body, list) else [body]
        if name == "var":
            return self._var(args, place, pointer)
        if name == "quantity":
            return self._quantity(args, place, pointer)
        spec = OPERATORS[name]
        if not spec.least <= len(args) <= spec.most:
            self.findings.at(place, "arity", f"{name!r} takes {spec.arity()}, here {len(args)}")
            return None
        nodes = []
        for i, arg in enumerate(args):
            where = place + escape(i) if isinstance(body, list) else place
            nodes.append(self.node(arg, where, depth + 1))
        if any(node is None for node in nodes):
            return None
        return Call(name, tuple(node for node in nodes if node is not None), pointer)

    def _var(self, args: list[Any], place: str, pointer: str) -> Node | None:
        match args:
            case [str(name)] if name:
                return Var(name, pointer)
            case [str(), _]:
                self.findings.at(
                    place,
                    "var-default",
                    "a default value would let missing data decide",
                    "leave the default out: a missing fact is unknown",
                )
            case _:
                self.findings.at(place, "bad-var", "'var' takes the name of one fact")
        return None

    def _quantity(self, args: list[Any], place: str, pointer: str) -> Node | None:
        match args:
            case [int() | float() as value, str(unit)] if not isinstance(value, bool) and unit:
                number = self._number(value, place)
                return None if number is None else QuantityLiteral(value, unit, pointer)
        hint = next(filter(None, map(length_meant, args)), 'write {"quantity": [80, "g/L"]}')
        match args:
            case [int() as whole, int() as rest, str(unit)] if rest >= 0 and not isinstance(whole, bool):
                hint = f'write {{"quantity": [{whole}.{rest}, "{unit}"]}}, with a point in the number'
        self.findings.at(place, "bad-quantity", "'quantity' takes a number and a unit", hint)
        return None
