"""Prefetch values in every state that clients send them in."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.fhir import KeyState, MixedPatients, RecordBuilder

Json = dict[str, Any]

PATIENT: Json = {"resourceType": "Patient", "id": "p"}
SLE: Json = {"resourceType": "Condition", "id": "sle", "subject": {"reference": "Patient/p"}}
HB: Json = {"resourceType": "Observation", "id": "hb", "subject": {"reference": "Patient/p"}}
CONDITION = frozenset({"Condition"})


def bundle(*resources: Json, **elements: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]} | elements


def outcome(severity: str, code: str = "processing") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def included(resource: Json) -> Json:
    return {"resource": resource, "search": {"mode": "include"}}


NEXT = [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]
NO_RESULTS = {"resource": outcome("warning"), "search": {"mode": "outcome"}}
FAILED = {"resource": outcome("error"), "search": {"mode": "outcome"}}

# value under the key `conditions`; its state; whether conditions are whole; how many are read; why
VALUES: list[tuple[Any, KeyState, str | None, int, str]] = [
    (bundle(SLE), KeyState.SUPPLIED, None, 1, "an answer"),
    (bundle(SLE, total=1), KeyState.SUPPLIED, None, 1, "an answer, with its total"),
    (SLE, KeyState.SUPPLIED, None, 1, "a resource in place of a Bundle"),
    (bundle(bundle(SLE)), KeyState.SUPPLIED, None, 1, "a Bundle in a Bundle"),
    ({"resourceType": "Bundle"}, KeyState.EMPTY, None, 0, "a Bundle without entries: there is none"),
    (bundle(), KeyState.EMPTY, None, 0, "likewise"),
    (bundle(entry=[NO_RESULTS], total=0), KeyState.EMPTY, None, 0, "Epic's 'no results'"),
    (bundle(entry=[{"resource": outcome("information")}]), KeyState.EMPTY, None, 0, "likewise, without search mode"),
    (bundle(entry=[included(HB)]), KeyState.EMPTY, None, 0, "nothing matched, something was included"),
    (bundle(entry=[{"resource": SLE}, NO_RESULTS]), KeyState.SUPPLIED, None, 1, "a warning beside the answer"),
    (None, KeyState.NULL, None, 0, "null is 'no data'"),
    (bundle(SLE, link=NEXT), KeyState.INCOMPLETE, "incomplete_record", 1, "a next page that nobody fetched"),
    (bundle(link=NEXT), KeyState.INCOMPLETE, "incomplete_record", 0, "an empty page before the next"),
    (bundle(SLE, total=2), KeyState.INCOMPLETE, "incomplete_record", 1, "fewer than its total"),
    (bundle(SLE, outcome("warning", "incomplete")), KeyState.INCOMPLETE, "incomplete_record", 1, "it says so"),
    (bundle(SLE, {"id": "x"}), KeyState.INCOMPLETE, "incomplete_record", 1, "an entry without resourceType"),
    (outcome("error"), KeyState.ERROR, "not_supplied", 0, "an error in place of the answer"),
    (outcome("warning"), KeyState.ERROR, "not_supplied", 0, "even a warning, in place of the answer"),
    (bundle(entry=[FAILED]), KeyState.ERROR, "not_supplied", 0, "an error as the only entry"),
    (bundle(entry=[{"resource": SLE}, FAILED]), KeyState.ERROR, "incomplete_record", 1, "an error beside some answer"),
    (bundle(HB), KeyState.UNREADABLE, "not_supplied", 0, "the answer to another question"),
    (PATIENT, KeyState.UNREADABLE, "not_supplied", 0, "likewise"),
    ([SLE], KeyState.UNREADABLE, "incomplete_record", 1, "a list: its resources count, but it is no answer"),
    ([], KeyState.EMPTY, None, 0, "an empty list, under a key that is not required"),
    ("", KeyState.UNREADABLE, "not_supplied", 0, "an empty string"),
    ("Condition?patient=p", KeyState.UNREADABLE, "not_supplied", 0, "a query instead of its answer"),
    ("<html>502</html>", KeyState.UNREADABLE, "not_supplied", 0, "a proxy's error page"),
    (json.dumps(bundle(SLE)), KeyState.UNREADABLE, "not_supplied", 0, "a Bundle within a string"),
    (0, KeyState.UNREADABLE, "not_supplied", 0, "a number"),
    (False, KeyState.UNREADABLE, "not_supplied", 0, "a boolean"),
    ({}, KeyState.UNREADABLE, "not_supplied", 0, "an object that is no resource"),
    ({"resourceType": None}, KeyState.UNREADABLE, "not_supplied", 0, "likewise"),
]


@pytest.mark.parametrize(("value", "state", "gap", "count", "why"), VALUES)
def test_a_value_has_a_state(value: Any, state: KeyState, gap: str | None, count: int, why: str) -> None:
    builder = RecordBuilder("p")
    report = builder.add("conditions", CONDITION, json.dumps(value))
    record = builder.build()
    assert report.state is state, why
    assert record.gaps.get("Condition") == gap, why
    assert ("Condition" in record.whole) is (gap is None), why
    assert len(record.resources.get("Condition", ())) == count, why
    assert bool(record.issues) is (not state.is_complete), "an incomplete answer is always an issue"
    assert all(issue.resource.startswith("prefetch.conditions") for issue in record.issues)


@pytest.mark.parametrize("value", [b"<html>502 Bad Gateway</html>", b"", b"{", b"\xff\xfe", b"[" * 200_000])
def test_a_value_that_is_not_json_is_unreadable(value: bytes) -> None:
    builder = RecordBuilder("p")
    assert builder.add("conditions", CONDITION, value).state is KeyState.UNREADABLE
    assert builder.build().gaps["Condition"] == "not_supplied"


def test_a_key_that_was_not_sent_is_a_gap() -> None:
    record = RecordBuilder("p").build()
    assert record.patient is None
    assert record.whole == frozenset()
    assert set(record.gaps.values()) == {"not_supplied"}


@pytest.mark.parametrize(
    ("value", "state", "found", "why"),
    [
        (PATIENT, KeyState.SUPPLIED, True, "a read"),
        (bundle(PATIENT), KeyState.SUPPLIED, True, "a search by id"),
        ({"resourceType": "Patient"}, KeyState.SUPPLIED, True, "without id it is the one that was asked for"),
        (bundle(), KeyState.EMPTY, False, "no such patient"),
        (None, KeyState.NULL, False, "no data"),
        (PATIENT | {"birthDate": 1980}, KeyState.UNREADABLE, False, "a malformed Patient"),
        (outcome("error"), KeyState.ERROR, False, "an error"),
        (SLE, KeyState.UNREADABLE, False, "not a Patient"),
    ],
)
def test_the_patient_is_read(value: Any, state: KeyState, found: bool, why: str) -> None:
    builder = RecordBuilder("p")
    assert builder.add("patient", frozenset({"Patient"}), json.dumps(value)).state is state, why
    assert (builder.build().patient is not None) is found, why


CHART = bundle(PATIENT, SLE, HB)


@pytest.mark.parametrize(
    ("values", "whole", "why"),
    [
        ({"chart": CHART}, {"Patient", "Condition", "Observation"}, "a whole chart, for the types that it contains"),
        ({"patient": CHART}, {"Patient", "Condition", "Observation"}, "also where it is sent as the Patient"),
        ({"chart": CHART | {"link": NEXT}}, set(), "but not where there is more"),
        ({"chart": bundle(SLE, outcome("error"))}, set(), "nor where something failed"),
        ({"chart": SLE}, set(), "one resource under a foreign key proves nothing"),
        ({"chart": bundle(entry=[included(SLE)])}, set(), "nor do included resources"),
        ({"a": bundle(SLE), "b": bundle(SLE, link=NEXT)}, set(), "one of two is cut off"),
        ({"conditions": bundle(SLE, HB)}, {"Condition"}, "our key answers for what it asks"),
        ({"conditions": bundle(SLE, link=NEXT), "chart": CHART}, {"Patient", "Observation"}, "our key goes first"),
        ({"conditions": outcome("error"), "chart": CHART}, {"Patient", "Observation"}, "likewise"),
        ({"conditions": bundle(SLE), "chart": bundle(SLE, link=NEXT)}, {"Condition"}, "likewise"),
        ({"conditions": None, "chart": CHART}, {"Patient", "Condition", "Observation"}, "null is an answer"),
        ({"chart": "<html>"}, set(), "nothing readable"),
    ],
)
def test_what_is_whole_follows_from_the_keys(values: Json, whole: set[str], why: str) -> None:
    ours = {"patient": frozenset({"Patient"}), "conditions": CONDITION}
    builder = RecordBuilder("p")
    for key, value in values.items():
        builder.add(key, ours.get(key), json.dumps(value))
    assert builder.build().whole == whole, why


def test_requests_and_statements_are_whole_each_by_itself() -> None:
    builder = RecordBuilder("p")
    builder.add("medicationRequests", frozenset({"MedicationRequest"}), json.dumps(bundle()))
    builder.add("medicationStatements", frozenset({"MedicationStatement"}), json.dumps(outcome("error")))
    record = builder.build()
    assert record.whole == {"MedicationRequest"}
    assert record.gaps["MedicationStatement"] == "not_supplied"


def test_two_keys_for_one_type_must_both_be_complete() -> None:
    builder = RecordBuilder("p")
    builder.add("problems", CONDITION, json.dumps(bundle(SLE)))
    builder.add("diagnoses", CONDITION, json.dumps(bundle(link=NEXT)))
    assert builder.build().gaps["Condition"] == "incomplete_record"


def test_further_pages_complete_an_answer() -> None:
    first = bundle(SLE, link=NEXT, total=2)
    second = bundle(SLE | {"id": "b"}, total=2)
    builder = RecordBuilder("p")
    report = builder.add("conditions", CONDITION, json.dumps(first))
    assert (report.state, report.next_url) == (KeyState.INCOMPLETE, NEXT[0]["url"])
    report = builder.add("conditions", CONDITION, json.dumps(first), json.dumps(second))
    assert (report.state, report.next_url) == (KeyState.SUPPLIED, None)
    record = builder.build()
    assert [c.id for c in record.resources["Condition"]] == ["sle", "b"]
    assert (record.issues, record.whole) == ((), CONDITION)


@pytest.mark.parametrize(
    ("pages", "state", "next_url", "why"),
    [
        ([bundle(SLE, link=NEXT), bundle(link=NEXT)], KeyState.INCOMPLETE, NEXT[0]["url"], "a third page is left"),
        ([bundle(SLE, link=NEXT), outcome("error")], KeyState.ERROR, None, "the second page failed"),
        ([bundle(SLE, link=NEXT), "<html>"], KeyState.INCOMPLETE, NEXT[0]["url"], "the second page is unreadable"),
        ([bundle(SLE, total=3, link=NEXT), bundle(SLE)], KeyState.INCOMPLETE, None, "two of three matches"),
        ([bundle(SLE, link=[{"relation": "next"}])], KeyState.INCOMPLETE, "", "a next page without address"),
    ],
)
def test_pages_that_do_not_complete_it(pages: list[Any], state: KeyState, next_url: str | None, why: str) -> None:
    builder = RecordBuilder("p")
    report = builder.add("conditions", CONDITION, *map(json.dumps, pages))
    assert (report.state, report.next_url) == (state, next_url), why
    assert len(builder.build().resources["Condition"]) == 1


def test_adding_a_key_again_replaces_it() -> None:
    builder = RecordBuilder("p")
    builder.add("conditions", CONDITION, json.dumps(outcome("error")))
    builder.add("conditions", CONDITION, json.dumps(bundle(SLE)))
    record = builder.build()
    assert builder.keys["conditions"].state is KeyState.SUPPLIED
    assert (record.whole, record.issues) == (CONDITION, ())


def test_the_same_resource_under_two_keys_counts_once() -> None:
    builder = RecordBuilder("p")
    builder.add("conditions", CONDITION, json.dumps(bundle(SLE)))
    builder.add("chart", None, json.dumps(CHART))
    assert len(builder.build().resources["Condition"]) == 1


@pytest.mark.parametrize(
    ("value", "references", "why"),
    [
        (PATIENT | {"id": "q"}, ("Patient/q",), "the Patient is another"),
        (bundle(PATIENT, PATIENT | {"id": "q"}), ("Patient/q",), "there is another Patient"),
        (bundle(SLE | {"subject": {"reference": "Patient/q"}}), ("Condition/sle",), "a subject is another"),
        (bundle(SLE | {"subject": {"reference": "http://a/Patient/q"}}), ("Condition/sle",), "an absolute one"),
        (bundle(SLE | {"subject": {"reference": "Patient/q"}, "code": 5}), ("Condition/sle",), "also when malformed"),
        (PATIENT | {"id": "q", "birthDate": 1980}, ("Patient/q",), "also a malformed Patient"),
        (
            bundle(SLE | {"id": "<b>", "subject": {"reference": "Patient/q"}}),
            ("Condition (prefetch.chart entry 1)",),
            "odd ids are not shown",
        ),
    ],
)
def test_two_patients_are_never_mixed(value: Any, references: tuple[str, ...], why: str) -> None:
    builder = RecordBuilder("p")
    builder.add("chart", None, json.dumps(value))
    with pytest.raises(MixedPatients) as caught:
        builder.build()
    assert caught.value.references == references, why


@pytest.mark.parametrize(
    "subject", [{"reference": "Group/g"}, {"reference": "urn:uuid:nowhere"}, {"display": "Jane Roe"}]
)
def test_what_is_nobodys_is_no_mixture(subject: Json) -> None:
    builder = RecordBuilder("p")
    builder.add("conditions", CONDITION, json.dumps(bundle(SLE | {"subject": subject})))
    assert "Condition" not in builder.build().resources


def test_references_to_another_server_are_compared_by_id_and_noted() -> None:
    builder = RecordBuilder("p", "https://ehr.example/fhir/")
    here, there = (
        {"subject": {"reference": f"https://{host}/fhir/Patient/p"}} for host in ("ehr.example", "proxy.local")
    )
    builder.add("conditions", CONDITION, json.dumps(bundle(SLE | here)))
    assert builder.build().issues == ()
    builder.add("conditions", CONDITION, json.dumps(bundle(SLE | there)))
    record = builder.build()
    assert len(record.resources["Condition"]) == 1
    assert [issue.code for issue in record.issues] == ["other_server"]


NAMES = ["resourceType", "entry", "resource", "link", "search", "mode", "id", "subject", "reference", "type", "total"]
NAMES += ["issue", "severity", "parameter", "part", "contained", "code", "meta", "lastUpdated", "fullUrl", "focus"]
TEXTS = ["Bundle", "Patient", "Observation", "OperationOutcome", "Parameters", "Patient/p", "#a"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@given(value=JSON_VALUES)
@settings(max_examples=400)
def test_no_json_raises_anything_but_mixed_patients(value: Any) -> None:
    builder = RecordBuilder("p")
    builder.add("chart", None, json.dumps(value))
    builder.add("conditions", CONDITION, json.dumps(bundle(value)))
    try:
        record = builder.build()
    except MixedPatients:
        return
    assert record.whole.isdisjoint(record.gaps)


@given(value=st.binary(max_size=60) | st.text(max_size=60))
def test_no_bytes_raise(value: bytes | str) -> None:
    RecordBuilder("p").add("conditions", CONDITION, value)
