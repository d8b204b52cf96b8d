"""The limit of normal that an observation itself gives for this patient (docs/design.md, 4a).

Candidates are the ranges of type `normal` or of none whose `appliesTo` and `age` fit the patient. If they leave exactly
one limit it is used, else none: the guess between two is not ours. Nor is there one where a range contradicts itself,
its text, or the flag of the value.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct

from cds_service.facts.catalogue import SNOMED
from cds_service.facts.fact import Age
from cds_service.facts.intervals import Factor, Interval
from cds_service.facts.observations.observations import ObservationOrComponent
from cds_service.facts.observations.range_bounds import (
    Limit,
    OnSide,
    RangeBounds,
    Side,
    ToFactor,
    bounds_of,
    contradicts,
)
from cds_service.facts.observations.range_words import RangeWords
from cds_service.fhir import CodeableConcept, Quantity, Range, ReferenceRange

_NO_LIMITS: Mapping[Side, Limit] = MappingProxyType({})
_NOT_KNOWN: Mapping[Side, OnSide] = MappingProxyType({"high": "unknown", "low": "unknown"})
SIDES: tuple[Side, ...] = ("high", "low")

_SEX_CODES = {
    ("female", "248152002"): "female",
    ("male", "248153007"): "male",
}
_SEX_WORDS = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}
_AGE_UNITS = {
    **dict.fromkeys(("a", "y", "yr", "yrs", "year", "years", "annum"), "years"),
    **dict.fromkeys(("mo", "mos", "month", "months", "mo_j", "mo_g"), "months"),
    **dict.fromkeys(("wk", "w", "week", "weeks"), "weeks"),
    **dict.fromkeys(("d", "day", "days"), "days"),
}


class RangePerson(Struct, frozen=True, gc=False):
    """What a range's `appliesTo` and `age` are compared with; `None` where it is not known."""

    sex: str | None
    age: Age | None


class RawNumber(Struct, frozen=True, gc=False):
    """A number as written, and the factor of its unit into the canonical one.

    `from_log`: what was written is its log₁₀, and so are the limits of its reference range.
    """

    raw: Interval
    factor: Factor
    from_log: bool = False

    @property
    def value(self) -> Interval:
        return self.raw.scale(self.factor)


class NormalLimits:
    """Finds the limits of normal that observations of one fact give.

    `to_factor` knows the fact's units. `plausible` is where a limit may lie, in the canonical unit.
    """

    def __init__(
        self, to_factor: ToFactor, words: RangeWords, plausible: tuple[Decimal, Decimal] | None = None
    ) -> None:
        self._to_factor = to_factor
        self._words = words
        self._plausible = plausible

    def find(self, saying: ObservationOrComponent, person: RangePerson, reading: RawNumber) -> Mapping[Side, Limit]:
        """The one upper (`high`) and the one lower limit that apply, each where there is exactly one."""
        if not saying.reference_range:
            return _NO_LIMITS
        limits = self.on_sides(saying, person, reading)
        return {side: limit for side, limit in limits.items() if isinstance(limit, Limit) and self._may_be(limit)}

    def on_sides(
        self, saying: ObservationOrComponent, person: RangePerson, reading: RawNumber
    ) -> Mapping[Side, OnSide]:
        """What the ranges leave on either side: a limit, none, or that it is not known.

        `reading` is the value: a limit without unit is in its unit, and a flag must agree with where it lies.
        """
        limits = self._of_all(saying.reference_range, person, reading)
        if saying.interpretation and contradicts(self._words.flags(saying.interpretation), reading.value, limits):
            return _NOT_KNOWN
        return limits

    def _of_all(
        self, candidates: Sequence[ReferenceRange], person: RangePerson, reading: RawNumber
    ) -> Mapping[Side, OnSide]:
        """What the ranges that fit leave on either side."""
        sure: list[RangeBounds] = []
        doubtful: list[RangeBounds | None] = []
        for candidate in candidates:
            fits = _fits(candidate, person, self._words)
            if fits is False:
                continue
            found = bounds_of(candidate, reading.factor, self._to_factor, self._words)
            if fits and found is not None:
                sure.append(found)
            else:
                doubtful.append(found)
        if len(sure) == 1 and not doubtful:  # nearly always
            return {"high": sure[0].high or "none", "low": sure[0].low or "none"}
        return {side: _only(side, sure, doubtful) for side in SIDES}

    def _may_be(self, limit: Limit) -> bool:
        if self._plausible is None:
            return True
        least, most = limit.ends
        return most >= self._plausible[0] and least <= self._plausible[1]


