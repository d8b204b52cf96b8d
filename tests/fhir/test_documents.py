"""Documents of every shape: what is found in them, and what is known to be missing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.errors import RecordError
from cds_service.fhir import RESOURCE_TYPES, Record, read_bundle

Json = dict[str, Any]

PATIENT: Json = {"resourceType": "Patient", "id": "p", "birthDate": "1980"}
HB: Json = {"resourceType": "Observation", "id": "hb"}
SLE: Json = {"resourceType": "Condition", "id": "sle"}
EVERYTHING = frozenset(RESOURCE_TYPES)


def bundle(*resources: Json, **elements: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]} | elements


def ids(record: Record) -> dict[str, list[str]]:
    return {name: [view.id for view in views] for name, views in record.resources.items()}


BOTH = {"Observation": ["hb"], "Condition": ["sle"]}


@pytest.mark.parametrize(
    "type", ["searchset", "collection", "document", "transaction", "message", "batch", "odd", None]
)
def test_a_bundle_of_any_type_is_read(type: str | None) -> None:
    record = read_bundle(json.dumps(bundle(PATIENT, HB, SLE, type=type)))
    assert ids(record) == BOTH
    assert record.patient is not None
    assert record.patient.birth_date == "1980"
    assert (record.whole, record.issues) == (EVERYTHING, ())


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (json.dumps([PATIENT, HB, SLE]), "a list of resources"),
        (json.dumps([PATIENT, bundle(HB, SLE)]), "a list with a Bundle in it"),
        ("\n".join(map(json.dumps, [PATIENT, HB, SLE])), "NDJSON"),
        ("\r\n".join([*map(json.dumps, [PATIENT, HB, SLE]), "", ""]), "NDJSON with CRLF and blank lines"),
        (json.dumps(bundle(PATIENT, bundle(HB, type="searchset"), bundle(SLE))), "Bundles in a batch-response"),
        (
            json.dumps(
                {
                    "resourceType": "Parameters",
                    "parameter": [
                        {"name": "a", "resource": PATIENT},
                        {"name": "b", "valueString": "x"},
                        {"name": "c", "part": [{"name": "d", "resource": HB}]},
                        {"name": "return", "resource": bundle(SLE)},
                    ],
                }
            ),
            "Parameters, as operations answer",
        ),
        ("\ufeff" + json.dumps(bundle(PATIENT, HB, SLE)), "text with a byte-order mark"),
        (b"\xef\xbb\xbf" + json.dumps(bundle(PATIENT, HB, SLE)).encode(), "UTF-8 with a byte-order mark"),
        (json.dumps(bundle(PATIENT, HB, SLE)).encode("utf-16"), "UTF-16, as one Windows editor saves it"),
        ("\n\n " + json.dumps(bundle(PATIENT, HB, SLE), indent=4) + "\n", "white space"),
        (json.dumps(dict(reversed(bundle(PATIENT, HB, SLE).items()))), "resourceType last"),
        (json.dumps(bundle(PATIENT, HB, {"resourceType": "Claim", "status": 5}, SLE)), "a type that is not read"),
    ],
)
def test_other_documents_are_read(document: str | bytes, why: str) -> None:
    record = read_bundle(document)
    assert (ids(record), record.whole, record.issues) == (BOTH, EVERYTHING, ()), why


def test_a_bare_patient_is_a_record() -> None:
    record = read_bundle(json.dumps(PATIENT))
    assert (ids(record), record.whole) == ({}, EVERYTHING)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "the record is not JSON"),
        ("   ", "the record is not JSON"),
        ("<html><body>502 Bad Gateway</body></html>", "the record is not JSON"),
        ('{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Pat', "the record is not JSON"),
        ('{"resourceType": "Patient", "id": "p"} trailing', "the record is not JSON"),
        ('{"resourceType": "Patient", "id": 007}', "the Patient in the record cannot be read"),
        ('{"resourceType": "Patient", "id": "\\ud800"}', "the Patient in the record cannot be read"),
        ('{"resourceType": "Patient", "id": NaN, }', "the record is not JSON"),
        (b"\xff\xfe\x00", "the record is not UTF-8 text"),
        ('"\ud800"', "the record is not UTF-8 text"),
        ("{}", "no FHIR resource"),
        ("5", "no FHIR resource"),
        ('"Patient"', "no FHIR resource"),
        ("null", "no FHIR resource"),
        ('{"resourceType": 5}', "no FHIR resource"),
        ("[]", "there is no Patient"),
        ("[1, 2]", "there is no Patient"),
        (json.dumps(bundle()), "there is no Patient"),
        (json.dumps(bundle(HB)), "there is no Patient"),
        (json.dumps(HB), "there is no Patient"),
        (json.dumps({"resourceType": "OperationOutcome", "issue": []}), "there is no Patient"),
        (json.dumps(bundle(PATIENT | {"birthDate": 1980})), "the Patient in the record cannot be read"),
        (json.dumps(bundle(PATIENT, PATIENT | {"id": "q"})), "say which one is meant: p, q"),
    ],
)
def test_what_cannot_be_a_record_is_an_error_that_says_why(document: str | bytes, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        read_bundle(document)


@pytest.mark.parametrize(
    ("patients", "asked", "expected", "why"),
    [
        (["p", "q"], "q", "q", "by id"),
        (["p", "q"], "Patient/q", "q", "by reference"),
        (["p"], "p", "p", "also where there is just one"),
        (["p", "p"], None, "p", "the same Patient twice is one Patient"),
    ],
)
def test_the_patient_is_the_only_one_or_the_one_asked_for(
    patients: list[str], asked: str | None, expected: str, why: str
) -> None:
    record = read_bundle(json.dumps(bundle(*({"resourceType": "Patient", "id": id} for id in patients))), asked)
    assert record.patient is not None
    assert record.patient.id == expected, why


def test_a_patient_who_is_not_there_is_an_error_that_lists_who_is() -> None:
    with pytest.raises(RecordError, match="not in the record; there is p"):
        read_bundle(json.dumps(bundle(PATIENT)), "q")


def test_patients_without_id_are_told_apart_by_their_place() -> None:
    document = json.dumps([{"resourceType": "Patient", "gender": "male"}, {"resourceType": "Patient"}])
    with pytest.raises(RecordError, match="item 1, item 2"):
        read_bundle(document)
    record = read_bundle(document, "item 1")
    assert record.patient is not None
    assert record.patient.gender == "male"


NEXT = [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]
SEARCHED = [{"relation": "self", "url": "https://ehr.example/fhir/Observation?patient=p"}]
OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}


def outcome(severity: str, code: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


@pytest.mark.parametrize(
    ("document", "missing", "code", "why"),
    [
        (bundle(PATIENT, HB, link=NEXT), EVERYTHING, "incomplete_bundle", "more pages may hold anything"),
        (bundle(PATIENT, type="searchset", total=5), EVERYTHING, "incomplete_bundle", "fewer than the total"),
        (bundle(PATIENT, type="searchset", total=1), set(), None, "as many as the total"),
        (
            bundle(PATIENT, bundle(HB, type="searchset", link=SEARCHED + NEXT)),
            {"Observation"},
            "incomplete_bundle",
            "one search within a batch-response lacks a page",
        ),
        (
            bundle(PATIENT, bundle(HB, type="searchset", link=SEARCHED, total=9)),
            {"Observation"},
            "incomplete_bundle",
            "one search within a batch-response lacks matches",
        ),
        (bundle(PATIENT, bundle(HB, link=NEXT)), EVERYTHING, "incomplete_bundle", "it does not say what was searched"),
        (bundle(PATIENT, outcome("error", "exception")), EVERYTHING, "operation_outcome", "the server failed"),
        (bundle(PATIENT, outcome("fatal", "login")), EVERYTHING, "operation_outcome", "likewise"),
        (bundle(PATIENT, {"resourceType": "OperationOutcome"}), EVERYTHING, "operation_outcome", "it says nothing"),
        (bundle(PATIENT, outcome("warning", "processing")), set(), None, "Epic's 'no results' is no gap"),
        (bundle(PATIENT, outcome("information", "informational")), set(), None, "likewise"),
        (bundle(PATIENT, outcome("warning", "incomplete")), EVERYTHING, "operation_outcome", "it says so"),
        (bundle(PATIENT, outcome("information", "suppressed")), EVERYTHING, "operation_outcome", "something is hidden"),
        (bundle(PATIENT, link="next"), EVERYTHING, "malformed_bundle", "links that cannot be read may hold a next one"),
        (bundle(PATIENT, link=None), set(), None, "no links"),
        ([PATIENT, {"resourceType": "Bundle", "entry": {}}], EVERYTHING, "malformed_bundle", "entries are no list"),
        ([PATIENT, {"id": "x"}], EVERYTHING, "unreadable_resource", "anything may have been lost"),
        ([PATIENT, None], EVERYTHING, "unreadable_resource", "likewise"),
        ([PATIENT, bundle(HB) | {"entry": None}], set(), None, "no entries"),
        ([PATIENT, {"resourceType": "Parameters", "parameter": 5}], EVERYTHING, "malformed_bundle", "unreadable"),
    ],
)
def test_what_is_missing_is_told_by_type(document: Any, missing: set[str], code: str | None, why: str) -> None:
    record = read_bundle(json.dumps(document))
    assert record.whole == EVERYTHING - missing, why
    assert dict(record.gaps) == dict.fromkeys(missing, "incomplete_record")
    assert [issue.code for issue in record.issues] == ([code] if code else [])


@pytest.mark.parametrize(
    ("entry", "missing", "code", "why"),
    [
        ({"resource": HB, "fullUrl": 5}, set(), None, "an odd fullUrl does not spoil the resource"),
        ({"resource": HB, "search": "match"}, set(), None, "nor an odd search"),
        ({"resource": HB, "search": {"mode": "include"}}, set(), None, "included resources count"),
        ({"response": {"status": "200 OK"}}, set(), None, "an answer without content"),
        ({"response": {"status": "404 Not Found"}}, EVERYTHING, "request_failed", "a request of the batch failed"),
        ({"response": {"status": "500"}, "resource": OUTCOME}, EVERYTHING, "request_failed", "likewise"),
        ({"request": {"method": "DELETE", "url": "Observation/1"}}, set(), None, "a request without content"),
        ({"fullUrl": "urn:uuid:1"}, EVERYTHING, "unreadable_resource", "an entry that lost its resource"),
        ({}, EVERYTHING, "unreadable_resource", "likewise"),
        ("resource", EVERYTHING, "unreadable_resource", "no entry at all"),
        ({"resource": "x"}, EVERYTHING, "unreadable_resource", "no resource at all"),
        ({"resource": None}, EVERYTHING, "unreadable_resource", "likewise"),
        ({"resource": HB, "search": {"mode": "outcome"}}, set(), None, "what it is counts, not what it is called"),
    ],
)
def test_one_odd_entry_does_not_spoil_the_others(
    bundle_of: Callable[..., bytes], entry: Any, missing: set[str], code: str | None, why: str
) -> None:
    record = read_bundle(bundle_of(PATIENT, entry, SLE))
    assert ids(record)["Condition"] == ["sle"], why
    assert record.whole == EVERYTHING - missing, why
    assert [issue.code for issue in record.issues] == ([code] if code else []), why
    assert ("Observation" in record.resources) == (isinstance(entry, dict) and entry.get("resource") == HB), why
    assert all(issue.resource == "entry 2" for issue in record.issues)


def test_places_are_told_from_the_outside_in() -> None:
    record = read_bundle(json.dumps([PATIENT, bundle(HB, {"id": "x"})]))
    assert [issue.resource for issue in record.issues] == ["item 2 entry 2"]


def test_a_broken_line_of_ndjson_is_an_issue() -> None:
    lines = [
        json.dumps(PATIENT),
        '{"resourceType":"Bundle","entry":[',
        '{"resourceType":"Observation"',
        json.dumps(SLE),
    ]
    record = read_bundle("\n".join(lines))
    assert ids(record) == {"Condition": ["sle"]}
    assert [(issue.code, issue.resource) for issue in record.issues] == [
        ("unreadable_resource", "line 2"),
        ("malformed_resource", "Observation (line 3)"),
    ]


def history(*entries: tuple[str, str, Json | None]) -> str:
    return json.dumps(
        {
            "resourceType": "Bundle",
            "type": "history",
            "entry": [
                {"fullUrl": f"https://ehr.example/{url}", "request": {"method": method, "url": url}}
                | ({} if resource is None else {"resource": resource})
                for method, url, resource in (*entries, ("PUT", "Patient/p", PATIENT))
            ],
        }
    )


def version(number: int) -> Json:
    return HB | {"meta": {"versionId": str(number)}, "valueInteger": number}


@pytest.mark.parametrize(
    ("document", "values", "why"),
    [
        (
            history(("PUT", "Observation/hb", version(2)), ("POST", "Observation", version(1))),
            [2],
            "the newest version",
        ),
        (history(("DELETE", "Observation/hb", None), ("PUT", "Observation/hb", version(1))), [], "it was deleted"),
        (
            history(
                ("PUT", "Observation/hb", version(3)),
                ("DELETE", "Observation/hb", None),
                ("PUT", "Observation/hb", version(1)),
            ),
            [3],
            "it was deleted and came back",
        ),
    ],
)
def test_a_history_holds_what_is_there_now(document: str, values: list[int], why: str) -> None:
    record = read_bundle(document)
    assert [view.value_integer for view in record.resources.get("Observation", ())] == values, why


@pytest.mark.parametrize(
    ("text", "counted", "why"),
    [
        ('{"resourceType":"Observation","valueQuantity":{"value":NaN}}', False, "NaN is no value"),
        ('{"resourceType":"Observation","valueQuantity":{"value":-Infinity}}', False, "nor is infinity"),
        ('{"resourceType":"Observation","text":{"div":NaN}}', True, "where it is not read it does no harm"),
        ('{"resourceType":"Observation","valueString":"two\nlines"}', True, "a line break within text"),
        ('{"resourceType":"Observation","valueString":"\\ud83d"}', False, "half an emoji"),
        ('{"resourceType":"Observation","note":[{"text":"\\ud83d"}]}', True, "which does no harm where it is not read"),
        ('{"resourceType":"Observation","valueQuantity":{"value":7.20},"note":NaN}', True, "the rest keeps its digits"),
    ],
)
def test_text_that_is_nearly_json_is_read(text: str, counted: bool, why: str) -> None:
    entries = ",".join(f'{{"resource":{resource}}}' for resource in (json.dumps(PATIENT), text, json.dumps(SLE)))
    record = read_bundle(f'{{"resourceType":"Bundle","entry":[{entries}]}}')
    assert ids(record)["Condition"] == ["sle"]
    assert ("Observation" in record.resources) is counted, why
    assert record.issues[0].code == "lenient_json"
    if counted and record.resources["Observation"][0].value_quantity:
        assert str(record.resources["Observation"][0].value_quantity.value) == "7.20"


@pytest.mark.parametrize("escaped", ['\\"', "\\\\ud800", "\\ud83d\\ude00", "\\\\\\\\ud83d"])
def test_mending_half_emojis_leaves_other_escapes_alone(escaped: str) -> None:
    patient = json.dumps(PATIENT)
    record = read_bundle(f'[{patient},{{"resourceType":"Observation","valueString":"{escaped}","x":NaN}}]')
    (found,) = record.resources["Observation"]
    assert found.value_string == json.loads(f'"{escaped}"')
