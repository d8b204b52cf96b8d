"""Facts computed from other facts. Interval in, interval out: every formula is monotone in each of its arguments.

* Body mass index: weight by the square of height.
* CKD-EPI creatinine equation of 2021, without race: Inker et al., N Engl J Med 2021;385:1737-49, table S10:
  142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age (x 1.012 if female); k 0.7 and a -0.241 for women, 0.9 and
  -0.302 for men; Scr in mg/dL, age in years. For adults.
* Cockcroft and Gault, Nephron 1976;16:31-41: (140 - age) x weight / (72 x Scr) (x 0.85 if female), for adults.
* Protein to creatinine ratio of one urine.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product

from msgspec.structs import replace

from cds_service.facts.catalogue import DerivedFact
from cds_service.facts.dates import read_date
from cds_service.facts.fact import UNDATED, Age, Evidence, Fact, Reason, unknown
from cds_service.facts.intervals import Interval

Limits = Callable[[str], int | None]
"""From a fact's name to the age in days up to which its evidence counts; `None` without limit."""

_ADULT = 18
# mg/dL of creatinine in 1 umol/L: molar mass 113.12 g/mol (C4H7N3O).
_CREATININE_MG_DL = 0.011312
_ABSENT: frozenset[Reason] = frozenset({"not_supplied", "no_result", "too_old", "undated"})


def derive(spec: DerivedFact, facts: Mapping[str, Fact], limit_of: Limits) -> Fact:
    """The derived fact from its parts, which are in `facts`; unknown with the reason of the part that is missing."""
    parts = [facts[name] for name in spec.references()]
    match spec.formula:
        case "first_known":
            return _first_known(spec, parts, limit_of)
        case "either_test" | "both_parts":
            return _combined(spec, parts, limit_of)
        case "confirmed_test":
            return _confirmed(spec, parts, limit_of)
    missing = next((part for part in parts if part.value is None), None)
    if missing is not None:
        return unknown(spec.name, missing.reason or "no_result", missing.evidence)
    evidence = _evidence(parts)
    value = _FORMULAS[spec.formula](parts)
    if value is None:
        return unknown(spec.name, "value_not_understood", evidence)
    # What never goes stale does not make the whole old: an adult's height.
    staling = [part for part in parts if limit_of(part.name) is not None]
    age = max((part.age for part in staling), default=0)
    least_age = max((part.least_age for part in staling), default=0)
    return Fact(spec.name, value, spec.unit or "", age, evidence=evidence, least_age=least_age)


def _first_known(spec: DerivedFact, alternatives: Sequence[Fact], limit_of: Limits) -> Fact:
    """The first alternative that counts. Passed over is only what certainly does not: nothing on record, or too old."""
    for alternative in alternatives:
        missing = alternative.value is None and (alternative.reason in _ABSENT or not alternative.evidence)
        if not missing and not alternative.certainly_too_old(limit_of(alternative.name)):
            return _as(spec, alternative)
    told = [alternative for alternative in alternatives if alternative.evidence]
    return _as(spec, (told or alternatives)[0])


def _combined(spec: DerivedFact, parts: Sequence[Fact], limit_of: Limits) -> Fact:
    """`either_test`: alternative tests of one question. `both_parts`: parts that make the question together."""
    current = [part.at(limit_of(part.name)) for part in parts]
    positive = [part for part in current if part.value == "positive"]
    negative = [part for part in current if part.value == "negative"]
    if positive:
        best = min(positive, key=lambda part: part.age)
        return replace(best, name=spec.name, evidence=_evidence(positive), via="")
    # Of what may be too old a positive may still count; of what cannot be understood, too.
    disputed = [
        now
        for now, part in zip(current, parts, strict=True)
        if now.value is None
        and now.evidence
        and (part.value == "positive" or part.reason not in {None, *_ABSENT})
        and not part.certainly_too_old(limit_of(part.name))
    ]
    if disputed:
        return unknown(spec.name, disputed[0].reason or "no_result", _evidence(disputed))
    open_parts = [part for part in current if part.value is None]
    if negative and (spec.formula == "either_test" or not open_parts):
        best = (min if spec.formula == "either_test" else max)(negative, key=lambda part: part.age)
        return replace(best, name=spec.name, evidence=_evidence(negative), via="")
    told = next((part for part in open_parts if part.evidence), open_parts[0])
    return unknown(spec.name, told.reason or "no_result", _evidence(current))


