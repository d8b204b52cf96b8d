"""Numbers that are not known exactly, as intervals in `Decimal` whose bounds know whether they are included.

`<5` is [.., 5), `ap 10` is [9, 11], `5-10` is [5, 10]. For the rule engine an interval becomes a closed pair of floats.
Comparators: https://hl7.org/fhir/R4/valueset-quantity-comparator.html; prefixes: https://hl7.org/fhir/R4/search.html#prefix.
"""

import math
import re
import sys
from decimal import Context, Decimal, InvalidOperation

from msgspec import Struct

MAX = sys.float_info.max
_EXACT = Context(prec=60)
_TWELVE = Context(prec=12)
_SIX = Context(prec=6)
"""A logarithm is reported with two decimals or so: more digits of what it stands for are none of the measurement."""
_LARGEST_EXPONENT = 100
_TENTH = Decimal("0.1")
_LARGEST_LOGARITHM = 20

Factor = tuple[Decimal, Decimal]
"""A conversion factor as an interval; nearly always a point."""


class Interval(Struct, frozen=True, gc=False):
    """From `lo` to `hi`; `None` is no bound. An open bound is not itself a possible value."""

    lo: Decimal | None
    hi: Decimal | None
    lo_open: bool = False
    hi_open: bool = False

    @property
    def is_point(self) -> bool:
        return self.lo is not None and self.lo == self.hi

    @property
    def is_empty(self) -> bool:
        if self.lo is None or self.hi is None:
            return False
        return self.lo > self.hi or (self.lo == self.hi and (self.lo_open or self.hi_open))

    def scale(self, factor: Factor) -> "Interval":
        """Times a positive factor, to 12 significant digits so that 8.0 g/dL is exactly 80 g/L."""
        low, high = factor
        if low == high == 1:
            return self
        if self.lo is not None and self.lo is self.hi and low == high:  # nearly always: an exact value
            number = _product(self.lo, low)
            return Interval(number, number, self.lo_open, self.hi_open)
        lo = None if self.lo is None else _product(self.lo, low if self.lo >= 0 else high)
        hi = None if self.hi is None else _product(self.hi, high if self.hi >= 0 else low)
        return Interval(lo, hi, self.lo_open, self.hi_open)

    def over(self, divisor: Decimal) -> "Interval":
        """Divided by a positive number, to 12 significant digits."""
        if self.lo is not None and self.lo is self.hi:
            number = _TWELVE.divide(self.lo, divisor)
            return Interval(number, number, self.lo_open, self.hi_open)
        lo = None if self.lo is None else _TWELVE.divide(self.lo, divisor)
        hi = None if self.hi is None else _TWELVE.divide(self.hi, divisor)
        return Interval(lo, hi, self.lo_open, self.hi_open)

    def at_least(self, minimum: Decimal | None) -> "Interval":
        """The part that is not below `minimum`, the least value that is possible."""
        if minimum is None or (self.lo is not None and self.lo >= minimum):
            return self
        return Interval(minimum, self.hi, False, self.hi_open)

    def lies_outside(self, lo: Decimal, hi: Decimal) -> bool:
        """Whether no possible value lies between `lo` and `hi`, both included."""
        if self.hi is not None and (self.hi < lo or (self.hi_open and self.hi == lo)):
            return True
        return self.lo is not None and (self.lo > hi or (self.lo_open and self.lo == hi))

    def hull(self, other: "Interval") -> "Interval":
        """The smallest interval that holds both."""
        if self.lo is None or other.lo is None:
            lo, lo_open = None, False
        elif self.lo == other.lo:
            lo, lo_open = self.lo, self.lo_open and other.lo_open
        else:
            lo, lo_open = min((self.lo, self.lo_open), (other.lo, other.lo_open))
        if self.hi is None or other.hi is None:
            hi, hi_open = None, False
        elif self.hi == other.hi:
            hi, hi_open = self.hi, self.hi_open and other.hi_open
        else:
            hi, hi_open = max((self.hi, self.hi_open), (other.hi, other.hi_open))
        return Interval(lo, hi, lo_open, hi_open)

    def closed(self) -> tuple[float, float]:
        """As a closed pair of floats: an open bound moves to the next float inside, no bound is +-MAX."""
        if self.lo is not None and self.lo is self.hi and not (self.lo_open or self.hi_open):
            number = _float(self.lo)
            return number, number
        lo = -MAX if self.lo is None else _float(self.lo)
        hi = MAX if self.hi is None else _float(self.hi)
        inner_lo = math.nextafter(lo, math.inf) if self.lo_open else lo
        inner_hi = math.nextafter(hi, -math.inf) if self.hi_open else hi
        return (inner_lo, inner_hi) if inner_lo <= inner_hi else (lo, hi)

    def text(self) -> str:
        """As a clinician would write it: `80`, `<5`, `>=600`, `9 to 11`."""
        if self.lo is not None and self.lo == self.hi:
            return plain(self.lo)
        if self.lo is None and self.hi is None:
            return "any"
        if self.hi is None:
            return f"{'>' if self.lo_open else '>='}{plain(self.lo)}"
        if self.lo is None or (self.lo == 0 and not self.lo_open):
            return f"{'<' if self.hi_open else '<='}{plain(self.hi)}"
        return f"{plain(self.lo)} to {plain(self.hi)}"


