"""Facts computed from other facts. Interval in, interval out: every formula is monotone in each of its arguments.

* Body mass index: weight by the square of height.
* CKD-EPI creatinine equation of 2021, without race: Inker et al., N Engl J Med 2021;385:1737-49, table S10:
  142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age (x 1.012 if female); k 0.7 and a -0.241 for women, 0.9 and
  -0.302 for men; Scr in mg/dL, age in years. For adults.
* Cockcroft and Gault, Nephron 1976;16:31-41: (140 - age) x weight / (72 x Scr) (x 0.85 if female), for adults.
* Protein to creatinine ratio of one urine.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product

from cds_service.facts.catalogue import FactEntry
from cds_service.facts.fact import UNDATED, Age, Fact, Reason, unknown
from cds_service.facts.intervals import Interval
from cds_service.facts.specs import DerivedFact

Entry = Callable[[str], FactEntry | None]
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
    missing = next((part for part in parts if part.value is None), None)
    evidence = tuple(item for part in parts for item in part.evidence)
    if missing is not None:
        return unknown(spec.name, missing.reason or "no_result", evidence)
    ages = [0 if limit_of(part.name) is None else part.age for part in parts]
    value = _FORMULAS[spec.formula](parts)
    if value is None:
        return unknown(spec.name, "value_not_understood", evidence)
    return Fact(spec.name, value, spec.unit or "", max(ages), evidence=evidence)


def _first_known(spec: DerivedFact, alternatives: Sequence[Fact], limit_of: Limits) -> Fact:
    """The first alternative that is known and fresh. One with evidence that is not understood is not passed over."""
    fallback: Fact | None = None
    for alternative in alternatives:
        current = alternative.at(limit_of(alternative.name))
        if current.value is not None:
            return _as(spec, current)
        if current.evidence and (fallback is None or not fallback.evidence):
            fallback = alternative
        if current.reason not in _ABSENT and current.evidence and current.reason != "incomplete_record":
            return _as(spec, current)
    return _as(spec, fallback or alternatives[0])


def _combined(spec: DerivedFact, parts: Sequence[Fact], limit_of: Limits) -> Fact:
    """`either_test`: alternative tests of one question. `both_parts`: parts that make the question together."""
    current = [part.at(limit_of(part.name)) for part in parts]
    positive = [part for part in current if part.value == "positive"]
    negative = [part for part in current if part.value == "negative"]
    if positive:
        best = min(positive, key=lambda part: part.age)
        return Fact(spec.name, "positive", "", best.age, evidence=_evidence(positive))
    open_parts = [part for part in current if part.value is None]
    disputed = [part for part in open_parts if part.reason not in _ABSENT]
    if disputed:
        return unknown(spec.name, disputed[0].reason or "no_result", _evidence(disputed))
    if negative and (spec.formula == "either_test" or not open_parts):
        ages = [part.age for part in negative]
        age = min(ages) if spec.formula == "either_test" else max(ages)
        return Fact(spec.name, "negative", "", age, evidence=_evidence(negative))
    told = next((part for part in open_parts if part.evidence), open_parts[0])
    return unknown(spec.name, told.reason or "no_result", _evidence(current))


def _as(spec: DerivedFact, part: Fact) -> Fact:
    """A part under the derived fact's own name."""
    return Fact(spec.name, part.value, spec.unit or part.unit, part.age, part.reason, part.evidence)


def _evidence(parts: Sequence[Fact]) -> tuple:  # type: ignore[type-arg]
    return tuple(dict.fromkeys(item for part in parts for item in part.evidence))


def _bmi(parts: Sequence[Fact]) -> Interval | None:
    weight, height = _number(parts, 0), _number(parts, 1)  # kg, cm
    return _extremes(lambda kg, cm: kg / (cm / 100) ** 2, weight, height)


def _ckd_epi(parts: Sequence[Fact]) -> Interval | None:
    creatinine, age, sex = _number(parts, 0), _years(parts), _sex(parts)
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)

    def egfr(umol: float, years: float) -> float:
        ratio = umol * _CREATININE_MG_DL / kappa
        return 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.2 * 0.9938**years * factor

    return None if age is None or sex is None else _extremes(egfr, creatinine, age)


def _cockcroft_gault(parts: Sequence[Fact]) -> Interval | None:
    creatinine, weight, age, sex = _number(parts, 0), _number(parts, 1), _years(parts), _sex(parts)
    factor = 0.85 if sex == "female" else 1.0

    def clearance(umol: float, kg: float, years: float) -> float:
        return (140 - years) * kg * factor / (72 * umol * _CREATININE_MG_DL)

    return None if age is None or sex is None else _extremes(clearance, creatinine, weight, age)


def _upcr(parts: Sequence[Fact]) -> Interval | None:
    """mg/L of protein by mmol/L of creatinine, in g/g; of the same date, as only then it is the same urine."""
    protein, creatinine = parts
    dates = {item.date[:10] for part in parts for item in part.evidence}
    if len(dates) != 1 or len(dates.pop()) != 10 or UNDATED in {protein.age, creatinine.age}:
        return None
    return _extremes(lambda mg, mmol: mg / (mmol * 113.12), _number(parts, 0), _number(parts, 1))


_FORMULAS: dict[str, Callable[[Sequence[Fact]], Interval | None]] = {
    "bmi": _bmi,
    "ckd_epi_2021": _ckd_epi,
    "cockcroft_gault": _cockcroft_gault,
    "upcr": _upcr,
}


def _number(parts: Sequence[Fact], index: int) -> Interval | None:
    numbers = [part.value for part in parts if isinstance(part.value, Interval)]
    return numbers[index] if index < len(numbers) else None


def _years(parts: Sequence[Fact]) -> Interval | None:
    """Completed years; `None` for a person who is not certainly an adult, for whom the formulas do not hold."""
    age = next((part.value for part in parts if isinstance(part.value, Age)), None)
    if age is None or age.years[0] < _ADULT:
        return None
    return Interval(Decimal(age.years[0]), Decimal(age.years[1]))


def _sex(parts: Sequence[Fact]) -> str | None:
    return next((part.value for part in parts if isinstance(part.value, str)), None)


def _extremes(formula: Callable[..., float], *arguments: Interval | None) -> Interval | None:
    """The least and greatest value of a formula that is monotone in each argument; `None` where one is not bounded.

    12 significant digits. Open bounds count as closed, which only makes the answer wider.
    """
    ends = []
    for argument in arguments:
        if argument is None or argument.lo is None or argument.hi is None or argument.lo <= 0:
            return None
        ends.append((float(argument.lo), float(argument.hi)))
    try:
        values = [Decimal(f"{formula(*point):.12g}") for point in product(*ends)]
    except (OverflowError, ZeroDivisionError):
        return None
    return Interval(min(values), max(values))
