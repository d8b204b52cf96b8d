"""Multiples of the upper or lower limit of normal, which the observation itself must give."""

from collections.abc import Iterator
from decimal import Decimal

from tools.boundaries.numbers import Limit, NumberFact
from tools.boundaries.resources import quantity
from tools.boundaries.situation import Situation

_EXACT = 8
"""The most digits of a number that counts as exactly converted."""


def around_multiple(fact: NumberFact, limit: Limit, upper: Decimal) -> Iterator[Situation]:
    """The value at, just under and just over a multiple of the limit of normal `upper`."""
    threshold = limit.value * upper
    step = fact.step(threshold)
    said = f"{_n(limit.value)} × a limit of {_n(upper)}"
    for word, value in (("at", threshold), ("just under", threshold - step), ("just over", threshold + step)):
        if fact.can_be(value):
            times = value / upper
            yield fact.value(f"{word} {said}", value, upper=upper).holding(limit.holds(times, times))


def other_ranges(fact: NumberFact, limit: Limit, upper: Decimal) -> Iterator[Situation]:
    """No range, one in a unit that is not accepted, and value and range in different units that are."""
    threshold = limit.value * upper
    alone = fact.value("without a reference range", threshold)
    yield alone
    unit = fact.refused_unit()
    if unit is not None:
        says = {"valueQuantity": quantity(threshold, fact.unit), "referenceRange": [{"high": quantity(upper, unit)}]}
        yield fact.said(f"with a reference range in {unit}, which is not accepted", dict(alone.stated), says)
    own, held = fact.unit, limit.holds(limit.value, limit.value)
    stated = {**alone.stated, f"{fact.name}.x_uln": float(limit.value)}
    for other, (low, high) in fact.accepted.items():
        pairs = {"value": (threshold / low, other, upper, own), "range": (threshold, own, upper / low, other)}
        for which, (value, unit, end, end_unit) in pairs.items():
            # Only what converts exactly is exactly at the threshold.
            exact = all(len(number.as_tuple().digits) <= _EXACT for number in (value, end))
            if other != own and low == high and exact:
                says = {"valueQuantity": quantity(value, unit), "referenceRange": [{"high": quantity(end, end_unit)}]}
                yield fact.said(f"at the threshold, the {which} in {other}", stated, says).holding(held)


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"
