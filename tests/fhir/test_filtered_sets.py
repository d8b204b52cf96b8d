"""A Bundle that says it answers a filtered search is not whole; the service's own query leaves nothing out."""

import json
from typing import Any

import pytest

from cds_service.fhir import KeyState, RecordBuilder, read_bundle
from cds_service.fhir.scan import ObservationFilter

Json = dict[str, Any]
BASE = "https://ehr.example/fhir/"
PATIENT: Json = {"resourceType": "Patient", "id": "p"}
SLE: Json = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "55464009"}]},
}
HB: Json = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
}


def searched(query: str, *resources: Json, **elements: Any) -> Json:
    """The answer to a search, with its link to itself."""
    link = [{"relation": "self", "url": BASE + query}]
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries} | elements


# the search that a document answers: the types that are not whole then (`*`: none is)
DOCUMENTS: dict[str, set[str]] = {
    "Condition?patient=p": set(),
    "Condition?subject=Patient/p&_count=50&_sort=-recorded-date": set(),
    "Condition?patient.identifier=urn:mrn|1": set(),
    "Condition?patient:Patient=p&_include=Condition:encounter&_format=json&_total=accurate": set(),
    "Condition/_search?patient=p": set(),
    "Condition?patient=p&_getpages=8f0&_getpagesoffset=20": set(),
    "Condition?patient=p&ct=abc&-pageContext=1&_skip=10&sessionID=7": set(),
    "Condition?patient=p&_summary=false": set(),
    "Condition?patient=p&_summary=data": set(),
    "Patient?_id=p&_revinclude=Condition:subject": set(),
    "Patient?identifier=urn:mrn|1": set(),
    "Patient/p/$everything": set(),
    "Patient/p/$everything?_count=500": set(),
    "Condition?patient=p&clinical-status=active": {"Condition"},
    "Condition?patient=p&clinical-status:not=resolved": {"Condition"},
    "Condition?patient=p&category=problem-list-item": {"Condition"},
    "Condition?patient=p&onset-date=ge2020": {"Condition"},
    "Condition?patient=p&code=http://snomed.info/sct|55464009": {"Condition"},
    "Condition?patient=p&code:in=http://example.org/vs": {"Condition"},
    "Condition?patient=p&encounter.type=x": {"Condition"},
    "Condition?patient=p&_lastUpdated=gt2026": {"Condition"},
    "Condition?patient=p&_elements=code": {"Condition"},
    "Condition?patient=p&_summary=true": {"Condition"},
    "Condition?patient=p&_has:Encounter:diagnosis:status=finished": {"Condition"},
    "Condition?patient=p&the-vendors-own=1": {"Condition"},
    "MedicationRequest?patient=p&status=active": {"MedicationRequest"},
    "Observation?patient=p&category=laboratory": {"Observation"},
    "Observation?patient=p&date=ge2026": {"Observation"},
    "Patient?_id=p&_revinclude=Condition:subject&_elements=code": {"*"},
    "Patient/p/$everything?start=2026-01-01": {"*"},
    "Patient/p/$everything?_since=2026-01-01T00:00:00Z": {"*"},
    "Encounter?patient=p&status=finished": {"*"},
}


@pytest.mark.parametrize("query", DOCUMENTS)
def test_a_document_that_answers_a_filtered_search(query: str) -> None:
    record = read_bundle(json.dumps(searched(query, PATIENT, SLE)))
    partial = DOCUMENTS[query]
    assert ("Condition" in record.whole) is partial.isdisjoint({"*", "Condition"})
    assert ("Procedure" in record.whole) is ("*" not in partial)
    assert set(record.gaps) == (partial if "*" not in partial else set(record.gaps))
    assert [issue.code for issue in record.issues] == (["filtered_set"] if partial else [])
    assert len(record.resources["Condition"]) == 1, "what it holds counts"


def test_a_search_for_some_types_says_nothing_of_the_others() -> None:
    record = read_bundle(json.dumps(searched("Patient/p/$everything?_type=Patient,Condition", PATIENT, SLE)))
    assert {"Patient", "Condition"} <= record.whole
    assert record.gaps["Procedure"] == record.gaps["MedicationRequest"] == "incomplete_record"


