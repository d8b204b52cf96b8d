"""The request table of CDS Hooks 2.0, requirement by requirement: what is refused, and which field is named."""

import copy
from typing import Any

import msgspec
import pytest

from cds_service.cds_hooks import HookError, parse_request, service_for

PATIENT_VIEW = service_for("patient-view")

AUTHORIZATION = {
    "access_token": "opaque",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "cds-service",
}
REQUEST: dict[str, Any] = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": AUTHORIZATION,
    "context": {"userId": "Practitioner/123", "patientId": "1288992", "encounterId": "89284"},
    "prefetch": {"patient": {"resourceType": "Patient", "id": "1288992"}},
}
ABSENT = object()


def changed(path: str, value: object) -> dict[str, Any]:
    """REQUEST with the field at a dotted path set, or removed where the value is ABSENT."""
    request = copy.deepcopy(REQUEST)
    *parents, name = path.split(".")
    target = request
    for parent in parents:
        target = target[parent]
    target.pop(name, None)
    if value is not ABSENT:
        target[name] = value
    return request


def refusal(request: object) -> HookError:
    with pytest.raises(HookError) as caught:
        parse_request(msgspec.json.encode(request), PATIENT_VIEW)
    return caught.value


REFUSED = [
    ("hook", ABSENT),
    ("hook", None),
    ("hook", ""),
    ("hook", "order-sign"),
    ("hook", "Patient-View"),
    ("hook", 1),
    ("hookInstance", ABSENT),
    ("hookInstance", None),
    ("hookInstance", "not-a-uuid"),
    ("hookInstance", "d1577c69dfbe44adba6d3e05e953b2e"),
    ("hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n"),
    ("hookInstance", 12),
    ("context", ABSENT),
    ("context", None),
    ("context", []),
    ("context", "1288992"),
    ("context.patientId", ABSENT),
    ("context.patientId", None),
    ("context.patientId", ""),
    ("context.patientId", " "),
    ("context.patientId", "1288992/"),
    ("context.patientId", "Patient/"),
    ("context.patientId", "Patient/1/2"),
    ("context.patientId", "Practitioner/1288992"),
    ("context.patientId", 1288992),
    ("context.patientId", ["1288992"]),
    ("context.userId", "Practitioner/"),
    ("context.userId", "Organization/1"),
    ("context.userId", "https://ehr.example.org/fhir/Organization/1"),
    ("context.userId", "dr who"),
    ("context.userId", 7),
    ("context.userId", {"reference": "Practitioner/123"}),
    ("context.encounterId", "Encounter/89284"),
    ("context.encounterId", 89284),
    ("fhirServer", ABSENT),
    ("fhirServer", None),
    ("fhirServer", "ehr.example.org"),
    ("fhirServer", 1),
    ("fhirAuthorization", "opaque"),
    ("fhirAuthorization", []),
    ("fhirAuthorization.access_token", ABSENT),
    ("fhirAuthorization.access_token", ""),
    ("fhirAuthorization.access_token", 1),
    ("fhirAuthorization.token_type", ABSENT),
    ("fhirAuthorization.token_type", "MAC"),
    ("fhirAuthorization.expires_in", "soon"),
    ("fhirAuthorization.expires_in", True),
    ("fhirAuthorization.scope", 1),
    ("fhirAuthorization.patient", 1288992),
    ("fhirAuthorization.patient", "another"),
    ("prefetch", []),
    ("prefetch", "none"),
]


@pytest.mark.parametrize(("path", "value"), REFUSED, ids=lambda v: "absent" if v is ABSENT else repr(v))
def test_a_field_that_breaks_the_rules_is_refused_and_named(path: str, value: object) -> None:
    refused = refusal(changed(path, value))
    assert refused.status == 400
    assert [problem.place for problem in refused.problems] == [path]
    assert refused.problems[0].diagnostics.startswith(f"{path}: ")


