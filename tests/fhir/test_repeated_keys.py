"""A key that stands twice in one object, of which a decoder keeps the last value: what the first said is not absent."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.fhir import Record, RecordBuilder, repeated_keys

TEXTS = {
    '{"a":1,"b":2}': set(),
    '{"a":1,"a":2}': {"a"},
    '{"a":1,"a":1}': set(),  # nothing is lost
    '{"a":12,"a":1}': {"a"},
    '{"a":1,"a":12}': {"a"},
    '{"a":1,"b":2,"a":3,"b":4}': {"a", "b"},
    '{"a":{"b":1,"b":2}}': set(),  # of the inner object
    '{"a":[{"b":1},{"b":2}],"c":"}"}': set(),
    '{"a":1,"\\u0061":2}': {"a"},
    ' { "a" : 1 ,\n\t"a" : [ ] } ': {"a"},
    '{"ü":1,"ü":2}': {"ü"},
    '{"a":"\\"a\\":1","b":2}': set(),
    "{}": set(),
    "[1]": set(),
    "not JSON": set(),
}


@pytest.mark.parametrize("text", TEXTS)
def test_which_keys_stand_twice(text: str) -> None:
    assert repeated_keys(text.encode()) == TEXTS[text]


KEYS = st.sampled_from(["a", "b", "entry", "ü", 'q"', "b\\", ""])
VALUES = st.recursive(
    st.none() | st.integers(0, 20) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=500)
@given(members=st.lists(st.tuples(KEYS, VALUES), max_size=8), separators=st.sampled_from([(",", ":"), (", ", ": ")]))
@example(members=[("entry", 1), *((f"k{n}", 1) for n in range(9)), ("entry", 22222222)], separators=(",", ":"))
def test_it_is_what_reading_all_of_it_tells(members: list[tuple[str, Any]], separators: tuple[str, str]) -> None:
    comma, colon = separators
    written = comma.join(f"{json.dumps(k)}{colon}{json.dumps(v, separators=separators)}" for k, v in members)
    values: dict[str, list[Any]] = {}
    for key, value in members:
        values.setdefault(key, []).append(value)
    expected = {key for key, said in values.items() if any(one != said[0] for one in said)}
    assert repeated_keys(f"{{{written}}}".encode()) == expected


CONDITION = '{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"text":"lupus"}}'
OTHER = '{"resourceType":"Condition","id":"d","subject":{"reference":"Patient/p"},"code":{"text":"asthma"}}'
RESULT = '{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/p"}}'


def record_of(conditions: str) -> Record:
    builder = RecordBuilder("p", None)
    builder.add("patient", frozenset({"Patient"}), b'{"resourceType":"Patient","id":"p"}')
    builder.add("conditions", frozenset({"Condition"}), conditions.encode())
    return builder.build()


def bundle(*entries: str, more: str = "") -> str:
    return f'{{"resourceType":"Bundle","type":"searchset",{more}"entry":[{",".join(entries)}]}}'


def entry(resource: str, more: str = "") -> str:
    return f'{{{more}"resource":{resource}}}'


NEXT = '"link":[{"relation":"next","url":"https://ehr.example/?page=2"}],"link":[],'
LOSING = {
    "entry": bundle(entry(OTHER), more=f'"entry":[{entry(CONDITION)}],'),
    "entry, the first empty": bundle(entry(OTHER), more='"entry":[],'),
    "link": bundle(entry(CONDITION), more=NEXT),
    "total": bundle(entry(CONDITION), more='"total":7,"total":1,'),
    "resource": bundle(entry(OTHER, f'"resource":{CONDITION},')),
    "within a Bundle": bundle(entry(bundle(entry(OTHER), more=f'"entry":[{entry(CONDITION)}],'))),
}


@pytest.mark.parametrize("text", LOSING.values(), ids=LOSING.keys())
@pytest.mark.parametrize("indented", [False, True])
def test_a_list_that_lost_something_so_is_not_whole(text: str, indented: bool) -> None:
    sent = text.replace(",", " ,\n  ") if indented else text
    builder = RecordBuilder("p", None)
    report = builder.add("conditions", frozenset({"Condition"}), sent.encode())
    assert not report.state.is_complete
    assert any("more than once" in issue.message for issue in report.issues)
    assert builder.build().gaps["Condition"] == "incomplete_record"


def test_the_same_list_without_it_is_whole() -> None:
    builder = RecordBuilder("p", None)
    assert builder.add("conditions", frozenset({"Condition"}), bundle(entry(CONDITION)).encode()).state.is_complete


@pytest.mark.parametrize(
    "text",
    [
        bundle(entry(RESULT), more=f'"entry":[{entry(RESULT.replace(chr(34) + "o", chr(34) + "x"))}],'),
        bundle(entry(RESULT, '"resource":{"resourceType":"Observation","status":"final"},')),
        bundle(entry(RESULT), more=NEXT),
    ],
)
def test_results_too_which_are_read_in_another_way(text: str) -> None:
    builder = RecordBuilder("p", None, interest=None)
    assert not builder.add("observations", frozenset({"Observation"}), text.encode()).state.is_complete


PARAMETERS = {
    "parameter": f'{{"resourceType":"Parameters","parameter":[{entry(CONDITION)}],"parameter":[{entry(OTHER)}]}}',
    "resource": f'{{"resourceType":"Parameters","parameter":[{{"resource":{OTHER},"resource":{CONDITION}}}]}}',
    "part": f'{{"resourceType":"Parameters","parameter":[{{"part":[{entry(CONDITION)}],"part":[{entry(OTHER)}]}}]}}',
}


@pytest.mark.parametrize("text", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_parameters_too(text: str) -> None:
    record = record_of(text)
    assert any("more than once" in issue.message for issue in record.issues)
    assert "Condition" in record.gaps


TWICE = {
    "code": CONDITION[:-1] + ',"code":{"text":"asthma"}}',
    "subject": CONDITION[:-1] + ',"subject":{"reference":"Patient/other"}}',
    "verificationStatus": CONDITION[:-1] + ',"verificationStatus":{"text":"confirmed"},"verificationStatus":null}',
    "onsetDateTime": CONDITION[:-1] + ',"onsetDateTime":"2016","onsetDateTime":"2017"}',
}


@pytest.mark.parametrize("element", TWICE)
def test_a_resource_in_which_an_element_stands_twice_is_malformed(element: str) -> None:
    record = record_of(bundle(entry(TWICE[element])))
    (malformed,) = record.malformed
    assert malformed.type == "Condition"
    assert record.resources.get("Condition", ()) == ()
    if element == "code":
        assert malformed.code is None, "it may be about anything"


def test_nothing_of_this_is_a_fault_where_both_values_are_the_same() -> None:
    twice = CONDITION[:-1] + ',"code":{"text": "lupus"}}'
    record = record_of(bundle(entry(twice)))
    assert (len(record.resources["Condition"]), record.malformed) == (1, ())
