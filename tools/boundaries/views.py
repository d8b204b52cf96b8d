"""Each fact that a criterion reads: the situations that it can be in, and those that try one of its leaves."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from cds_service.durations import UNITS, TimeUnit
from cds_service.facts import FactReaders
from cds_service.facts.catalogue import DateFact, DerivedFact, EventsFact, FactSpec, Numeric, ObservedFact, ResultFact
from cds_service.logic import EVENT_FIELDS, model
from tools.boundaries.answers import AnswerFact, other_answers, plain_answers
from tools.boundaries.codes import Codes
from tools.boundaries.events import EventFact, shapes, variations
from tools.boundaries.leaves import Leaf, tests_of
from tools.boundaries.multiples import around_multiple, other_ranges
from tools.boundaries.numbers import Limit, NumberFact, around, in_other_forms
from tools.boundaries.person import AGE, SEX, ages, moments, partial_ages, sexes, unknown_moments
from tools.boundaries.situation import Situation
from tools.boundaries.unknowns import absent, dated, in_wrong_units


class FactView(ABC):
    """One fact of a criterion. `leaves` are all leaves of the criterion that read it."""

    def __init__(self, name: str, leaves: Sequence[Leaf], as_of: date) -> None:
        self.name = name
        self.leaves = leaves
        self.as_of = as_of

    @abstractmethod
    def ways(self) -> Iterator[Situation]:
        """Situations in which the leaves come out each way; the plainest first."""

    @abstractmethod
    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        """Situations around the leaf's threshold, and those that leave it unknown. `good` is a plain one."""

    def absent(self) -> Situation:
        """Nothing on record."""
        return Situation("nothing on record", {self.name: None}, silent=frozenset({self.name}))


class NumberView(FactView):
    """A quantity, score or titre, and its multiple of the limit of normal."""

    def __init__(self, name: str, leaves: Sequence[Leaf], as_of: date, fact: NumberFact) -> None:
        super().__init__(name, leaves, as_of)
        self.fact = fact
        self._uppers: list[tuple[Situation, Decimal | None]] = []

    def absent(self) -> Situation:
        return Situation("nothing on record", self.fact.unknown(), silent=frozenset(self.fact.stated))

    def ways(self) -> Iterator[Situation]:
        values = [_number_limit(leaf) for leaf in self.leaves if leaf.fact.name == self.name]
        multiples = [_number_limit(leaf) for leaf in self.leaves if leaf.fact.name != self.name]
        for limit in values:
            for upper in [None, *self.fact.limits] if multiples else [None]:
                yield from self._noted(around(self.fact, limit, upper), upper)
        for limit in multiples:
            for upper in self.fact.limits:
                yield from self._noted(around_multiple(self.fact, limit, upper), upper)

    def _noted(self, ways: Iterator[Situation], upper: Decimal | None) -> Iterator[Situation]:
        """The ways, with the limit of normal that goes with each kept in mind."""
        for way in ways:
            self._uppers.append((way, upper))
            yield way

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        limit = _number_limit(leaf)
        upper = next((upper for way, upper in self._uppers if way is good), None)
        if leaf.fact.name == self.name:
            yield from around(self.fact, limit, upper)
            yield from in_other_forms(self.fact, limit)
        else:
            yield from around_multiple(self.fact, limit, upper or self.fact.limits[0])
            yield from other_ranges(self.fact, limit, upper or self.fact.limits[0])
        yield from absent(self.fact.stated, good)
        yield from in_wrong_units(self.fact, good)
        yield from dated(good, leaf.fact.limit, self.as_of)


class AnswerView(FactView):
    """A qualitative result."""

    def __init__(self, name: str, leaves: Sequence[Leaf], as_of: date, fact: AnswerFact) -> None:
        super().__init__(name, leaves, as_of)
        self.fact = fact

    def ways(self) -> Iterator[Situation]:
        yield from plain_answers(self.fact)

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        yield from plain_answers(self.fact)
        yield from other_answers(self.fact)
        yield from absent((self.name,), good)
        yield from dated(good, leaf.fact.limit, self.as_of)


class AgeView(FactView):
    """The patient's age."""

    def _limits(self) -> list[tuple[int, TimeUnit]]:
        found = []
        for leaf in self.leaves:
            limit = leaf.limit()
            assert isinstance(limit, model.Number)
            found.append((int(limit.value), next(u for u in UNITS if leaf.fact.path.endswith(f".{u}"))))
        return found

    def ways(self) -> Iterator[Situation]:
        yield from ages(self._limits(), self.as_of)

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        limits = [self._limits()[self.leaves.index(leaf)]]
        yield from ages(limits, self.as_of)
        yield from partial_ages(limits, self.as_of)


