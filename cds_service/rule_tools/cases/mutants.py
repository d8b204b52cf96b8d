"""Small faults put into a rule, one at a time: what a rule's author could have got wrong.

Comparators are flipped, thresholds shifted by the smallest step, operands dropped, leaves negated, `and` and `or`
exchanged, codes and parts of facts (`.active`, `.history`) changed. Test cases that are worth their name notice each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cds_service.durations import UNITS, Duration
from cds_service.facts.catalogue import Catalogue, EventsFact
from cds_service.logic import EVENT_FIELDS, FactType, Vocabulary
from cds_service.logic.words import number
from cds_service.rule_files import pointer
from cds_service.trials import Criterion, CriterionException

Json = Any
Steps = tuple[str | int, ...]

_FLIPS: Mapping[str, tuple[str, str]] = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
}
_EQUAL = {"==": "!=", "===": "!==", "!=": "==", "!==": "==="}
_QUANTIFIERS = {"some": ("all", "none"), "all": ("some", "none"), "none": ("some", "all")}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "min", "max"})
_WHOLE_DAYS = {"d": 1, "wk": 7}
_DAY = {"quantity": [1, "d"]}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A criterion with one fault. `pointer` is the place in the criterion, `mutation` what was done there."""

    pointer: str
    mutation: str
    criterion: Criterion


def mutants(criterion: Criterion, vocabulary: Vocabulary, catalogue: Catalogue) -> Iterator[Mutant]:
    """Every fault of one criterion's logic, exception and lookback. Some may be no valid rule, some mean the same."""
    walker = _Walker(vocabulary, catalogue)

    def mutant(at: Steps, mutation: str, **changed: Any) -> Mutant:
        return Mutant(pointer(at), mutation, criterion.model_copy(update=changed))

    for steps, replacement, mutation in walker.condition(criterion.logic, ()):
        yield mutant(("logic", *steps), mutation, logic=_replaced(criterion.logic, steps, replacement))
    for steps, exception, mutation in _exceptions(criterion.exception, walker):
        yield mutant(("exception", *steps), mutation, exception=exception)
    for lookback, mutation in _lookbacks(criterion.lookback):
        yield mutant(("lookback",), mutation, lookback=lookback)


def _exceptions(
    exception: CriterionException | None, walker: "_Walker"
) -> Iterator[tuple[Steps, CriterionException | None, str]]:
    """The exception without what it asks for or with another, and none at all."""
    if exception is None:
        return
    yield (), None, "exception dropped"
    if exception.has_when:
        yield (), CriterionException(text=exception.text), "always excepted"
        for steps, replacement, mutation in walker.condition(exception.when, ()):
            when = _replaced(exception.when, steps, replacement)
            yield ("when", *steps), CriterionException(when=when, text=exception.text), mutation


Change = tuple[Steps, Json, str]
"""Where, what to put there, and what that does."""


