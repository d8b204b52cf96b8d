"""Names, types and units: from the syntax tree to the typed rule, or to findings that say what is wrong and where."""

from dataclasses import replace
from typing import Any

from cds_service.durations import Duration
from cds_service.logic import model
from cds_service.logic.check.meant import fact_meant, length_meant
from cds_service.logic.check.measures import Measures
from cds_service.logic.check.satisfiable import impossible
from cds_service.logic.check.scope import Scope
from cds_service.logic.check.syntax import (
    MAX_DEPTH,
    MAX_NODES,
    Call,
    Findings,
    Literal,
    Node,
    QuantityLiteral,
    Var,
    extent,
    nearest,
    parse,
)
from cds_service.logic.lower import RuleTooLargeError, lower
from cds_service.logic.vocabulary import EVENT_FIELDS, FactType, Vocabulary


def read_rule(
    rule: Any, vocabulary: Vocabulary, lookback: Duration | None = None, pointer: str = ""
) -> tuple[model.BoolExpr | None, Findings]:
    """Parse and check one criterion's logic.

    `rule` is decoded JSON; `pointer` its place in the file. The rule is None exactly when there are findings.
    """
    typed, findings = typed_rule(rule, vocabulary, lookback, pointer)
    for value in impossible(typed, vocabulary) if typed is not None else ():
        findings.at(
            pointer,
            "never-true" if value else "never-false",
            f"the rule is {'never true' if value else 'never false'}, whatever the facts are",
            "look for a limit on the wrong side, or 'and' where 'or' is meant",
        )
    return (None, findings) if len(findings) else (typed, findings)


def typed_rule(
    rule: Any, vocabulary: Vocabulary, lookback: Duration | None = None, pointer: str = ""
) -> tuple[model.BoolExpr | None, Findings]:
    """As `read_rule`, without asking whether the rule can ever be true and ever be false."""
    findings = Findings()
    typed = _typed(rule, vocabulary, lookback, pointer, findings)
    if typed is not None:
        try:
            lower(typed)
        except RuleTooLargeError:
            findings.at(pointer, "rule-too-large", "the rule grows too large", "split it into several criteria")
    return (None, findings) if len(findings) else (typed, findings)


def valid_rule(
    rule: Any, vocabulary: Vocabulary, lookback: Duration | None = None, pointer: str = ""
) -> model.BoolExpr:
    """The typed rule of logic in which `read_rule` has found nothing wrong. Raises ValueError if there is."""
    typed = _typed(rule, vocabulary, lookback, pointer, Findings())
    if typed is None:
        raise ValueError(f"the rule at {pointer!r} is not sound")
    return typed


def _typed(
    rule: Any, vocabulary: Vocabulary, lookback: Duration | None, pointer: str, findings: Findings
) -> model.BoolExpr | None:
    tree = parse(rule, findings, pointer)
    typed = None if tree is None else Checker(Scope(vocabulary, lookback), findings).condition(tree)
    return None if len(findings) else typed


