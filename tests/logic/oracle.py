"""The rule language read a second time: the source rule as ordinary JSONLogic over one concrete world.

Independent of `check`, `model` and `lower`: names, units and times are worked out here from the rule's JSON alone. The
engine then evaluates plain JSONLogic over plain values, with no third truth value anywhere.
"""

import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import datalogic_py

from tests.logic.small_world import DEFINITIONS, FACTS, MASS, VALUES, days_back, key

_ENGINE = datalogic_py.Engine()
_RELATIONS = ("<", "<=", ">", ">=", "==", "===", "!=", "!==")


class PlainError(Exception):
    """Plain JSONLogic gives no value, as for a division by zero."""


def plain_value(rule: Any, world: Mapping[str, Any], as_of: date, rng: random.Random | None = None) -> bool:
    """The rule's plain truth in a concrete world. A null becomes something that `rng` picks.

    Raises PlainError.
    """
    try:
        result = _ENGINE.eval(Plain(as_of, rng).condition(rule), dict(world))
    except datalogic_py.DataLogicError as error:
        raise PlainError from error
    assert isinstance(result, bool)
    return result


class Plain:
    """Translates one rule for one day. `fields` says that names are fields of the record at hand."""

    def __init__(self, as_of: date, rng: random.Random | None, *, fields: bool = False) -> None:
        self.as_of = as_of
        self.rng = rng
        self.fields = fields

    def condition(self, rule: Any) -> Any:
        """A rule in a place where a truth value belongs."""
        if rule is None:
            assert self.rng is not None
            return self.rng.random() < 0.5
        if isinstance(rule, bool):
            return rule
        [(operator, body)] = rule.items()
        args = body if isinstance(body, list) else [body]
        match operator:
            case "var":
                return self.truth(args[0])
            case "and" | "or" | "!" | "!!" | "if":
                return {operator: [self.condition(arg) for arg in args]}
            case "within":
                count, unit = args[1]["quantity"]
                ended = {"<=": [{"var": "days_since_end"}, days_back(self.as_of, count, unit)]}
                return {"some": [{"var": f"{key(args[0]['var'])}_records"}, ended]}
            case "active":
                return {"some": [{"var": f"{key(args[0]['var'])}_records"}, {"var": "active"}]}
            case "some" | "all" | "none":
                inner = Plain(self.as_of, self.rng, fields=True).condition(args[1])
                return {operator: [{"var": f"{key(args[0]['var'])}_records"}, inner]}
            case "in" if isinstance(args[1][0], str):
                return {"in": [{"var": key(args[0]["var"])}, args[1]]}
            case "in":
                return {"in": [self.number(args[0]), args[1]]}
        assert operator in _RELATIONS
        return self.relation(operator, args)

    def truth(self, name: str) -> Any:
        """A name on its own."""
        if not self.fields and name in DEFINITIONS:
            return self.condition(DEFINITIONS[name])
        if not self.fields and FACTS[name].kind == "events":
            return {"var": f"{key(name)}_any"}
        return {"var": key(name)}

    def relation(self, operator: str, args: list[Any]) -> Any:
        """A comparison of numbers, codes or truth values."""
        code = next((arg for arg in args if isinstance(arg, str)), None)
        if code is not None:
            fact = next(arg for arg in args if isinstance(arg, dict))
            return {operator: [{"var": key(fact["var"])}, code]}
        if operator[0] in "=!" and any(self.is_truth(arg) for arg in args):
            return {operator: [{"!!": [self.condition(arg)]} for arg in args]}
        if {"var": "patient.age"} in args:
            # Each pair has a unit of its own: `7 d < age < 4 wk` asks for days twice, `1 mo < age < 2 a` for both.
            return {"and": [self.ages(operator, args[i : i + 2]) for i in range(len(args) - 1)]}
        return {operator: [self.number(arg) for arg in args]}

    def is_truth(self, rule: Any) -> bool:
        """Whether a side of an equality is a truth value rather than a number."""
        if not isinstance(rule, dict):
            return isinstance(rule, bool)
        [(operator, body)] = rule.items()
        if operator == "var":
            name = body if isinstance(body, str) else body[0]
            if self.fields:
                return name == "active"
            return name in DEFINITIONS or FACTS[name].kind in ("boolean", "events")
        if operator == "if":
            return self.is_truth(body[1])
        return operator not in ("quantity", "+", "-", "*", "/", "%", "min", "max")

    def ages(self, operator: str, pair: list[Any]) -> Any:
        """An age beside a length of time."""
        [unit] = {side["quantity"][1] for side in pair if "quantity" in side}
        return {operator: [self.age(side, unit) for side in pair]}

    @staticmethod
    def age(rule: Any, unit: str) -> Any:
        """One side of a comparison of ages, in completed years, completed months or days."""
        if "quantity" in rule:
            return rule["quantity"][0] * (7 if unit == "wk" else 1)
        return {"var": f"patient_age_{'d' if unit == 'wk' else unit}"}

    def number(self, rule: Any) -> Any:
        """A rule in a place where a number belongs."""
        if rule is None:
            assert self.rng is not None
            return self.rng.choice(VALUES)
        if isinstance(rule, int | float):
            return rule
        [(operator, body)] = rule.items()
        args = body if isinstance(body, list) else [body]
        if operator == "var":
            return {"var": key(args[0])}
        if operator == "quantity":
            value, unit = args
            if unit in ("d", "wk", "mo", "a"):
                return days_back(self.as_of, value, unit)
            return float(f"{Decimal(str(value)) * MASS[unit]:.12g}")
        if operator == "if":
            *pairs, last = args
            return {
                "if": [
                    *(self.condition(p) if i % 2 == 0 else self.number(p) for i, p in enumerate(pairs)),
                    self.number(last),
                ]
            }
        numbers = [self.number(arg) for arg in args]
        if operator in ("/", "%"):
            # Engines disagree on division by 0 (an error, infinity, NaN); the language says: no number.
            numbers[1] = {"if": [{"!==": [numbers[1], 0]}, numbers[1], {"throw": "division by zero"}]}
        return {operator: numbers}