TAKEN = [
    ("hookInstance", "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"),
    ("hookInstance", "fa1c9c0a-a56d-11ec-a3bb-460231621f93"),  # version 1
    ("hookInstance", "0190d1c0-7b1e-7cc0-98c4-dc0c0c07398f"),  # version 7
    ("hookInstance", "00000000-0000-0000-0000-000000000000"),
    ("context.userId", "PractitionerRole/A.B-1"),
    ("context.userId", "Patient/1288992"),
    ("context.userId", "RelatedPerson/9"),
    ("context.encounterId", ABSENT),
    ("context.encounterId", None),
    ("context.encounterId", ""),
    ("context.somethingElse", {"anything": [1, None]}),
    ("fhirAuthorization", ABSENT),
    ("fhirAuthorization", None),
    ("fhirAuthorization.scope", "epic.scanning.dmsusername fhir"),
    ("fhirAuthorization.token_type", "bearer"),
    ("fhirAuthorization.expires_in", 299.5),
    ("fhirAuthorization.patient", "1288992"),
    ("fhirAuthorization.patient", "Patient/1288992"),
    ("fhirAuthorization.patient", None),
    ("fhirAuthorization.id_token", 7),
    ("prefetch", ABSENT),
    ("prefetch", None),
    ("prefetch", {}),
    ("extension", {"com.example.timestamp": "2017-11-27T22:13:25Z"}),
    ("extension", "not even an object"),
    ("extension", None),
    ("somethingElse", [None]),
]


@pytest.mark.parametrize(("path", "value"), TAKEN, ids=lambda v: "absent" if v is ABSENT else repr(v))
def test_what_the_rules_allow_is_taken(path: str, value: object) -> None:
    request = parse_request(msgspec.json.encode(changed(path, value)), PATIENT_VIEW)
    assert request.patient_id == "1288992"


def test_without_authorization_the_server_may_be_left_out() -> None:
    request = changed("fhirServer", ABSENT)
    del request["fhirAuthorization"]
    assert parse_request(msgspec.json.encode(request), PATIENT_VIEW).patient_id == "1288992"


def test_every_problem_is_reported_at_once() -> None:
    request = changed("hookInstance", "x")
    request["context"] = {}
    places = [problem.place for problem in refusal(request).problems]
    assert places == ["hookInstance", "context.patientId"]


def test_of_another_hook_only_the_hook_is_reported() -> None:
    request = {"hook": "order-dispatch", "hookInstance": "x", "context": {"performer": "Practitioner/1"}}
    assert [problem.place for problem in refusal(request).problems] == ["hook"]


def test_what_the_client_sent_is_not_repeated() -> None:
    request = changed("context.patientId", "Patient/Jane-Doe")
    request["fhirAuthorization"]["patient"] = "John-Roe"
    assert "Doe" not in str(refusal(request))
    assert "Roe" not in str(refusal(request))


def test_prefetch_values_stay_the_bytes_that_were_sent() -> None:
    body = b'{"hook":"patient-view","hookInstance":"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea","context":'
    body += b'{"patientId":"1","userId":"Patient/1"},"prefetch":{"patient": {"a" : 1.50, "b":null}}}'
    assert bytes(parse_request(body, PATIENT_VIEW).prefetch["patient"]).strip() == b'{"a" : 1.50, "b":null}'


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("empty", b""),
        ("cut off", msgspec.json.encode(REQUEST)[:-9]),
        ("text behind", msgspec.json.encode(REQUEST) + b"x"),
        ("not a number", b'{"hook": NaN}'),
        ("form", b"hook=patient-view"),
        ("array", b"[]"),
        ("string", b'"patient-view"'),
        ("null", b"null"),
        ("number beyond any float", b"1e999"),
        ("UTF-16", msgspec.json.encode(REQUEST).decode().encode("utf-16")),
        ("Latin-1 in a prefetch value", b'{"prefetch": {"patient": "M\xfcller"}}'),
        ("nested in a field that is read", b'{"context": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("nested in a field that is not read", b'{"x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(fault: str, body: bytes) -> None:
    with pytest.raises(HookError, match=r"^The body ") as caught:
        parse_request(body, PATIENT_VIEW)
    assert caught.value.status == 400


def test_a_byte_order_mark_is_passed_over() -> None:
    body = msgspec.json.encode(REQUEST).decode().encode("utf-8-sig")
    assert parse_request(body, PATIENT_VIEW).patient_id == "1288992"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 400, b"9" * 5000])
def test_a_number_that_no_type_can_hold_is_refused_where_it_stands(number: bytes) -> None:
    body = msgspec.json.encode(REQUEST).replace(b"300", number)
    with pytest.raises(HookError) as caught:
        parse_request(body, PATIENT_VIEW)
    assert [problem.place for problem in caught.value.problems] == ["fhirAuthorization.expires_in"]
