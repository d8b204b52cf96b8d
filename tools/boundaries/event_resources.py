"""One record of an event fact as a FHIR resource."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from cds_service.rule_tools.cases import State
from tools.boundaries.resources import ROUTES, Json, concept, day, status

_CLINICAL = {"active": "active", "inactive": "remission", "over": "resolved", "history": "active"}


@dataclass(frozen=True, slots=True)
class Shape:
    """When a record began and ended (in days before as_of; below 0: to come) and what state it is in."""

    label: str
    state: State
    start: int | None = None
    end: int | None = None

    def statement(self) -> dict[str, Any]:
        """In the rule author's words."""
        moments = {"start_days_ago": self.start, "end_days_ago": self.end}
        return {"state": self.state, **{key: value for key, value in moments.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Variation:
    """What is special about a record: `void` ones don't count, those that are not `sure` may not be it.

    A drug that goes on may say that it does for some `days_to_come`.
    """

    label: str
    void: bool = False
    sure: bool = True
    status: str | None = None
    verification: str | None = None
    route: str | None = None
    days_to_come: int | None = None

    @classmethod
    def of(cls, kind: str) -> "Iterator[Variation]":
        """The variations that records of this kind have."""
        if kind in ("Condition", "AllergyIntolerance"):
            yield cls("entered in error", void=True, verification="entered-in-error")
            yield cls("refuted", void=True, verification="refuted")
            yield cls("unconfirmed", sure=False, verification="unconfirmed")
            if kind == "Condition":
                yield cls("provisional", sure=False, verification="provisional")
            return
        yield cls("entered in error", void=True, status="entered-in-error")
        if kind in ("Procedure", "Immunization"):
            yield cls("not done", void=True, status="not-done")
        if kind == "Medication":
            yield cls("cancelled", void=True, status="cancelled")
            yield cls("only a draft", void=True, status="draft")

    def fits(self, shape: Shape) -> bool:
        """Whether a record of that shape can be varied so."""
        return shape.state != "history"


def resource(kind: str, code: Json, shape: Shape, as_of: date, variation: Variation | None) -> Json:
    """The resource, without id and patient."""
    how = variation or Variation("")
    start = None if shape.start is None else day(as_of, shape.start)
    end = None if shape.end is None else day(as_of, shape.end)
    match kind:
        case "Condition":
            return _condition(code, shape.state, start, end, how)
        case "AllergyIntolerance":
            return _allergy(code, shape.state, start, how)
        case "Medication":
            if end is None and how.days_to_come is not None:
                end = day(as_of, -how.days_to_come)
            return _medication(code, shape.state, start, end, how)
        case "Procedure":
            return _procedure(code, shape.state, start, end, how)
        case "Immunization":
            given = {} if start is None else {"occurrenceDateTime": start}
            return {"resourceType": kind, "status": how.status or "completed", "vaccineCode": code, **given}
        case "Device":
            state: Literal["active", "inactive"] = "active" if shape.state == "active" else "inactive"
            return {"resourceType": kind, "status": how.status or state, "type": code}
    raise ValueError(f"no boundary records are written for {kind}")


def _condition(code: Json, state: State, start: str | None, end: str | None, how: Variation) -> Json:
    made: Json = {"resourceType": "Condition", "code": code}
    if how.verification != "entered-in-error":  # http://hl7.org/fhir/R4/condition.html, invariant con-5
        made["clinicalStatus"] = status("condition-clinical", _CLINICAL[state])
    made["verificationStatus"] = status("condition-ver-status", how.verification or "confirmed")
    return made | _dates(onsetDateTime=start, abatementDateTime=end)


def _allergy(code: Json, state: State, start: str | None, how: Variation) -> Json:
    made: Json = {"resourceType": "AllergyIntolerance", "code": code}
    if how.verification != "entered-in-error":
        made["clinicalStatus"] = status("allergyintolerance-clinical", _CLINICAL[state])
    made["verificationStatus"] = status("allergyintolerance-verification", how.verification or "confirmed")
    return made | _dates(onsetDateTime=start)


def _medication(code: Json, state: State, start: str | None, end: str | None, how: Variation) -> Json:
    made: Json = {
        "resourceType": "MedicationRequest",
        "status": how.status or ("active" if state == "active" else "stopped"),
        "intent": "order",
        "medicationCodeableConcept": code,
    }
    dosage: Json = {}
    if end is not None:
        dosage["timing"] = {"repeat": {"boundsPeriod": _dates(start=start, end=end)}}
    if how.route is not None:
        dosage["route"] = concept(ROUTES[how.route])
    if dosage:
        made["dosageInstruction"] = [dosage]
    return made | _dates(authoredOn=start)


def _procedure(code: Json, state: State, start: str | None, end: str | None, how: Variation) -> Json:
    made: Json = {"resourceType": "Procedure", "code": code}
    if state == "active":
        return {**made, "status": how.status or "in-progress", "performedPeriod": _dates(start=start)}
    made["status"] = how.status or "completed"
    if start == end or end is None:
        return made | _dates(performedDateTime=start)
    return {**made, "performedPeriod": _dates(start=start, end=end)}


def _dates(**moments: str | None) -> Json:
    return {key: value for key, value in moments.items() if value is not None}
