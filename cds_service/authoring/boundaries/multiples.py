"""Multiples of the upper or lower limit of normal, which the observation itself must give."""

from collections.abc import Iterator
from decimal import Decimal

from cds_service.authoring.boundaries.numbers import Limit, NumberFact
from cds_service.authoring.boundaries.resources import quantity
from cds_service.authoring.boundaries.situation import Situation


def around_multiple(fact: NumberFact, limit: Limit, upper: Decimal) -> Iterator[Situation]:
    """The value at, just under and just over a multiple of the limit of normal `upper`."""
    threshold = limit.value * upper
    step = fact.step(threshold)
    said = f"{_n(limit.value)} × a limit of {_n(upper)}"
    for word, value in (("at", threshold), ("just under", threshold - step), ("just over", threshold + step)):
        if fact.can_be(value):
            made = fact.value(f"{word} {said}", value, upper=upper)
            held = limit.holds(value / upper, value / upper)
            yield Situation(made.label, made.stated, made.resources, holds=held)


def other_ranges(fact: NumberFact, limit: Limit, upper: Decimal) -> Iterator[Situation]:
    """No range, one in a unit that is not accepted, and value and range in different units that are."""
    threshold = limit.value * upper
    alone = fact.value("without a reference range", threshold)
    yield alone
    unit = fact.refused_unit()
    if unit is not None:
        says = {"valueQuantity": quantity(threshold, fact.unit), "referenceRange": [{"high": quantity(upper, unit)}]}
        yield fact.said(f"with a reference range in {unit}, which is not accepted", dict(alone.stated), says)
    same = f"{fact.name}.x_uln"
    for other, (low, high) in fact.accepted.items():
        converted = upper / low
        if other == fact.unit or low != high or converted * low != upper or len(converted.as_tuple().digits) > 6:
            continue
        says = {"valueQuantity": quantity(threshold, fact.unit), "referenceRange": [{"high": quantity(converted, other)}]}
        stated = {**alone.stated, same: float(limit.value)}
        made = fact.said(f"at the threshold, with a reference range in {other}", stated, says)
        yield Situation(made.label, made.stated, made.resources, holds=limit.holds(limit.value, limit.value))


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"
