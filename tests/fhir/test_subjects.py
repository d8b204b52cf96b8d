"""Whose resource it is: only what is certainly this patient's counts."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import Record, read_bundle

Json = dict[str, Any]
UUID = "0c9c0fa6-2a5b-4b4c-9b8e-0b1f3c1f2a11"
OTHER = "5d2f3a77-58f1-4a63-a3a2-4c5b3a1a9e10"
MRN = {"system": "urn:mrn", "value": "4711"}


def record_with(subject: Any, **elements: Any) -> Record:
    """The record of Patient `p` (MRN 4711, at UUID) with one Observation about `subject`, and others to point to."""
    observation = {"resourceType": "Observation", "id": "o"} | elements
    if subject is not None:
        observation["subject"] = subject
    entries = [
        (f"urn:uuid:{UUID}", {"resourceType": "Patient", "id": "p", "identifier": [MRN, {"value": "1"}]}),
        ("urn:uuid:group", {"resourceType": "Group", "id": "g"}),
        ("urn:uuid:condition", {"resourceType": "Condition", "id": "c"}),
        ("urn:uuid:o", observation),
    ]
    document = {"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": r} for url, r in entries]}
    return read_bundle(json.dumps(document))


@pytest.mark.parametrize(
    ("subject", "issue", "why"),
    [
        (None, None, "a missing subject: it was sent as part of this record"),
        ({}, None, "an empty one says no more"),
        ({"extension": [{"url": "urn:masked"}]}, None, "nor one that is masked"),
        ({"reference": "Patient/p"}, None, "relative"),
        ({"reference": "Patient/p/_history/2"}, None, "a version of the patient"),
        ({"reference": "https://ehr.example/fhir/Patient/p"}, None, "absolute: the id is compared"),
        ({"reference": f"urn:uuid:{UUID}"}, None, "the Patient's fullUrl"),
        ({"identifier": MRN}, None, "the Patient's identifier"),
        ({"reference": "Patient/q"}, "other_patient", "another id"),
        ({"reference": "Patient/P"}, "other_patient", "ids tell upper from lower case"),
        ({"reference": "https://ehr.example/fhir/Patient/q"}, "other_patient", "another id, absolute"),
        ({"reference": "Patient/q", "identifier": MRN}, "other_patient", "the reference goes before the identifier"),
        ({"reference": f"urn:uuid:{OTHER}"}, "unknown_subject", "a UUID that is nowhere in the Bundle"),
        ({"reference": "Patient?identifier=urn:mrn|4711"}, "unknown_subject", "a search that only a server can run"),
        ({"reference": "#pat"}, "unknown_subject", "a contained Patient that is not there"),
        ({"reference": "p"}, "unknown_subject", "no reference"),
        ({"identifier": {"system": "urn:mrn", "value": "4712"}}, "unknown_subject", "another identifier"),
        ({"identifier": {"value": "1"}}, "unknown_subject", "an identifier without system is not unique"),
        ({"display": "Jane Roe"}, "unknown_subject", "a name proves nothing"),
        ({"reference": "Group/g"}, "other_subject", "a group"),
        ({"reference": "urn:uuid:group"}, "other_subject", "a group, by its fullUrl"),
        ({"reference": "Device/d"}, "other_subject", "a device"),
        ({"reference": "Location/l"}, "other_subject", "a place"),
        ({"reference": "RelatedPerson/r"}, "other_subject", "a relative"),
        ({"type": "Group", "display": "herd"}, "other_subject", "a group, by its type"),
    ],
)
def test_the_subject_decides(subject: Json | None, issue: str | None, why: str) -> None:
    record = record_with(subject)
    assert ("Observation" in record.resources) is (issue is None), why
    assert [(i.code, i.resource) for i in record.issues] == ([(issue, "Observation/o")] if issue else []), why
    # What may be this patient's leaves a gap; what certainly is not does not.
    assert len(record.malformed) == (issue == "unknown_subject")


@pytest.mark.parametrize(
    ("contained", "counts", "why"),
    [
        ({"resourceType": "Patient", "id": "pat", "identifier": [MRN]}, True, "the same identifier"),
        ({"resourceType": "Patient", "id": "#pat", "identifier": [MRN]}, True, "some write the # into the id"),
        ({"resourceType": "Patient", "id": "pat"}, False, "nothing to tell by"),
        ({"resourceType": "Patient", "id": "other", "identifier": [MRN]}, False, "not the one pointed to"),
        ({"resourceType": "Group", "id": "pat"}, False, "no Patient"),
        ("pat", False, "nothing readable"),
    ],
)
def test_a_contained_patient_is_known_by_its_identifier(contained: Any, counts: bool, why: str) -> None:
    record = record_with({"reference": "#pat"}, contained=[contained])
    assert ("Observation" in record.resources) is counts, why


@pytest.mark.parametrize(
    ("focus", "issue", "why"),
    [
        ([{"reference": "Patient/p"}], None, "the patient"),
        ([{"reference": "Condition/c"}], None, "a tumour that is staged"),
        ([{"reference": "urn:uuid:condition"}], None, "likewise, by its fullUrl"),
        ([{"reference": "#lesion"}], None, "a contained body structure"),
        ([{"reference": "Patient/fetus"}], "other_subject", "the fetus of the patient"),
        ([{"reference": "RelatedPerson/donor"}], "other_subject", "the donor"),
        ([{"type": "RelatedPerson", "display": "mother"}], "other_subject", "the mother, by type"),
        ([{"reference": "Condition/c"}, {"reference": "Patient/fetus"}], "other_subject", "one of several"),
        ([{"reference": "urn:uuid:nowhere"}], "unknown_subject", "it cannot be told"),
        ([{"display": "mother"}], "unknown_subject", "it cannot be told"),
    ],
)
def test_an_observation_is_about_its_focus(focus: list[Json], issue: str | None, why: str) -> None:
    record = record_with(
        {"reference": "Patient/p"}, focus=focus, contained=[{"resourceType": "Specimen", "id": "lesion"}]
    )
    assert [(i.code, i.element) for i in record.issues] == ([(issue, "focus")] if issue else []), why
    assert ("Observation" in record.resources) is (issue is None)


@pytest.mark.parametrize(
    ("type", "element"),
    [
        ("Observation", "subject"),
        ("Condition", "subject"),
        ("MedicationRequest", "subject"),
        ("MedicationStatement", "subject"),
        ("MedicationAdministration", "subject"),
        ("Procedure", "subject"),
        ("DiagnosticReport", "subject"),
        ("DeviceUseStatement", "subject"),
        ("Immunization", "patient"),
        ("AllergyIntolerance", "patient"),
        ("Device", "patient"),
        ("ResearchSubject", "individual"),
    ],
)
def test_each_type_names_its_patient(read: Callable[..., Record], type: str, element: str) -> None:
    concept = {"text": "x"}
    ours, theirs = (
        {"resourceType": type, "id": id, element: {"reference": f"Patient/{id}"}, "medicationCodeableConcept": concept}
        for id in ("p", "q")
    )
    record = read(ours, theirs)
    assert [view.id for view in record.resources[type]] == ["p"]
    assert [(i.code, i.resource, i.element) for i in record.issues] == [("other_patient", f"{type}/q", element)]


@pytest.mark.parametrize(
    ("patient", "full_url", "subject", "counts", "why"),
    [
        ({"id": UUID}, None, f"urn:uuid:{UUID}", True, "the UUID is the id, but there is no fullUrl to say so"),
        ({}, f"urn:uuid:{UUID}", f"urn:uuid:{UUID}", True, "a Patient yet to be created has a fullUrl only"),
        ({}, "https://ehr.example/Patient/p", "Patient/p", True, "an id that only the fullUrl holds"),
        ({}, "Patient/p", "Patient/p", True, "a relative fullUrl, though FHIR forbids it"),
        ({}, None, "Patient/p", False, "a Patient without any identity is nobody's target"),
    ],
)
def test_a_patient_is_known_by_id_or_full_url(
    *, bundle_of: Callable[..., bytes], patient: Json, full_url: str | None, subject: str, counts: bool, why: str
) -> None:
    entry = {"resource": {"resourceType": "Patient"} | patient} | ({} if full_url is None else {"fullUrl": full_url})
    record = read_bundle(bundle_of(entry, {"resourceType": "Observation", "subject": {"reference": subject}}))
    assert ("Observation" in record.resources) is counts, why


@pytest.mark.parametrize("other", [{"resourceType": "Patient", "id": "q"}, {"resourceType": "Condition", "id": "c"}])
@pytest.mark.parametrize("ours_first", [True, False])
def test_a_full_url_of_two_resources_points_to_neither(other: Json, ours_first: bool) -> None:
    resources = [{"resourceType": "Patient", "id": "p"}, other][:: 1 if ours_first else -1]
    entries = [{"fullUrl": f"urn:uuid:{UUID}", "resource": resource} for resource in resources]
    about = {"resourceType": "Observation", "subject": {"reference": f"urn:uuid:{UUID}"}}
    record = read_bundle(json.dumps({"resourceType": "Bundle", "entry": [*entries, {"resource": about}]}), "p")
    assert "Observation" not in record.resources
    assert "unknown_subject" in {issue.code for issue in record.issues}


def test_results_contained_in_a_report_count(read: Callable[..., Record]) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-05-01",
        "issued": "2026-05-02T00:00:00Z",
        "contained": [
            {"resourceType": "Observation", "id": "a", "valueInteger": 1},
            {"resourceType": "Observation", "id": "b", "effectiveDateTime": "2026-04-01"},
            {"resourceType": "Observation", "id": "c", "subject": {"reference": "Patient/q"}},
            {"resourceType": "Observation", "id": "d", "valueInteger": "x"},
            {"resourceType": "Practitioner", "id": "e"},
        ],
    }
    record = read(report)
    found = [(o.id, o.effective_date_time, o.issued) for o in record.resources["Observation"]]
    assert found == [
        ("r#a", "2026-05-01", "2026-05-02T00:00:00Z"),
        ("r#b", "2026-04-01", "2026-05-02T00:00:00Z"),
    ]
    assert [(i.code, i.element) for i in record.issues] == [
        ("other_patient", "subject"),
        ("malformed_resource", "valueInteger"),
    ]
    for status in ("entered-in-error", "cancelled"):
        assert "Observation" not in read(report | {"status": status}).resources
