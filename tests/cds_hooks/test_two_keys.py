"""Observations that had to be asked for under two keys are one set: whole where both answers came."""

import json
from typing import Any

import pytest
from msgspec import Raw

from cds_service.cds_hooks import HookRequest, Outbound, PrefetchedRecord
from cds_service.cds_hooks.fallback import Fallback
from cds_service.cds_hooks.trust import Caller

BASE = "https://ehr.example/fhir"
TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "observations": "Observation?patient={{context.patientId}}&code=718-7,777-3",
    "moreObservations": "Observation?patient={{context.patientId}}&code=2160-0",
}


def bundle(*codes: str, searched: str | None = None) -> dict[str, Any]:
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": code,
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            }
        }
        for code in codes
    ]
    link = [] if searched is None else [{"relation": "self", "url": f"{BASE}/Observation?patient=p&code={searched}"}]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries}


FIRST, SECOND, NOTHING = bundle("718-7"), bundle("2160-0"), bundle()


def prefetched(sent: dict[str, Any], aliases: dict[str, str] | None = None) -> PrefetchedRecord:
    prefetch = {"patient": {"resourceType": "Patient", "id": "p"}, **sent}
    raw = {key: Raw(json.dumps(value).encode()) for key, value in prefetch.items()}
    request = HookRequest("patient-view", "", "p", BASE, raw)
    return PrefetchedRecord(request, aliases or {}, templates=TEMPLATES)


@pytest.mark.parametrize(
    ("sent", "gap"),
    [
        ({"observations": FIRST, "moreObservations": SECOND}, None),
        ({"observations": FIRST, "moreObservations": NOTHING}, None),
        ({"observations": FIRST, "moreObservations": None}, None),
        ({"observations": NOTHING, "moreObservations": NOTHING}, None),
        ({"observations": FIRST}, "incomplete_record"),
        ({"moreObservations": SECOND}, "incomplete_record"),
        ({"observations": NOTHING}, "not_supplied"),
        ({"observations": FIRST, "moreObservations": {"resourceType": "OperationOutcome"}}, "incomplete_record"),
        ({}, "not_supplied"),
        # Everything under the type's own name, or in a chart under a key that is not ours.
        ({"Observation": bundle("718-7", "2160-0")}, None),
        ({"chart": bundle("718-7", "2160-0")}, None),
    ],
)
def test_observations_are_whole_where_both_halves_came(sent: dict[str, Any], gap: str | None) -> None:
    assert prefetched(sent).build().gaps.get("Observation") == gap


def test_a_client_may_call_each_half_what_it_likes() -> None:
    aliases = {"labs": "observations", "labs2": "moreObservations"}
    assert "Observation" not in prefetched({"labs": FIRST, "labs2": SECOND}, aliases).build().gaps
    twice = {"labs": "observations", "labs2": "observations"}
    assert prefetched({"labs": FIRST, "labs2": SECOND}, twice).build().gaps["Observation"] == "incomplete_record"


def test_a_half_that_says_what_it_was_searched_by_is_no_narrower_search() -> None:
    first, second = bundle("718-7", searched="718-7,777-3"), bundle("2160-0", searched="2160-0")
    assert "Observation" not in prefetched({"observations": first, "moreObservations": second}).build().gaps
    swapped = prefetched({"observations": second, "moreObservations": first})
    assert swapped.build().gaps["Observation"] == "incomplete_record"


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ({"observations": FIRST, "moreObservations": SECOND}, []),
        ({"observations": FIRST}, ["moreObservations"]),
        ({}, ["observations", "moreObservations"]),
        ({"observations": {"resourceType": "OperationOutcome"}, "moreObservations": SECOND}, ["observations"]),
    ],
)
def test_the_half_that_did_not_come_is_asked_for(sent: dict[str, Any], asked: list[str]) -> None:
    outbound = Outbound(expected=False)
    fallback = Fallback(TEMPLATES, frozenset({"Observation"}), outbound, seconds=1, max_bytes=1)
    plan = fallback.plan(prefetched(sent), Caller(None, None, {}, frozenset({BASE})))
    found = () if plan is None else plan.queries
    assert [query.key for query in found if query.key != "conditions"] == asked
