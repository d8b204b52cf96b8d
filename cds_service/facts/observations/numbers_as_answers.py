"""Positive or negative from a number: by the observation's own range, by a cut-off of the fact, or as an index.

An index (S/CO, COI) is positive from its cut-off on; another number only above its upper limit, and negative at it
unless it reads "<1.0". Between two limits above 0 nobody has decided. A competitive assay is read by a lower limit that
stands alone (docs/facts.md).
"""

from collections.abc import Mapping
from decimal import Decimal

from cds_service.facts.catalogue import ONE, CodeSystems, ResultFact, fold
from cds_service.facts.intervals import Factor, Interval, compared, is_sane, parse_interval, point
from cds_service.facts.observations.answers import values_of
from cds_service.facts.observations.observations import ObservationOrComponent
from cds_service.facts.observations.qualitative import Qualitative
from cds_service.facts.observations.range_bounds import Limit, OnSide, Side
from cds_service.facts.observations.range_words import NO_WORDS, RangeWords
from cds_service.facts.observations.reference_ranges import NormalLimits, RangePerson, RawNumber
from cds_service.facts.observations.titres import parse_titer
from cds_service.facts.observations.written import Answer, is_unit
from cds_service.fhir import Coding, Quantity, Ratio

_CUT_OFF = Decimal(1)
_NOTHING: frozenset[Answer] = frozenset()


class NumbersAsAnswers:
    """Reads the numbers of one result."""

    def __init__(
        self, spec: ResultFact, qualitative: Qualitative, systems: CodeSystems, ranges: RangeWords = NO_WORDS
    ) -> None:
        self._rule = spec.read_number
        self._qualitative = qualitative
        self._systems = systems
        self._ranges = ranges
        self._log_codes = frozenset(systems.key(code.system, code.code) for code in spec.codes if code.scale == "log10")

    def read(
        self, saying: ObservationOrComponent, person: RangePerson, coding: Coding | None = None
    ) -> frozenset[Answer]:
        """What the number of an observation says; nothing where there is none, or where it may be either."""
        rule = self._rule
        number = None if rule is None else self.bare(saying)
        if rule is None or number is None:
            return _NOTHING
        units = _units(saying, self._qualitative)
        (above, bound), (below, other) = rule.positive, rule.negative
        if isinstance(bound, Decimal) and isinstance(other, Decimal):
            if self._is_logarithm(units, coding) and not _within(number, Interval(Decimal(0), None, lo_open=True)):
                return _NOTHING  # a logarithm of 0 is 1 of them, and stands for nothing in some feeds
            return _holding(number, (above, bound), (below, other))
        sides = self._own_limits(saying, person, number, units)
        high, low = _value(sides["high"]), _value(sides["low"])
        if bound == "lower_limit":
            alone = low if sides["high"] == "none" else None
            return _holding(number, (above, alone), (below, alone))
        if self._qualitative.is_index(units):
            above, below = ">=", "<"
            if not saying.reference_range and self._qualitative.is_index(units, by_one=True):
                high = _CUT_OFF
        elif _is_open(sides["high"]):
            below = "<"  # what is just the limit of "<1.0" is not normal, and not above it
        if low is None or high is None:
            # Below a limit that is not known it may be negative, or neither.
            negative = None if sides["low"] == "unknown" else high
            return _holding(number, (above, high), (below, negative))
        if _within(number, Interval(low, high, hi_open=above == ">=")):
            return frozenset({"indeterminate"})
        return _holding(number, (above, high), ("<", low))

    def bare(self, saying: ObservationOrComponent) -> Interval | None:
        """The number as written, in whatever unit, not below 0; for a titre 1:n it is n."""
        names = values_of(saying)
        if len(names) != 1:
            return None
        found: Interval | None = None
        match getattr(saying, names[0]):
            case bool():
                return None
            case int() as number:
                found = point(number)
            case Quantity(value=Decimal() as number, comparator=comparator) if is_sane(number):
                found = compared(number, comparator)
            case str() as text if names[0] == "value_string":
                found = self._number_in(text)
            case Ratio(
                numerator=Quantity(value=one, comparator=None), denominator=Quantity(value=Decimal() as n) as end
            ):
                if one == 1 and is_sane(n):
                    found = compared(n, end.comparator)
        if found is None or (found.is_point and found.lo is not None and found.lo < 0):
            return None
        found = found.at_least(Decimal(0))
        return None if found.is_empty else found

    def _number_in(self, text: str) -> Interval | None:
        parsed = parse_interval(text)
        found = parse_titer(text) or (None if parsed is None or not is_unit(parsed[1]) else parsed[0])
        written = None if found is not None else self._qualitative.written(text)
        if written is None or not written.amount:
            return found
        if not self._qualitative.vocabulary.has_plain_unit(written):
            return None
        parsed = parse_interval(written.amount)
        return parse_titer(written.amount) or (None if parsed is None or parsed[1] else parsed[0])

    def _own_limits(
        self, saying: ObservationOrComponent, person: RangePerson, number: Interval, units: tuple[str, ...]
    ) -> Mapping[Side, OnSide]:
        """The observation's own limits, as far as they are in the unit of the value (or in none)."""
        own = {fold(text) for text in units}

        def same_unit(unit: str | None, code: str | None, system: str | None) -> Factor | None:
            return ONE if {fold(text) for text in (unit, code) if text} & own else None

        return NormalLimits(same_unit, self._ranges).on_sides(saying, person, RawNumber(number, ONE))

    def _is_logarithm(self, units: tuple[str, ...], coding: Coding | None) -> bool:
        if any(self._qualitative.is_logarithm(unit) for unit in units):
            return True
        return coding is not None and not self._log_codes.isdisjoint(self._systems.keys((coding,)))


def _holding(
    number: Interval, positive: tuple[str, Decimal | None], negative: tuple[str, Decimal | None]
) -> frozenset[Answer]:
    """The answers whose comparison holds for every value that the number may have."""
    found: set[Answer] = set()
    sides: tuple[tuple[Answer, tuple[str, Decimal | None]], ...] = (("positive", positive), ("negative", negative))
    for answer, (operator, limit) in sides:
        wanted = None if limit is None else compared(limit, operator)
        if wanted is not None and _within(number, wanted):
            found.add(answer)
    return frozenset(found)


def _within(inner: Interval, outer: Interval) -> bool:
    if outer.lo is not None:
        if inner.lo is None or inner.lo < outer.lo:
            return False
        if inner.lo == outer.lo and outer.lo_open and not inner.lo_open:
            return False
    if outer.hi is not None:
        if inner.hi is None or inner.hi > outer.hi:
            return False
        if inner.hi == outer.hi and outer.hi_open and not inner.hi_open:
            return False
    return True


def _units(saying: ObservationOrComponent, qualitative: Qualitative) -> tuple[str, ...]:
    """The unit of the value, in each of its spellings."""
    quantity = saying.value_quantity
    if quantity is not None:
        return tuple(text for text in (quantity.unit, quantity.code) if text)
    written = qualitative.written(saying.value_string)
    return (written.unit,) if written is not None and written.unit else ()


def _is_open(limit: OnSide) -> bool:
    return isinstance(limit, Limit) and limit.is_open


def _value(limit: OnSide) -> Decimal | None:
    return limit.value if isinstance(limit, Limit) else None
