"""Builds facts from the content of one record, each by its kind."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from msgspec.structs import replace

from cds_service.deadline import NEVER, Deadline
from cds_service.durations import Duration
from cds_service.facts.borne_out import borne_out
from cds_service.facts.catalogue import (
    CountFact,
    DateFact,
    DefinedFact,
    DerivedFact,
    EventsFact,
    FactSpec,
    Numeric,
    ObservedFact,
    PatientFact,
    QuantityFact,
    ResultFact,
)
from cds_service.facts.completeness import Completeness
from cds_service.facts.dates import days_back, read_date
from cds_service.facts.derived import derive
from cds_service.facts.events import count_within
from cds_service.facts.fact import UNBOUNDED, UNDATED, DaySpan, Event, Events, Evidence, Fact, Value, unknown
from cds_service.facts.intervals import point
from cds_service.facts.knowledge import FactReaders
from cds_service.facts.multiples import WORDS, Multiples, Persons, Readings
from cds_service.facts.observations import (
    LESS_THAN_ASKED,
    NOT_UNDERSTOOD,
    UNCONFIRMED,
    Result,
    ResultSet,
    Unreadable,
    agreeing,
    bounded,
    extreme,
    has_value,
    hull,
    is_no_hint,
    makes_newer,
    or_hinted,
    share_of,
)
from cds_service.facts.patient import age_at, age_fact, deceased_fact, sex_fact
from cds_service.facts.unsettled import unsettled
from cds_service.fhir import DateRange, Patient, UnreadableResource

_ADULT = 18


@dataclass(frozen=True, slots=True)
class RecordContent:
    """The content of one record by fact: observations, unreadable ones, events."""

    patient: Patient | None
    measurements: Mapping[str, Sequence[Result]]
    malformed: Mapping[str, Sequence[UnreadableResource]]
    events: Callable[[EventsFact], Events]
    coverage: Completeness


def nothing_told(coverage: Completeness) -> RecordContent:
    """What a record of that coverage tells in which there is nothing."""
    return RecordContent(None, {}, {}, coverage.no_events, coverage)


class Builder:
    """Builds facts from what a record tells; ask for each with `fact`.

    The `stated` facts are taken as they are, whatever the record says, and others are computed from them. What `known`
    gives is taken as well; where it gives `None` the fact is made.
    """

    def __init__(
        self,
        told: RecordContent,
        knowledge: FactReaders,
        as_of: date,
        stated: Mapping[str, Fact] = MappingProxyType({}),
        known: Callable[[str], Fact | None] = lambda name: None,
        *,
        deadline: Deadline = NEVER,
    ) -> None:
        """`deadline` may end `fact` with `OutOfTime`."""
        self._told = told
        self._deadline = deadline
        self._knowledge = knowledge
        self._as_of = as_of
        self._known = known
        self._facts: dict[str, Fact] = dict(stated)
        self._planned: dict[str, frozenset[str]] = {}
        self._persons = Persons(told.patient)

    def fact(self, name: str) -> Fact:
        """The fact; its parts are made first, and the catalogue has no circles."""
        found = self._facts.get(name)
        if found is None:
            found = self._known(name) or self._make(self._knowledge.catalogue.facts[name])
            self._facts[name] = found
        return found

    def planned(self, names: Container[str]) -> frozenset[str]:
        """The results that would tell of these facts, which were made, and lie after the end of the day that is asked
        about."""
        return frozenset[str]().union(*[found for name, found in self._planned.items() if name in names])

    def _make(self, spec: FactSpec) -> Fact:
        match spec:
            case EventsFact():
                events = self._told.events(spec)
                self._deadline.spend(len(events.items))
                if spec.borne_out_by:
                    results = [(self.fact(one.fact), one) for one in spec.borne_out_by]
                    counting = [(fact.at(self._limit(fact.name)), one.limit) for fact, one in results]
                    events = borne_out(events, counting)
                return Fact(spec.name, events, evidence=tuple([item.evidence for item in events.items]))
            case CountFact():
                return self._count(spec)
            case Numeric():
                return self._number(spec)
            case ResultFact():
                return self._result(spec)
            case DerivedFact():
                parts = {name: self.fact(name) for name in spec.references()}
                self._deadline.spend(sum(len(part.evidence) for part in parts.values()))
                return derive(spec, parts, self._limit)
            case PatientFact():
                return self._of_patient(spec)
            case DateFact():
                return self._date(spec)
            case DefinedFact():
                every = (item for name in spec.references() for item in self._evidence_of(name))
                evidence = self._deadline.each(every)
                return Fact(spec.name, evidence=tuple(dict.fromkeys(evidence)))

    def _count(self, spec: CountFact) -> Fact:
        of = self._knowledge.catalogue.facts[spec.of]
        assert isinstance(of, EventsFact)
        events = self.fact(spec.of).value
        assert isinstance(events, Events)
        self._deadline.spend(len(events.items))
        return count_within(spec, of, events, _days_before(spec.within, self._as_of))

    def _of_patient(self, spec: PatientFact) -> Fact:
        patient = self._told.patient
        match spec.name:
            case "patient.age":
                return age_fact(spec.name, patient, self._as_of)
            case "patient.sex":
                return sex_fact(spec.name, patient)
        return deceased_fact(spec.name, patient, self._as_of)

    def _measured(
        self,
        spec: ObservedFact,
        counts: Callable[[Result], bool] | None = None,
        telling: Callable[[Result], bool] = lambda measurement: has_value(measurement.saying),
        *,
        whole_day: bool = False,
    ) -> ResultSet:
        measurements = self._told.measurements.get(spec.name, ())
        if counts is None and spec.hint_codes:
            counts = is_no_hint
        if counts is not None:
            measurements = [item for item in self._deadline.each(measurements) if counts(item)]
        malformed = self._told.malformed.get(spec.name, ())
        missing = self._told.coverage.missing
        measured = ResultSet(
            spec.name,
            measurements,
            malformed,
            missing,
            as_of=self._as_of,
            telling=telling,
            whole_day=whole_day,
            deadline=self._deadline,
        )
        if measured.planned:
            self._planned[spec.name] = self._planned.get(spec.name, frozenset()) | measured.planned
        return measured

    def _number(self, spec: Numeric) -> Fact:
        reader = self._knowledge.numbers[spec.name]
        of_day = spec.of_day if isinstance(spec, QuantityFact) else None
        measured = self._measured(spec, whole_day=of_day is not None)
        # Where it is not certain that they are of one day the newest day's value may be any of them.
        merge = extreme(of_day) if of_day is not None and measured.is_one_day else hull
        # Each is read once, for the value and its two parts.
        read: Readings = {}

        def value(measurement: Result, day: DateRange | None) -> Value | Unreadable:
            reading = reader.reading(measurement.saying, measurement.coding)
            number = reader.value(reading)
            read[id(measurement.saying)] = reading, number
            return number

        if not isinstance(spec, QuantityFact):
            fact = measured.fact(value, merge)
        else:
            fact = self._by_differential(spec, measured) or measured.fact(value, merge, _unit(spec))
            fact = self._stale_height(spec, fact)
            if not fact.parts:
                fact = replace(fact, parts=Multiples(reader, read, self._persons, merge).of(measured, fact))
            fact = self._settled(spec, self._at_most(spec, measured, fact))
        fact = self._or_hinted(fact)
        if spec.presumed is not None and self._is_presumed(spec, fact):
            return replace(fact, presumed=point(spec.presumed.value))
        return fact

    def _or_hinted(self, fact: Fact) -> Fact:
        return or_hinted(fact, self._told.measurements.get(fact.name, ()), self._as_of, self._deadline)

    def _by_differential(self, spec: QuantityFact, reported: ResultSet) -> Fact | None:
        """The absolute count from a share of all cells; `None` where there is none, or a report that is as new."""
        if spec.differential is None:
            return None
        count, percent = spec.differential.count, spec.differential.percent
        if percent not in self._told.measurements:
            return None  # nearly always
        if not makes_newer(self._observed(count), self._observed(percent), reported):
            return None
        reader = self._knowledge.numbers[spec.name]
        found = share_of(spec, self.fact(count), self.fact(percent), reader, _unit(spec))
        why = found.reason or "no_reference_range"
        return replace(found, parts={part: unknown(f"{spec.name}.{part}", why, found.evidence) for part in WORDS})

    def _observed(self, name: str) -> ResultSet:
        spec = self._knowledge.catalogue.facts[name]
        assert isinstance(spec, ObservedFact)
        return self._measured(spec)

    def _at_most(self, spec: QuantityFact, measured: ResultSet, fact: Fact) -> Fact:
        if spec.at_most is None:
            return fact
        told, readers = self._told.measurements, self._knowledge.numbers
        names = [name for name in spec.at_most.beside if name in told]
        beside = {name: (self._deadline.each(told[name]), readers[name]) for name in names}
        return bounded(fact, spec.at_most, measured, beside, self._as_of)

    def _settled(self, spec: QuantityFact, fact: Fact) -> Fact:
        """A measured value as it counts beside the treatments that may have raised it."""
        if spec.unsettled_by is None or fact.value is None:
            return fact
        given = [self.fact(name).value for name in spec.unsettled_by.events]
        return unsettled(fact, spec.unsettled_by, [one for one in given if isinstance(one, Events)], self._as_of)

    def _nothing_told(self, fact: Fact) -> bool:
        """Nothing at all is on record of the fact, in observations that were supplied whole."""
        return not fact.evidence and fact.reason == "no_result" and self._told.coverage.none_hidden

    def _is_presumed(self, spec: Numeric, fact: Fact) -> bool:
        """Nothing is on record of the fact, nor of the events without which it has the presumed value."""
        if spec.presumed is None or not self._nothing_told(fact):
            return False
        without = [self.fact(name).value for name in spec.presumed.without]
        return all(isinstance(events, Events) and events.history("closed") is False for events in without)

    def _stale_height(self, spec: QuantityFact, fact: Fact) -> Fact:
        """A fact that goes stale only where it was measured in a child (height): such a one, and one of whom the age is
        not known, is dropped here, because whether it counts depends on the person and not on the criterion.

        Without a date it is taken for that of the person's present age.
        """
        limit = spec.fresh_for_child
        if limit is None:
            return fact
        born = None if self._told.patient is None else self._told.patient.birth_date
        back = 0 if fact.age >= UNDATED else min(fact.age, (self._as_of - date.min).days)
        age = age_at(born, self._as_of - timedelta(days=back))
        return fact if age is not None and age.years[0] >= _ADULT else fact.at(limit.span(self._as_of))

    def _result(self, spec: ResultFact) -> Fact:
        reader = self._knowledge.results[spec.name]

        def telling(measurement: Result) -> bool:
            saying = measurement.saying
            if measurement.how in {"variant", "doubted"} or has_value(saying) or saying.interpretation:
                return True
            return saying.data_absent_reason is None and bool(reader.in_code(saying))

        def affirms(measurement: Result) -> bool:
            return not reader.denies(measurement.saying)

        def answer(measurement: Result, day: DateRange | None) -> str | Unreadable:
            if measurement.how == "doubted":
                return UNCONFIRMED
            saying = measurement.saying
            return reader.read(saying, self._persons.at(saying, day), measurement.how, measurement.coding)

        def counts(measurement: Result) -> bool:
            return measurement.how in {"value", "doubted"} or (measurement.how == "variant" and affirms(measurement))

        fact = self._measured(spec, counts, telling).fact(answer, agreeing)
        if fact.value is not None and fact.value == spec.lasting:
            return replace(fact, age=0, least_age=0)
        fact = self._or_hinted(fact)
        if spec.presumed is None or not self._nothing_told(fact):
            return fact
        # A report on the same gene that says less (one allele, no judgement) is no finding, and no reason to presume.
        about = self._measured(spec, lambda m: m.how == "about" and affirms(m), lambda m: True)
        less = about.fact(lambda m, day: LESS_THAN_ASKED, agreeing)
        return less if less.evidence else replace(fact, presumed=spec.presumed)

    def _date(self, spec: DateFact) -> Fact:
        fact = self._measured(spec).fact(lambda m, _: self._days_since(m), agreeing)
        if fact.evidence or spec.else_onset_of is None:
            return replace(fact, age=0)
        events = self.fact(spec.else_onset_of).value
        assert isinstance(events, Events)
        self._deadline.spend(len(events.items))
        sure = [item for item in events.items if item.sure and not item.only_past]
        if not sure:
            hint = next((item.hint for item in events.items if item.hint), None)
            return unknown(spec.name, hint or events.gap or "no_result", tuple(item.evidence for item in events.items))
        # An entry that says nothing of an onset adds nothing to those that do.
        dated = [item for item in sure if item.start.hi < UNBOUNDED]
        sure = dated or sure
        # A doubtful record, or one that did not come or could not be read, may tell of an earlier onset.
        most = max(item.start.hi for item in (_told_onsets(events.items) if dated else events.items))
        since = DaySpan(max(item.start.lo for item in sure), most if events.gap is None else UNBOUNDED)
        evidence = tuple(item.evidence for item in sure)
        return Fact(spec.name, since, "d", evidence=evidence)

    def _days_since(self, measurement: Result) -> Value | Unreadable:
        saying = measurement.saying
        text = saying.value_date_time or saying.value_string
        if text is None and saying.value_period is not None:
            text = saying.value_period.start
        span = read_date(text)
        if span is None or saying.data_absent_reason is not None or span.begins_after(self._as_of):
            return NOT_UNDERSTOOD
        return days_back(span, self._as_of)

    def _limit(self, name: str) -> int | None:
        limit = self._knowledge.catalogue.fresh_for(name)
        return None if limit is None else _days_before(limit, self._as_of)

    def _evidence_of(self, name: str) -> Iterator[Evidence]:
        base = self._knowledge.catalogue.fact_of(name)
        return iter(() if base is None else self.fact(base).evidence)


def _unit(spec: QuantityFact) -> str:
    """The unit as a fact has it: empty without dimension."""
    return "" if spec.unit == "1" else spec.unit


def _told_onsets(items: Sequence[Event]) -> list[Event]:
    """Those that say since when, of which there are some; a doubtful one that doesn't may be of any time."""
    return [item for item in items if item.start.hi < UNBOUNDED or (not item.sure and not item.only_past)]


@lru_cache(maxsize=256)
def _days_before(limit: Duration, day: date) -> int:
    return limit.span(day)
