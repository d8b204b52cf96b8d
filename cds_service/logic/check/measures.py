"""Numbers in rules: which fact gives a comparison its unit, and every number in that unit."""

from dataclasses import dataclass
from decimal import Decimal

from cds_service.durations import UNITS, Duration, TimeUnit, in_words
from cds_service.logic import model
from cds_service.logic.check.meant import length_meant, multiple_meant, unit_meant
from cds_service.logic.check.scope import Conditions
from cds_service.logic.check.syntax import Call, Literal, Node, QuantityLiteral, Var, nearest
from cds_service.logic.vocabulary import FactType
from cds_service.logic.words import number

PLAIN = FactType("number", "number")
AGE_PATHS = {"a": "a", "mo": "mo", "d": "d", "wk": "d"}
SIGNIFICANT = 12


def canonical(value: int | float, factor: Decimal) -> float:
    """A number converted in decimal arithmetic and rounded to 12 significant digits, so that 8.0 g/dL is 80 g/L."""
    return float(f"{Decimal(repr(value)) * factor:.{SIGNIFICANT}g}")


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as a rule writes it."""

    value: int
    unit: TimeUnit

    @property
    def duration(self) -> Duration:
        """The length itself."""
        return Duration.of(self.value, self.unit)

    @property
    def count(self) -> int:
        """The number of `AGE_PATHS`' unit: weeks are counted as days."""
        return self.value * 7 if self.unit == "wk" else self.value

    @property
    def written(self) -> str:
        """Such as `4 weeks`."""
        return in_words(self.value, self.unit)


