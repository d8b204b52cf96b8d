"""One thing in place of a list is read as a list of one, with an issue, in every element that is a list."""

import json
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest
from msgspec import Struct

from cds_service.fhir import RESOURCE_TYPES, Record, read_bundle

Json = dict[str, Any]
Read = Callable[..., Record]
SUBJECT = {"reference": "Patient/p"}
HB = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
ONE_HB = {"coding": {"system": "http://loinc.org", "code": "718-7"}}


def views(of: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every list of a view, and of what it holds, by its path, with the type of its items."""
    if not (isinstance(of, type) and issubclass(of, Struct)):
        return
    for field in msgspec.structs.fields(of):
        own = (*path, field.encode_name)
        for option in get_args(field.type) if get_origin(field.type) is UnionType else (field.type,):
            if get_origin(option) is tuple:
                yield own, get_args(option)[0]
                yield from views(get_args(option)[0], own)
            else:
                yield from views(option, own)


EVERY = sorted({(name, path, item) for name, row in RESOURCE_TYPES.items() for path, item in views(row.view)}, key=str)


@pytest.mark.parametrize(("name", "path", "item"), EVERY, ids=[f"{name}.{'.'.join(path)}" for name, path, _ in EVERY])
def test_every_list_of_every_view_may_be_one_thing(name: str, path: tuple[str, ...], item: Any) -> None:
    value: Any = "x" if item is str else {}
    for step in reversed(path[1:]):
        value = {step: value}
    resource = {"resourceType": name, "id": "p", path[0]: value}
    entries = [{"resource": one} for one in ([] if name == "Patient" else [{"resourceType": "Patient", "id": "p"}])]
    record = read_bundle(json.dumps({"resourceType": "Bundle", "entry": [*entries, {"resource": resource}]}))
    said = {(issue.code, issue.element) for issue in record.issues if issue.resource == f"{name}/p"}
    assert ("not_a_list", ".".join(path)) in said or {code for code, _ in said} == {"modifier"}
    assert "malformed_resource" not in {code for code, _ in said}


# what was sent: the elements that were no lists, and what is read
TABLE: dict[str, tuple[Json, list[str], Callable[[Any], Any]]] = {
    "a coding": (
        {"resourceType": "Condition", "code": {"coding": {"code": "M32.9", "system": "x"}}},
        ["code.coding"],
        lambda c: [coding.code for coding in c.code.coding] == ["M32.9"],
    ),
    "a category, and its coding": (
        {"resourceType": "Observation", "code": HB, "category": ONE_HB},
        ["category", "category.coding"],
        lambda o: o.category[0].coding[0].code == "718-7",
    ),
    "a component": (
        {"resourceType": "Observation", "code": HB, "component": {"code": HB, "valueInteger": 3}},
        ["component"],
        lambda o: o.component[0].value_integer == 3,
    ),
    "the coding of a component in a list": (
        {"resourceType": "Observation", "code": HB, "component": [{"code": ONE_HB}, {"code": HB}]},
        ["component.code.coding"],
        lambda o: len(o.component) == 2,
    ),
    "a reference range and an interpretation": (
        {"resourceType": "Observation", "code": HB, "referenceRange": {"text": "<5"}, "interpretation": HB},
        ["interpretation", "referenceRange"],
        lambda o: o.reference_range[0].text == "<5",
    ),
    "a dosage": (
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": HB, "dosageInstruction": {"text": "daily"}},
        ["dosageInstruction"],
        lambda m: m.dosage_instruction[0].text == "daily",
    ),
    "a reaction": (
        {"resourceType": "AllergyIntolerance", "patient": SUBJECT, "reaction": {"substance": HB}, "category": "food"},
        ["category", "reaction"],
        lambda a: a.reaction[0].substance.coding[0].code == "718-7",
    ),
    "an ingredient": (
        {"resourceType": "Medication", "ingredient": {"itemCodeableConcept": HB}},
        ["ingredient"],
        lambda m: m.ingredient[0].item_codeable_concept is not None,
    ),
    "the extension of a coding": (
        {"resourceType": "Condition", "code": {"coding": [{"code": "x", "extension": {"url": "u"}}]}},
        ["code.coding.extension"],
        lambda c: c.code.coding[0].extension[0].url == "u",
    ),
    "with text for a boolean, and null": (
        {"resourceType": "Observation", "code": ONE_HB, "valueBoolean": "true", "component": None},
        ["code.coding"],
        lambda o: o.value_boolean is True,
    ),
}


@pytest.mark.parametrize("why", TABLE)
def test_one_thing_is_read_as_a_list_of_one(read: Read, why: str) -> None:
    resource, elements, check = TABLE[why]
    owner = {} if {"patient"} & resource.keys() or resource["resourceType"] == "Medication" else {"subject": SUBJECT}
    record = read({"id": "i", **resource, **owner})
    [found] = record.resources[resource["resourceType"]]
    assert check(found)
    assert sorted((issue.code, issue.element) for issue in record.issues) == [("not_a_list", path) for path in elements]
    assert record.malformed == ()


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "category": 5, "code": HB},
        {"resourceType": "Observation", "category": "lab", "code": HB},
        {"resourceType": "Observation", "code": [HB]},
        {"resourceType": "Condition", "code": {"coding": "M32.9"}},
    ],
)
def test_what_cannot_be_one_of_them_stays_malformed(read: Read, resource: Json) -> None:
    record = read({"id": "i", **resource, "subject": SUBJECT})
    assert [issue.code for issue in record.issues] == ["malformed_resource"]


def test_another_patients_resource_is_not_spoken_of(read: Read) -> None:
    record = read({"resourceType": "Observation", "id": "i", "code": ONE_HB, "subject": {"reference": "Patient/q"}})
    assert [issue.code for issue in record.issues] == ["other_patient"]