class Checker:
    """Checks one scope. Every method returns None where it has put something into the findings."""

    def __init__(self, scope: Scope, findings: Findings) -> None:
        self.scope = scope
        self.findings = findings
        self.measures = Measures(self)

    def condition(self, node: Node) -> model.BoolExpr | None:
        """The node as something true, false or unknown."""
        match node:
            case Literal(value=None | bool() as value):
                return model.Constant(value, node.pointer)
            case Literal() | QuantityLiteral():
                self.findings.at(
                    node.pointer, "not-a-condition", "a value alone is neither true nor false", "compare it with a fact"
                )
                return None
            case Var():
                return self._truth(node)
            case _:
                return self._call(node.operator, node.args, node)

    def _truth(self, node: Var) -> model.BoolExpr | None:
        if not self.scope.in_record and node.name in self.scope.vocabulary.definitions:
            return self._definition(node)
        kind = self.type_of(node)
        if kind is None:
            return None
        match kind.kind:
            case "boolean":
                return model.BoolFact(self.scope.ref(node.name, node.name, kind), node.pointer)
            case "events":
                return model.BoolFact(self.scope.ref(node.name, f"{node.name}.any", kind), node.pointer)
        example = '{"==": [{"var": "…"}, "positive"]}' if kind.kind == "code" else '{">=": [{"var": "…"}, 5]}'
        self.findings.at(
            node.pointer, "not-a-condition", f"{node.name!r} is a {kind.kind}, not true or false", f"write {example}"
        )
        return None

    def _definition(self, node: Var) -> model.BoolExpr | None:
        name, vocabulary = node.name, self.scope.vocabulary
        if name in self.scope.defining:
            path = " → ".join((*self.scope.defining, name))
            self.findings.at(node.pointer, "circular-definition", f"{name!r} is defined by itself: {path}")
            return None
        inner = Findings()
        tree = parse(vocabulary.definitions[name], inner)
        body = None if tree is None else self._body(name, tree, inner)
        if body is None:
            for fault in inner:
                self.findings.at(
                    node.pointer, fault.code, f"in the definition of {name!r}: {fault.message}", fault.hint
                )
            return None
        return model.NamedRule(name, vocabulary.titles.get(name, name), body, node.pointer)

    def _body(self, name: str, tree: Node, inner: Findings) -> model.BoolExpr | None:
        """The definition in its own scope. Definitions that use others twice over must not multiply without end."""
        scope, (nodes, depth) = self.scope, extent(tree)
        scope.expansion.nodes += nodes
        if scope.expansion.nodes > MAX_NODES or scope.depth + depth > MAX_DEPTH:
            inner.at("", "rule-too-large", "the definitions in it grow too large", "use fewer of them")
            return None
        within = replace(scope, defining=(*scope.defining, name), depth=scope.depth + depth)
        return Checker(within, inner).condition(tree)

    def type_of(self, node: Var) -> FactType | None:
        """The type of a variable; a finding where the name is not known."""
        kind = self.scope.type_of(node.name)
        if kind is None:
            if self.scope.in_record:
                self.findings.at(
                    node.pointer,
                    "unknown-field",
                    f"a record has no field {node.name!r}",
                    nearest(node.name, EVENT_FIELDS) or "fields: " + ", ".join(EVENT_FIELDS),
                )
            else:
                self.findings.at(
                    node.pointer,
                    "unknown-fact",
                    f"unknown fact {node.name!r}",
                    fact_meant(node.name, self.scope.vocabulary.all_titles())
                    or "`cds-service rules show` lists the facts",
                )
        return kind

    def _call(self, operator: str, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        match operator:
            case "and" | "or":
                return self._junction(operator, args, node)
            case "!":
                part = self.condition(args[0])
                return None if part is None else model.Not(part, node.pointer)
            case "!!":
                return self.condition(args[0])
            case "if":
                return self._choice(args, node)
            case "==" | "===":
                return self._equal(args, node)
            case "!=" | "!==":
                same = self._equal(args, node)
                return None if same is None else model.Not(same, node.pointer)
            case "<" | "<=" | ">" | ">=":
                return self.measures.comparison(operator, args, node)
            case "in":
                return self._member(args, node)
            case "some" | "all" | "none":
                return self._records(operator, args, node)
            case "within":
                return self._within(args, node)
            case "active":
                fact = self._events(args[0], node)
                return None if fact is None else model.Quantified("some", fact, _current(node.pointer), node.pointer)
        self.findings.at(
            node.pointer,
            "not-a-condition",
            f"{operator!r} gives a number, not true or false",
            "compare it with something",
        )
        return None

    def _junction(self, operator: str, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        parts = [self.condition(arg) for arg in args]
        if any(part is None for part in parts):
            return None
        kept = tuple(part for part in parts if part is not None)
        return model.And(kept, node.pointer) if operator == "and" else model.Or(kept, node.pointer)

    def _choice(self, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        if len(args) % 2 == 0:
            self.findings.at(
                node.pointer, "if-without-else", "'if' needs an else: without one, what is not covered would be null"
            )
            return None
        parts = [self.condition(arg) for arg in args]
        if any(part is None for part in parts):
            return None
        kept = [part for part in parts if part is not None]
        result = kept.pop()
        while kept:
            then, test = kept.pop(), kept.pop()
            result = model.If(test, then, result, node.pointer)
        return result

    def _equal(self, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        left, right = args
        for side in args:
            if isinstance(side, Literal) and side.value is None:
                self.findings.at(
                    node.pointer,
                    "compared-with-null",
                    "nothing can be compared with null: a missing fact is unknown by itself",
                    "leave the comparison out",
                )
                return None
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right = right, left
        if isinstance(right, Literal) and isinstance(right.value, str):
            return self._one_of(left, (right.value,), node)
        if self._is_condition(left) or self._is_condition(right):
            one, two = self.condition(left), self.condition(right)
            return None if one is None or two is None else model.Equal(one, two, node.pointer)
        return self.measures.equality(left, right, node)

    def _is_condition(self, node: Node) -> bool:
        match node:
            case Literal(value=bool()):
                return True
            case Var(name=name):
                if not self.scope.in_record and name in self.scope.vocabulary.definitions:
                    return True
                kind = self.scope.type_of(name)
                return kind is not None and kind.kind in ("boolean", "events")
            case Call(operator=operator):
                return operator not in ("+", "-", "*", "/", "%", "min", "max", "if") or (
                    operator == "if" and len(node.args) > 1 and self._is_condition(node.args[1])
                )
        return False

    def _member(self, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        subject, listed = args
        if not isinstance(listed, Literal) or not isinstance(listed.value, tuple) or not listed.value:
            self.findings.at(node.pointer, "bad-list", "'in' takes a fact and a list of codes or numbers")
            return None
        if all(isinstance(v, str) for v in listed.value):
            return self._one_of(subject, tuple(str(v) for v in listed.value), node)
        if any(isinstance(v, str) for v in listed.value):
            self.findings.at(listed.pointer, "bad-list", "a list holds either codes or numbers")
            return None
        choices = [self.measures.equality(subject, Literal(v, listed.pointer), node) for v in listed.value]
        if any(choice is None for choice in choices):
            return None
        return model.Or(tuple(choice for choice in choices if choice is not None), node.pointer)

    def _one_of(self, subject: Node, codes: tuple[str, ...], node: Call) -> model.BoolExpr | None:
        if not isinstance(subject, Var):
            self.findings.at(node.pointer, "type-mismatch", "a code can be compared with a coded fact only")
            return None
        kind = self.type_of(subject)
        if kind is None:
            return None
        if kind.kind != "code":
            self.findings.at(
                node.pointer, "type-mismatch", f"{subject.name!r} is a {kind.kind}; {codes[0]!r} is a code"
            )
            return None
        for code in codes:
            if code not in kind.values:
                self.findings.at(
                    node.pointer,
                    "unknown-code",
                    f"{subject.name!r} is never {code!r}",
                    nearest(code, kind.values) or "it can be: " + ", ".join(sorted(kind.values)),
                )
                return None
        return model.OneOf(self.scope.ref(subject.name, subject.name, kind), codes, node.pointer)

    def _events(self, node: Node, call: Call) -> model.FactRef | None:
        if self.scope.in_record:
            self.findings.at(call.pointer, "nested-records", f"{call.operator!r} can't stand inside another event list")
            return None
        if not isinstance(node, Var):
            self.findings.at(call.pointer, "type-mismatch", f"{call.operator!r} takes an event fact, by 'var'")
            return None
        kind = self.type_of(node)
        if kind is None:
            return None
        if kind.kind != "events":
            self.findings.at(
                call.pointer, "type-mismatch", f"{call.operator!r} takes an event fact; {node.name!r} is a {kind.kind}"
            )
            return None
        return model.FactRef(node.name, node.name)

    def _records(self, quantifier: model.Quantifier, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        fact = self._events(args[0], node)
        if fact is None:
            return None
        test = Checker(replace(self.scope, in_record=True), self.findings).condition(args[1])
        return None if test is None else model.Quantified(quantifier, fact, test, node.pointer)

    def _within(self, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        fact = self._events(args[0], node)
        window = self.measures.duration(args[1]) if isinstance(args[1], QuantityLiteral) else None
        if not isinstance(args[1], QuantityLiteral):
            written = args[1].value if isinstance(args[1], Literal) else None
            hint = length_meant(written) or 'write {"quantity": [4, "wk"]}'
            self.findings.at(node.pointer, "type-mismatch", "'within' takes a length of time", hint)
        if fact is None or window is None:
            return None
        ended = model.NumericFact(model.FactRef("days_since_end", "days_since_end"), "d", node.pointer, elapsed=True)
        limit = model.LengthOfTime(window.duration, window.written, node.pointer)
        return model.Quantified("some", fact, model.Compare("<=", ended, limit, node.pointer), node.pointer)


def _current(pointer: str) -> model.BoolExpr:
    return model.BoolFact(model.FactRef("active", "active"), pointer)
