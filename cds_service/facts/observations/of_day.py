"""The lowest or the highest of the newest day's values, where a criterion asks for that ("awake or asleep")."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

from cds_service.facts.fact import Value
from cds_service.facts.intervals import Interval

Extreme = Literal["lowest", "highest"]


def extreme(which: Extreme) -> Callable[[Sequence[Value]], Value]:
    """What is made of several values of one day."""
    return _lowest if which == "lowest" else _highest


def _lowest(values: Sequence[Value]) -> Value:
    intervals = [value for value in values if isinstance(value, Interval)]
    found = intervals[0]
    for value in intervals[1:]:
        found = _lower(found, value)
    return found


def _highest(values: Sequence[Value]) -> Value:
    found = _lowest([_negative(value) for value in values if isinstance(value, Interval)])
    return _negative(found) if isinstance(found, Interval) else found


def _lower(one: Interval, other: Interval) -> Interval:
    """The lower of two numbers that lie in these."""
    lo, lo_open = _least(one.lo, one.lo_open, other.lo, other.lo_open, none_is_least=True)
    hi, hi_open = _least(one.hi, one.hi_open, other.hi, other.hi_open, none_is_least=False)
    if one.lo == other.lo:
        lo_open = one.lo_open and other.lo_open
    if one.hi == other.hi:
        hi_open = one.hi_open or other.hi_open
    return Interval(lo, hi, lo_open, hi_open)


def _least(
    one: Decimal | None, one_open: bool, other: Decimal | None, other_open: bool, *, none_is_least: bool
) -> tuple[Decimal | None, bool]:
    is_one = (one is None) == none_is_least if one is None or other is None else one <= other
    return (one, one_open) if is_one else (other, other_open)


def _negative(value: Interval) -> Interval:
    lo, hi = (None if end is None else -end for end in (value.hi, value.lo))
    return Interval(lo, hi, value.hi_open, value.lo_open)
