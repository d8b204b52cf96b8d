"""What is malformed, or has a status that FHIR does not know, is a hint: neither certain nor nothing."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cds_service.facts import FactReaders, build_sheet
from cds_service.facts.catalogue import ICD10, SNOMED, CodeSystems
from cds_service.facts.events import READERS
from cds_service.facts.fact import Events, Fact
from cds_service.fhir import RESOURCE_TYPES, CodeableConcept, Coding, read_bundle
from tests.facts.records import Json, concept, condition, lab, patient, procedure, record, request, statement, verified
from tests.facts.small_rules import RXNORM

AS_OF = date(2026, 6, 1)
STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def allergy(**elements: Any) -> Json:
    code = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8640"}]}
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": "Patient/p"},
        "code": code,
        **elements,
    }


def clinical(code: str) -> Json:
    return {"clinicalStatus": {"coding": [{"system": STATUS, "code": code}]}}


# the entry, the fact it is about, the same entry as it should be
HINTS: list[tuple[str, Json, str, Json]] = [
    ("verificationStatus", condition(**verified("confiroed")), "condition.sle", condition(**verified("confirmed"))),
    ("clinicalStatus", condition(clinical="actve"), "condition.sle", condition()),
    ("an allergy", allergy(**verified("confiroed")), "allergy.glucocorticoid", allergy()),
    ("an allergy's clinicalStatus", allergy(**clinical("actve")), "allergy.glucocorticoid", allergy()),
    ("a request", request(status="activ"), "medication.glucocorticoid", request()),
    ("a request's intent", request(intent="ordr"), "medication.glucocorticoid", request()),
    ("a statement", statement(status="taking"), "medication.glucocorticoid", statement()),
    ("a procedure", procedure(status="done"), "procedure.major_surgery", procedure()),
    ("a malformed condition", condition(onsetDateTime=7), "condition.sle", condition()),
    ("a malformed request", request(authored=7), "medication.glucocorticoid", request()),
    ("a malformed procedure", procedure(performedDateTime=7), "procedure.major_surgery", procedure()),
    (
        "a code that is a number",
        condition(None, code={"coding": [{"system": SNOMED, "code": 55464009}]}),
        "condition.sle",
        condition(),
    ),
]


def events(knowledge: FactReaders, name: str, *resources: Json) -> Events:
    value = build_sheet(record(*resources), knowledge, AS_OF)[name].value
    assert isinstance(value, Events)
    return value


@pytest.mark.parametrize(("entry", "name", "sound"), [row[1:] for row in HINTS], ids=[row[0] for row in HINTS])
def test_it_is_a_hint(knowledge: FactReaders, entry: Json, name: str, sound: Json) -> None:
    assert events(knowledge, name, sound).history("closed") is True
    found = events(knowledge, name, entry)
    assert found.items
    assert (found.exists("closed"), found.active("closed"), found.history("closed")) == (None, None, None)
    assert {item.hint for item in found.items} == {"malformed_entry"}
    described = build_sheet(record(entry), knowledge, AS_OF).describe(name)
    assert {item["reason"] for item in described if item["source"]} == {"malformed_entry"}
    both = events(knowledge, name, entry, {**sound, "id": "sound"})
    assert both.history("closed") is True, "what is certain stays so"


def test_a_hint_of_a_hint_is_no_more(knowledge: FactReaders) -> None:
    """A motor neuron disease only may be ALS; if its entry is mended it still only may."""
    hint = "37340000"
    for entry in (condition(hint), condition(hint, **verified("confiroed")), condition(hint, onsetDateTime=7)):
        [item] = events(knowledge, "condition.als", entry).items
        assert item.hint == "unconfirmed"


def test_a_drug_whose_medication_has_an_unknown_status_is_a_hint(knowledge: FactReaders) -> None:
    use = {**statement(), "medicationReference": {"reference": "Medication/m"}}
    del use["medicationCodeableConcept"]
    for status, expected in (("active", True), ("actve", None)):
        drug = {
            "resourceType": "Medication",
            "id": "m",
            "status": status,
            "code": statement()["medicationCodeableConcept"],
        }
        assert events(knowledge, "medication.glucocorticoid", use, drug).exists("closed") is expected


# status and date of two haemoglobins of 90 and 70 g/L, and what is known
RESULTS: list[tuple[str, tuple[str, str], tuple[str, str], str]] = [
    ("the newest has one that is none", ("final", "2026-05-01"), ("finl", "2026-05-20"), "value_not_understood"),
    ("the only one has", ("cancelled", "2026-05-01"), ("finl", "2026-05-20"), "value_not_understood"),
    ("an older one has", ("final", "2026-05-20"), ("finl", "2026-05-01"), "90"),
    ("the newest does not count", ("final", "2026-05-01"), ("cancelled", "2026-05-20"), "90"),
]


@pytest.mark.parametrize(("first", "second", "expected"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_a_result_of_unknown_status_is_not_dropped(
    fact: Callable[..., Fact], first: tuple[str, str], second: tuple[str, str], expected: str
) -> None:
    found = fact(
        "lab.hemoglobin",
        lab("718-7", 90, "g/L", first[1], status=first[0], id="a"),
        lab("718-7", 70, "g/L", second[1], status=second[0], id="b"),
    )
    assert (found.reason or found.value.text()) == expected  # type: ignore[union-attr]


# A malformed Condition may be anything where none of its code can be read.
@pytest.mark.parametrize(
    ("code", "lupus", "heart"),
    [
        (7, None, None),
        ({"coding": 7, "text": "SLE"}, None, None),
        ({"coding": [{"system": SNOMED, "code": "55464009"}]}, None, False),
        ({"coding": [{"system": SNOMED, "code": "55464008"}]}, None, None),
        ({"coding": [{"system": SNOMED, "code": "38341003"}]}, False, False),
        ({"coding": [{"system": SNOMED, "code": 38341003}]}, None, None),
    ],
)
def test_what_a_malformed_condition_may_be(
    knowledge: FactReaders, code: Any, lupus: bool | None, heart: bool | None
) -> None:
    broken = condition(None, code=code, onsetDateTime=7)
    assert events(knowledge, "condition.sle", broken).exists("closed") is lupus
    assert events(knowledge, "condition.heart_failure", broken).exists("closed") is heart


@pytest.mark.parametrize(
    ("system", "code", "known"),
    [
        (SNOMED, "55464009", True),
        (SNOMED, "lupus", False),
        (SNOMED, "42", False),
        (ICD10, "M32.9", True),
        (ICD10, "C92.-", True),
        (ICD10, "nonsense", False),
        ("http://www.whocc.no/atc", "L04AX01", True),
        ("http://www.whocc.no/atc", "azathioprine", False),
        ("urn:site", "1", False),
    ],
)
def test_what_does_not_look_like_a_code_of_its_system_says_nothing(system: str, code: str, known: bool) -> None:
    systems = CodeSystems()
    assert systems.is_known(systems.key(system, code)) is known


def test_in_the_other_bundle_too(knowledge: FactReaders) -> None:
    """The status is read as it was sent, whatever the rest of the record."""
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": patient()}, {"resource": condition(**verified("x" * 500))}],
    }
    value = build_sheet(read_bundle(json.dumps(bundle)), knowledge, AS_OF)["condition.sle"].value
    assert isinstance(value, Events)
    assert all(len(item.evidence.value) <= 120 for item in value.items)


IN_OTHER_LETTERS = [
    (row.name, element, status)
    for row in RESOURCE_TYPES.values()
    if row.events is not None
    for element, statuses in row.statuses.items()
    for status in sorted(statuses)
]


@pytest.mark.parametrize(("name", "element", "status"), IN_OTHER_LETTERS)
def test_a_status_in_capitals_is_that_status(name: str, element: str, status: str) -> None:
    view = RESOURCE_TYPES[name].view
    spans = []
    for word in (status, status.upper(), f" {status.title()}"):
        of_concept = element in {"clinical_status", "verification_status"}
        held = CodeableConcept((Coding(STATUS, None, word),)) if of_concept else word
        entry = READERS[name].entry(view(**{element: held}), None, AS_OF)
        spans.append(entry if entry is None else (entry.span, entry.doubt))
    assert spans[0] == spans[1] == spans[2]


def test_what_is_entered_in_error_in_capitals_does_not_count(knowledge: FactReaders) -> None:
    drug = {"resourceType": "Medication", "id": "x", "status": "ENTERED-IN-ERROR", "code": concept("8640", RXNORM)}
    use = request(medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"})
    assert events(knowledge, "medication.glucocorticoid", drug, use).exists("closed") is None
    inner = lab("718-7", 9, "g/dL", id="i")
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "Entered-In-Error", "contained": [inner]}
    assert "Observation" not in record(report | {"subject": {"reference": "Patient/p"}}).resources