def _only(side: Side, sure: Iterable[RangeBounds], doubtful: Iterable[RangeBounds | None]) -> OnSide:
    """The limit that all candidates leave on one side: there may be none, or it may not be known."""
    limits = [limit for bounds in sure if (limit := bounds.on(side)) is not None]
    values = {limit.ends for limit in limits}
    for bounds in doubtful:
        if bounds is None:
            return "unknown"
        also = bounds.on(side)
        if also is not None and also.ends not in values:
            return "unknown"
    if len(values) > 1:
        return "unknown"
    if not limits:
        return "none"
    return min(limits, key=_value)


def times_limit(raw: Interval, own_unit: Factor, limit: Limit) -> Interval:
    """The value as a multiple of the limit; both as written. Exact where they are in the same unit."""
    if own_unit == limit.factor:
        return raw.over(limit.value)
    low, high = own_unit[0] / limit.factor[1], own_unit[1] / limit.factor[0]
    return raw.scale((low, high)).over(limit.value)


def _fits(candidate: ReferenceRange, person: RangePerson, words: RangeWords) -> bool | None:
    """Whether a range is one of normal for this person; `None` where that cannot be told."""
    if candidate.type is None and candidate.text is None and candidate.age is None and not candidate.applies_to:
        return True  # nearly always
    answers = [words.is_normal(candidate.type, candidate.text), _age_fits(candidate.age, person.age)]
    answers += [_applies(concept, person.sex) for concept in candidate.applies_to]
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def _applies(concept: CodeableConcept, sex: str | None) -> bool | None:
    meant = {_SEX_WORDS.get((concept.text or "").strip().casefold())}
    for coding in concept.coding:
        code = (coding.code or "").strip()
        if coding.system and coding.system.startswith(SNOMED):
            meant |= {name for (name, snomed), _ in _SEX_CODES.items() if snomed == code}
        else:
            meant.add(_SEX_WORDS.get(code.casefold()))
    meant.discard(None)
    if len(meant) != 1 or sex is None:
        return None  # another population (ethnicity, pregnancy, a phase), or a sex that is not known
    return meant == {sex}


def _age_fits(wanted: Range | None, age: Age | None) -> bool | None:
    """Completed units of age, both ends included."""
    if wanted is None or (wanted.low is None and wanted.high is None):
        return True
    results: list[bool | None] = []
    for end, is_low in ((wanted.low, True), (wanted.high, False)):
        if end is None:
            continue
        actual = _age_in(age, end)
        if actual is None or end.value is None:
            return None
        least, most = actual
        if is_low:
            results.append(True if least >= end.value else False if most < end.value else None)
        else:
            results.append(True if most <= end.value else False if least > end.value else None)
    if False in results:
        return False
    return None if None in results else True


def _age_in(age: Age | None, quantity: Quantity) -> tuple[int, int] | None:
    unit = _AGE_UNITS.get((quantity.code or quantity.unit or "").strip().casefold())
    if age is None or unit is None or quantity.comparator:
        return None
    if unit == "weeks":
        return age.days[0] // 7, age.days[1] // 7
    found: tuple[int, int] = getattr(age, unit)
    return found


def _value(limit: Limit) -> Decimal:
    return limit.value
