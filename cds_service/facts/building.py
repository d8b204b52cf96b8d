"""From one record to its facts, each by its kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from cds_service.facts.answers import LESS_THAN_ASKED, NOT_UNDERSTOOD, Unreadable, has_value
from cds_service.facts.derived import derive
from cds_service.facts.events import collect
from cds_service.facts.fact import UNBOUNDED, Age, Days, Events, Evidence, Fact, Reason, Value, unknown
from cds_service.facts.intervals import point
from cds_service.facts.knowledge import FactKnowledge
from cds_service.facts.measured import Measured, agreeing, hull, matching
from cds_service.facts.moments import days_back, read_date
from cds_service.facts.observations import Measurement
from cds_service.facts.patient import age_at, age_fact, deceased_fact, sex_fact, sex_of
from cds_service.facts.reference_ranges import Person, Side
from cds_service.facts.specs import (
    DateFact,
    DefinedFact,
    DerivedFact,
    EventsFact,
    FactSpec,
    Numeric,
    Observed,
    PatientFact,
    QuantityFact,
    ResultFact,
)
from cds_service.fhir.dates import DateRange
from cds_service.fhir.record import Record


class Builder:
    """Builds the facts `wanted` from one record; ask for each with `fact`.

    The `stated` facts are taken as they are, whatever the record says, and others are computed from them.
    """

    def __init__(
        self,
        record: Record,
        knowledge: FactKnowledge,
        as_of: date,
        wanted: frozenset[str],
        stated: Mapping[str, Fact],
    ) -> None:
        self._record = record
        self._knowledge = knowledge
        self._as_of = as_of
        self._facts: dict[str, Fact] = dict(stated)
        self._measurements = knowledge.observations.sort(record, wanted)
        self._malformed = matching(record.malformed, knowledge.observations)
        self._events = collect(record, knowledge, wanted, as_of)
        whole = "Observation" in record.whole
        self._missing: Reason = "no_result" if whole else record.gaps.get("Observation", "not_supplied")
        self._sex = sex_of(record.patient)
        # An unreadable Observation without a readable code may be a value of any fact.
        self._none_hidden = whole and not any(m.type == "Observation" and m.code is None for m in record.malformed)

    def fact(self, name: str) -> Fact:
        """The fact; its parts are made first, and the catalogue has no circles."""
        found = self._facts.get(name)
        if found is None:
            found = self._facts[name] = self._make(self._knowledge.catalogue.facts[name])
        return found

    def _make(self, spec: FactSpec) -> Fact:
        match spec:
            case PatientFact():
                return self._of_patient(spec)
            case EventsFact():
                return self._of_events(spec)
            case Numeric():
                return self._number(spec)
            case ResultFact():
                return self._result(spec)
            case DateFact():
                return self._date(spec)
            case DerivedFact():
                parts = {name: self.fact(name) for name in spec.references()}
                return derive(spec, parts, self._limit)
            case DefinedFact():
                evidence = [item for name in spec.references() for item in self._evidence_of(name)]
                return Fact(spec.name, evidence=tuple(dict.fromkeys(evidence)))

    def _of_patient(self, spec: PatientFact) -> Fact:
        patient = self._record.patient
        match spec.name:
            case "patient.age":
                return age_fact(spec.name, patient, self._as_of)
            case "patient.sex":
                return sex_fact(spec.name, patient)
        return deceased_fact(spec.name, patient, self._as_of)

    def _of_events(self, spec: EventsFact) -> Fact:
        events = self._events[spec.name]
        return Fact(spec.name, events, evidence=tuple(item.evidence for item in events.items))

    def _measured(
        self,
        spec: Observed,
        counts: Callable[[Measurement], bool] = lambda measurement: True,
        telling: Callable[[Measurement], bool] = lambda measurement: has_value(measurement.saying),
    ) -> Measured:
        measurements = [item for item in self._measurements.get(spec.name, ()) if counts(item)]
        malformed = self._malformed.get(spec.name, ())
        return Measured(spec.name, measurements, malformed, self._missing, self._as_of, telling)

    def _number(self, spec: Numeric) -> Fact:
        reader = self._knowledge.numbers[spec.name]
        unit = spec.unit if isinstance(spec, QuantityFact) and spec.unit != "1" else ""
        measured = self._measured(spec)
        fact = measured.fact(lambda m, _: reader.read(m.saying), hull, unit)
        if isinstance(spec, QuantityFact):
            fact = self._stale_height(spec, fact)
            parts = {}
            sides: tuple[tuple[str, Side], ...] = (("x_uln", "high"), ("x_lln", "low"))
            for part, side in sides:
                ratio = measured.renamed(f"{spec.name}.{part}").fact(
                    lambda m, day, side=side: reader.times_limit(m.saying, side, self._person(day)),  # type: ignore[misc]
                    hull,
                )
                parts[part] = (
                    ratio if fact.value is not None else unknown(ratio.name, fact.reason or "no_result", ratio.evidence)
                )
            fact = replace(fact, parts=parts)
        if spec.presumed is not None and self._is_presumed(spec, fact):
            return replace(fact, presumed=point(spec.presumed.value))
        return fact

    def _nothing_told(self, fact: Fact) -> bool:
        """Nothing at all is on record of the fact, in observations that were supplied whole."""
        return not fact.evidence and fact.reason == "no_result" and self._none_hidden

    def _is_presumed(self, spec: Numeric, fact: Fact) -> bool:
        """Nothing is on record of the fact, nor of the events without which it has the presumed value."""
        if spec.presumed is None or not self._nothing_told(fact):
            return False
        without = [self.fact(name).value for name in spec.presumed.without]
        return all(isinstance(events, Events) and events.history("closed") is False for events in without)

    def _stale_height(self, spec: QuantityFact, fact: Fact) -> Fact:
        """A fact that goes stale only in a child (height): there, and where the age is not known, it is dropped here,
        because whether it counts depends on the person and not on the criterion."""
        limit = spec.fresh_for_child
        age = age_at(None if self._record.patient is None else self._record.patient.birth_date, self._as_of)
        if limit is None or (age is not None and age.years[0] >= 18):
            return fact
        return fact.at(limit.days_before(self._as_of))

    def _result(self, spec: ResultFact) -> Fact:
        reader = self._knowledge.results[spec.name]

        def telling(measurement: Measurement) -> bool:
            saying = measurement.saying
            return measurement.how == "variant" or has_value(saying) or bool(saying.interpretation)

        def affirms(measurement: Measurement) -> bool:
            return not reader.denies(measurement.saying)

        measured = self._measured(spec, lambda m: m.how == "value" or (m.how == "variant" and affirms(m)), telling)
        fact = measured.fact(lambda m, day: reader.read(m.saying, self._person(day), m.how), agreeing)
        if fact.value is not None and fact.value == spec.lasting:
            return replace(fact, age=0, least_age=0)
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
        sure = [item for item in events.items if item.sure and not item.only_past]
        if not sure:
            hint = next((item.hint for item in events.items if item.hint), None)
            return unknown(spec.name, hint or events.gap or "no_result", tuple(item.evidence for item in events.items))
        # A doubtful record, or one that did not come or could not be read, may tell of an earlier onset.
        most = max(item.start.hi for item in events.items)
        since = Days(max(item.start.lo for item in sure), most if events.gap is None else UNBOUNDED)
        evidence = tuple(item.evidence for item in sure)
        return Fact(spec.name, since, "d", evidence=evidence)

    def _days_since(self, measurement: Measurement) -> Value | Unreadable:
        saying = measurement.saying
        text = saying.value_date_time or saying.value_string
        if text is None and saying.value_period is not None:
            text = saying.value_period.start
        span = read_date(text)
        if span is None or saying.data_absent_reason is not None or span.first > self._as_of:
            return NOT_UNDERSTOOD
        return days_back(span, self._as_of)

    def _person(self, day: DateRange | None) -> Person:
        """Whom a reference range must fit: the age is that at the time of the observation."""
        patient = self._record.patient
        born = None if patient is None else patient.birth_date
        first = None if day is None else age_at(born, day.first)
        last = None if day is None else age_at(born, day.last)
        if first is None or last is None:
            return Person(self._sex, None)
        age = Age((first.years[0], last.years[1]), (first.months[0], last.months[1]), (first.days[0], last.days[1]))
        return Person(self._sex, age)

    def _limit(self, name: str) -> int | None:
        entry = self._knowledge.catalogue.lookup(name)
        return None if entry is None or entry.fresh_for is None else entry.fresh_for.days_before(self._as_of)

    def _evidence_of(self, name: str) -> Iterator[Evidence]:
        base = self._knowledge.catalogue.fact_of(name)
        return iter(() if base is None else self.fact(base).evidence)
