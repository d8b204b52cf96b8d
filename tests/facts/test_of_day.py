"""The lowest and the highest of a day's values are all that they may be, and no more."""

from collections.abc import Callable
from decimal import Decimal
from itertools import product

import pytest

from cds_service.facts.intervals import Interval
from cds_service.facts.observations import Extreme, extreme

ENDS = (None, Decimal(1), Decimal(2), Decimal(3))
GRID = [Decimal(quarter) / 4 for quarter in range(1, 16)]
INTERVALS = [
    one
    for lo, hi, lo_open, hi_open in product(ENDS, ENDS, (False, True), (False, True))
    if not (one := Interval(lo, hi, lo_open, hi_open)).is_empty
]


def holds(one: Interval, value: Decimal) -> bool:
    return not one.lies_outside(value, value)


@pytest.mark.parametrize(("which", "of"), [("lowest", min), ("highest", max)])
def test_it_holds_every_value_that_it_may_be_and_no_other(
    which: Extreme, of: Callable[[Decimal, Decimal], Decimal]
) -> None:
    for one, other in product(INTERVALS, INTERVALS):
        possible = {of(a, b) for a in GRID for b in GRID if holds(one, a) and holds(other, b)}
        found = extreme(which)([one, other])
        assert isinstance(found, Interval)
        assert {value for value in GRID if holds(found, value)} == possible, (one, other)
