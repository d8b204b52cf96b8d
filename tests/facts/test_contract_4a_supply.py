"""docs/design.md, 4a, what was supplied, wrong patients, the dead, codes without a standard: documents and requests."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import HookError, PrefetchedRecord, parse_request, service_for
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import match
from cds_service.settings import Settings, default_rules_dir
from tests.facts.contract_4a.rows import AS_OF, outcome, said
from tests.facts.records import Json, coded, concept, condition, lab, patient, procedure, request
from tests.facts.small_rules import HOUSE, LOINC, SNOMED

CANCER_EVER, PHOTOTHERAPY, VACCINATED = "NCT07083349/exc-09", "NCT07083349/exc-03b", "NCT06598202/exc-10"
BIOLOGIC, GATE = "NCT07083349/exc-03c", "NCT07083349/inc-02"
LUPUS, LUNG_CANCER, FRACTURE = condition(), "254637007", "65966004"
NEXT = {"link": [{"relation": "next", "url": "https://fhir.example.org/page/2"}]}
FAILURE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def bundle(*resources: Json, **elements: Any) -> Json:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **elements}


def document(*resources: Json, **elements: Any) -> Record:
    """As the command line reads it."""
    return read_bundle(json.dumps(bundle(patient(), LUPUS, *resources, **elements)))


def hook_body(**prefetch: Any) -> Json:
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p"},
        "prefetch": prefetch,
    }


def hook(**prefetch: Any) -> Record:
    """As the hook reads it."""
    body = json.dumps(hook_body(**prefetch)).encode()
    return PrefetchedRecord(parse_request(body, service_for("patient-view")), {}).record()


def asked(**prefetch: Any) -> Record:
    """The same with the two keys that are required."""
    return hook(**{"patient": patient(), "conditions": bundle(LUPUS), **prefetch})


def broken(resource: Json, **elements: Any) -> Json:
    """One that cannot be read as its type."""
    return {**resource, "subject": SUBJECT_OF_P, **elements}


SUBJECT_OF_P = {"reference": "Patient/p"}
BROKEN_CANCER = broken(condition(LUNG_CANCER), onsetDateTime={"year": 2019})
FRACTURED = concept(FRACTURE, SNOMED, display="Fracture of ankle")
BROKEN_FRACTURE = broken(condition(None, code=FRACTURED), onsetDateTime={"year": 2019})
BROKEN_AT_ALL = broken(condition(LUNG_CANCER), code="cancer")
OF_ANOTHER = condition(LUNG_CANCER, SNOMED, id="other") | {"subject": {"reference": "Patient/q"}}

# why -> the record, the criterion, what comes of it
WHOLE_DOCUMENTS: dict[str, tuple[Callable[[], Record], str, str]] = {
    "a Bundle is the whole record: absence is presumed": (document, CANCER_EVER, "pass"),
    "a next page that did not come": (lambda: document(**NEXT), CANCER_EVER, "unknown"),
    "what is on the first page counts": (lambda: document(**NEXT), GATE, "pass"),
    "an error among the entries": (lambda: document(FAILURE), CANCER_EVER, "unknown"),
    "a malformed condition that may be cancer": (lambda: document(BROKEN_AT_ALL), CANCER_EVER, "unknown"),
    "a malformed condition that is cancer": (lambda: document(BROKEN_CANCER), CANCER_EVER, "unknown"),
    "a malformed condition whose code is immaterial": (lambda: document(BROKEN_FRACTURE), CANCER_EVER, "pass"),
    "the neighbours of a malformed one count": (lambda: document(BROKEN_AT_ALL), GATE, "pass"),
    "a malformed condition says nothing of procedures": (lambda: document(BROKEN_AT_ALL), PHOTOTHERAPY, "pass"),
    "another patient's cancer never counts": (lambda: document(OF_ANOTHER), CANCER_EVER, "pass"),
}
REQUESTS: dict[str, tuple[Callable[[], Record], str, str]] = {
    "a key with an empty answer": (lambda: asked(procedures=bundle()), PHOTOTHERAPY, "pass"),
    "a key that was not sent": (asked, PHOTOTHERAPY, "unknown"),
    "an error in place of the answer": (lambda: asked(procedures=FAILURE), PHOTOTHERAPY, "unknown"),
    "a first page only": (lambda: asked(procedures=bundle(**NEXT)), PHOTOTHERAPY, "unknown"),
    "fewer than there are": (lambda: asked(procedures=bundle(total=7)), PHOTOTHERAPY, "unknown"),
    "what is no Bundle at all": (lambda: asked(procedures="<html>"), PHOTOTHERAPY, "unknown"),
    "present, on a first page": (
        lambda: asked(procedures=bundle(procedure("182668004", performedDateTime="2026-05-20"), **NEXT)),
        PHOTOTHERAPY,
        "fail",
    ),
    "one of the two keys that hold drugs": (lambda: asked(medicationRequests=bundle()), BIOLOGIC, "unknown"),
    "both": (lambda: asked(medicationRequests=bundle(), medicationStatements=bundle()), BIOLOGIC, "pass"),
    "both, and a biologic in one": (
        lambda: asked(medicationRequests=bundle(request("121191")), medicationStatements=bundle()),
        BIOLOGIC,
        "fail",
    ),
    "the conditions are whole": (asked, CANCER_EVER, "pass"),
    "the conditions in part": (lambda: asked(conditions=bundle(LUPUS, **NEXT)), CANCER_EVER, "unknown"),
    "a chart under a key that is not ours is whole for what it contains": (
        lambda: hook(chart=bundle(patient(), LUPUS, procedure("80146002"))),
        PHOTOTHERAPY,
        "pass",
    ),
    "and not for what it does not": (lambda: hook(chart=bundle(patient(), LUPUS)), VACCINATED, "unknown"),
    "a resource under a key that is not ours counts": (
        lambda: asked(more=coded("56888-1", "10828004")),
        "NCT07617779/exc-05a",
        "fail",
    ),
    "results that were never asked for are not normal": (asked, "NCT07617779/exc-05a", "unknown"),
}


@pytest.mark.parametrize("why", WHOLE_DOCUMENTS)
def test_what_a_document_supplies(why: str, library: Library) -> None:
    record, place, expected = WHOLE_DOCUMENTS[why]
    assert outcome(place, record(), library) == expected


@pytest.mark.parametrize("why", REQUESTS)
def test_what_a_request_supplies(why: str, library: Library) -> None:
    record, place, expected = REQUESTS[why]
    assert outcome(place, record(), library) == expected


def test_another_patient_in_a_document_is_an_issue() -> None:
    assert any(issue.code == "other_patient" for issue in document(OF_ANOTHER).issues)


def test_a_malformed_resource_is_an_issue_that_names_it() -> None:
    [issue] = [issue for issue in document(BROKEN_CANCER).issues if issue.code == "malformed_resource"]
    assert issue.resource == f"Condition/{BROKEN_CANCER['id']}"
    assert issue.element == "onsetDateTime"


@pytest.mark.parametrize(
    ("prefetch", "status", "names"),
    [
        ({"patient": patient(), "conditions": bundle(OF_ANOTHER)}, 400, "prefetch.conditions"),
        ({"patient": patient(id="q"), "conditions": bundle(LUPUS)}, 400, "prefetch.patient"),
        ({"conditions": bundle(LUPUS)}, 412, "prefetch.patient"),
        ({"patient": FAILURE, "conditions": bundle(LUPUS)}, 412, "prefetch.patient"),
        ({"patient": patient()}, 412, "prefetch.conditions"),
        ({"patient": patient(), "conditions": FAILURE}, 412, "prefetch.conditions"),
    ],
)
def test_what_a_request_must_hold(prefetch: Json, status: int, names: str) -> None:
    with pytest.raises(HookError) as refused:
        hook(**prefetch)
    assert refused.value.status == status
    assert names in {problem.place for problem in refused.value.problems}


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(log_level="error"), library, lambda: AS_OF)) as client:
        yield client


def cards(client: TestClient, person: Json) -> list[Json]:
    body = hook_body(patient=patient(**person), conditions=bundle(LUPUS))
    answer = client.post("/cds-services/clinical-trial-match", json=body)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["cards"]
    return found


DEATHS = [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-05"}, {"deceasedDateTime": "?"}]


@pytest.mark.parametrize("death", DEATHS)
def test_a_deceased_patient_gets_no_cards(death: Json, client: TestClient) -> None:
    assert cards(client, {})
    assert not cards(client, death)


@pytest.mark.parametrize(("died", "dead"), [("2026-06-01", True), ("2026-06", True), ("2026-06-02", False)])
def test_who_dies_later_is_alive(died: str, dead: bool, library: Library) -> None:
    record = read_bundle(json.dumps(bundle(patient(deceasedDateTime=died), LUPUS)))
    assert match(record, library, AS_OF).deceased is dead


def house_codes(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("system") == HOUSE:
            codes = [node, *node.get("concept", ())]
            yield from (one["code"] for one in codes if "code" in one)
        for value in node.values():
            yield from house_codes(value)
    elif isinstance(node, list):
        for value in node:
            yield from house_codes(value)


def test_every_house_code_is_published_as_a_code_system() -> None:
    rules = default_rules_dir()
    system = json.loads((rules / "codesystems" / "facts.json").read_text(encoding="utf-8"))
    assert (system["resourceType"], system["url"]) == ("CodeSystem", HOUSE)
    files = [*(rules / "facts").glob("*.json"), *(rules / "valuesets").glob("*.json")]
    used = {code for file in files for code in house_codes(json.loads(file.read_text(encoding="utf-8")))}
    assert used == {one["code"] for one in system["concept"]}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The rules of the repository with a site's own ConceptMap beside them, nothing else changed."""
    folder = tmp_path_factory.mktemp("rules")
    for entry in default_rules_dir().iterdir():
        if entry.name != "conceptmaps":
            (folder / entry.name).symlink_to(entry)
    (folder / "conceptmaps").mkdir()
    (folder / "conceptmaps" / "site.json").write_text(json.dumps(SITE_MAP), encoding="utf-8")
    return load_library(folder)


