"""From the measurements of one fact to the fact: select, read, and put together what may be the newest."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date

from cds_service.facts.answers import Unreadable, concept_text, has_value, shown
from cds_service.facts.fact import Evidence, Fact, Reason, Value, unknown
from cds_service.facts.intervals import Interval
from cds_service.facts.observations import Measurement, ObservationCodes
from cds_service.facts.selection import Candidate, Selection, select
from cds_service.fhir.dates import DateRange
from cds_service.fhir.decode import Malformed

Read = Callable[[Measurement, DateRange | None], Value | Unreadable]
"""Reads a measurement of a date (`None`: undated)."""

Merge = Callable[[Sequence[Value]], Value | Unreadable]

# Which of several reasons is given, the most telling first; the order of the record must not matter.
_RANK: tuple[Reason, ...] = (
    "conflicting_results",
    "unit_not_understood",
    "value_not_understood",
    "no_reference_range",
    "uncoded_mention",
    "indeterminate",
    "incomplete_record",
)


@dataclass(slots=True)
class Measured:
    """What the record holds about one fact. `missing` is the reason to give where that is nothing.

    `telling` says whether a measurement carries a value at all; those that do not are passed over.
    """

    name: str
    measurements: Sequence[Measurement]
    malformed: Sequence[Malformed]
    missing: Reason
    as_of: date
    telling: Callable[[Measurement], bool] = lambda measurement: has_value(measurement.saying)
    selection: Selection = field(init=False)

    def __post_init__(self) -> None:
        self.selection = select(
            self.measurements, self.malformed, lambda m: m.how == "mention" or self.telling(m), self.as_of
        )

    def renamed(self, name: str) -> "Measured":
        """The same evidence for a part of the fact."""
        other = copy(self)
        other.name = name
        return other

    def fact(self, read: Read, merge: Merge, unit: str = "") -> Fact:
        """The fact, unknown where any observation that may be the newest is not understood."""
        if not self.selection.deciding:
            passed_over = tuple(sorted(_evidence(c, "no value") for c in self.selection.passed_over))
            return unknown(self.name, self.missing if not passed_over else "no_result", passed_over)
        answers = [(candidate, _read(candidate, read)) for candidate in self.selection.deciding]
        if any(not isinstance(answer, Unreadable) for _, answer in answers):
            answers = [(c, answer) for c, answer in answers if not isinstance(answer, Unreadable) or not answer.yields]
        values = [answer for _, answer in answers if not isinstance(answer, Unreadable)]
        faults = [answer for _, answer in answers if isinstance(answer, Unreadable)]
        evidence = {
            _evidence(candidate, (answer.note or answer.reason) if isinstance(answer, Unreadable) else "")
            for candidate, answer in answers
        }
        shown_evidence = tuple(sorted(evidence))
        merged: Value | Unreadable | None = None if faults else merge(values)
        if isinstance(merged, Unreadable):
            faults.append(merged)
        if faults or merged is None:
            return unknown(self.name, worst(fault.reason for fault in faults), shown_evidence)
        assert not isinstance(merged, Unreadable)
        found = self.selection
        return Fact(self.name, merged, unit, found.age, evidence=shown_evidence, least_age=found.least_age)


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


def matching(malformed: Sequence[Malformed], codes: ObservationCodes) -> dict[str, list[Malformed]]:
    """Unreadable Observations by the facts that their codes name. One without a readable code names none."""
    found: dict[str, list[Malformed]] = {}
    for item in malformed:
        if item.type == "Observation" and item.code is not None:
            for name in codes.facts_of(item.code.coding):
                found.setdefault(name, []).append(item)
    return found


def _read(candidate: Candidate, read: Read) -> Value | Unreadable:
    if candidate.measurement is None:
        return Unreadable("incomplete_record", "could not be read")
    if not candidate.readable:
        return Unreadable("value_not_understood", "has no status")
    if candidate.measurement.how == "mention":
        return Unreadable("uncoded_mention")
    return read(candidate.measurement, candidate.date)


def _evidence(candidate: Candidate, note: str) -> Evidence:
    measurement = candidate.measurement
    if measurement is None:
        assert candidate.malformed is not None
        return Evidence(candidate.malformed.issue.resource, candidate.shown_date, note=note)
    saying, observation = measurement.saying, measurement.observation
    value, unit = shown(saying)
    coding = measurement.coding
    if saying.data_absent_reason is not None:
        note = f"{note}: {concept_text(saying.data_absent_reason)}"[:120] if note else note
    return Evidence(
        source=f"Observation/{observation.id}" if observation.id else "Observation",
        date=candidate.shown_date,
        value=value,
        unit=unit,
        system=coding.system or "",
        code=coding.code or "",
        display=(coding.display or (saying.code.text if saying.code is not None else None) or "")[:120],
        note=note,
    )
