"""Numeric facts around a threshold: quantities, scores, titres, and multiples of a limit of normal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from cds_service.facts.catalogue import Code, Numeric, QuantityFact, ScoreFact, TiterFact, UnitTable
from cds_service.facts.intervals import Factor
from cds_service.logic import Truth3
from tools.boundaries.resources import Json, concept, day, observation, plain, quantity
from tools.boundaries.situation import Situation

_REFUSED = ("mol/kg", "kPa", "mg")
"""Units to try as one that a fact does not accept."""
_DIGITS = 4
_UPPER = Decimal(10)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a rule compares the fact with, in its canonical unit (or as a multiple of a limit of normal)."""

    relation: str
    """`<`, `<=` or `==`, with the fact on the left unless `reversed`."""
    value: Decimal
    reversed: bool = False

    def holds(self, low: Decimal, high: Decimal) -> Truth3:
        """The truth for a fact that lies between `low` and `high`."""
        answers = {self._holds(low), self._holds(high)}
        if self.relation == "==" and low < self.value < high:
            answers.add(True)
        return answers.pop() if len(answers) == 1 else None

    def _holds(self, value: Decimal) -> bool:
        if self.relation == "==":
            return value == self.value
        left, right = (self.value, value) if self.reversed else (value, self.value)
        return left < right if self.relation == "<" else left <= right


@dataclass(frozen=True, slots=True)
class NumberFact:
    """A numeric fact as the criterion reads it: `name` may be chosen from others and then `spec` is the first of these.

    `stated` are the names that the rule reads of it: the fact itself, its `.x_uln`, its `.x_lln`.
    """

    name: str
    spec: Numeric
    codes: Sequence[Code]
    units: UnitTable
    stated: tuple[str, ...]
    as_of: date

    @property
    def unit(self) -> str:
        """The canonical unit."""
        return self.spec.unit if isinstance(self.spec, QuantityFact) else "1"

    @property
    def accepted(self) -> dict[str, Factor]:
        """Every unit that the fact accepts."""
        return dict(self.spec.units) if isinstance(self.spec, QuantityFact) else {}

    def can_be(self, value: Decimal) -> bool:
        """Whether the value is possible at all, and plausible."""
        if isinstance(self.spec, ScoreFact) and self.spec.values:
            scores = [answer.value for answer in self.spec.values]
            return min(scores) <= value <= max(scores)
        if self.spec.minimum is not None and value < self.spec.minimum:
            return False
        if not isinstance(self.spec, QuantityFact) or self.spec.plausible is None:
            return True
        low, high = self.spec.plausible
        return low <= value <= high or (value == 0 and self.spec.zero)

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """Upper limits of normal that a record may give: a middling one, which makes multiples exact, first."""
        plausible = self.spec.plausible_limit if isinstance(self.spec, QuantityFact) else None
        if plausible is None:
            return (_UPPER,)
        low, high = plausible
        return (*([_UPPER] if low <= _UPPER <= high else []), low, high)

    def step(self, threshold: Decimal) -> Decimal:
        """The smallest step by which a laboratory would report another value: scores and titres go by whole numbers."""
        if not isinstance(self.spec, QuantityFact):
            return Decimal(1)
        smallest = Decimal(1).scaleb(min(0, int(threshold.normalize().as_tuple().exponent)) - 1)
        # Above 0 nothing is plausible before the least that there may be.
        least = self.spec.plausible[0] if self.spec.plausible is not None and threshold == 0 else smallest
        return max(smallest, least)

    def refused_unit(self) -> str | None:
        """A unit that the fact does not accept."""
        return next((unit for unit in _REFUSED if self.units.factor(unit) is None), None)

    def unknown(self) -> dict[str, Any]:
        """All of it is unknown."""
        return dict.fromkeys(self.stated)

    def said(
        self, label: str, stated: dict[str, Any], says: Json, *, days_ago: int = 0, status: str = "final", code: int = 0
    ) -> Situation:
        """A situation of one observation."""
        made = observation(concept(self.codes[code]), day(self.as_of, days_ago), says, status)
        return Situation(label, stated, (made,))

    def value(
        self, label: str, value: Decimal, unit: str | None = None, upper: Decimal | None = None, **more: Any
    ) -> Situation:
        """An exact number in a unit; with an upper limit of normal (in the same unit) where one is given."""
        unit = unit or self.unit
        days = more.get("days_ago", 0)
        stated: dict[str, Any] = self.unknown()
        if self.name in stated:
            stated[self.name] = self._statement(plain(value), unit, days)
        if upper is not None and f"{self.name}.x_uln" in stated:
            stated[f"{self.name}.x_uln"] = {"value": float(f"{value / upper:.12g}"), "days_ago": days}
        says = self._value_element(value, unit)
        if upper is not None:
            says["referenceRange"] = [{"high": quantity(upper, unit)}]
        return self.said(label, stated, says, **more)

    def reported(self, label: str, comparator: str, value: Decimal) -> Situation:
        """A number beyond the end of the instrument's scale: `<5`."""
        stated = self.unknown()
        if self.name in stated:
            stated[self.name] = self._statement(f"{comparator}{plain(value)}", self.unit, 0)
        if isinstance(self.spec, TiterFact):
            return self.said(label, stated, {"valueString": f"{comparator}1:{plain(value)}"})
        return self.said(label, stated, {"valueQuantity": quantity(value, self.unit, comparator)})

    def _statement(self, amount: Any, unit: str, days: int) -> Any:
        if self.unit == "1":
            return {"value": amount, "days_ago": days}
        return {"quantity": [amount, unit], "days_ago": days}

    def _value_element(self, value: Decimal, unit: str) -> Json:
        if isinstance(self.spec, TiterFact):
            return {"valueString": f"1:{plain(value)}"}
        if isinstance(self.spec, ScoreFact):
            return {"valueInteger": int(value)}
        return {"valueQuantity": quantity(value, unit, says_one=self.unit != "1")}


