"""Entries of diseases for the tests of how long they last, and what a fact says of them."""

from datetime import date

from cds_service.facts import build_sheet
from cds_service.facts.fact import DaySpan, Events
from cds_service.fhir import Record
from cds_service.library import Library
from tests.facts.records import SUBJECT, Json, concept, condition, record

_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
VISIT: Json = {"category": [concept("encounter-diagnosis", _CATEGORY)]}
LISTED: Json = {"category": [concept("problem-list-item", _CATEGORY)]}
_WORDS = {True: "yes", False: "no", None: "unknown"}
_FOUR_WEEKS = 28


def entry(code: str, system: str = "http://snomed.info/sct", **says: object) -> Json:
    """A Condition; `clinicalStatus` is a word, or `None` for none."""
    clinical = says.pop("clinicalStatus", "active")
    assert clinical is None or isinstance(clinical, str)
    return condition(code, system, clinical, **says)


def encounter(**says: object) -> Json:
    return {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": SUBJECT, **says}


def recorded(*resources: Json) -> Record:
    return record(*resources)


def answers(name: str, read: Record, library: Library, as_of: date) -> tuple[str, str, str, str]:
    """In the closed world: has it, has it actively, ever had it, had it within the last 4 weeks."""
    events = build_sheet(read, library.facts, as_of, [name])[name].value
    assert isinstance(events, Events)
    some = [(item.sure, _within(item.end)) for item in events.items]
    within: bool | None = True if any(sure and held for sure, held in some) else None
    if within is None and all(held is False for _, held in some):
        within = False
    asked = (events.exists("closed"), events.active("closed"), events.history("closed"), within)
    return tuple(_WORDS[answer] for answer in asked)  # type: ignore[return-value]  # four of them


def _within(end: DaySpan) -> bool | None:
    return True if end.hi <= _FOUR_WEEKS else False if end.lo > _FOUR_WEEKS else None