def to(target: str, *pairs: tuple[str, str, str]) -> Json:
    elements = [{"code": own, "target": [{"code": code, "equivalence": how}]} for own, code, how in pairs]
    return {"source": "urn:site:codes", "target": target, "element": elements}


SITE_MAP = {
    "resourceType": "ConceptMap",
    "status": "active",
    "group": [
        to(LOINC, ("HGB", "718-7", "equivalent"), ("HGBX", "718-7", "narrower")),
        to(SNOMED, ("LUPUS", "55464009", "wider"), ("POS", "10828004", "equal")),
        to(HOUSE, ("CLL1", "cll1-expression-on-blasts", "equivalent")),
    ],
}


@pytest.mark.parametrize(
    ("why", "resource", "fact", "expected"),
    [
        ("equivalent", {**lab("", 80, "g/L"), "code": concept("HGB", "urn:site:codes")}, "lab.hemoglobin", "80"),
        ("wider: the site's code is narrower", condition("LUPUS", "urn:site:codes"), "condition.sle", "yes"),
        ("narrower", {**lab("", 80, "g/L"), "code": concept("HGBX", "urn:site:codes")}, "lab.hemoglobin", "no_result"),
        ("not mapped", {**lab("", 80, "g/L"), "code": concept("HB", "urn:site:codes")}, "lab.hemoglobin", "no_result"),
        (
            "code and answer",
            {
                **lab("", 0),
                "code": concept("CLL1", "urn:site:codes"),
                "valueQuantity": None,
                "valueCodeableConcept": concept("POS", "urn:site:codes"),
            },
            "result.cll1_on_blasts",
            "positive",
        ),
    ],
)
def test_a_site_maps_its_codes(why: str, resource: Json, fact: str, expected: str, mapped: Library) -> None:
    person = json.dumps(bundle(patient(), resource))
    assert said(fact, read_bundle(person), mapped) == expected
