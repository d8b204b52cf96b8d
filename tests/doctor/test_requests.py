"""What doctor says of one request: every duty that is broken is red with its page, and what is missing is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.cds_hooks import SERVICES
from cds_service.doctor import CODES_SECTION, SECTIONS, Examiner, Known, NoRequest, PageSection, RequestReport
from cds_service.library import Library
from tests.doctor.requests import (
    LOINC,
    NAME,
    PATIENT,
    SERVER,
    Json,
    bundle,
    changed,
    condition,
    encoded,
    platelets,
    request,
)

ROOT = Path(__file__).parents[2]
KNOWN = Known("ehr", {}, frozenset({SERVER}))
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NEXT = [{"relation": "next", "url": f"{SERVER}/Condition?page=2"}]
NARROWER = [{"relation": "self", "url": f"{SERVER}/Condition?patient={PATIENT}&clinical-status=active"}]
NO_SERVER = {"fhirServer": ..., "fhirAuthorization": ...}


def report(examiner: Examiner, content: Json, known: Known = KNOWN) -> RequestReport:
    return examiner.examine(encoded(content), known).report


def states(found: RequestReport) -> dict[str, str]:
    return {duty.name: duty.state for duty in found.duties}


def test_a_good_request_is_all_green(examiner: Examiner, library: Library) -> None:
    found = report(examiner, request(library))
    assert states(found) == {"request": "green", "prefetch": "green", "fhir_access": "green"}
    assert (found.status, found.faults, found.not_arrived, found.unread, found.aliases) == (200, (), (), (), ())
    assert found.trials, "a woman with lupus: some trials are not ruled out"
    assert [trial.id for trial in found.trials if trial.waiting] == [], "nothing waits for the request"
    assert found.cards == len(examiner.examine(encoded(request(library)), KNOWN).answer["cards"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("fields", "duty", "says"),
    [
        ({"hookInstance": "no-uuid"}, "request", "hookInstance: must be a UUID"),
        ({"patientId": "somebody-else"}, "request", "another patient"),
        ({"hook": "order-sign"}, "registration", "patient-view at /cds-services/clinical-trial-match"),
        ({"fhirServer": "https://other.example.org/fhir"}, "fhir_access", "`fhir_servers` of the client ehr"),
        ({"fhirServer": "ehr"}, "fhir_access", "no http(s) address"),
        ({"fhirAuthorization": ...}, "fhir_access", "no `fhirAuthorization`"),
        ({"access_token": ...}, "fhir_access", "lacks access_token"),
        ({"subject": ""}, "fhir_access", "lacks subject"),
        ({"token_type": "MAC"}, "fhir_access", "not Bearer"),
        ({"scope": "patient/Patient.read"}, "fhir_access", "lacks scopes: patient/Condition.read"),
        ({"scope": "patient/*.r"}, "fhir_access", "lacks scopes: patient/Patient.read"),
    ],
)
def test_a_broken_duty_is_red_and_says_why(
    examiner: Examiner, library: Library, fields: Json, duty: Any, says: str
) -> None:
    found = report(examiner, changed(request(library), **fields))
    [red] = [one for one in found.duties if one.name == duty]
    assert red.state == "red"
    assert says in red.says
    assert red.as_json()["page"].startswith("docs/integration.md#")


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("patient/*.read", ()),
        ("user/*.*", ()),
        ("launch system/*.rs", ()),
        ("PATIENT.READ OBSERVATION.SEARCH", None),
    ],
)
def test_scopes_are_compared_as_far_as_they_are_written_as_smart_does(
    examiner: Examiner, library: Library, scope: str, missing: Any
) -> None:
    found = report(examiner, changed(request(library), scope=scope))
    assert found.scopes.missing == missing
    assert states(found)["fhir_access"] == "green"
    assert ("compare them" in found.duties[2].says) is (missing is None)


@pytest.mark.parametrize(
    ("key", "value", "state", "says", "is_red"),
    [
        ("conditions", ..., "absent", "no such key", True),
        ("conditions", None, "null", "is null: no answer can be given without it", True),
        ("patient", None, "null", "is null: no answer can be given without it", True),
        ("conditions", ERROR, "error", "holds an error", True),
        ("conditions", "<html>", "unreadable", "nothing that can be read", True),
        ("conditions", platelets(), "unreadable", "nothing that can be read", True),
        ("conditions", bundle(condition(), link=NEXT), "incomplete", "one page of several", True),
        ("conditions", bundle(condition(), link=NARROWER), "incomplete", "narrower search", True),
        ("conditions", bundle(condition(), total=7), "incomplete", "brought a part", True),
        ("patient", ..., "absent", "no such key", True),
        ("patient", bundle(), "empty", "is empty", True),
        ("observations", ..., "absent", "no such key", True),
        ("immunizations", None, "null", "counts as none", False),
    ],
)
def test_a_key_that_did_not_arrive_is_named_with_the_line_that_brings_it(
    examiner: Examiner, library: Library, key: str, value: Any, *, state: str, says: str, is_red: bool
) -> None:
    found = report(examiner, changed(request(library, **{key: value}), **NO_SERVER))
    [lack] = found.not_arrived
    assert (lack.key, lack.state) == (key, state)
    assert says in lack.says
    assert lack.query == examiner.templates[key]
    assert lack.scope == f"patient/{lack.query.split('?')[0].split('/')[0]}.read"
    assert states(found)["prefetch"] == ("red" if is_red else "green")
    assert states(found)["fhir_access"] == ("red" if is_red else "not seen")


def test_what_the_fhir_server_may_be_asked_for_is_not_judged(examiner: Examiner, library: Library) -> None:
    found = report(examiner, request(library, observations=...))
    assert states(found) == {"request": "green", "prefetch": "not seen", "fhir_access": "green"}
    assert [one.key for one in found.not_arrived] == ["observations"]


def test_criteria_that_wait_for_a_key_are_named(examiner: Examiner, library: Library) -> None:
    found = report(examiner, changed(request(library, observations=...), **NO_SERVER))
    waiting = {trial.id: {one.place: one.criteria for one in trial.waiting} for trial in found.trials}
    assert "inc-04b" in waiting["NCT07083349"]["prefetch.observations"], "counts of blood cells"
    assert {place for places in waiting.values() for place in places} == {"prefetch.observations"}


def test_the_line_to_paste_has_the_clients_own_name_for_the_key(examiner: Examiner, library: Library) -> None:
    known = Known("ehr", {"ProblemList": "conditions"}, frozenset())
    found = report(examiner, changed(request(library, conditions=..., ProblemList=None), **NO_SERVER), known)
    assert [(one.key, one.query) for one in found.not_arrived] == [("ProblemList", examiner.templates["conditions"])]


def test_a_key_that_lacks_an_alias_is_named(examiner: Examiner, library: Library) -> None:
    content = request(library, conditions=..., ProblemList=bundle(condition()))
    assert report(examiner, content).aliases == (("ProblemList", "conditions"),)
    content = request(library, conditions=..., **{f"list of {NAME}": bundle(condition())})
    assert report(examiner, content).aliases == ()


UNKNOWN_CODE = condition(code={"coding": [{"system": "http://labor.example.org", "code": "X77"}], "text": NAME})
IN_CELLS = {"value": 210, "unit": "bogus"}


@pytest.mark.parametrize(
    ("prefetch", "place", "named"),
    [
        (
            {"observations": bundle(platelets(id="obs-0"), platelets(valueQuantity=IN_CELLS))},
            "prefetch.observations entry 2",
            {"code": "777-3", "system": LOINC, "unit": "bogus", "why": "unit_refused"},
        ),
        (
            {"observations": bundle(platelets(valueQuantity=IN_CELLS, id=...))},
            "prefetch.observations entry 1",
            {"unit": "bogus"},
        ),
        (
            {"observations": ..., "labs": bundle(platelets(valueQuantity=IN_CELLS))},
            "prefetch.labs entry 1",
            {"unit": "bogus"},
        ),
        (
            {"observations": bundle(platelets(status="nonsense"))},
            "prefetch.observations entry 1",
            {"status": "nonsense", "why": "unknown_status"},
        ),
        (
            {"observations": bundle(platelets(valueQuantity=..., valueString=f"many, {NAME}"))},
            "prefetch.observations entry 1",
            {"code": "777-3", "why": "words_refused"},
        ),
        (
            {"conditions": bundle(condition(), UNKNOWN_CODE | {"id": "cond-2"})},
            "prefetch.conditions entry 2",
            {"code": "X77", "system": "http://labor.example.org", "why": "unread"},
        ),
        (
            {"conditions": bundle(condition(), condition(id="cond-2", code=7))},
            "prefetch.conditions entry 2",
            {"why": "malformed"},
        ),
    ],
)
def test_a_code_unit_or_status_that_was_not_understood_is_named_with_its_place(
    examiner: Examiner, library: Library, prefetch: Json, place: str, named: Json
) -> None:
    for value in prefetch.values():
        for entry in value["entry"] if value is not ... else ():
            entry["resource"] = {name: kept for name, kept in entry["resource"].items() if kept is not ...}
    found = report(examiner, request(library, **prefetch))
    told = [one.as_json() for one in found.unread if one.place == place]
    assert any(named.items() <= one.items() for one in told), found.unread
    waiting = {one.place for trial in found.trials for one in trial.waiting}
    assert place in waiting


def test_what_was_forgiven_is_told_and_stays_green(examiner: Examiner, library: Library) -> None:
    code = {"coding": {"system": LOINC, "code": "777-3"}}
    found = report(examiner, request(library, observations=bundle(platelets(code=code))))
    [fault] = found.faults
    assert (fault.kind, fault.place) == ("forgiven", "prefetch.observations entry 1")
    assert states(found)["request"] == "green"


def test_of_a_request_that_is_refused_the_prefetch_is_looked_at_all_the_same(
    examiner: Examiner, library: Library
) -> None:
    content = changed(request(library, observations=...), userId=..., hookInstance="", fhirServer=7)
    found = report(examiner, content)
    assert found.status == 400
    assert states(found) == {"request": "red", "prefetch": "red", "fhir_access": "red"}
    assert [one.key for one in found.not_arrived] == ["observations"]
    assert found.trials


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"hook": "patient-view", "context": {"pat', "not JSON: Input data was truncated"),
        (b'{"hook" "patient-view"}', r"not JSON: JSON is malformed: .*byte 8"),
        (b"[1]", "no JSON object"),
        (b'{"hook": \xff}', "UTF-8"),
        (b'{"context": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"resourceType": "Bundle"}', "FHIR resource"),
        (b'{"cards": []}', "no hook request"),
    ],
)
def test_what_is_no_request_at_all_is_said_to_be_none(examiner: Examiner, body: bytes, says: str) -> None:
    with pytest.raises(NoRequest, match=says):
        examiner.examine(body, KNOWN)


def test_the_answer_is_that_of_the_service_for_each_hook(examiner: Examiner, library: Library) -> None:
    content = changed(request(library), hook="encounter-start") | {}
    content["context"]["encounterId"] = "enc-1"
    for service, hook in zip(SERVICES, ("patient-view", "encounter-start"), strict=True):
        found = examiner.examine(encoded(content | {"hook": hook}), KNOWN, service)
        assert found.report.hook == hook
        assert found.answer is not None
    bare = examiner.examine(encoded(changed(request(library, conditions=...), **NO_SERVER)), KNOWN)
    assert (bare.report.status, bare.answer) == (412, None)
    assert [problem.place for problem in bare.problems] == ["prefetch.conditions"]


@pytest.mark.parametrize("section", [*SECTIONS.values(), CODES_SECTION], ids=lambda section: section.link)
def test_every_section_that_is_named_exists(section: PageSection) -> None:
    headings = [
        line.lstrip("#").strip()
        for line in (ROOT / section.page).read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    ]
    assert section.heading in headings
    assert json.dumps(section.link).count("#") == 1


def test_an_anchor_is_made_as_github_makes_it() -> None:
    link = PageSection("a.md", "2. Prefetch: what the EHR sends along").link
    assert link == "a.md#2-prefetch-what-the-ehr-sends-along"
    assert PageSection("a.md", "When something doesn't arrive: `cds-service doctor`").link == (
        "a.md#when-something-doesnt-arrive-cds-service-doctor"
    )


def test_what_the_service_forgives_is_green_and_told(examiner: Examiner, library: Library) -> None:
    found = report(examiner, changed(request(library), userId=...))
    assert states(found)["request"] == "green"
    assert [(one.kind, one.says) for one in found.faults] == [("forgiven", "no `context.userId`: nobody")]
