"""Numbers that observations carry: quantities, scores and titres, as intervals in the fact's canonical unit."""

from collections.abc import Mapping
from decimal import Decimal

from cds_service.facts.catalogue import (
    ONE,
    CodeSystems,
    Key,
    Numeric,
    ObservedCode,
    QuantityFact,
    ScoreFact,
    TiterFact,
    UnitTable,
)
from cds_service.facts.intervals import Factor, Interval, compared, is_sane, parse_interval, point, power_of_ten
from cds_service.facts.observations.answers import (
    NO_REFERENCE_RANGE,
    NOT_UNDERSTOOD,
    UNIT_NOT_UNDERSTOOD,
    Unreadable,
    values_of,
)
from cds_service.facts.observations.compound import parse_compound
from cds_service.facts.observations.observations import ObservationOrComponent
from cds_service.facts.observations.plausible import Plausible
from cds_service.facts.observations.qualitative import Qualitative
from cds_service.facts.observations.range_bounds import Limit, Side
from cds_service.facts.observations.range_words import NO_WORDS, RangeWords
from cds_service.facts.observations.reference_ranges import SIDES, NormalLimits, RangePerson, RawNumber, times_limit
from cds_service.facts.observations.titres import parse_titer, titer_of_ratio
from cds_service.facts.observations.written import Answer, WrittenValue
from cds_service.fhir import CodeableConcept, Coding, Quantity, Range, Ratio

_ZERO = Decimal(0)
_ANYTHING = Interval(None, None)
_HUNDRED: Factor = (Decimal(100), Decimal(100))
_LARGEST_FRACTION = Decimal(2)
"""What is above 200 % is no fraction that lacks its per cent sign."""


