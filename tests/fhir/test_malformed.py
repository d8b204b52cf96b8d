"""One malformed resource is an issue that names it; its neighbours count."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir import CodeableConcept, Coding, Record, read_bundle

Json = dict[str, Any]
Read = Callable[..., Record]

SUBJECT = {"reference": "Patient/p"}
HB = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
NEIGHBOUR = {"resourceType": "Observation", "id": "sound", "code": HB, "subject": SUBJECT}


def observation(**elements: Any) -> Json:
    return {"resourceType": "Observation", "id": "o", "status": "final", "code": HB, "subject": SUBJECT} | elements


@pytest.mark.parametrize(
    ("value", "expected", "why"),
    [
        (7.2, "7.2", "a number"),
        (7, "7", "a whole number"),
        ("7.20", "7.20", "a number sent as text counts, with the digits sent"),
        ("-1e3", "-1E+3", "an exponent"),
        (0.1, "0.1", "exactly what was sent, not the nearest binary fraction"),
    ],
)
def test_a_value_is_the_decimal_that_was_sent(read: Read, value: Any, expected: str, why: str) -> None:
    (found,) = read(observation(valueQuantity={"value": value})).resources["Observation"]
    assert str(found.value_quantity.value) == expected, why


@pytest.mark.parametrize(
    ("elements", "check", "why"),
    [
        ({"component": None, "interpretation": [None]}, lambda o: o.component == (), "null stands for nothing"),
        ({"valueBoolean": "true"}, lambda o: o.value_boolean is True, "a boolean sent as text"),
        ({"valueInteger": "3"}, lambda o: o.value_integer == 3, "an integer sent as text"),
        ({"valueInteger": 3.0}, lambda o: o.value_integer == 3, "an integer with a decimal point"),
        ({"text": {"status": 5}, "note": "x"}, lambda o: o.id == "o", "elements that are not read may hold anything"),
        ({"_status": {"extension": []}}, lambda o: o.status == "final", "extensions of primitives are passed over"),
    ],
)
def test_what_is_harmless_is_mended(read: Read, elements: Json, check: Callable[[Any], bool], why: str) -> None:
    record = read(observation(**elements))
    assert record.issues == (), why
    (found,) = record.resources["Observation"]
    assert check(found), why


def test_mending_keeps_the_digits(read: Read) -> None:
    record = read(observation(component=None, valueQuantity={"value": 0.30000000000000004}))
    (found,) = record.resources["Observation"]
    assert found.value_quantity.value == Decimal("0.30000000000000004")


@pytest.mark.parametrize(
    ("elements", "element"),
    [
        ({"valueQuantity": {"value": "<5"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": "7,2"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": "NaN"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": "Infinity"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": "1e400"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": True}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": [7]}}, "valueQuantity.value"),
        ({"valueQuantity": 7}, "valueQuantity"),
        ({"valueString": 7}, "valueString"),
        ({"component": [{"code": HB}, {"valueRange": {"low": {"value": "x"}}}]}, "component[1].valueRange.low.value"),
        ({"code": {"coding": [{"code": 718}]}}, "code.coding[0].code"),
        ({"category": 5}, "category"),
        ({"status": ["final"]}, "status"),
        ({"effectiveDateTime": 20260510}, "effectiveDateTime"),
        ({"subject": "Patient/p"}, "subject"),
    ],
)
def test_a_wrong_type_is_an_issue_naming_resource_and_element(read: Read, elements: Json, element: str) -> None:
    record = read(observation(**elements), NEIGHBOUR)
    assert [o.id for o in record.resources["Observation"]] == ["sound"]
    (issue,) = record.issues
    assert (issue.code, issue.resource, issue.element) == ("malformed_resource", "Observation/o", element)
    assert "Observation" in record.whole, "whether it matters is for whoever looks for a code"


def test_an_issue_never_repeats_what_was_sent(read: Read) -> None:
    secret = "Jane Roe"
    record = read(observation(id=secret, valueQuantity={"value": secret}, status=[secret], component=[secret]))
    assert secret not in str(record.issues)


@pytest.mark.parametrize(
    ("resource", "codes", "why"),
    [
        (observation(valueString=7), ["718-7"], "an Observation's code"),
        (
            observation(component=[{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": 5}]),
            ["718-7", "8480-6"],
            "its components' codes too",
        ),
        (observation(component=[{"valueQuantity": 5}]), None, "a component without code may be anything"),
        (observation(component=5), None, "components that cannot be read may be anything"),
        (observation(code=7), None, "an unreadable code may be anything"),
        (observation(code={}, valueString=7), None, "an empty code may be anything"),
        (
            {"resourceType": "Immunization", "status": 1, "vaccineCode": {"coding": [{"code": "08"}]}},
            ["08"],
            "the vaccine",
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "status": 1,
                "medicationCodeableConcept": {"coding": [{"code": "1"}]},
            },
            ["1"],
            "the drug",
        ),
        (
            {"resourceType": "MedicationRequest", "status": 1, "medicationReference": {"reference": "Medication/1"}},
            None,
            "a drug referred to may be anything",
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "criticality": 1,
                "code": {"coding": [{"code": "1"}]},
                "reaction": [{"substance": {"coding": [{"code": "2"}]}}, {"onset": "2020"}],
            },
            ["1", "2"],
            "the allergen and the substances reacted to",
        ),
        ({"resourceType": "Device", "status": 1, "type": {"coding": [{"code": "1"}]}}, ["1"], "the device's type"),
    ],
)
def test_a_malformed_resource_tells_what_it_may_have_been(
    read: Read, resource: Json, codes: list[str] | None, why: str
) -> None:
    (malformed,) = read(resource).malformed
    found = None if malformed.code is None else [coding.code for coding in malformed.code.coding]
    assert (malformed.type, found) == (resource["resourceType"], codes), why


def test_a_malformed_resource_tells_its_text_and_its_date(read: Read) -> None:
    resource = observation(code={"text": "Hb"}, effectiveDateTime="2026-05-01", valueString=7)
    (malformed,) = read(resource).malformed
    assert malformed.code == CodeableConcept((), "Hb")
    assert malformed.date == "2026-05-01"
    (malformed,) = read(observation(effectivePeriod={"start": "2026-01", "end": "2026-02"}, status=1)).malformed
    assert malformed.date == "2026-02"


def test_a_malformed_entry_in_error_is_only_an_issue(read: Read) -> None:
    record = read(observation(status="entered-in-error", valueString=7))
    assert (len(record.issues), record.malformed) == (1, ())


def test_a_malformed_resource_of_another_patient_is_not_this_patients(read: Read) -> None:
    record = read(observation(subject={"reference": "Patient/q"}, valueString=7))
    assert [issue.code for issue in record.issues] == ["other_patient"]
    assert record.malformed == ()


@pytest.mark.parametrize(
    ("elements", "element"),
    [
        ({"modifierExtension": [{"url": "urn:x:specimen-haemolysed", "valueBoolean": True}]}, "modifierExtension"),
        ({"implicitRules": "urn:x:values-are-percentiles"}, "implicitRules"),
    ],
)
def test_what_changes_the_meaning_in_an_unknown_way_does_not_count(read: Read, elements: Json, element: str) -> None:
    record = read(observation(**elements), NEIGHBOUR)
    assert [o.id for o in record.resources["Observation"]] == ["sound"]
    assert [(issue.code, issue.element) for issue in record.issues] == [("modifier", element)]
    assert record.malformed[0].code == CodeableConcept((Coding("http://loinc.org", None, "718-7"),))


@pytest.mark.parametrize(
    ("raw", "element"),
    [
        (b'{"resourceType":"Observation","id":"o","valueString":"\xff"}', ""),
        (
            b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":1e9999999999999999999}}',
            "valueQuantity.value",
        ),
        (b'{"resourceType":"Observation","id":"o","resourceType":"Condition"}', "resourceType"),
        (b'{"resourceType":"observation","id":"o"}', "resourceType"),
    ],
    ids=["not-utf-8", "exponent-beyond-decimal", "two-types", "type-in-lower-case"],
)
def test_odd_bytes_stay_with_their_resource(read_raw: Callable[[bytes], Record], raw: bytes, element: str) -> None:
    record = read_raw(raw)
    assert [o.id for o in record.resources["Observation"]] == ["sound"]
    (issue,) = record.issues
    assert (issue.code, issue.resource, issue.element) == ("malformed_resource", "Observation/o", element)


def test_a_resource_with_a_key_twice_does_not_count_and_is_told(read_raw: Callable[[bytes], Record]) -> None:
    record = read_raw(b'{"resourceType":"Observation","id":"a","id":"b"}')
    assert [o.id for o in record.resources["Observation"]] == ["sound"]
    assert [one.issue.element for one in record.malformed] == ["id"]


def test_bytes_outside_what_is_read_do_no_harm(read_raw: Callable[[bytes], Record]) -> None:
    record = read_raw(b'{"resourceType":"Observation","id":"o","text":{"div":"M\xfcller"}}')
    assert (len(record.resources["Observation"]), record.issues) == (2, ())


@pytest.fixture
def read_raw() -> Callable[[bytes], Record]:

    def make(raw: bytes) -> Record:
        entries = [b'{"resourceType":"Patient","id":"p"}', raw, b'{"resourceType":"Observation","id":"sound"}']
        return read_bundle(
            b'{"resourceType":"Bundle","entry":[' + b",".join(b'{"resource":' + e + b"}" for e in entries) + b"]}"
        )

    return make