def around(fact: NumberFact, limit: Limit, upper: Decimal | None) -> Iterator[Situation]:
    """The fact at the threshold, just under and just over it."""
    for label, value in _near(fact, limit.value):
        yield fact.value(label, value, upper=upper).holding(limit.holds(value, value))


def in_other_forms(fact: NumberFact, limit: Limit) -> Iterator[Situation]:
    """The same thresholds in each other unit that is accepted, as codes, as text, in each code system."""
    for unit, factor in fact.accepted.items():
        if unit != fact.unit:
            yield from _converted(fact, limit, unit, factor)
    for label, value in _near(fact, limit.value):
        for i in range(1, len(fact.codes)):
            made = fact.value(f"{label}, by a code of {fact.codes[i].system}", value, code=i)
            yield made.holding(limit.holds(value, value))
        yield from (made.holding(limit.holds(value, value)) for made in _spelled(fact, label, value))
    for comparator in ("<", ">"):
        if fact.can_be(limit.value) and (comparator == ">" or limit.value > 0):
            yield fact.reported(f"reported as {comparator}{plain(limit.value)}", comparator, limit.value)


def _near(fact: NumberFact, threshold: Decimal) -> list[tuple[str, Decimal]]:
    step = fact.step(threshold)
    near = [("at", threshold), ("just under", threshold - step), ("just over", threshold + step)]
    said = "" if fact.unit == "1" else f" {fact.unit}"
    return [(f"{word} {plain(threshold)}{said}", value) for word, value in near if fact.can_be(value)]


def _converted(fact: NumberFact, limit: Limit, unit: str, factor: Factor) -> Iterator[Situation]:
    """The threshold in another unit: exactly where that is possible, else the nearest values on either side of it."""
    low, high = factor
    exact = limit.value / low
    values = {"just under": _rounded(limit.value / high, ROUND_FLOOR), "just over": _rounded(exact, ROUND_CEILING)}
    if low == high and exact == _rounded(exact, ROUND_FLOOR):
        values = {"at": exact}
    elif low != high:
        values["about"] = _rounded((limit.value / low + limit.value / high) / 2, ROUND_FLOOR)
    for word, value in values.items():
        if value > 0:
            made = fact.value(f"{word} the threshold, in {unit}", value, unit)
            yield made.holding(limit.holds(value * low, value * high))


def _rounded(value: Decimal, how: str) -> Decimal:
    """To four significant digits."""
    if value == 0:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() - _DIGITS + 1), rounding=how).normalize()


def _spelled(fact: NumberFact, label: str, value: Decimal) -> Iterator[Situation]:
    """Other ways in which FHIR can say the same number."""
    stated = fact.value(label, value).stated
    if isinstance(fact.spec, ScoreFact):
        for answer in fact.spec.values:
            if answer.value == value:
                coded = {"valueCodeableConcept": concept(answer)}
                yield fact.said(f"{label}, as the code {answer.code}", dict(stated), coded)
        if fact.spec.component is not None:
            yield Situation(f"{label}, as a component", stated, (_component(fact, value),))
    elif isinstance(fact.spec, TiterFact):
        ratio = {"numerator": {"value": 1}, "denominator": {"value": plain(value)}}
        yield fact.said(f"{label}, as a ratio", dict(stated), {"valueRatio": ratio})
        yield fact.said(f"{label}, as a bare number", dict(stated), {"valueQuantity": quantity(value, None)})
    elif fact.unit == "1":
        annotated = {"valueQuantity": quantity(value, "{number}")}
        yield fact.said(f"{label}, with an annotation as unit", dict(stated), annotated)


def _component(fact: NumberFact, value: Decimal) -> Json:
    assert isinstance(fact.spec, ScoreFact)
    assert fact.spec.component is not None
    part = fact.spec.component
    beside = {"code": concept(part.where.code), "valueCodeableConcept": concept(part.where.value[0])}
    count = {"code": concept(part.code), "valueInteger": int(value)}
    panel = Code(system="http://loinc.org", code="69548-6", display="Genetic variant assessment")
    return observation(concept(panel), day(fact.as_of, 0), {"component": [beside, count]})