def test_searches_within_a_batch_are_judged_each_by_itself() -> None:
    inner = [
        {"resource": PATIENT},
        {"resource": searched("Condition?patient=p", SLE), "response": {"status": "200"}},
        {"resource": searched("Observation?patient=p&date=ge2026", HB), "response": {"status": "200"}},
    ]
    record = read_bundle(json.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": inner}))
    assert set(record.gaps) == {"Observation"}


def test_an_issue_repeats_no_parameter_that_is_no_plain_name() -> None:
    record = read_bundle(json.dumps(searched("Condition?patient=p&Jane%20Roe=1&%3Cb%3E=2", PATIENT, SLE)))
    [issue] = record.issues
    assert "Jane" not in issue.message
    assert "<" not in issue.message


def test_a_link_of_any_length_is_read_at_once() -> None:
    many = "&".join(f"p{i}=1" for i in range(100_000))
    record = read_bundle(json.dumps(searched(f"Condition?patient=p&{many}", PATIENT, SLE)))
    assert set(record.gaps) == {"Condition"}


QUERIES = {
    "Condition": "Condition?patient={{context.patientId}}",
    "Observation": "Observation?patient={{context.patientId}}&code=718-7,777-3",
}
WIDE = {"Observation": "Observation?patient={{context.patientId}}&category=laboratory,vital-signs"}
NOTHING_ASKED = ObservationFilter(lambda code: frozenset({"x"}), lambda code, components: True)

# under a key of ours: the search that it answers, the service's queries, and whether it is whole
KEYS: list[tuple[str, dict[str, str], bool]] = [
    ("Observation?patient=p&code=718-7,777-3", QUERIES, True),
    ("Observation?patient=p&code=777-3,718-7&_count=200", QUERIES, True),
    ("Observation?patient=p&code=http://loinc.org|718-7,http://loinc.org|777-3,http://loinc.org|1-8", QUERIES, True),
    ("Observation?patient=p&code=718-7%2C777-3", QUERIES, True),
    ("Observation?patient=p", QUERIES, True),
    ("Observation?patient=p&code=718-7", QUERIES, False),
    ("Observation?patient=p&code=718-7,777-3&date=ge2026", QUERIES, False),
    ("Observation?patient=p&category=laboratory", QUERIES, False),
    ("Observation?patient=p&category=vital-signs,laboratory", WIDE, True),
    ("Observation?patient=p&category=laboratory", WIDE, False),
    ("Condition?patient=p", QUERIES, True),
    ("Condition?patient=p&category=problem-list-item", QUERIES, False),
    ("Condition?patient=p&clinical-status=active", QUERIES, False),
]


@pytest.mark.parametrize("interest", [None, NOTHING_ASKED], ids=["everything", "by heads"])
@pytest.mark.parametrize(("query", "queries", "whole"), KEYS)
def test_under_a_key_the_own_query_leaves_nothing_out(
    query: str, queries: dict[str, str], whole: bool, interest: ObservationFilter | None
) -> None:
    name = query.partition("?")[0]
    builder = RecordBuilder("p", interest=interest, queries=queries)
    report = builder.add(name, frozenset({name}), json.dumps(searched(query, HB if name == "Observation" else SLE)))
    record = builder.build()
    assert (report.state, report.is_filtered) == ((KeyState.SUPPLIED, False) if whole else (KeyState.INCOMPLETE, True))
    assert record.gaps.get(name) == (None if whole else "incomplete_record")
    assert [issue.code for issue in record.issues] == ([] if whole else ["filtered_set"])


def test_a_filtered_search_that_found_nothing_is_no_empty_list() -> None:
    builder = RecordBuilder("p", queries=QUERIES)
    report = builder.add(
        "conditions", frozenset({"Condition"}), json.dumps(searched("Condition?clinical-status=active"))
    )
    assert report.state is KeyState.INCOMPLETE


def test_a_chart_of_some_types_is_whole_for_these() -> None:
    builder = RecordBuilder("p")
    chart = searched("Patient/p/$everything?_type=Patient,Condition", PATIENT, SLE, HB)
    builder.add("chart", None, json.dumps(chart))
    record = builder.build()
    assert "Condition" in record.whole
    assert record.gaps["Observation"] == "incomplete_record"
