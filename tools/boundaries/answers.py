"""Qualitative results: positive and negative in each form in which a record can say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cds_service.facts.catalogue import Code, ResultFact
from tools.boundaries.resources import ANSWERS, Json, concept, day, observation, quantity
from tools.boundaries.situation import Situation


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """A result as the criterion reads it: by one test, or by any of several (`tests`, each with its codes).

    `screen` is a test before that, whose negative answer is enough and whose positive one is not.
    """

    name: str
    tests: Sequence[tuple[ResultFact, Sequence[Code]]]
    as_of: date
    screen: Sequence[Code] = ()

    def said(self, label: str, answer: str | None, says: Json, test: int = 0, code: int = 0) -> Situation:
        """One observation of one of the tests."""
        made = observation(concept(self.tests[test][1][code]), day(self.as_of, 0), says)
        return Situation(label, {self.name: answer}, (made,))

    def plainly(self, answer: str) -> Situation:
        """The answer as a code."""
        return self.said(answer, answer, {"valueCodeableConcept": concept(ANSWERS[answer])})


def plain_answers(fact: AnswerFact) -> Iterator[Situation]:
    """Positive and negative, by each of the tests."""
    yield fact.plainly("positive")
    yield fact.plainly("negative")


def other_answers(fact: AnswerFact) -> Iterator[Situation]:
    """The same in other forms, by other tests and codes, and what is neither."""
    yield fact.said("indeterminate", None, {"valueCodeableConcept": concept(ANSWERS["indeterminate"])})
    yield fact.said("free text that says nothing", None, {"valueString": "see report"})
    for answer, word, flag in (("positive", "Positive", True), ("negative", "Negative", False)):
        yield fact.said(f"{answer}, as text", answer, {"valueString": word})
        yield fact.said(f"{answer}, as a truth value", answer, {"valueBoolean": flag})
        for i, (spec, codes) in enumerate(fact.tests):
            for c in range(len(codes)):
                if (i, c) != (0, 0):
                    says = {"valueCodeableConcept": concept(ANSWERS[answer])}
                    yield fact.said(f"{answer}, by {spec.name} with {codes[c].code}", answer, says, i, c)
            for own in spec.values:
                if own.value == answer:
                    coded = {"valueCodeableConcept": concept(own)}
                    yield fact.said(f"{answer}, as the code {own.code}", answer, coded, i)
            yield from _numbers(fact, i, answer)
    if len(fact.tests) > 1:
        yield _contradicted(fact)
    if fact.screen:
        yield from _screened(fact)


def _numbers(fact: AnswerFact, test: int, answer: str) -> Iterator[Situation]:
    """A bare number that counts as this answer, where the fact says how numbers are read."""
    rule = fact.tests[test][0].read_number
    if rule is None:
        return
    operator, bound = rule.positive if answer == "positive" else rule.negative
    limit = bound if isinstance(bound, Decimal) else Decimal(10)
    value = limit + {"<": -1, "<=": 0, ">=": 0, ">": 1}[operator]
    # A logarithm of 0 is 1 of them, and stands for nothing in some feeds.
    if value < 0 or (value == 0 and any(code.scale == "log10" for code in fact.tests[test][0].codes)):
        return
    says = {"valueQuantity": quantity(value, None)}
    if not isinstance(bound, Decimal):
        side = "high" if bound == "upper_limit" else "low"
        says["referenceRange"] = [{side: quantity(limit, None)}]  # type: ignore[assignment]
    yield fact.said(f"{answer}, as the number {value} by {fact.tests[test][0].name}", answer, says, test)


def _contradicted(fact: AnswerFact) -> Situation:
    """One test negative, another positive: the question is answered yes."""
    negative = fact.plainly("negative").resources
    says = {"valueCodeableConcept": concept(ANSWERS["positive"])}
    positive = fact.said("", "positive", says, test=len(fact.tests) - 1).resources
    return Situation("negative by one test, positive by another", {fact.name: "positive"}, negative + positive)


def _screened(fact: AnswerFact) -> Iterator[Situation]:
    """The screening test alone, and before a confirming one."""

    def screen(answer: str) -> Json:
        says = {"valueCodeableConcept": concept(ANSWERS[answer])}
        return observation(concept(fact.screen[0]), day(fact.as_of, 0), says)

    yield Situation("only the screening test, negative", {fact.name: "negative"}, (screen("negative"),))
    yield Situation("only the screening test, positive", {fact.name: None}, (screen("positive"),))
    for answer in ("positive", "negative"):
        both = (screen("positive"), *fact.plainly(answer).resources)
        yield Situation(f"screening test positive, confirming test {answer}", {fact.name: answer}, both)
