"""What is measured at the same moment as something else, or in the same specimen, and so belongs together.

An absolute count from the count of all cells and a share of them, and a value that is only an upper bound because it
was measured with support (oxygen).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from cds_service.facts.catalogue import AtMostBeside, QuantityFact
from cds_service.facts.fact import AtMost, Fact, unknown
from cds_service.facts.intervals import Interval
from cds_service.facts.observations.answers import Unreadable, has_value, shown, values_of
from cds_service.facts.observations.numbers import NumberReader
from cds_service.facts.observations.observations import Result
from cds_service.facts.observations.result_set import ResultSet
from cds_service.facts.observations.selection import Candidate, candidate_of, is_early, is_void

_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_HUNDREDTH = (Decimal("0.01"), Decimal("0.01"))
_SHOWN = 60
_LONGEST_NOTE = 120


def makes_newer(count: ResultSet, percent: ResultSet, reported: ResultSet) -> bool:
    """Whether a count of all cells and a share of them are of one specimen or moment, later than every `reported` count
    of that share. What is preliminary is as good only as a preliminary report."""
    parts = (*count.deciding, *percent.deciding)
    pairs = [(one, other) for one in count.deciding for other in percent.deciding]
    if not pairs or not all(_belong_together(one, other) for one, other in pairs):
        return False
    if not reported.deciding:
        return True
    if any(map(is_early, parts)) and not all(map(is_early, reported.deciding)):
        return False
    return max(one.latest for one in reported.deciding) < min(one.earliest for one in percent.deciding)


def share_of(spec: QuantityFact, count: Fact, percent: Fact, reader: NumberReader, unit: str) -> Fact:
    """The fact as a share of the count of all cells; unknown with the reason of a part that is unknown."""
    evidence = tuple(dict.fromkeys((*count.evidence, *percent.evidence)))
    # As they were measured: what has raised the count of all cells need not have raised the share's kind.
    cells, share = count.measured, percent.measured
    if not isinstance(cells, Interval) or not isinstance(share, Interval):
        why = count.reason or percent.reason or "no_result"
        return unknown(spec.name, why, evidence)
    value = reader.judge(_product(cells, share).scale(_HUNDREDTH))
    if isinstance(value, Unreadable):
        return unknown(spec.name, value.reason, evidence)
    age, least_age = max(count.age, percent.age), max(count.least_age, percent.least_age)
    return Fact(spec.name, value, unit, age, evidence=evidence, via=percent.name, least_age=least_age)


def bounded(
    fact: Fact,
    rule: AtMostBeside,
    measured: ResultSet,
    beside: Mapping[str, tuple[Iterable[Result], NumberReader]],
    as_of: date,
) -> Fact:
    """The fact as an upper bound, where something `beside` it says that it was measured with support."""
    if not isinstance(fact.value, Interval):
        return fact
    said = {
        " ".join(filter(None, shown(other.saying)))[:_SHOWN]
        for name, (others, reader) in beside.items()
        for other in _of_the_same_moment(measured.deciding, others, as_of)
        if _may_be_above(other, reader, rule.beside[name], rule.says_none)
    }
    if not said:
        return fact
    note = f"{rule.reason}: {', '.join(sorted(said))}"[:_LONGEST_NOTE]
    return replace(
        fact,
        value=Interval(Decimal(0), fact.value.hi, hi_open=fact.value.hi_open),
        at_most=AtMost(rule.reason, fact.value),
        evidence=tuple(replace(item, note=note) for item in fact.evidence),
        parts={word: unknown(part.name, rule.reason, part.evidence) for word, part in fact.parts.items()},
    )


def _belong_together(one: Candidate, other: Candidate) -> bool:
    if one.date is not None and one.date.is_one_day and (one.earliest, one.latest) == (other.earliest, other.latest):
        return True
    specimen = _specimen(one)
    return specimen is not None and specimen == _specimen(other)


def _specimen(candidate: Candidate) -> str | None:
    if candidate.measurement is None or candidate.measurement.observation.specimen is None:
        return None
    return candidate.measurement.observation.specimen.reference


def _product(one: Interval, other: Interval) -> Interval:
    """Of two numbers that are not below 0."""
    low = None if one.lo is None or other.lo is None else one.lo * other.lo
    high = None if one.hi is None or other.hi is None else one.hi * other.hi
    return Interval(low, high, one.lo_open or other.lo_open, one.hi_open or other.hi_open)


def _of_the_same_moment(measured: Sequence[Candidate], others: Iterable[Result], as_of: date) -> Iterator[Result]:
    """Those that may be of the same moment as one that was measured."""
    for other in others:
        candidate = None if is_void(other.observation) else candidate_of(other, as_of)
        if candidate is not None and any(_may_coincide(candidate, one) for one in measured):
            yield other


def _may_coincide(one: Candidate, other: Candidate) -> bool:
    return one.earliest <= other.latest and other.earliest <= one.latest


def _may_be_above(other: Result, reader: NumberReader, limit: Decimal, says_none: Callable[[str], bool]) -> bool:
    """Whether a saying is not certainly at most `limit`, in the fact's unit, nor says that there is nothing."""
    saying = other.saying
    if not has_value(saying):
        return False
    value = reader.read(saying, other.coding)
    if not isinstance(value, Unreadable):
        return value.hi is None or value.hi > limit
    concept = saying.value_codeable_concept
    text = concept.text if concept is not None else saying.value_string
    if text is not None and len(values_of(saying)) == 1:
        return not says_none(text)
    quantity = saying.value_quantity
    if quantity is None or quantity.value is None or quantity.comparator:
        return True
    # Whatever the unit: 0 is none, and 0.21 and 21 both are the share of oxygen in air.
    number = quantity.value
    return not (number <= limit / _HUNDRED or _ONE < number <= limit)