class _Walker:
    """Walks one scope; inside `some`, `all` and `none` variables are fields of a record."""

    def __init__(self, vocabulary: Vocabulary, catalogue: Catalogue, *, in_record: bool = False) -> None:
        self.vocabulary = vocabulary
        self.catalogue = catalogue
        self.in_record = in_record

    def condition(self, rule: Json, at: Steps) -> Iterator[Change]:
        """The changes to a condition and to everything in it."""
        if rule is None or isinstance(rule, bool):
            yield from ((at, other, f"{_word(rule)} → {_word(other)}") for other in _others(rule))
            return
        if not isinstance(rule, dict) or len(rule) != 1:
            return
        [(name, body)] = rule.items()
        args = body if isinstance(body, list) else [body]
        places: list[Steps] = [(*at, name, i) if isinstance(body, list) else (*at, name) for i in range(len(args))]
        if name in ("and", "or"):
            yield from self._junction(name, args, at, places)
        elif name in ("!", "!!"):
            if name == "!":
                yield at, args[0], "without !"
            yield from self.condition(args[0], places[0])
        elif name == "if":
            yield from self._choice(args, at, places)
        else:
            yield at, {"!": [rule]}, "negated"
            yield from self._leaf(name, args, at, places)

    def _junction(self, name: str, args: list[Json], at: Steps, places: list[Steps]) -> Iterator[Change]:
        other = "or" if name == "and" else "and"
        yield at, {other: args}, f"{name} → {other}"
        for i, place in enumerate(places):
            if len(args) > 1:
                yield place, _DROPPED, "dropped"
            yield from self.condition(args[i], place)

    def _choice(self, args: list[Json], at: Steps, places: list[Steps]) -> Iterator[Change]:
        for i in range(0, len(args) - 1, 2):
            rest = [*args[:i], *args[i + 2 :]]
            yield places[i], {"!": [args[i]]}, "negated"
            yield at, {"if": rest} if len(rest) > 1 else rest[0], f"branch {i // 2 + 1} dropped"
        for arg, place in zip(args, places, strict=True):
            yield from self.condition(arg, place)

    def _leaf(self, name: str, args: list[Json], at: Steps, places: list[Steps]) -> Iterator[Change]:
        match name:
            case "var":
                yield from self._parts(args[0], at)
            case "active":
                fact = _name(args[0])
                yield at, {"var": f"{fact}.history"}, "active → ever"
            case "within":
                yield from self._within(args, at, places)
            case "some" | "all" | "none":
                for other in _QUANTIFIERS[name]:
                    yield at, {other: args}, f"{name} → {other}"
                yield from _Walker(self.vocabulary, self.catalogue, in_record=True).condition(args[1], places[1])
            case "in":
                yield from self._listed(args, places)
            case _ if name in _FLIPS or name in _EQUAL:
                for other in _FLIPS.get(name, ()):
                    yield at, {other: args}, f"{name} → {other}"
                kind = self._kind(args)
                for arg, place in zip(args, places, strict=True):
                    yield from self._operand(arg, place, kind, args)

    def _operand(self, arg: Json, at: Steps, kind: FactType | None, beside: list[Json]) -> Iterator[Change]:
        """A side of a comparison."""
        match arg:
            case bool() | None:
                yield from self.condition(arg, at)
            case int() | float():
                yield from ((at, other, f"{_n(arg)} → {_n(other)}") for other in _shifted(arg))
            case str():
                values = sorted(kind.values - {arg}) if kind is not None else ()
                yield from ((at, other, f"{arg} → {other}") for other in values)
            case {"quantity": [int() | float() as value, str(unit)]}:
                yield from self._quantity(value, unit, at, kind)
            case {"var": _}:
                pass
            case dict():
                [(name, body)] = arg.items()
                inner = body if isinstance(body, list) else [body]
                for i, part in enumerate(inner):
                    place = (*at, name, i) if isinstance(body, list) else (*at, name)
                    if name in _ARITHMETIC:
                        yield from self._operand(part, place, kind, beside)
                    else:
                        yield from self.condition(part, place)

    def _quantity(self, value: int | float, unit: str, at: Steps, kind: FactType | None) -> Iterator[Change]:
        said = f"{_n(value)} {unit}"
        if kind is not None and kind.kind == "elapsed" and unit in UNITS:
            # Records have dates, so the smallest step of elapsed time is a day.
            if unit in _WHOLE_DAYS:
                days = int(value) * _WHOLE_DAYS[unit]
                for other in (days - 1, days + 1):
                    yield at, {"quantity": [other, "d"]}, f"{said} → {other} d"
            else:
                for sign in ("-", "+"):
                    yield at, {sign: [{"quantity": [value, unit]}, _DAY]}, f"{said} → {said} {sign} 1 d"
            return
        for shifted in _shifted(value):
            yield at, {"quantity": [shifted, unit]}, f"{said} → {_n(shifted)} {unit}"

    def _within(self, args: list[Json], at: Steps, places: list[Steps]) -> Iterator[Change]:
        """The window a day shorter and a day longer."""
        match args[1]:
            case {"quantity": [int() | float() as value, str(unit)]}:
                for _, window, mutation in self._quantity(value, unit, places[1], EVENT_FIELDS["days_since_end"]):
                    # `within` takes nothing but a plain length of time.
                    longhand = {"some": [args[0], {"<=": [{"var": "days_since_end"}, window]}]}
                    plain = {"within": [args[0], window]}
                    yield at, plain if "quantity" in window else longhand, mutation

    def _listed(self, args: list[Json], places: list[Steps]) -> Iterator[Change]:
        listed, at = args[1], places[1]
        if not isinstance(listed, list):
            return
        kind = self._kind(args)
        for i, value in enumerate(listed):
            rest = [*listed[:i], *listed[i + 1 :]]
            if rest:
                yield at, rest, f"without {_n(value)}"
            others = [] if kind is None else sorted(kind.values - set(map(str, listed)))
            for other in others if isinstance(value, str) else _shifted(value):
                yield at, [*listed[:i], other, *listed[i + 1 :]], f"{_n(value)} → {_n(other)}"

    def _parts(self, name: Json, at: Steps) -> Iterator[Change]:
        """`condition.x`, its `.active` and its `.history` are three questions about the same records."""
        entry = None if self.in_record or not isinstance(name, str) else self.catalogue.lookup(name)
        if entry is None or not isinstance(entry.spec, EventsFact):
            return
        alike = _alike(entry.spec)
        for part in ("", "active", "history"):
            if part != entry.part and not {part, entry.part} <= alike:
                other = f"{entry.spec.name}.{part}" if part else entry.spec.name
                yield at, {"var": other}, f"{entry.part or 'now'} → {part or 'now'}"

    def _kind(self, args: list[Json]) -> FactType | None:
        """The type of the first fact among the arguments."""
        for arg in args:
            match arg:
                case {"var": str(name)} | {"var": [str(name)]}:
                    return EVENT_FIELDS.get(name) if self.in_record else self.vocabulary.facts.get(name)
                case dict():
                    [body] = arg.values()
                    found = self._kind(body) if isinstance(body, list) else None
                    if found is not None:
                        return found
        return None


