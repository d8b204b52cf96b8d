"""Qualitative results: positive or negative, from a coded answer, text, a flag, or a number where the fact says how.

Nothing is guessed: an abnormal flag is not "positive", a number is only read as the fact's `read_number` says, and
different answers within one observation contradict each other.
"""

from collections.abc import Mapping

from cds_service.facts.catalogue import CodeSystems, Key, ResultFact
from cds_service.facts.observations.answers import NOT_UNDERSTOOD, Unreadable, values_of
from cds_service.facts.observations.numbers_as_answers import NumbersAsAnswers
from cds_service.facts.observations.observations import How, ObservationOrComponent
from cds_service.facts.observations.own_names import AnalyteNames
from cds_service.facts.observations.qualitative import Qualitative
from cds_service.facts.observations.range_words import NO_WORDS, RangeWords
from cds_service.facts.observations.reference_ranges import RangePerson
from cds_service.facts.observations.written import Answer
from cds_service.fhir import CodeableConcept, Coding

INDETERMINATE = Unreadable("indeterminate")
BARE_NUMBER = Unreadable("value_not_understood", "a number without a flag", yields=True)


class ResultReader:
    """Reads the answers of one fact."""

    def __init__(
        self, spec: ResultFact, qualitative: Qualitative, systems: CodeSystems, ranges: RangeWords = NO_WORDS
    ) -> None:
        self._qualitative = qualitative
        self._own: Mapping[Key, Answer] = {systems.key(a.system, a.code): a.value for a in spec.values}
        self._alone = frozenset(systems.key(a.system, a.code) for a in spec.values if a.alone)
        self._systems = systems
        self._numbers = NumbersAsAnswers(spec, qualitative, systems, ranges)
        names = (name for listed in spec.names.values() for name in listed)
        self._names = AnalyteNames(names, qualitative.beside_names)

    def read(
        self, saying: ObservationOrComponent, person: RangePerson, how: How = "value", coding: Coding | None = None
    ) -> str | Unreadable:
        """`positive` or `negative`, or why neither is known. `coding`: the code by which it is about the fact."""
        answers = set(self._qualitative.of_flags([self._names.of_concept(one) for one in saying.interpretation]))
        saying = self._names.taken_from(saying)
        names = values_of(saying)
        if len(names) > 1 or (names and saying.data_absent_reason is not None):
            return NOT_UNDERSTOOD
        flagged = bool(answers)
        answers |= self.in_code(saying)
        if names:
            valued = self._of_value(getattr(saying, names[0]), names[0])
            if not valued and self._by_code(saying):
                return NOT_UNDERSTOOD  # what is not understood may say that the finding is absent
            answers |= valued
        if how == "variant" and not answers and not names:
            return "positive"  # what its components say; a value that is not understood may call it absent
        # A flag goes before the number. A word in one text with it does not: there the two must agree.
        if not flagged and (not answers or names == ("value_string",)):
            answers |= self._numbers.read(saying, person, coding)
        if len(answers) > 1:
            return Unreadable("value_not_understood", "contradicts itself")
        if not answers:
            return BARE_NUMBER if self._numbers.bare(saying) is not None else NOT_UNDERSTOOD
        answer = answers.pop()
        return INDETERMINATE if answer == "indeterminate" else answer

    def in_code(self, saying: ObservationOrComponent) -> frozenset[Answer]:
        """The answer that the name of an observation gives, `HBsAg negative`, or a code that says so by itself."""
        named = frozenset[Answer]().union(*map(self._qualitative.of_text, self._names.in_code(saying.code)))
        return named | self._by_code(saying)

    def _by_code(self, saying: ObservationOrComponent) -> frozenset[Answer]:
        if not self._alone or saying.code is None:
            return frozenset()
        return frozenset(self._own[key] for key in self._systems.keys(saying.code.coding) if key in self._alone)

    def denies(self, saying: ObservationOrComponent) -> bool:
        """Whether an observation says that what it is about is absent or uncertain, or has no value for a reason."""
        answers = set(self._qualitative.of_flags(saying.interpretation))
        saying = self._names.taken_from(saying)
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
                return self._qualitative.of_text(value)
        return frozenset()
