"""Encounters are read: a sound one is in the record, what is wrong with one is an issue."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import (
    RESOURCE_TYPES,
    CodeableConcept,
    Coding,
    Encounter,
    EncounterDiagnosis,
    Period,
    Record,
    Reference,
    is_material,
    read_bundle,
)

Json = dict[str, Any]
Read = Callable[..., Record]

# https://hl7.org/fhir/R4/encounter.html
VISIT: Json = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "185349003"}]}],
    "subject": {"reference": "Patient/p"},
    "period": {"start": "2026-01-02T10:00:00Z", "end": "2026-01-02T10:30:00Z"},
    "reasonCode": [{"text": "rash"}],
    "reasonReference": [{"reference": "Condition/c"}],
    "diagnosis": [{"condition": {"reference": "Condition/c"}, "use": {"text": "AD"}}],
    "serviceProvider": {"reference": "Organization/o"},
}

# what is changed: the code of the issue, and the element at fault
ISSUES: dict[str, tuple[Json, str, str]] = {
    "a status that FHIR does not know": ({"status": "finishd"}, "unknown_status", "status"),
    "a period that is no Period": ({"period": "2026"}, "malformed_resource", "period"),
    "a class that is no Coding": ({"class": "AMB"}, "malformed_resource", "class"),
    "what changes the meaning": ({"modifierExtension": [{"url": "x"}]}, "modifier", "modifierExtension"),
    "nobody knows whose": ({"subject": {"display": "Ms P"}}, "unknown_subject", "subject"),
    "another patient's": ({"subject": {"reference": "Patient/other"}}, "other_patient", "subject"),
}


def test_what_is_read_of_an_encounter(read: Read) -> None:
    record = read(VISIT)
    assert not record.issues
    assert "Encounter" in record.whole
    rash = Reference(reference="Condition/c")
    assert record.resources["Encounter"] == (
        Encounter(
            id="e",
            status="finished",
            class_=Coding(system="http://terminology.hl7.org/CodeSystem/v3-ActCode", code="AMB"),
            type=(CodeableConcept((Coding(system="http://snomed.info/sct", code="185349003"),)),),
            subject=Reference(reference="Patient/p"),
            period=Period("2026-01-02T10:00:00Z", "2026-01-02T10:30:00Z"),
            reason_code=(CodeableConcept(text="rash"),),
            reason_reference=(rash,),
            diagnosis=(EncounterDiagnosis(rash, CodeableConcept(text="AD")),),
        ),
    )


@pytest.mark.parametrize("status", sorted(RESOURCE_TYPES["Encounter"].statuses["status"]))
def test_every_status_that_fhir_has_is_known(read: Read, status: str) -> None:
    assert not read({**VISIT, "status": status}).issues


@pytest.mark.parametrize("wrong", ISSUES)
def test_what_is_wrong_with_one_is_said_and_is_not_material(read: Read, wrong: str) -> None:
    changed, code, element = ISSUES[wrong]
    record = read({**VISIT, **changed})
    assert [(issue.code, issue.resource, issue.element) for issue in record.issues] == [(code, "Encounter/e", element)]
    assert not any(map(is_material, record.issues))


@pytest.mark.parametrize("type", [name for name, row in RESOURCE_TYPES.items() if row.is_used and row.subject])
def test_what_is_wrong_with_anything_else_is_material(read: Read, type: str) -> None:
    subject = {RESOURCE_TYPES[type].subject: {"display": "Ms P"}}
    (issue,) = read({"resourceType": type, "id": "x", **subject}).issues[:1]
    assert issue.code == "unknown_subject"
    assert is_material(issue)


def test_an_incomplete_search_for_encounters_leaves_what_it_includes_in_doubt(read_search: Read) -> None:
    record = read_search(VISIT)
    assert record.gaps == dict.fromkeys(RESOURCE_TYPES, "incomplete_record")


@pytest.fixture
def read_search(bundle_of: Callable[..., bytes]) -> Read:
    """A page of a search for Encounters that is not the last, read as a record of patient `p`."""

    def make(*resources: Json) -> Record:
        links = [
            {"relation": "self", "url": "https://ehr.example/Encounter?patient=p"},
            {"relation": "next", "url": "https://ehr.example/2"},
        ]
        return read_bundle(bundle_of({"resourceType": "Patient", "id": "p"}, *resources, type="searchset", link=links))

    return make