def _alike(spec: EventsFact) -> set[str]:
    """The parts of an event fact that no record can tell apart."""
    if spec.resource == "AllergyIntolerance":
        return {"", "active"}  # one that is not active is no longer there
    if spec.resource == "Condition" or spec.history is not None:
        return set()
    return {"", "history"}  # what was done once stays on record


_DROPPED = object()


def _replaced(rule: Json, steps: Steps, replacement: Json) -> Json:
    """The rule with something else at one place."""
    if not steps:
        return replacement
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not rest and replacement is _DROPPED:
            return [*rule[:step], *rule[step + 1 :]]
        return [*rule[:step], _replaced(rule[step], rest, replacement), *rule[step + 1 :]]
    return {**rule, step: _replaced(rule[step], rest, replacement)}


def _shifted(value: int | float) -> tuple[int | float, ...]:
    """One step less and one more, in the last decimal that the rule gives."""
    exact = Decimal(repr(value))
    step = Decimal(1).scaleb(min(0, int(exact.as_tuple().exponent)))
    return tuple(int(v) if isinstance(value, int) else float(v) for v in (exact - step, exact + step))


def _lookbacks(lookback: str | None) -> Iterator[tuple[str | None, str]]:
    if lookback is None:
        return
    yield None, f"{lookback} → the catalogue's"
    length = Duration.parse(lookback)
    whole_years = length.months and not length.days and length.months % 12 == 0
    for step in (-1, 1):
        if length.days:
            other = Duration(length.months, length.days + step)
        else:
            other = Duration(length.months + step * (12 if whole_years else 1))
        yield str(other), f"{lookback} → {other}"


def _others(value: bool | None) -> tuple[bool | None, ...]:
    return tuple(other for other in (True, False, None) if other is not value)


def _word(value: bool | None) -> str:
    return {True: "true", False: "false", None: "null"}[value]


def _n(value: Json) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _name(argument: Json) -> str:
    body = argument["var"]
    return str(body[0] if isinstance(body, list) else body)
