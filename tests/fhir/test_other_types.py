"""A closed table says of every resource type what follows from one in a record."""

from typing import Any

import pytest

from cds_service.explanation import fact_sheet
from cds_service.fhir import CARRIERS, NOTHING_FOLLOWS, READ_IN_PART, RESOURCE_TYPES, table_of_types, types_of_events
from cds_service.library import Library
from tests.facts.records import Json, concept, record
from tests.facts.test_no_information import AS_OF, FACTS, value

SUBJECT = {"reference": "Patient/p"}
TABLE = {entry.name: entry for entry in table_of_types()}


def test_the_table_has_every_type_of_fhir_r4() -> None:
    # 148 with the two abstract ones, Resource and DomainResource: https://hl7.org/fhir/R4/resourcelist.html
    assert len(TABLE) >= 146
    assert TABLE.keys() >= RESOURCE_TYPES.keys() | CARRIERS.keys() | READ_IN_PART.keys()
    assert all(entry.why for entry in TABLE.values() if entry.what != "read")
    assert {name for name, entry in TABLE.items() if entry.what == "read"} == RESOURCE_TYPES.keys()
    assert all(types_of_events(carrier.events) for carrier in CARRIERS.values())


def test_what_the_reading_of_records_rests_on_restates() -> None:
    restating = (
        "Claim",
        "ExplanationOfBenefit",
        "CarePlan",
        "DocumentReference",
        "ServiceRequest",
        "FamilyMemberHistory",
    )
    assert {TABLE[name].what for name in restating} == {NOTHING_FOLLOWS}


def event(**elements: Any) -> Json:
    found = {"resourceType": "AdverseEvent", "id": "e", "actuality": "actual", "subject": SUBJECT}
    return found | {"event": concept(text="Myocardial infarction")} | elements


def impression(*findings: Json, **elements: Any) -> Json:
    found = {"resourceType": "ClinicalImpression", "id": "i", "status": "completed", "subject": SUBJECT}
    return found | {"finding": list(findings)} | elements


# a resource of a type that is not read: the kind that is incomplete then
EFFECTS: dict[str, tuple[Json, str | None]] = {
    "an adverse event": (event(), "Condition"),
    "one that might have been": (event(actuality="potential"), None),
    "one without what happened": (event(event=None), None),
    "another patient's": (event(subject={"reference": "Patient/q"}), None),
    "nobody's: it was sent with the record": (event(subject=None), "Condition"),
    "one that cannot be read": (event(id=5, actuality=[]), "Condition"),
    "an impression with a finding": (impression({"itemCodeableConcept": concept(text="SLE")}), "Condition"),
    "with a reference to one": (impression({"itemReference": {"reference": "Condition/x"}}), None),
    "entered in error": (
        impression({"itemCodeableConcept": concept(text="SLE")}, status="entered-in-error"),
        None,
    ),
    "R5's use of a device": ({"resourceType": "DeviceUsage", "id": "u", "patient": SUBJECT}, "Device"),
    "a claim": ({"resourceType": "Claim", "id": "c", "patient": SUBJECT, "diagnosis": [{"sequence": 1}]}, None),
    "a flag": ({"resourceType": "Flag", "id": "f", "subject": SUBJECT, "code": concept(text="HIV")}, None),
    "a family history": (
        {
            "resourceType": "FamilyMemberHistory",
            "id": "f",
            "patient": SUBJECT,
            "condition": [{"code": concept(text="HIV")}],
        },
        None,
    ),
}


@pytest.mark.parametrize("why", EFFECTS)
def test_only_what_may_hold_what_stands_nowhere_else_makes_a_kind_incomplete(library: Library, why: str) -> None:
    resource, kind = EFFECTS[why]
    sheet = fact_sheet(record({k: v for k, v in resource.items() if v is not None}), library, AS_OF)
    assert [one for one, fact in FACTS.items() if value(sheet, fact) is None] == ([] if kind is None else [kind])
    assert [issue["code"] for issue in sheet["issues"]] == ([] if kind is None else ["unread_type"])
    assert (kind in sheet["gaps"]) is (kind is not None)