class SexView(FactView):
    """The patient's administrative gender."""

    def ways(self) -> Iterator[Situation]:
        yield from list(sexes())[:2]

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        yield from sexes()


class MomentView(FactView):
    """A date that counts as the time since then."""

    def __init__(self, name: str, leaves: Sequence[Leaf], as_of: date, spec: DateFact) -> None:
        super().__init__(name, leaves, as_of)
        self.spec = spec

    def ways(self) -> Iterator[Situation]:
        spans = [_days(leaf.limit(), self.as_of) for leaf in self.leaves]
        yield from moments(self.name, self.spec.codes, spans, self.as_of)

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        spans = [_days(leaf.limit(), self.as_of)]
        yield from moments(self.name, self.spec.codes, spans, self.as_of)
        yield from unknown_moments(self.name, self.spec.codes, spans, self.as_of)


class EventView(FactView):
    """A list of records."""

    def __init__(self, name: str, leaves: Sequence[Leaf], as_of: date, fact: EventFact) -> None:
        super().__init__(name, leaves, as_of)
        self.fact = fact
        ends: list[int] = []
        starts: list[int] = []
        for leaf in leaves:
            for field_name, limit in tests_of(leaf):
                assert field_name in EVENT_FIELDS
                (ends if field_name == "days_since_end" else starts).append(_days(limit, as_of))
        contradicted = fact.spec.resource == "Condition" and fact.codes.tells_relapse(fact.spec)
        every = shapes(fact.spec, ends, starts)
        self.shapes = [shape for shape in every if not (contradicted and shape.state == "inactive")]

    def absent(self) -> Situation:
        return self.fact.absent()

    def ways(self) -> Iterator[Situation]:
        yield self.fact.absent()
        yield from (self.fact.record(shape) for shape in self.shapes)

    def probes(self, leaf: Leaf, good: Situation) -> Iterator[Situation]:
        yield from self.ways()
        shape = next((shape for shape in self.shapes if shape.label == good.label), self.shapes[0])
        yield from variations(self.fact, shape)


def view_of(name: str, leaves: Sequence[Leaf], specs: Sequence[FactSpec], codes: Codes, as_of: date) -> FactView | None:
    """How to try a fact; `specs` are all that the criterion reads. None for a kind that isn't tried."""
    knowledge = codes.knowledge
    spec = knowledge.catalogue.facts[name]
    if isinstance(spec, EventsFact) and (spec.valueset is not None or spec.by_route is not None):
        events = [other for other in specs if isinstance(other, EventsFact)]
        return EventView(name, leaves, as_of, EventFact(spec, events, codes, as_of))
    if isinstance(spec, DateFact):
        return MomentView(name, leaves, as_of, spec)
    if name in (AGE, SEX):
        return (AgeView if name == AGE else SexView)(name, leaves, as_of)
    others = [item for other in specs for item in _observed(other, knowledge)]
    own = _observed(spec, knowledge)
    tests = [(test, codes.observed(test, others)) for test in own if isinstance(test, ResultFact)]
    if tests:
        confirmed = isinstance(spec, DerivedFact) and spec.formula == "confirmed_test"
        answers = AnswerFact(name, tests[:1], as_of, tests[1][1]) if confirmed else AnswerFact(name, tests, as_of)
        return AnswerView(name, leaves, as_of, answers)
    if own and isinstance(own[0], Numeric):
        first, stated = own[0], tuple(dict.fromkeys(leaf.fact.name for leaf in leaves))
        fact = NumberFact(name, first, codes.observed(first, others), knowledge.units[first.name], stated, as_of)
        return NumberView(name, leaves, as_of, fact)
    return None


def _observed(spec: FactSpec, knowledge: FactReaders) -> list[ObservedFact]:
    """The facts that observations tell: it, or for one that is chosen from others the others."""
    if isinstance(spec, ObservedFact):
        return [spec]
    if isinstance(spec, DerivedFact):
        return [item for part in spec.of for item in _observed(knowledge.catalogue.facts[part], knowledge)]
    return []


def _number_limit(leaf: Leaf) -> Limit:
    rule, limit = leaf.rule, leaf.limit()
    assert isinstance(rule, model.Compare)
    assert isinstance(limit, model.Number)
    return Limit(rule.relation, Decimal(repr(limit.value)).normalize(), reversed=rule.right is not limit)


def _days(limit: model.Number | model.LengthOfTime | None, as_of: date) -> int:
    assert limit is not None
    return int(limit.value) if isinstance(limit, model.Number) else limit.duration.span(as_of)
