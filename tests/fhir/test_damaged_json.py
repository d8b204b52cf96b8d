"""A value that JSON does not have costs what holds it, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.deadline import Deadline, OutOfTime
from cds_service.errors import RecordError
from cds_service.fhir import Record, isolated, read_bundle

Json = dict[str, Any]

PATIENT = '{"resourceType":"Patient","id":"p"}'
SOUND = '{"resourceType":"Condition","id":"sound","subject":{"reference":"Patient/p"}}'
DEEP = 5_000
NOT_JSON: dict[str, bytes] = {
    "half an emoji": rb'"lupus \ud83d"',
    "the other half": rb'"\ude00 lupus"',
    "halves in the wrong order": rb'"\ude00\ud83d"',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "nan": b"nan",
    "undefined": b"undefined",
    "True": b"True",
    "a number with a sign": b"+1",
    "a number that begins with zero": b"007",
    "a number without its zero": b".5",
    "a hexadecimal number": b"0x1F",
    "Latin-1": b'"M\xfcller"',
    "a surrogate as bytes": b'"\xed\xa0\x80"',
    "UTF-8 cut short": b'"\xe2\x82"',
    "an overlong form": b'"\xc0\xaf"',
    "an escape that there is not": rb'"\x41"',
    "an escape cut short": rb'"\u12"',
    "lists without end": b"[" * DEEP + b"]" * DEEP,
    "objects without end": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "both, with text that holds brackets": b'{"}]\\"":[' * DEEP + b'"]}"' + b"]}" * DEEP,
}
# Where it stands in a Condition: whether that is read.
PLACES: dict[str, tuple[str, bool]] = {
    "its id": ('"id":BAD', True),
    "its code": ('"id":"c","code":BAD', True),
    "a text in it": ('"id":"c","code":{"text":BAD}', True),
    "an item of a list": ('"id":"c","code":{"coding":[{"code":"x"},BAD]}', True),
    "its subject": ('"id":"c","subject":{"reference":BAD}', True),
    "an element that is not read": ('"id":"c","note":[{"text":BAD}]', False),
    "an element that there is not": ('"id":"c","somethingElse":[1,BAD,{"x":BAD}]', False),
}


def bundle(*resources: str) -> str:
    return (
        '{"resourceType":"Bundle","type":"collection","entry":['
        + ",".join(f'{{"resource":{r}}}' for r in resources)
        + "]}"
    )


def condition(elements: str, bad: bytes) -> bytes:
    return f'{{"resourceType":"Condition",{elements}}}'.encode().replace(b"BAD", bad)


def in_bundle(damaged: bytes) -> bytes:
    return bundle(PATIENT, "DAMAGED", SOUND).encode().replace(b"DAMAGED", damaged)


def in_lines(damaged: bytes) -> bytes:
    return b"\n".join((PATIENT.encode(), damaged, SOUND.encode()))


def in_first_line(damaged: bytes) -> bytes:
    return b"\n".join((damaged, PATIENT.encode(), SOUND.encode()))


def in_a_list(damaged: bytes) -> bytes:
    return b"[" + PATIENT.encode() + b"," + damaged + b"," + SOUND.encode() + b"]"


@pytest.mark.parametrize("document", [in_bundle, in_lines, in_first_line, in_a_list])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bad", NOT_JSON)
def test_it_costs_its_resource_where_it_is_read_and_nothing_else(
    bad: str, place: str, document: Callable[[bytes], bytes]
) -> None:
    elements, is_read = PLACES[place]
    record = read_bundle(document(condition(elements, NOT_JSON[bad])))
    assert [one.id for one in record.resources["Condition"]] == (["sound"] if is_read else ["c", "sound"])
    assert [one.type for one in record.malformed] == (["Condition"] if is_read else [])


def test_the_issue_names_the_element_and_never_the_value() -> None:
    record = read_bundle(in_bundle(condition('"id":"c","code":{"text":BAD}', rb'"Jane \ud800"')))
    assert [(issue.code, issue.resource, issue.element) for issue in record.issues] == [
        ("lenient_json", "document", ""),
        ("malformed_resource", "Condition/c", "code.text"),
    ]
    assert "Jane" not in str(record.issues)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        ('{"resourceType":"Bundle","entry":[NaN]}', True),
        ('{"resourceType":"Bundle","entry":NaN}', True),
        ('{"resourceType":"Bundle","link":NaN,"entry":[]}', True),
        ('{"resourceType":"Bundle","link":[{"relation":"next","url":NaN}],"entry":[]}', True),
        ('{"resourceType":"Bundle","entry":[{"resource":{"resourceType":NaN}}]}', True),
        ('{"resourceType":"Bundle","entry":[{"resource":{"resource\\ud800Type":"Condition"}}]}', True),
        ('{"resourceType":"Bundle","entry":[{"re\\ud800source":{"resourceType":"Condition"}}]}', True),
        ('{"resourceType":"Bundle","\\ud800entry":[{"resource":{"resourceType":"Condition"}}]}', True),
        ('{"resourceType":"Bundle","entry":[{"fullUrl":NaN,"search":NaN}]}', True),
        ('{"resourceType":"Parameters","\\ud800":[]}', True),
        ('{"resourceType":"OperationOutcome","issue":NaN}', True),
        ('{"resourceType":"Composition","section":NaN}', False),
        ('{"resourceType":"Flag","code":NaN}', False),
    ],
)
def test_what_may_have_held_a_condition_leaves_them_incomplete(text: str, doubted: bool) -> None:
    record = read_bundle(bundle(PATIENT, text, SOUND))
    assert ("Condition" not in record.whole) is doubted
    assert [one.id for one in record.resources["Condition"]] == ["sound"]


def test_a_lost_name_may_be_any_element_of_its_object() -> None:
    for elements in ('"id":"c","co\\ud800de":7', '"id":"c","code":{"te\\ud800xt":"x","coding":[]}'):
        record = read_bundle(in_bundle(condition(elements, b"")))
        assert [one.id for one in record.resources["Condition"]] == ["sound"]
        assert len(record.malformed) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"resourceType":"Condition","a":"',
        '{"resourceType":"Condition","a":1,}',
        '{"resourceType":"Condition","a" "b"}',
        '{"resourceType":"Condition","a":NaN,}',
        '{"resourceType":"Condition","a":[NaN}',
        '{"resourceType":"Condition","a":NaN]',
        '{"resourceType":"Condition",a:1}',
        "{'resourceType':'Condition'}",
        '{"resourceType":"Condition","a":NaN}}',
        '{"a":NaN}',
        '[{"a":NaN}]',
        "NaN",
        "<html>",
        "[" * 300_000,
        "[" * 300_000 + "]" * 300_000,
        '{"resourceType":"Condition","a":' + "[" * 300_000 + "]" * 299_999 + "}",
    ],
)
def test_what_cannot_be_told_apart_is_refused(text: str) -> None:
    assert isolated(text.encode()) is None


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        (b'\xef\xbb\xbf{"resourceType":"A","x":NaN}', b'{"resourceType":"A","x":[[]]}'),
        (b'{"x":NaN,"resourceType" : "A"}', b'{"x":[[]],"resourceType" : "A"}'),
        (b'{"resourceType":"A","x":7.20,"y":NaN,"z":1e999}', b'{"resourceType":"A","x":7.20,"y":[[]],"z":1e999}'),
        (b'{"resourceType":"A","x":"a\nb\x00"}', rb'{"resourceType":"A","x":"a\u000ab\u0000"}'),
        (
            rb'{"resourceType":"A","x":"\ud83d\ude00 \\ud800 \" \u00e9"}',
            rb'{"resourceType":"A","x":"\ud83d\ude00 \\ud800 \" \u00e9"}',
        ),
        ('{"resourceType":"A","x":"寛解 😀","y":NaN}'.encode(), '{"resourceType":"A","x":"寛解 😀","y":[[]]}'.encode()),
    ],
)
def test_everything_else_stays_as_it_was_sent(text: bytes, strict: bytes) -> None:
    assert isolated(text) == strict


@pytest.mark.parametrize(
    ("text", "level", "is_told_apart"),
    [
        ('{"a":NaN}', 2, False),
        ('{"a":[NaN]}', 2, True),
        ('{"a":[{"b":NaN}]}', 2, True),
        ('{"a":[{"b":NaN}]}', None, False),
    ],
)
def test_places_tell_apart_what_has_no_type(text: str, level: int | None, is_told_apart: bool) -> None:
    assert (isolated(text.encode(), level=level) is not None) is is_told_apart


def test_it_ends_when_there_is_no_time() -> None:
    with pytest.raises(OutOfTime):
        isolated(b'{"resourceType":"A","x":[' + b"[]," * 1_000 + b"NaN]}", Deadline(lambda: True))


@pytest.mark.parametrize("digits", ["9" * 10_000, "1e999", "-1e999", "0." + "0" * 10_000 + "1"])
@pytest.mark.parametrize("place", ["value", "not read"])
def test_a_number_that_no_type_can_hold_costs_its_resource(digits: str, place: str) -> None:
    elements = f'"valueQuantity":{{"value":{digits}}}' if place == "value" else f'"note":[{{"x":{digits}}}]'
    record = read_bundle(bundle(PATIENT, f'{{"resourceType":"Observation","id":"o",{elements}}}', SOUND))
    assert ("Observation" in record.resources) is (place == "not read")
    assert len(record.malformed) == (place == "value")
    assert [one.id for one in record.resources["Condition"]] == ["sound"]


def test_a_patient_who_is_damaged_cannot_be_had() -> None:
    with pytest.raises(RecordError, match="the Patient in the record cannot be read"):
        read_bundle(bundle('{"resourceType":"Patient","id":"p","birthDate":NaN}', SOUND))


RESOURCES = [
    {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-04-02", "name": [{"family": "M"}]},
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p"}, "code": {"text": "SLE"}},
    {
        "resourceType": "Condition",
        "id": "c2",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "55464009", "display": "SLE"}]},
        "note": [{"text": "x"}],
    },
    {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": 7.2, "unit": "g/dL"},
    },
]


def leaves(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return (
        [at]
        if not isinstance(node, dict | list)
        else [path for name, one in items for path in leaves(one, (*at, name))]
    )


@given(number=st.integers(1, len(RESOURCES) - 1), at=st.data(), bad=st.sampled_from(sorted(NOT_JSON)))
@settings(max_examples=300)
def test_wherever_it_stands_the_rest_is_read_and_nothing_is_absent(number: int, at: st.DataObject, bad: str) -> None:
    resources = json.loads(json.dumps(RESOURCES))
    *parents, name = at.draw(st.sampled_from(leaves(resources[number])))
    target = resources[number]
    for step in parents:
        target = target[step]
    target[name] = "DAMAGED"
    text = bundle(*map(json.dumps, resources)).encode().replace(b'"DAMAGED"', NOT_JSON[bad])
    record = read_bundle(text)
    kept = {one.id for views in record.resources.values() for one in views}
    others = {one["id"] for n, one in enumerate(RESOURCES) if n not in {0, number}}
    assert record.patient is not None
    assert kept >= others
    _assert_is_told(record, str(RESOURCES[number]["id"]), kept)


def _assert_is_told(record: Record, damaged: str, kept: set[str | None]) -> None:
    """It is read, or malformed, or it is not known what else there is."""
    assert damaged in kept or record.malformed or record.whole == frozenset()
