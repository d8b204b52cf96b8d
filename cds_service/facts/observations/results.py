"""Qualitative results: positive or negative, from a coded answer, text, a flag, or a number where the fact says how.

Nothing is guessed: an abnormal flag is not "positive", a number is only read as the fact's `read_number` says, and
different answers within one observation contradict each other.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from cds_service.facts.catalogue import ONE, Bound, CodeSystems, Key, ResultFact, fold, words
from cds_service.facts.intervals import Interval, compared, is_sane, parse_interval, point
from cds_service.facts.observations.answers import NOT_UNDERSTOOD, Unreadable, values_of
from cds_service.facts.observations.numbers import parse_titer
from cds_service.facts.observations.observations import How, Saying
from cds_service.facts.observations.qualitative import Answer, Qualitative
from cds_service.facts.observations.range_words import NO_WORDS, RangeWords
from cds_service.facts.observations.reference_ranges import Limits, Person, Reading
from cds_service.fhir import CodeableConcept, Quantity, Ratio

# What may stand behind a bare number: a unit. Words may change what it means ("12 (positive)"), and so may more numbers
# ("1:80-1:160").
_UNIT = re.compile(
    r"(?:(?:log(?:10)?\s+)?[^\s:;,()/]*\s*/\s*[^\s:;,()/]+|%|index|ratio|units?|i?u|s/co|coi|ai|copies)?", re.IGNORECASE
)
INDETERMINATE = Unreadable("indeterminate")
BARE_NUMBER = Unreadable("value_not_understood", "a number without a flag", yields=True)


class ResultReader:
    """Reads the answers of one fact."""

    def __init__(
        self, spec: ResultFact, qualitative: Qualitative, systems: CodeSystems, ranges: RangeWords = NO_WORDS
    ) -> None:
        self._ranges = ranges
        self._spec = spec
        self._qualitative = qualitative
        self._own: Mapping[Key, Answer] = {systems.key(a.system, a.code): a.value for a in spec.values}

    def read(self, saying: Saying, person: Person, how: How = "value") -> str | Unreadable:
        """`positive` or `negative`, or why neither is known."""
        answers = set(self._qualitative.of_concepts(saying.interpretation))
        names = values_of(saying)
        if len(names) > 1 or (names and saying.data_absent_reason is not None):
            return NOT_UNDERSTOOD
        flagged = bool(answers)
        if names:
            answers |= self._of_value(getattr(saying, names[0]), names[0])
        if how == "variant" and not answers:
            return "positive"
        if not answers and not flagged:
            answers |= self._of_number(saying, person)
        if len(answers) > 1:
            return Unreadable("value_not_understood", "contradicts itself")
        if not answers:
            return BARE_NUMBER if _bare_number(saying) is not None else NOT_UNDERSTOOD
        answer = answers.pop()
        return INDETERMINATE if answer == "indeterminate" else answer

    def denies(self, saying: Saying) -> bool:
        """Whether an observation says that what it is about is absent or uncertain, or has no value for a reason."""
        answers = set(self._qualitative.of_concepts(saying.interpretation))
        for name in values_of(saying):
            answers |= self._of_value(getattr(saying, name), name)
        return bool(answers & {"negative", "indeterminate"}) or saying.data_absent_reason is not None

    def _of_value(self, value: object, name: str) -> frozenset[Answer]:
        match value:
            case bool():
                return frozenset({"positive" if value else "negative"})
            case CodeableConcept():
                return self._qualitative.of_concept(value, self._own)
            case str() if name == "value_string":
                answer = self._qualitative.of_text(value)
                if answer is None and parse_titer(value) is not None:  # "Negative (<1:80)": the word is the flag
                    answer = self._qualitative.of_text(words(value)[0])
                return frozenset() if answer is None else frozenset({answer})
        return frozenset()

    def _of_number(self, saying: Saying, person: Person) -> frozenset[Answer]:
        rule = self._spec.read_number
        number = None if rule is None else _bare_number(saying)
        if rule is None or number is None:
            return frozenset()
        holds: list[Answer] = []
        if self._satisfies(number, *rule.positive, saying, person):
            holds.append("positive")
        if self._satisfies(number, *rule.negative, saying, person):
            holds.append("negative")
        return frozenset(holds)

    def _satisfies(self, number: Interval, operator: str, bound: Bound, saying: Saying, person: Person) -> bool:
        """Whether every value that the number may have satisfies the comparison."""
        limit = _own_limit(saying, person, number, self._ranges) if bound == "upper_limit" else bound
        if not isinstance(limit, Decimal):
            return False
        wanted = compared(limit, operator)
        return wanted is not None and _within(number, wanted)


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


def _bare_number(saying: Saying) -> Interval | None:
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
            parsed = parse_interval(text)
            found = parse_titer(text) or (None if parsed is None or not _UNIT.fullmatch(parsed[1]) else parsed[0])
        case Ratio(numerator=Quantity(value=one, comparator=None), denominator=Quantity(value=Decimal() as n)) as ratio:
            if one == 1 and is_sane(n) and ratio.denominator is not None:
                found = compared(n, ratio.denominator.comparator)
    if found is None or (found.is_point and found.lo is not None and found.lo < 0):
        return None
    found = found.at_least(Decimal(0))
    return None if found.is_empty else found


def _own_limit(saying: Saying, person: Person, number: Interval, ranges: RangeWords) -> Decimal | None:
    """The observation's own upper limit, if it is in the unit of the value (or in none)."""
    own: set[str] = set()
    quantity = saying.value_quantity
    if quantity is not None:
        own = {fold(text) for text in (quantity.unit, quantity.code) if text}

    def same_unit(unit: str | None, code: str | None, system: str | None) -> tuple[Decimal, Decimal] | None:
        return ONE if {fold(text) for text in (unit, code) if text} & own else None

    limit = Limits(same_unit, ranges).find(saying, person, Reading(number, ONE)).get("high")
    return None if limit is None else limit.value
