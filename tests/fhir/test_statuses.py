"""A status that FHIR does not know is an issue; a malformed resource tells as much as can be read of it."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import CodeableConcept, Coding, Record

Json = dict[str, Any]
Read = Callable[..., Record]
SUBJECT = {"reference": "Patient/p"}
CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "55464009"}]}
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def resource(type: str, **elements: Any) -> Json:
    whose = {"Immunization": "patient", "AllergyIntolerance": "patient", "ResearchSubject": "individual"}
    about = {} if type == "Medication" else {whose.get(type, "subject"): SUBJECT}
    if type == "Device":
        about = {"patient": SUBJECT}
    if type.startswith("Medication") and type != "Medication":
        about["medicationCodeableConcept"] = CODE
    return {"resourceType": type, "id": "x", **about, **elements}


def concept(*codes: str, system: str = VERIFIED) -> Json:
    return {"coding": [{"system": system, "code": code} for code in codes]}


# type, elements, the elements at fault
STATUSES: list[tuple[str, Json, list[str]]] = [
    ("Condition", {}, []),
    ("Condition", {"verificationStatus": concept("confirmed")}, []),
    ("Condition", {"verificationStatus": concept("Confirmed ")}, []),
    ("Condition", {"verificationStatus": {"text": "refuted"}}, []),
    ("Condition", {"verificationStatus": {}}, []),
    ("Condition", {"verificationStatus": concept("confiroed")}, ["verificationStatus"]),
    ("Condition", {"verificationStatus": concept("presumed")}, ["verificationStatus"]),
    ("Condition", {"verificationStatus": {"text": "yes"}}, ["verificationStatus"]),
    ("Condition", {"verificationStatus": {"coding": [{"system": VERIFIED}]}}, ["verificationStatus"]),
    ("Condition", {"verificationStatus": concept("confirmed", "confiroed")}, ["verificationStatus"]),
    (
        "Condition",
        {"verificationStatus": {"coding": [*concept("confirmed")["coding"], {"system": "x", "code": "C"}]}},
        [],
    ),
    ("Condition", {"clinicalStatus": concept("relapse")}, []),
    ("Condition", {"clinicalStatus": concept("actve")}, ["clinicalStatus"]),
    (
        "Condition",
        {"clinicalStatus": concept("actve"), "verificationStatus": concept("no")},
        ["clinicalStatus", "verificationStatus"],
    ),
    ("AllergyIntolerance", {"clinicalStatus": concept("inactive")}, []),
    ("AllergyIntolerance", {"clinicalStatus": concept("relapse")}, ["clinicalStatus"]),
    ("AllergyIntolerance", {"verificationStatus": concept("provisional")}, ["verificationStatus"]),
    *(
        (type, {"status": status}, [] if known else ["status"])
        for type, status, known in [
            ("MedicationRequest", "on-hold", True),
            ("MedicationRequest", "activ", False),
            ("MedicationStatement", "not-taken", True),
            ("MedicationStatement", "taking", False),
            ("MedicationAdministration", "in-progress", True),
            ("MedicationAdministration", "given", False),
            ("Medication", "inactive", True),
            ("Medication", "draft", False),
            ("Procedure", "not-done", True),
            ("Procedure", "done", False),
            ("Immunization", "completed", True),
            ("Immunization", "in-progress", False),
            ("Device", "unknown", True),
            ("Device", "implanted", False),
            ("DeviceUseStatement", "intended", True),
            ("DeviceUseStatement", "used", False),
            ("ResearchSubject", "follow-up", True),
            ("ResearchSubject", "enrolled", False),
            ("Observation", "corrected", True),
            ("Observation", "Final", True),
            ("Observation", "finl", False),
            ("DiagnosticReport", "appended", True),
            ("DiagnosticReport", "done", False),
        ]
    ),
    ("MedicationRequest", {"status": "active", "intent": "instance-order"}, []),
    ("MedicationRequest", {"status": "active", "intent": "ordr"}, ["intent"]),
]


@pytest.mark.parametrize(("type", "elements", "odd"), STATUSES)
def test_a_status_is_one_of_those_that_fhir_has(read: Read, type: str, elements: Json, odd: list[str]) -> None:
    record = read(resource(type, **elements))
    assert type in record.resources, "it is read all the same"
    assert [(i.code, i.resource, i.element) for i in record.issues] == [
        ("unknown_status", f"{type}/x", element) for element in odd
    ]


def test_a_status_that_is_not_there_is_no_issue(read: Read) -> None:
    for type in ("MedicationRequest", "Procedure", "Immunization", "Observation", "Device"):
        assert read(resource(type)).issues == ()


def test_what_a_report_of_unknown_status_holds_has_none_that_is_known(read: Read) -> None:
    inner = {"resourceType": "Observation", "id": "i", "status": "final", "code": CODE}
    for status, expected in (("final", "final"), ("done", "done")):
        record = read(resource("DiagnosticReport", status=status, contained=[inner]))
        [observation] = record.resources["Observation"]
        assert observation.status == expected


# the malformed Condition's elements, and what can be read of its code
SAID: list[tuple[Json, CodeableConcept | None]] = [
    ({"code": CODE, "id": 1}, CodeableConcept((Coding("http://snomed.info/sct", None, "55464009"),))),
    ({"code": {"coding": [{"system": "s", "code": 55464009}]}}, CodeableConcept((Coding("s", None, "55464009"),))),
    ({"code": {"coding": [{"system": "s", "code": "1"}, 7]}}, CodeableConcept((Coding("s", None, "1"),))),
    ({"code": {"coding": {"system": "s", "code": 1}}}, CodeableConcept((Coding("s", None, "1"),))),
    ({"code": {"coding": 7, "text": "SLE"}}, CodeableConcept((), "SLE")),
    ({"code": "SLE"}, CodeableConcept((), "SLE")),
    ({"code": {"coding": [{"system": "s", "code": 10**40}]}}, CodeableConcept((Coding("s"),))),
    ({"code": ["SLE"]}, None),
    ({"code": True}, None),
    ({"id": 1}, None),
]


@pytest.mark.parametrize(("elements", "said"), SAID)
def test_what_can_be_read_of_a_malformed_code(read: Read, elements: Json, said: CodeableConcept | None) -> None:
    [malformed] = read(resource("Condition", **elements)).malformed
    assert malformed.said == said
    assert malformed.code is None or malformed.code == said


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_a_malformed_entry_that_says_itself_that_it_does_not_count(read: Read, status: str) -> None:
    refuted = {"verificationStatus": concept(status), "code": CODE}
    record = read(resource("Condition", **refuted, onsetDateTime=7))
    assert (len(record.issues), record.malformed) == (1, ())
    assert read(resource("Condition", **refuted, modifierExtension=[{"url": "x"}])).malformed, "it may negate that too"


def test_a_subject_of_no_known_type_may_be_the_patient(read: Read) -> None:
    record = read({**resource("Condition", code=CODE), "subject": {"reference": "Ptient/p"}})
    assert [issue.code for issue in record.issues] == ["unknown_subject"]
    assert record.malformed[0].said == record.malformed[0].code
