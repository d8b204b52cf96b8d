"""Which drug a request, statement or administration is about."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import CodeableConcept, Medication, Record, read_bundle

Json = dict[str, Any]


def coded(code: str) -> Json:
    return {"coding": [{"code": code}]}


def medication(id: str, code: str) -> Json:
    return {"resourceType": "Medication", "id": id, "code": coded(code)}


def use(reference: str | None = None, **elements: Any) -> Json:
    found = {"resourceType": "MedicationRequest", "id": "use"} | elements
    return found if reference is None else found | {"medicationReference": {"reference": reference}}


AT_URN = {"fullUrl": "urn:uuid:1", "resource": medication("m", "sent")}


@pytest.mark.parametrize(
    ("request_", "code", "why"),
    [
        (use(medicationCodeableConcept=coded("in-place")), "in-place", "given in place"),
        (use("#m", contained=[medication("m", "contained")]), "contained", "contained"),
        (use("#m", contained=[medication("#m", "contained")]), "contained", "contained, with the # in its id"),
        (use("Medication/m", contained=[medication("m", "contained")]), "sent", "not the contained one"),
        (use("Medication/m"), "sent", "sent along"),
        (use("https://ehr.example/fhir/Medication/m/_history/1"), "sent", "absolute, a version of it"),
        (use("urn:uuid:1"), "sent", "by its fullUrl"),
        (use("Medication/other"), None, "not sent"),
        (use("#other"), None, "not contained"),
        (use("#m", contained=[{"resourceType": "Medication", "id": "m", "code": 5}]), None, "malformed"),
        (use("#m", contained=[{"resourceType": "Substance", "id": "m"}, 5]), None, "no Medication"),
        (use("Substance/m"), None, "no Medication"),
        (use(medicationReference={"display": "Prednisone"}), None, "a name is not a code"),
        (use(), None, "nothing said"),
    ],
)
def test_a_drug_is_found_where_it_is(
    bundle_of: Callable[..., bytes], request_: Json, code: str | None, why: str
) -> None:
    record = read_bundle(bundle_of({"resourceType": "Patient", "id": "p"}, AT_URN, request_))
    found = record.medication_of(record.resources["MedicationRequest"][0])
    concept = found.code if isinstance(found, Medication) else found
    assert (concept and concept.coding[0].code) == code, why
    unresolved = [(i.code, i.resource) for i in record.issues]
    assert unresolved == ([] if code else [("unresolved_medication", "MedicationRequest/use")]), why


@pytest.mark.parametrize("type", ["MedicationRequest", "MedicationStatement", "MedicationAdministration"])
def test_every_kind_of_use_has_a_drug(read: Callable[..., Record], type: str) -> None:
    record = read(use("#m", contained=[medication("m", "x")]) | {"resourceType": type})
    found = record.medication_of(record.resources[type][0])
    assert isinstance(found, Medication)
    assert found.code == CodeableConcept((found.code.coding[0],)) if found.code else False


def test_ingredients_are_resolved_wherever_they_are(read: Callable[..., Record]) -> None:
    ingredients = [
        {"itemReference": {"reference": "#beside"}},
        {"itemReference": {"reference": "#within"}},
        {"itemReference": {"reference": "Substance/sent"}},
        {"itemReference": {"reference": "Medication/sent"}},
        {"itemReference": {"reference": "Substance/missing"}},
        {"itemCodeableConcept": coded("in place")},
    ]
    drug = {"resourceType": "Medication", "id": "m", "ingredient": ingredients}
    record = read(
        use("Medication/m", contained=[{"resourceType": "Substance", "id": "beside", "code": coded("beside")}]),
        drug | {"contained": [{"resourceType": "Substance", "id": "within", "code": coded("within")}]},
        {"resourceType": "Substance", "id": "sent", "code": coded("substance")},
        medication("sent", "medication"),
    )
    found = record.medication_of(record.resources["MedicationRequest"][0])
    assert isinstance(found, Medication)
    concepts = [ingredient.item_codeable_concept for ingredient in found.ingredient]
    assert [concept and concept.coding[0].code for concept in concepts] == [
        "beside",
        "within",
        "substance",
        "medication",
        None,
        "in place",
    ]


def test_two_drugs_under_one_reference_are_no_drug(read: Callable[..., Record]) -> None:
    record = read(use("Medication/m"), medication("m", "a"), medication("m", "b"))
    assert record.medication_of(record.resources["MedicationRequest"][0]) is None


def test_drugs_that_contain_each_other_come_to_an_end(read: Callable[..., Record]) -> None:
    a, b = (
        {"resourceType": "Medication", "id": x, "ingredient": [{"itemReference": {"reference": f"Medication/{y}"}}]}
        for x, y in (("a", "b"), ("b", "a"))
    )
    record = read(use("Medication/a"), a, b)
    assert isinstance(record.medication_of(record.resources["MedicationRequest"][0]), Medication)


def test_a_device_in_use_is_found(read: Callable[..., Record]) -> None:
    device = {"resourceType": "Device", "id": "d", "type": coded("pacemaker")}
    record = read(device, {"resourceType": "DeviceUseStatement", "device": {"reference": "Device/d"}})
    found = record.device_of(record.resources["DeviceUseStatement"][0])
    assert found is not None
    assert found.id == "d"
