"""Age, sex and dates: the day before a birthday, the birthday, and what is known only in part."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cds_service.durations import Duration, TimeUnit
from cds_service.facts.catalogue import Code
from tools.boundaries.resources import concept, day, observation
from tools.boundaries.situation import Situation

AGE, SEX = "patient.age", "patient.sex"


def ages(limits: Sequence[tuple[int, TimeUnit]], as_of: date) -> Iterator[Situation]:
    """Around each limit (a number of `a`, `mo` or `d`): on the day, the day before, and the same one unit later."""
    for count, unit in limits:
        for more in (0, 1):
            reached = _born(count + more, unit, as_of)
            for born, when in ((reached, "today"), (reached + timedelta(days=1), "tomorrow")):
                if born <= as_of:
                    yield _age(f"{count + more} {unit} old {when}", born.isoformat())


def partial_ages(limits: Sequence[tuple[int, TimeUnit]], as_of: date) -> Iterator[Situation]:
    """Only the year or the month of birth, such that the age may lie on either side; and no birth date."""
    for count, unit in limits:
        for more in (0, 1):
            reached = _born(count + more, unit, as_of).isoformat()
            known = reached[:4] if unit == "a" else reached[:7]
            yield _age(f"born in {known}, the day not known", known)
    yield Situation("no birth date", {AGE: None})


def sexes() -> Iterator[Situation]:
    """Every administrative gender that FHIR has, and none."""
    for gender in ("female", "male"):
        yield Situation(gender, {SEX: gender}, patient={"gender": gender})
    for gender in ("other", "unknown"):
        yield Situation(f"gender {gender}", {SEX: None}, patient={"gender": gender})
    yield Situation("no gender", {SEX: None})


def moments(name: str, codes: Sequence[Code], spans: Sequence[int], as_of: date) -> Iterator[Situation]:
    """A date that an observation tells, so many days ago, a day more and a day less."""
    for days in sorted({days + more for days in spans for more in (-1, 0, 1) if days + more >= 0}):
        told = day(as_of, days)
        made = observation(concept(codes[0]), day(as_of, 0), {"valueDateTime": told})
        yield Situation(f"{days} days ago", {name: told}, (made,))


def unknown_moments(name: str, codes: Sequence[Code], spans: Sequence[int], as_of: date) -> Iterator[Situation]:
    """The month alone, no date at all, and a date entered in error."""
    for days in spans:
        month = day(as_of, days)[:7]
        made = observation(concept(codes[0]), day(as_of, 0), {"valueDateTime": month})
        yield Situation(f"in {month}, the day not known", {name: month}, (made,))
    yield Situation("nothing on record", {name: None})
    told = {"valueDateTime": day(as_of, spans[0])}
    void = observation(concept(codes[0]), day(as_of, 0), told, "entered-in-error")
    yield Situation("entered in error", {name: None}, (void,))


def _age(label: str, born: str) -> Situation:
    return Situation(label, {AGE: {"birth_date": born}}, patient={"birthDate": born})


def _born(count: int, unit: TimeUnit, as_of: date) -> date:
    """The latest birth date of somebody who is that old."""
    return Duration.of(count, unit).before(as_of)