class NumberReader:
    """Reads the numbers of one fact; where `own` is given, those of that code alone."""

    def __init__(
        self,
        spec: Numeric,
        units: UnitTable,
        qualitative: Qualitative,
        systems: CodeSystems,
        ranges: RangeWords = NO_WORDS,
        *,
        own: ObservedCode | None = None,
    ) -> None:
        self._spec = spec
        self._plausible = Plausible(spec) if isinstance(spec, QuantityFact) else None
        plausible_limit = spec.plausible_limit if isinstance(spec, QuantityFact) else None
        self._limits = NormalLimits(units.factor, ranges, plausible_limit)
        self._units = units
        self._qualitative = qualitative
        self._systems = systems
        self._logarithmic = isinstance(spec, QuantityFact) and spec.logarithmic
        self._only_log = own is not None and own.scale == "log10"
        self._is_per_cent = isinstance(spec, QuantityFact) and spec.unit == "%"
        self._by_code: Mapping[Key, NumberReader] = {
            systems.key(code.system, code.code): NumberReader(
                spec, units.with_units(code.units) if code.units else units, qualitative, systems, ranges, own=code
            )
            for code in (spec.codes if own is None else ())
            if code.units or code.scale
        }
        self._values: Mapping[Key, Decimal] = {}
        self._least = spec.minimum
        self._most: Decimal | None = None
        if isinstance(spec, ScoreFact) and spec.values:
            self._values = {systems.key(answer.system, answer.code): answer.value for answer in spec.values}
            self._least = min(self._values.values())
            self._most = max(self._values.values())

    def read(self, saying: ObservationOrComponent, coding: Coding | None = None) -> Interval | Unreadable:
        """The value in the canonical unit, or why there is none. `coding`: the code by which it is about the fact."""
        return self.value(self.reading(saying, coding))

    def value(self, reading: RawNumber | Unreadable) -> Interval | Unreadable:
        """What has been read, in the canonical unit, as far as it is possible and plausible."""
        return reading if isinstance(reading, Unreadable) else self.judge(reading.value)

    def judge(self, value: Interval) -> Interval | Unreadable:
        """A value in the canonical unit as far as it is possible; or why it is none of a living person."""
        found = self._possible(value)
        if self._plausible is None or isinstance(found, Unreadable):
            return found
        return self._plausible.judge(found)

    def times_limits(
        self, reading: RawNumber, saying: ObservationOrComponent, person: RangePerson, coding: Coding | None = None
    ) -> dict[Side, Interval | Unreadable]:
        """What has been read of an observation as a multiple of its own upper (`high`) and lower limit of normal.

        A logarithm has none: its limits are logarithms too.
        """
        limits = {} if reading.from_log else self._of_code(coding)._limits.find(saying, person, reading)
        return {side: self._times(reading, limits.get(side)) for side in SIDES}

    def _times(self, reading: RawNumber, limit: Limit | None) -> Interval | Unreadable:
        if limit is None:
            return NO_REFERENCE_RANGE
        ratio = times_limit(reading.raw, reading.factor, limit)
        return ratio if self._least is None or self._least < 0 else ratio.at_least(_ZERO)

    def limit(
        self, saying: ObservationOrComponent, side: Side, person: RangePerson, coding: Coding | None = None
    ) -> Decimal | None:
        """The observation's own upper (`high`) or lower limit of normal, in the canonical unit; None without one."""
        found = self.reading(saying, coding)
        if isinstance(found, RawNumber) and found.from_log:
            return None
        reading = RawNumber(_ANYTHING, ONE) if isinstance(found, Unreadable) else found
        limit = self._of_code(coding)._limits.find(saying, person, reading).get(side)
        if limit is None or limit.factor[0] != limit.factor[1]:
            return None
        return point(limit.value).scale(limit.factor).lo

    def reading(self, saying: ObservationOrComponent, coding: Coding | None = None) -> RawNumber | Unreadable:
        """The number as written, or why there is none. `coding`: the code by which it is about the fact."""
        own = self._of_code(coding)
        if own is not self:
            return own.reading(saying)
        names = values_of(saying)
        if len(names) != 1 or saying.data_absent_reason is not None:
            return NOT_UNDERSTOOD
        if saying.value_quantity is not None:
            return self._of_quantity(saying.value_quantity, _off_scale(saying))
        value = getattr(saying, names[0])
        match value:
            case bool():
                return NOT_UNDERSTOOD
            case int():
                return self._in_unit(point(value))
            case str() if names[0] == "value_string":
                return self._of_text(value)
            case CodeableConcept():
                return self._of_concept(value)
            case Range():
                return self._of_range(value)
            case Ratio():
                return self._of_ratio(value)
        return NOT_UNDERSTOOD

    def _of_code(self, coding: Coding | None) -> "NumberReader":
        """What reads the numbers under a code: its own reader, where it has units or a scale of its own."""
        if self._by_code and coding is not None:
            for key in self._systems.keys((coding,)):
                if key in self._by_code:
                    return self._by_code[key]
        return self

    def _possible(self, value: Interval) -> Interval | Unreadable:
        """The part of the value that is possible at all."""
        if self._least is not None and value.is_point and value.lo is not None and value.lo < self._least:
            return Unreadable("value_not_understood", f"below the least possible value {self._least}")
        if self._most is not None and value.is_point and value.hi is not None and value.hi > self._most:
            return Unreadable("value_not_understood", f"above the greatest possible value {self._most}")
        value = value.at_least(self._least)
        return NOT_UNDERSTOOD if value.is_empty else value

    def _in_unit(
        self, value: Interval, unit: str | None = None, code: str | None = None, system: str | None = None
    ) -> RawNumber | Unreadable:
        factor = None if self._only_log else self._units.factor(unit, code, system)
        if factor is not None:
            if self._is_per_cent and factor == _HUNDRED and (value.hi is None or value.hi > _LARGEST_FRACTION):
                return Unreadable("value_not_understood", "no fraction of one")
            return RawNumber(value, factor)
        factor = self._units.factor_of_log(unit, code) if self._logarithmic else None
        if factor is None:
            return UNIT_NOT_UNDERSTOOD
        power = power_of_ten(value)
        return NOT_UNDERSTOOD if power is None else RawNumber(power, factor, from_log=True)

    def _of_quantity(self, quantity: Quantity, off_scale: str | None = None) -> RawNumber | Unreadable:
        if quantity.value is None or not is_sane(quantity.value):
            return NOT_UNDERSTOOD
        value = compared(quantity.value, quantity.comparator or off_scale)
        if value is None:
            return Unreadable("value_not_understood", f"comparator {(quantity.comparator or '')[:10]!r}")
        return self._in_unit(value, quantity.unit, quantity.code, quantity.system)

    def _of_text(self, text: str) -> RawNumber | Unreadable:
        if isinstance(self._spec, TiterFact):
            titer = parse_titer(text)
            if titer is not None:
                return RawNumber(titer, ONE)
        compound = parse_compound(text, self._units.factor)
        if compound is not None:
            return RawNumber(point(compound), ONE)
        found = parse_interval(text)
        reading = NOT_UNDERSTOOD if found is None else self._in_unit(*found)
        if isinstance(reading, RawNumber):
            return reading
        apart = self._of_parts(self._qualitative.written(text))
        if isinstance(apart, RawNumber):
            return apart
        # Behind a number without dimension stand no units but words, which may change its meaning.
        return NOT_UNDERSTOOD if self._units.is_dimensionless else apart if found is None else reading

    def _of_parts(self, written: WrittenValue | None) -> RawNumber | Unreadable:
        """A text that was taken apart: the number, where the words and signs beside it agree with it."""
        if written is None or len(written.answers) > 1 or "indeterminate" in written.answers:
            return NOT_UNDERSTOOD
        if not written.amount:
            return self._undetected(written.answers == {"negative"})
        if written.answers and self._spec.undetected is None:
            return NOT_UNDERSTOOD
        titer = parse_titer(written.amount) if isinstance(self._spec, TiterFact) else None
        found = (titer, "") if titer is not None else parse_interval(written.amount)
        if found is None or found[1]:
            return NOT_UNDERSTOOD
        reading = self._in_unit(found[0], written.unit)
        bare = self._qualitative.vocabulary.without_flag(written.unit)
        if isinstance(reading, Unreadable) and bare is not None:
            reading = self._in_unit(found[0], bare)
        if isinstance(reading, RawNumber) and not _agrees(reading.raw, written.answers):
            return NOT_UNDERSTOOD
        return reading

    def _of_concept(self, concept: CodeableConcept) -> RawNumber | Unreadable:
        keys = self._systems.keys(concept.coding)
        coded = {self._values[key] for key in keys if key in self._values}
        if coded:
            if len(coded) > 1:
                return Unreadable("value_not_understood", "contradictory codes")
            return RawNumber(point(coded.pop()), ONE)
        if self._qualitative.of_concept(concept) == {"negative"}:
            return self._undetected(True)
        # A number as text stands for itself; beside codes that are not understood the two could differ.
        if concept.text and not any(map(self._systems.is_known, keys)):
            return self._of_text(concept.text)
        return NOT_UNDERSTOOD

    def _of_range(self, bounds: Range) -> RawNumber | Unreadable:
        ends: list[Interval | None] = []
        for quantity in (bounds.low, bounds.high):
            if quantity is None:
                ends.append(None)
                continue
            end = NOT_UNDERSTOOD if quantity.comparator else self._of_quantity(quantity)
            if isinstance(end, Unreadable):
                return end
            ends.append(end.value)
        low, high = ends
        if low is None and high is None:
            return NOT_UNDERSTOOD
        return RawNumber(Interval(None if low is None else low.lo, None if high is None else high.hi), ONE)

    def _of_ratio(self, ratio: Ratio) -> RawNumber | Unreadable:
        above, below = ratio.numerator, ratio.denominator
        if above is None or below is None or above.value is None or below.value is None:
            return NOT_UNDERSTOOD
        if not (is_sane(above.value) and is_sane(below.value)) or below.value <= 0:
            return NOT_UNDERSTOOD
        if isinstance(self._spec, TiterFact):
            titer = titer_of_ratio(above, below, above.value, below.value)
            return NOT_UNDERSTOOD if titer is None else RawNumber(titer, ONE)
        value = None if below.comparator else compared(above.value, above.comparator)
        if value is None:
            return NOT_UNDERSTOOD
        units = [quantity.code or quantity.unit or "" for quantity in (above, below)]
        unit = "/".join(units) if any(units) else None
        return self._in_unit(value if below.value == 1 else value.over(below.value), unit)

    def _undetected(self, negative: bool) -> RawNumber | Unreadable:
        if negative and self._spec.undetected is not None:
            return RawNumber(point(self._spec.undetected), ONE)
        return NOT_UNDERSTOOD


def _agrees(number: Interval, answers: frozenset[Answer]) -> bool:
    """Whether a number may be what the words beside it say: nothing, or something, was found."""
    if answers == {"negative"}:
        return number.lo is None or number.lo <= 0
    return answers != {"positive"} or number.hi is None or number.hi > 0


def _off_scale(saying: ObservationOrComponent) -> str | None:
    """`<` or `>` as an interpretation: the value is the end of the instrument's scale, and the true one lies beyond.

    https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html
    """
    if not saying.interpretation:
        return None
    codes = {coding.code for concept in saying.interpretation for coding in concept.coding}
    marks = codes & {"<", ">"}
    return marks.pop() if len(marks) == 1 else "both" if marks else None