class Measures:
    """The checker's numeric half."""

    def __init__(self, checker: Conditions) -> None:
        self.checker = checker
        self.findings = checker.findings

    def comparison(self, operator: str, args: tuple[Node, ...], node: Call) -> model.BoolExpr | None:
        """`<`, `<=`, `>`, `>=` over two or three measures."""
        relation: model.Comparator = "<" if operator in ("<", ">") else "<="
        swapped = operator in (">", ">=")
        ordered = tuple(reversed(args)) if swapped else args
        pairs = [(ordered[i], ordered[i + 1], False) for i in range(len(ordered) - 1)]
        if len(ordered) == 3 and not all(isinstance(o, QuantityLiteral | Literal) for o in (ordered[0], ordered[2])):
            pairs.append((ordered[0], ordered[2], True))
        parts = [self._pair(relation, a, b, node, swapped=swapped, implied=implied) for a, b, implied in pairs]
        if any(part is None for part in parts):
            return None
        kept = tuple(part for part in parts if part is not None)
        return kept[0] if len(kept) == 1 else model.And(kept, node.pointer)

    def equality(self, left: Node, right: Node, node: Call) -> model.BoolExpr | None:
        """`==` over two measures."""
        return self._pair("==", left, right, node, swapped=False, implied=False)

    def _pair(
        self, relation: model.Comparator, left: Node, right: Node, node: Call, *, swapped: bool, implied: bool
    ) -> model.Compare | None:
        kinds = [self._kind(left), self._kind(right)]
        if any(kind is False for kind in kinds):
            return None
        known = [kind for kind in kinds if isinstance(kind, FactType)]
        if not known:
            self.findings.at(node.pointer, "no-fact", "the comparison reads no fact", "compare a fact with a number")
            return None
        if len(known) == 2 and not _comparable(*known):
            self.findings.at(
                node.pointer,
                "unit-mismatch",
                f"{known[0].title} ({_unit(known[0])}) can't be compared with {known[1].title} ({_unit(known[1])})",
            )
            return None
        kind = known[0]
        if kind.kind == "age":
            return self._age(relation, left, right, node, swapped=swapped, implied=implied)
        one, two = self._measure(left, kind), self._measure(right, kind)
        if one is None or two is None:
            return None
        return model.Compare(relation, one, two, node.pointer, swapped, implied)

    def _age(
        self, relation: model.Comparator, left: Node, right: Node, node: Call, *, swapped: bool, implied: bool
    ) -> model.Compare | None:
        """Ages compare in the unit of the other side: completed years for `a`, completed months for `mo`."""
        quantity = next((side for side in (left, right) if isinstance(side, QuantityLiteral)), None)
        variable = next((side for side in (left, right) if isinstance(side, Var)), None)
        if quantity is None or variable is None:
            literals = [side.value for side in (left, right) if isinstance(side, Literal)]
            self.findings.at(
                node.pointer,
                "missing-unit",
                "an age is compared with a length of time",
                next(filter(None, map(length_meant, literals)), 'write {"quantity": [18, "a"]}'),
            )
            return None
        length = self.duration(quantity)
        kind = self.checker.type_of(variable)
        if length is None or kind is None:
            return None
        fact = self.checker.scope.ref(variable.name, f"{variable.name}.{AGE_PATHS[length.unit]}", kind)
        age = model.NumericFact(fact, AGE_PATHS[length.unit], variable.pointer)
        limit = model.Number(float(length.count), length.written, quantity.pointer)
        sides: tuple[model.Measure, model.Measure] = (age, limit) if left is variable else (limit, age)
        return model.Compare(relation, *sides, node.pointer, swapped, implied)

    def duration(self, node: QuantityLiteral) -> Length | None:
        """A quantity as a length of time in whole days, weeks, months or years."""
        for unit in UNITS:
            if node.unit == unit:
                if node.value != int(node.value) or not 0 <= node.value <= 9_999:
                    self.findings.at(
                        node.pointer, "bad-duration", f"{node.value!r} {unit} is not a whole number from 0 to 9999"
                    )
                    return None
                return Length(int(node.value), unit)
        meant = unit_meant(node.unit)
        self.findings.at(
            node.pointer,
            "unit-of-another-dimension",
            f"{node.unit!r} is not a unit of time here",
            "use d, wk, mo or a" + (f': write {{"quantity": [{number(node.value)}, "{meant}"]}}' if meant else ""),
        )
        return None

    def _kind(self, node: Node) -> FactType | bool:
        """The type that a node brings along; True where it takes its neighbour's; False where there are findings."""
        match node:
            case QuantityLiteral() | Literal():
                return True
            case Var(name=name):
                return self._variable_kind(node, name)
            case Call(operator="if", args=args):
                values = [*args[1::2], args[-1]]
                return self._joint_kind(values, node)
            case Call(operator="+" | "-" | "min" | "max", args=args):
                return self._joint_kind(list(args), node)
            case Call(operator="*" | "/" | "%", args=args):
                return self._product_kind(args, node)
            case _:
                message = f"{node.operator!r} gives true or false, not a number"
                self.findings.at(node.pointer, "type-mismatch", message)
                return False

    def _variable_kind(self, node: Var, name: str) -> FactType | bool:
        scope = self.checker.scope
        if not scope.in_record and name in scope.vocabulary.definitions:
            self.findings.at(node.pointer, "type-mismatch", f"{name!r} is true or false, not a number")
            return False
        kind = self.checker.type_of(node)
        if kind is None:
            return False
        if kind.kind not in ("number", "elapsed", "age"):
            hint = 'write {"==": [{"var": "…"}, "positive"]}' if kind.kind == "code" else ""
            self.findings.at(node.pointer, "type-mismatch", f"{name!r} is a {kind.kind}, not a number", hint)
            return False
        return kind

    def _joint_kind(self, nodes: list[Node], node: Call) -> FactType | bool:
        kinds = [self._kind(n) for n in nodes]
        if any(kind is False for kind in kinds):
            return False
        known = [kind for kind in kinds if isinstance(kind, FactType)]
        if not known:
            return True
        if any(kind.kind == "age" for kind in known) or not all(_comparable(known[0], kind) for kind in known):
            units = ", ".join(sorted({_unit(kind) for kind in known}))
            self.findings.at(node.pointer, "unit-mismatch", f"{node.operator!r} joins different things: {units}")
            return False
        return known[0]

    def _product_kind(self, args: tuple[Node, ...], node: Call) -> FactType | bool:
        kinds = [self._kind(arg) for arg in args]
        if any(kind is False for kind in kinds):
            return False
        if any(isinstance(arg, QuantityLiteral) for arg in args):
            self.findings.at(node.pointer, "unit-mismatch", f"{node.operator!r} takes bare numbers beside one fact")
            return False
        known = [kind for kind in kinds if isinstance(kind, FactType)]
        dimensional = [kind for kind in known if kind.unit != "1"]
        inverted = node.operator != "*" and isinstance(kinds[1], FactType) and kinds[1].unit != "1"
        if len(dimensional) > 1 or inverted or any(kind.kind == "age" for kind in known):
            self.findings.at(
                node.pointer,
                "unit-mismatch",
                "a product or quotient of facts with units has a unit that no fact here has",
                "use a derived fact",
            )
            return False
        return dimensional[0] if dimensional else known[0] if known else True

    def _measure(self, node: Node, kind: FactType) -> model.Measure | None:
        match node:
            case Literal(value=None):
                return model.UnknownNumber(node.pointer)
            case Literal(value=int() | float() as value) if not isinstance(value, bool):
                return self._bare(value, kind, node)
            case Literal(value=value):
                hint = length_meant(value) or multiple_meant(value, self._name_of(kind))
                self.findings.at(node.pointer, "type-mismatch", f"{value!r} is not a number", hint)
                return None
            case QuantityLiteral():
                return self._quantity(node, kind)
            case Var(name=name):
                # `_kind` has refused a name that is not known.
                own = self.checker.scope.type_of(name) or kind
                fact = self.checker.scope.ref(name, name, own)
                return model.NumericFact(fact, own.unit, node.pointer, own.kind == "elapsed")
            case _:
                return self._arithmetic(node.operator, node.args, kind, node)

    def _bare(self, value: int | float, kind: FactType, node: Literal) -> model.Measure | None:
        if kind.unit != "1":
            example = '2, "mo"' if kind.kind == "elapsed" else f'{number(value)}, "{kind.unit}"'
            self.findings.at(
                node.pointer,
                "missing-unit",
                f"{kind.title} has the unit {kind.unit}; {value!r} has none",
                f'write {{"quantity": [{example}]}}',
            )
            return None
        return model.Number(float(value), number(value), node.pointer)

    def _quantity(self, node: QuantityLiteral, kind: FactType) -> model.Measure | None:
        if kind.kind == "elapsed":
            length = self.duration(node)
            if length is None:
                return None
            days = length.duration.exact
            if days is not None:
                return model.Number(float(days), length.written, node.pointer)
            return model.LengthOfTime(length.duration, length.written, node.pointer)
        factor = kind.factors.get(node.unit)
        if factor is None:
            its_units = f"its units: {', '.join(kind.factors) or 'none: write the bare number'}"
            self.findings.at(
                node.pointer,
                "unit-of-another-dimension",
                f"{kind.title} is not measured in {node.unit!r}",
                multiple_meant(f"{number(node.value)} {node.unit}", self._name_of(kind))
                or nearest(node.unit, kind.factors)
                or its_units,
            )
            return None
        return model.Number(canonical(node.value, factor), f"{number(node.value)} {node.unit}", node.pointer)

    def _name_of(self, kind: FactType) -> str:
        """The fact that has this type, for a hint."""
        facts = self.checker.scope.vocabulary.facts
        return next((name for name, known in facts.items() if known is kind), "…")

    def _arithmetic(self, operator: str, args: tuple[Node, ...], kind: FactType, node: Call) -> model.Measure | None:
        if operator == "if":
            return self._chosen(args, kind, node)
        if operator in ("*", "/", "%"):
            return self._product(operator, args, kind, node)
        measures = [self._measure(arg, kind) for arg in args]
        if any(measure is None for measure in measures):
            return None
        parts = tuple(measure for measure in measures if measure is not None)
        if operator == "-":
            minus = model.Scaled(-1.0, False, parts[-1], node.pointer)
            return minus if len(parts) == 1 else model.Sum((parts[0], minus), node.pointer)
        if operator == "+":
            return model.Sum(parts, node.pointer)
        return model.Extreme("min" if operator == "min" else "max", parts, node.pointer)

    def _product(self, operator: str, args: tuple[Node, ...], kind: FactType, node: Call) -> model.Measure | None:
        def part(arg: Node) -> model.Measure | None:
            own = self._kind(arg)
            return self._measure(arg, own if isinstance(own, FactType) else PLAIN)

        measures = [part(arg) for arg in args]
        if any(measure is None for measure in measures):
            return None
        parts = [measure for measure in measures if measure is not None]
        if operator == "*" and sum(not isinstance(p, model.Number) for p in parts) <= 1:
            return _scaled(parts, node.pointer)
        if operator != "*" and isinstance(parts[1], model.Number):
            if parts[1].value == 0:
                self.findings.at(node.pointer, "division-by-zero", "the divisor is 0")
                return None
            if operator == "/":
                return model.Scaled(parts[1].value, True, parts[0], node.pointer)
        product: model.Arithmetic = "*" if operator == "*" else "/" if operator == "/" else "%"
        return model.ComputedMeasure(product, tuple(parts), node.pointer)

    def _chosen(self, args: tuple[Node, ...], kind: FactType, node: Call) -> model.Measure | None:
        if len(args) % 2 == 0:
            self.findings.at(node.pointer, "if-without-else", "'if' needs an else")
            return None
        result = self._measure(args[-1], kind)
        for i in range(len(args) - 3, -1, -2):
            test, then = self.checker.condition(args[i]), self._measure(args[i + 1], kind)
            if test is None or then is None or result is None:
                return None
            result = model.Chosen(test, then, result, node.pointer)
        return result


def _scaled(parts: list[model.Measure], pointer: str) -> model.Measure:
    """A product with at most one factor that is no constant, multiplied from left to right as the engine does."""
    factor, product = 1.0, None
    for part in parts:
        if not isinstance(part, model.Number):
            product = part if factor == 1 else model.Scaled(factor, False, part, pointer)
        elif product is None:
            factor *= part.value
        else:
            product = model.Scaled(part.value, False, product, pointer)
    return model.Number(factor, number(factor), pointer) if product is None else product


def _comparable(one: FactType, two: FactType) -> bool:
    return one.kind == two.kind and one.unit == two.unit


def _unit(kind: FactType) -> str:
    return {"elapsed": "a time", "age": "an age"}.get(kind.kind, "no unit" if kind.unit == "1" else kind.unit)
