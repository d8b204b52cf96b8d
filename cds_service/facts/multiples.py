"""A measured value as a multiple of the limits of normal that come with it (`x_uln`, `x_lln`)."""

from collections.abc import Mapping

from cds_service.facts.fact import Age, Fact, Reason, Value, unknown
from cds_service.facts.intervals import Interval
from cds_service.facts.observations import (
    Merge,
    NumberReader,
    ObservationOrComponent,
    RangePerson,
    RawNumber,
    Result,
    ResultSet,
    Side,
    Unreadable,
)
from cds_service.facts.parts import LateParts
from cds_service.facts.patient import age_at, sex_of
from cds_service.fhir import DateRange, Patient

Readings = dict[int, tuple[RawNumber | Unreadable, Interval | Unreadable]]
"""What has been read of a saying, by its identity: the number as written, and in the fact's unit."""

_SIDES: tuple[tuple[str, Side], ...] = (("x_uln", "high"), ("x_lln", "low"))
WORDS = tuple(word for word, _ in _SIDES)
"""The last words of the names of the parts."""


class Persons:
    """Whom the reference ranges of a patient's observations must fit."""

    def __init__(self, patient: Patient | None) -> None:
        self._born = None if patient is None else patient.birth_date
        self.ageless = RangePerson(sex_of(patient), None)
        """The patient where no range asks for an age."""

    def at(self, saying: ObservationOrComponent, day: DateRange | None) -> RangePerson:
        """The patient at the time of an observation."""
        if day is None or not any(candidate.age is not None for candidate in saying.reference_range):
            return self.ageless
        first, last = age_at(self._born, day.first), age_at(self._born, day.last)
        if first is None or last is None:
            return self.ageless
        age = Age((first.years[0], last.years[1]), (first.months[0], last.months[1]), (first.days[0], last.days[1]))
        return RangePerson(self.ageless.sex, age)


class Multiples:
    """The parts of one fact, from what has been `read` of its observations."""

    def __init__(self, reader: NumberReader, read: Readings, persons: Persons, merge: Merge) -> None:
        """`merge`: what several values that may each decide come to."""
        self._reader = reader
        self._read = read
        self._persons = persons
        self._merge = merge

    def of(self, measured: ResultSet, fact: Fact) -> Mapping[str, Fact]:
        """Those of a fact that was `measured`. Raises `OutOfTime`.

        Where one observation decides, which is nearly always, they are made when they are asked for.
        """
        name, why = fact.name, None if fact.value is not None else fact.reason or "no_result"
        if len(measured.deciding) == 1:
            return LateParts(WORDS, lambda: self._made(name, measured, why))
        return self._made(name, measured, why)

    def _made(self, name: str, measured: ResultSet, why: Reason | None) -> dict[str, Fact]:
        """`why`: the reason why the value itself is not known."""
        parts = {}
        found: dict[int, dict[Side, Interval | Unreadable]] = {}
        for word, side in _SIDES:

            def times(m: Result, day: DateRange | None, side: Side = side) -> Value | Unreadable:
                reading, number = self._read[id(m.saying)]
                if isinstance(reading, Unreadable) or isinstance(number, Unreadable):
                    return number
                sides = found.get(id(m.saying))
                if sides is None:
                    sides = self._reader.times_limits(reading, m.saying, self._persons.at(m.saying, day), m.coding)
                    found[id(m.saying)] = sides
                return sides[side]

            ratio = measured.fact(times, self._merge, name=f"{name}.{word}")
            parts[word] = ratio if why is None else unknown(ratio.name, why, ratio.evidence)
        return parts