def point(value: Decimal | int) -> Interval:
    number = Decimal(value)
    return Interval(number, number)


def power_of_ten(exponent: Interval) -> Interval | None:
    """What an interval of log₁₀ stands for, to 6 significant digits; `None` beyond any amount that is measured."""
    ends = (exponent.lo, exponent.hi)
    if any(end is not None and abs(end) > _LARGEST_LOGARITHM for end in ends):
        return None
    lo, hi = (None if end is None else _SIX.power(Decimal(10), end) for end in ends)
    return Interval(lo, hi, exponent.lo_open, exponent.hi_open)


def plain(number: Decimal | None) -> str:
    """Without exponent and trailing zeros where that stays short."""
    if number is None:
        return ""
    text = format(number.normalize(), "f")
    return text if len(text) <= 20 else str(_TWELVE.plus(number))


def compared(value: Decimal, comparator: str | None) -> Interval | None:
    """The interval that a comparator or search prefix says; `None` for one that says nothing definite (`ad`, `ne`)."""
    if not comparator:  # nearly always
        return Interval(value, value)
    match comparator.strip().lower():
        case "" | "=" | "eq":
            return Interval(value, value)
        case "<" | "lt" | "eb":  # eb: ends before
            return Interval(None, value, hi_open=True)
        case "<=" | "=<" | "≤" | "le":
            return Interval(None, value)
        case ">" | "gt" | "sa":  # sa: starts after
            return Interval(value, None, lo_open=True)
        case ">=" | "=>" | "≥" | "ge":
            return Interval(value, None)
        case "~" | "≈" | "ap":  # the standard suggests 10 % of the stated value
            margin = _EXACT.multiply(abs(value), _TENTH)
            return Interval(_EXACT.subtract(value, margin), _EXACT.add(value, margin))
    return None


_NUMBER = r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,60})?(?:[eE][+-]?[0-9]{1,4})?"
_TEXT = re.compile(
    rf"(?P<comparator><=|>=|=<|=>|<|>|=|≤|≥|~|≈)?\s*(?P<low>{_NUMBER})"
    rf"(?:\s*(?:-|–|—|to|bis)\s*(?P<high>{_NUMBER}))?(?![0-9.,])\s*(?P<unit>.{{0,60}})"
)
_UP_TO = re.compile(rf"(?:up to|less than or equal to|bis)\s+(?P<high>{_NUMBER})(?![0-9.,])\s*(?P<unit>.{{0,60}})")


def parse_number(text: str) -> Decimal | None:
    """A number as text, with a decimal point or an unambiguous decimal comma; `None` if it is not one.

    `1,234` may be a thousand or a bit more than one, so it is neither.
    """
    if "," in text:
        whole, _, fraction = text.partition(",")
        if len(fraction) == 3 and whole.lstrip("+-") != "0":
            return None
        text = f"{whole}.{fraction}"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if is_sane(number) else None


def is_sane(number: Decimal) -> bool:
    """Whether a number is finite and of a magnitude that a measurement can have."""
    return number.is_finite() and (number == 0 or abs(number.adjusted()) <= _LARGEST_EXPONENT)


def parse_interval(text: str) -> tuple[Interval, str] | None:
    """`<1`, `>= 5`, `5-10`, `7.2 g/dL`, `up to 40`: the interval and the unit written behind it (may be empty)."""
    text = text.strip()
    up_to = _UP_TO.fullmatch(text.lower())
    if up_to is not None:
        high = parse_number(up_to["high"])
        return None if high is None else (Interval(None, high), text[len(text) - len(up_to["unit"]) :].strip())
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    low = parse_number(found["low"])
    if low is None:
        return None
    unit = found["unit"].strip()
    if found["high"] is None:
        one = compared(low, found["comparator"])
        return None if one is None else (one, unit)
    high = parse_number(found["high"])
    if high is None or found["comparator"] or high < low:
        return None
    return Interval(low, high), unit


def _product(number: Decimal, factor: Decimal) -> Decimal:
    return _TWELVE.plus(_EXACT.multiply(number, factor))


def _float(number: Decimal) -> float:
    found = float(number)
    return found if -MAX <= found <= MAX else max(-MAX, min(MAX, found))