def _confirmed(spec: DerivedFact, parts: Sequence[Fact], limit_of: Limits) -> Fact:
    """A confirming test and the screening test before it. The confirming one decides; without it a negative screen is
    negative, because nobody confirms that, and a positive one alone is unknown."""
    confirming, screening = parts
    current = confirming.at(limit_of(confirming.name))
    absent = current.value is None and (current.reason in _ABSENT or not current.evidence)
    if current.value is not None or not absent:
        return _as(spec, current)
    screen = screening.at(limit_of(screening.name))
    if screen.value == "negative" and (
        confirming.value != "positive" or confirming.certainly_too_old(limit_of(confirming.name))
    ):
        return _as(spec, screen)
    return unknown(spec.name, current.reason or "no_result", _evidence([confirming, screening]))


def _as(spec: DerivedFact, part: Fact) -> Fact:
    """A part under the derived fact's own name."""
    return replace(part, name=spec.name, unit=spec.unit or part.unit, via=part.name, parts={})


def _evidence(parts: Sequence[Fact]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part.evidence))


def _bmi(parts: Sequence[Fact]) -> Interval | None:
    weight, height = _numbers(parts)  # kg, cm
    return _extremes(lambda kg, cm: kg / (cm / 100) ** 2, weight, height)


def _ckd_epi(parts: Sequence[Fact]) -> Interval | None:
    (creatinine,), age, sex = _numbers(parts), _years(parts), _sex(parts)
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)

    def egfr(umol: float, years: float) -> float:
        ratio = umol * _CREATININE_MG_DL / kappa
        return float(142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.2 * 0.9938**years * factor)

    return None if age is None or sex is None else _extremes(egfr, creatinine, age)


def _cockcroft_gault(parts: Sequence[Fact]) -> Interval | None:
    (creatinine, weight), age, sex = _numbers(parts), _years(parts), _sex(parts)
    factor = 0.85 if sex == "female" else 1.0

    def clearance(umol: float, kg: float, years: float) -> float:
        return max(0.0, 140 - years) * kg * factor / (72 * umol * _CREATININE_MG_DL)

    return None if age is None or sex is None else _extremes(clearance, creatinine, weight, age)


def _upcr(parts: Sequence[Fact]) -> Interval | None:
    """mg/L of protein by mmol/L of creatinine, in g/g; of the same day, as only then it can be the same urine."""
    days = {item.date for part in parts for item in part.evidence}
    if len(days) != 1 or read_date(days.pop()) is None or any(part.age >= UNDATED for part in parts):
        return None
    protein, creatinine = _numbers(parts)
    return _extremes(lambda mg, mmol: mg / (mmol * 113.12), protein, creatinine)


_FORMULAS: dict[str, Callable[[Sequence[Fact]], Interval | None]] = {
    "bmi": _bmi,
    "ckd_epi_2021": _ckd_epi,
    "cockcroft_gault": _cockcroft_gault,
    "upcr": _upcr,
}


def _numbers(parts: Sequence[Fact]) -> list[Interval]:
    """The numeric parts, in the order of `FORMULA_PARTS`."""
    return [part.value for part in parts if isinstance(part.value, Interval)]


def _years(parts: Sequence[Fact]) -> Interval | None:
    """Completed years; `None` for a person who is not certainly an adult, for whom the formulas do not hold."""
    age = next((part.value for part in parts if isinstance(part.value, Age)), None)
    if age is None or age.years[0] < _ADULT:
        return None
    return Interval(Decimal(age.years[0]), Decimal(age.years[1]))


def _sex(parts: Sequence[Fact]) -> str | None:
    return next((part.value for part in parts if isinstance(part.value, str)), None)


def _extremes(formula: Callable[..., float], *arguments: Interval) -> Interval | None:
    """The least and greatest value of a formula that is monotone in each argument, to 12 significant digits.

    Open bounds count as closed, which only makes the answer wider; a bound that is not finite is none.
    """
    ends = [_ends(argument) for argument in arguments]
    values = [_value(formula, point) for point in product(*ends)]
    if any(math.isnan(value) for value in values):
        return None
    lo, hi = min(values), max(values)
    if math.isinf(lo):
        return None
    return Interval(Decimal(f"{lo:.12g}"), None if math.isinf(hi) else Decimal(f"{hi:.12g}"))


def _ends(argument: Interval) -> tuple[float, ...]:
    lo, hi = argument.lo, argument.hi
    if lo is not None and lo == hi:
        return (float(lo),)
    return 0.0 if lo is None else float(lo), math.inf if hi is None else float(hi)


def _value(formula: Callable[..., float], point: tuple[float, ...]) -> float:
    try:
        return formula(*point)
    except (ZeroDivisionError, OverflowError):  # every formula here grows beyond bounds there
        return math.inf
