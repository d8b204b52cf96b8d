"""Result sets: the measurements of one fact, from which the newest are selected, read and put together."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.fact import Evidence, Fact, Reason, Value, unknown
from cds_service.facts.intervals import Interval
from cds_service.facts.observations.answers import Unreadable, concept_text, has_value, shown
from cds_service.facts.observations.observations import ObservationCodes, Result
from cds_service.facts.observations.selection import Candidate, select
from cds_service.fhir import DateRange, UnreadableResource

Read = Callable[[Result, DateRange | None], Value | Unreadable]
"""Reads a measurement of a date (`None`: undated)."""

Merge = Callable[[Sequence[Value]], Value | Unreadable]

_NONE = frozenset[str]()
# Which of several reasons is given, the most telling first; the order of the record must not matter.
_RANK: tuple[Reason, ...] = (
    "conflicting_results",
    "unit_not_understood",
    "value_not_understood",
    "implausible",
    "no_reference_range",
    "uncoded_mention",
    "unconfirmed",
    "indeterminate",
    "incomplete_record",
)


class ResultSet:
    """What the record holds about one fact. `missing` is the reason to give where that is nothing.

    `telling` says whether a measurement carries a value at all; those that do not are passed over.
    """

    def __init__(
        self,
        name: str,
        measurements: Sequence[Result],
        malformed: Sequence[UnreadableResource],
        missing: Reason,
        *,
        as_of: date,
        telling: Callable[[Result], bool] = lambda measurement: has_value(measurement.saying),
        whole_day: bool = False,
        deadline: Deadline = NEVER,
    ) -> None:
        """`whole_day`: all of the newest day decide. Raises `OutOfTime`, as does `fact`."""
        self._name = name
        self._deadline = deadline
        self._missing = missing
        self._selection = select(
            measurements,
            malformed,
            lambda m: m.how == "mention" or telling(m),
            as_of,
            deadline,
            whole_day=whole_day,
        )
        self._evidence: dict[tuple[int, str], Evidence] = {}

    @property
    def planned(self) -> frozenset[str]:
        """The observations that lie after the end of the day that is asked about, and do not count."""
        planned = self._selection.planned
        return frozenset([_source(item) for item in self._deadline.each(planned)]) if planned else _NONE

    @property
    def is_one_day(self) -> bool:
        """Whether those that decide were certainly all made on one day."""
        return self._selection.is_one_day

    @property
    def deciding(self) -> tuple[Candidate, ...]:
        """Those that may be the newest; empty where there is none with a value."""
        return self._selection.deciding

    def fact(self, read: Read, merge: Merge, unit: str = "", name: str | None = None) -> Fact:
        """The fact, or under another `name` a part of it; unknown where any observation that may be the newest is not
        understood."""
        name = self._name if name is None else name
        found = self._selection
        if not found.deciding:
            passed_over = tuple(sorted(self._shown(c, "no value") for c in self._deadline.each(found.passed_over)))
            return unknown(name, self._missing if not passed_over else "no_result", passed_over)
        if len(found.deciding) == 1:  # nearly always
            (candidate,) = found.deciding
            answer = _read(candidate, read)
            if isinstance(answer, Unreadable):
                evidence = self._shown(candidate, answer.note or answer.reason)
                return unknown(name, worst((answer.reason,)), (evidence,))
            return Fact(name, answer, unit, found.age, None, (self._shown(candidate, ""),), least_age=found.least_age)
        answers = [(candidate, _read(candidate, read)) for candidate in self._deadline.each(found.deciding)]
        if any(not isinstance(answer, Unreadable) for _, answer in answers):
            answers = [(c, answer) for c, answer in answers if not isinstance(answer, Unreadable) or not answer.yields]
        values = [answer for _, answer in answers if not isinstance(answer, Unreadable)]
        faults = [answer for _, answer in answers if isinstance(answer, Unreadable)]
        shown_evidence = {
            self._shown(candidate, (answer.note or answer.reason) if isinstance(answer, Unreadable) else "")
            for candidate, answer in self._deadline.each(answers)
        }
        merged: Value | Unreadable | None = None if faults else merge(values)
        if isinstance(merged, Unreadable):
            faults.append(merged)
        if faults or merged is None:
            return unknown(name, worst(fault.reason for fault in faults), tuple(sorted(shown_evidence)))
        assert not isinstance(merged, Unreadable)
        return Fact(name, merged, unit, found.age, evidence=tuple(sorted(shown_evidence)), least_age=found.least_age)

    def _shown(self, candidate: Candidate, note: str) -> Evidence:
        """A candidate as evidence, made once for the fact and its parts."""
        found = self._evidence.get((id(candidate), note))
        if found is None:
            found = self._evidence[id(candidate), note] = _evidence(candidate, note)
        return found


def worst(reasons: Iterable[Reason]) -> Reason:
    """The reason that is given where there are several."""
    found = set(reasons)
    return next((reason for reason in _RANK if reason in found), "value_not_understood")


def hull(values: Sequence[Value]) -> Value:
    """Numbers of which any may be the newest: all that they may be."""
    intervals = [value for value in values if isinstance(value, Interval)]
    merged = intervals[0]
    for value in intervals[1:]:
        merged = merged.hull(value)
    return merged


def agreeing(values: Sequence[Value]) -> Value | Unreadable:
    """Answers of which any may be the newest: they must agree."""
    return values[0] if all(value == values[0] for value in values) else Unreadable("conflicting_results")


def matching(
    malformed: Sequence[UnreadableResource], codes: ObservationCodes, deadline: Deadline = NEVER
) -> dict[str, list[UnreadableResource]]:
    """Unreadable Observations by the facts that their codes name. One without a readable code names none.
    One that may be a part of what tells a fact by its components counts too.

    Raises `OutOfTime`.
    """
    found: dict[str, list[UnreadableResource]] = {}
    for item in deadline.each(malformed):
        if item.type != "Observation":
            continue
        names = frozenset[str]()
        if item.code is not None:
            deadline.spend(len(item.code.coding))
            names = codes.facts_of(item.code.coding)
        if item.said is not None:
            deadline.spend(len(item.said.coding))
            names |= codes.facts_beside(item.said.coding)
        for name in names:
            found.setdefault(name, []).append(item)
    return found


def _read(candidate: Candidate, read: Read) -> Value | Unreadable:
    if candidate.measurement is None:
        return Unreadable("incomplete_record", "could not be read")
    if not candidate.readable:
        status = candidate.measurement.observation.status
        return Unreadable("value_not_understood", "its status is not understood" if status else "has no status")
    if candidate.measurement.how == "mention":
        return Unreadable("uncoded_mention")
    return read(candidate.measurement, candidate.date)


def _source(measurement: Result) -> str:
    if measurement.source:
        return measurement.source
    own = measurement.observation.id
    return f"Observation/{own}" if own else "Observation"


def _evidence(candidate: Candidate, note: str) -> Evidence:
    measurement = candidate.measurement
    if measurement is None:
        assert candidate.malformed is not None
        return Evidence(candidate.malformed.issue.resource, candidate.shown_date, note=note)
    saying = measurement.saying
    value, unit = shown(saying)
    coding = measurement.coding
    if saying.data_absent_reason is not None:
        note = f"{note}: {concept_text(saying.data_absent_reason)}"[:120] if note else note
    return Evidence(
        source=_source(measurement),
        date=candidate.shown_date,
        value=value,
        unit=unit,
        system=coding.system or "",
        code=coding.code or "",
        display=(coding.display or (saying.code.text if saying.code is not None else None) or "")[:120],
        note=note,
    )
