"""One reference range as the limits that it sets: from its numbers and its text, which must not contradict."""

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cds_service.facts.intervals import Factor, Interval, is_sane, parse_number
from cds_service.facts.observations.range_words import Flag, RangeWords
from cds_service.fhir import Quantity, ReferenceRange

ToFactor = Callable[[str | None, str | None, str | None], Factor | None]
"""From a unit as sent (unit, code, system) to its factor, `None` where it is not understood."""

_COMPARATORS = {"high": frozenset({"<", "<="}), "low": frozenset({">", ">="})}
_OPEN = frozenset({"<", ">"})
# What software fills in where no limit is known: 9999, 99999.99.
_NINES = re.compile(r"9999+(?:\.9+)?")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
# Text is often rounded otherwise than the numbers beside it.
_TOLERANCE = Decimal("0.02")


class Limit(Struct, frozen=True, gc=False):
    """A limit of normal as written and its factor into the canonical unit. `is_open`: it is itself outside (`<1.0`)."""

    value: Decimal
    factor: Factor
    is_open: bool = False

    @property
    def ends(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest that it may be, in the canonical unit."""
        return self.value * self.factor[0], self.value * self.factor[1]


Side = Literal["high", "low"]
OnSide = Limit | Literal["none", "unknown"]
"""What several ranges leave on one side: a limit, none, or more than one."""


class RangeBounds(Struct, frozen=True, gc=False):
    """The limits that a range sets; `None` on a side where it sets none."""

    low: Limit | None = None
    high: Limit | None = None

    def on(self, side: Side) -> Limit | None:
        return self.high if side == "high" else self.low


NO_BOUNDS = RangeBounds()


def bounds_of(
    candidate: ReferenceRange, own_unit: Factor, to_factor: ToFactor, words: RangeWords
) -> RangeBounds | None:
    """The limits of a range; `None` where it cannot be read or contradicts itself.

    `own_unit` is the factor of the value's unit, in which a limit without unit is read.
    """
    text = (candidate.text or "").strip()
    if text and words.says_nothing(text):
        text = ""
    if not (_has_number(candidate.low) or _has_number(candidate.high)):
        if not text:
            return NO_BOUNDS
        written = _of_text(text, own_unit, to_factor, words)
        return None if written is None else _consistent(written)
    if _is_placeholder(candidate):
        return NO_BOUNDS
    low = _of_quantity(candidate.low, "low", own_unit, to_factor)
    high = _of_quantity(candidate.high, "high", own_unit, to_factor)
    if low == "unreadable" or high == "unreadable":
        return None
    found = _consistent(RangeBounds(low, high))
    if found is None or (text and not _agrees(text, found, own_unit, to_factor, words)):
        return None
    return _opened(found, _of_text(text, own_unit, to_factor, words)) if text else found


def contradicts(flags: Collection[Flag], value: Interval, limits: Mapping[Side, OnSide]) -> bool:
    """Whether what the laboratory says of the value cannot be true of these limits. On a limit itself both may be."""
    high, low = limits["high"], limits["low"]
    below_high = _is_below(value, high)
    above_low = _is_above(value, low)
    inside = below_high and above_low
    outside = (isinstance(high, Limit) and _is_above(value, high)) or (isinstance(low, Limit) and _is_below(value, low))
    return (
        ("normal" in flags and outside)
        or ("high" in flags and below_high)
        or ("low" in flags and above_low)
        or ("abnormal" in flags and inside)
    )


def _is_below(value: Interval, limit: OnSide) -> bool:
    """Whether a value is certainly below an upper limit; it is below one that there is not."""
    if not isinstance(limit, Limit):
        return limit == "none"
    return value.hi is not None and value.hi < limit.ends[0]


def _is_above(value: Interval, limit: OnSide) -> bool:
    if not isinstance(limit, Limit):
        return limit == "none"
    return value.lo is not None and value.lo > limit.ends[1]


def _has_number(quantity: Quantity | None) -> bool:
    return quantity is not None and quantity.value is not None


def _is_placeholder(candidate: ReferenceRange) -> bool:
    """0 to 0, 0 to 9999: numbers that stand there only because something has to."""
    low = None if candidate.low is None else candidate.low.value
    high = None if candidate.high is None else candidate.high.value
    if high is None:
        return low == 0
    return (high == 0 and not low) or _NINES.fullmatch(str(high)) is not None


def _of_quantity(
    quantity: Quantity | None, side: Side, own_unit: Factor, to_factor: ToFactor
) -> Limit | Literal["unreadable"] | None:
    """The limit that a quantity sets; `None` where it sets none."""
    if quantity is None:
        return None
    value = quantity.value
    if value is None or not is_sane(value):
        return "unreadable"
    if value <= 0:
        return None if side == "low" else "unreadable"
    if quantity.comparator and quantity.comparator not in _COMPARATORS[side]:
        return "unreadable"
    has_unit = bool(quantity.unit or quantity.code)
    factor = to_factor(quantity.unit, quantity.code, quantity.system) if has_unit else own_unit
    return "unreadable" if factor is None else Limit(value, factor, quantity.comparator in _OPEN)


def _of_text(text: str, own_unit: Factor, to_factor: ToFactor, words: RangeWords) -> RangeBounds | None:
    """`0 - 40`, `<= 40`, `up to 40 U/L`. Anything else that is written there cannot be read."""
    parsed = words.parse(text)
    if parsed is None:
        return None
    bounds, unit = parsed
    factor = to_factor(unit, None, None) if unit else own_unit
    if factor is None or (bounds.hi is not None and bounds.hi <= 0):
        return None
    if bounds.hi is not None and _NINES.fullmatch(str(bounds.hi)):
        return NO_BOUNDS
    low = None if bounds.lo is None or bounds.lo <= 0 else Limit(bounds.lo, factor, bounds.lo_open)
    return RangeBounds(low, None if bounds.hi is None else Limit(bounds.hi, factor, bounds.hi_open))


def _consistent(found: RangeBounds) -> RangeBounds | None:
    """The limits, unless the lower one is not below the upper one."""
    low, high = found.low, found.high
    return None if low is not None and high is not None and low.ends[0] >= high.ends[1] else found


def _agrees(text: str, found: RangeBounds, own_unit: Factor, to_factor: ToFactor, words: RangeWords) -> bool:
    """Whether a text beside numbers says the same as they do, as far as it says anything."""
    written = _of_text(text, own_unit, to_factor, words)
    if written is not None:
        pairs = [(found.high, written.high), (found.low, written.low)]
        both = [(one.ends, other.ends) for one, other in pairs if one is not None and other is not None]
        return bool(both) and all(_near(a[0], b[0]) and _near(a[1], b[1]) for a, b in both)
    # More than a plain range ("women 5 - 35, men 5 - 45"), or in a unit of its own: our numbers must be among its.
    numbers = [number for match in _NUMBER.findall(text) if (number := parse_number(match)) is not None]
    limits = [limit.value for limit in (found.low, found.high) if limit is not None]
    return not numbers or all(any(_near(limit, number) for number in numbers) for limit in limits)


def _opened(found: RangeBounds, written: RangeBounds | None) -> RangeBounds:
    """The limits of the numbers, the upper one open where the text beside them has it so."""
    if found.high is None or written is None or written.high is None or not written.high.is_open:
        return found
    return RangeBounds(found.low, replace(found.high, is_open=True))


def _near(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= _TOLERANCE * max(abs(one), abs(other))
