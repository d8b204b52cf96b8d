"""The limit of normal that an observation itself gives for this patient (docs/design.md, 4a).

Candidates are the ranges of type `normal` or of none whose `appliesTo` and `age` fit the patient. If they leave exactly
one limit it is used, else none: the guess between two is not ours.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from cds_service.facts.catalogue import SNOMED
from cds_service.facts.fact import Age
from cds_service.facts.intervals import Factor, Interval, is_sane, parse_interval
from cds_service.facts.observations.observations import Saying
from cds_service.fhir import CodeableConcept, Quantity, Range, ReferenceRange

Side = Literal["high", "low"]
ToFactor = Callable[[str | None, str | None, str | None], Factor | None]
"""From a unit as sent (unit, code, system) to its factor, `None` where it is not understood."""

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
_LIMIT_COMPARATORS = {"high": frozenset({"<", "<="}), "low": frozenset({">", ">="})}


class Limit(Struct, frozen=True, gc=False):
    """A limit of normal as written and its factor into the canonical unit."""

    value: Decimal
    factor: Factor


class Person(Struct, frozen=True, gc=False):
    """What a range's `appliesTo` and `age` are compared with; `None` where it is not known."""

    sex: str | None
    age: Age | None


def find_limit(saying: Saying, side: Side, person: Person, own_unit: Factor, to_factor: ToFactor) -> Limit | None:
    """The one upper (`high`) or lower limit that applies; `None` where there is none, or more than one.

    `own_unit` is the factor of the value's own unit, in which a limit without unit is read.
    """
    if not saying.reference_range:
        return None
    if len(saying.reference_range) == 1:  # nearly always
        (candidate,) = saying.reference_range
        only = _limit(candidate, side, own_unit, to_factor) if _fits(candidate, person) else None
        return only if isinstance(only, Limit) else None
    sure: set[Limit] = set()
    doubtful: set[Limit | None] = set()
    for candidate in saying.reference_range:
        fits = _fits(candidate, person)
        if fits is False:
            continue
        found = _limit(candidate, side, own_unit, to_factor)
        if found == "none":
            continue
        if fits and found is not None:
            sure.add(found)
        else:
            doubtful.add(found)
    values = {(limit.value * limit.factor[0], limit.value * limit.factor[1]) for limit in sure}
    also = {limit and (limit.value * limit.factor[0], limit.value * limit.factor[1]) for limit in doubtful}
    if len(values) != 1 or also - values:
        return None
    return min(sure, key=lambda limit: limit.value)


def times_limit(raw: Interval, own_unit: Factor, limit: Limit) -> Interval:
    """The value as a multiple of the limit; both as written. Exact where they are in the same unit."""
    if own_unit == limit.factor:
        return raw.over(limit.value)
    low, high = own_unit[0] / limit.factor[1], own_unit[1] / limit.factor[0]
    return raw.scale((low, high)).over(limit.value)


def _fits(candidate: ReferenceRange, person: Person) -> bool | None:
    """Whether a range is one of normal for this person; `None` where that cannot be told."""
    if candidate.type is None and candidate.age is None and not candidate.applies_to:  # nearly always
        return True
    answers = [_is_normal(candidate.type), _age_fits(candidate.age, person.age)]
    answers += [_applies(concept, person.sex) for concept in candidate.applies_to]
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def _is_normal(concept: CodeableConcept | None) -> bool | None:
    if concept is None or not (concept.coding or concept.text):
        return True
    codes = {coding.code for coding in concept.coding if coding.code}
    if codes:
        return codes == {"normal"}
    return (concept.text or "").strip().casefold() in {"normal", "normal range"}


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


def _limit(
    candidate: ReferenceRange, side: Side, own_unit: Factor, to_factor: ToFactor
) -> Limit | Literal["none"] | None:
    """The range's limit on that side; "none" where it sets none, `None` where it cannot be read."""
    quantity = candidate.high if side == "high" else candidate.low
    if quantity is not None:
        value, comparator = quantity.value, quantity.comparator
        if value is None or not is_sane(value) or value <= 0:
            return None
        if comparator and comparator not in _LIMIT_COMPARATORS[side]:
            return None
        if not (quantity.unit or quantity.code):
            return Limit(value, own_unit)
        factor = to_factor(quantity.unit, quantity.code, quantity.system)
        return None if factor is None else Limit(value, factor)
    if candidate.low is not None or candidate.high is not None or not (candidate.text or "").strip():
        return "none"
    return _limit_of_text(candidate.text or "", side, own_unit, to_factor)


def _limit_of_text(text: str, side: Side, own_unit: Factor, to_factor: ToFactor) -> Limit | Literal["none"] | None:
    """`0 - 40`, `<= 40`, `up to 40 U/L`. Anything else that is written there cannot be read."""
    text = text.strip()
    if text[:1] + text[-1:] in {"()", "[]"}:
        text = text[1:-1]
    found = parse_interval(text)
    if found is None:
        return None
    bounds, unit = found
    if bounds.is_point:
        return None
    value = bounds.hi if side == "high" else bounds.lo
    if value is None:
        return "none"
    if value <= 0:
        return None
    factor = to_factor(unit, None, None) if unit else own_unit
    return None if factor is None else Limit(value, factor)
