"""No information is not none: entries and lists that say that nothing is known of a kind, and those that say none."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.explanation import EXTENSION, fact_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.settings import Settings, default_rules_dir
from tests.cds_hooks.conftest import bundle as searchset
from tests.facts.records import Json, concept, condition, patient, procedure, request, statement, verified
from tests.facts.small_rules import ICD10CM, SNOMED

AS_OF = date(2026, 11, 24)
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
OLD_IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown"
DAR = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
NULL = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
LOINC = "http://loinc.org"
REASONS = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
TABLE = json.loads((default_rules_dir() / "facts" / "no_information.json").read_text(encoding="utf-8"))
CODES = Path("/work/shared/data/codes.tsv.gz")
NAMES = {"http://snomed.info/sct": "SNOMED", LOINC: "LOINC", "http://hl7.org/fhir/sid/cvx": "CVX"}
# Not in the release that the list was made of: SNOMED CT's US edition, as the case allergy-not-asked has it.
ELSEWHERE = {"1631000175102"}

HIV, DRUG, OPERATION, ALLERGY = (
    "condition.hiv",
    "medication.biologic",
    "procedure.organ_transplant",
    "allergy.glucocorticoid",
)
VACCINE, DEVICE = "immunization.live_vaccine", "device.tracheostomy"
FACTS = {
    "Condition": HIV,
    "Medication": DRUG,
    "Procedure": OPERATION,
    "AllergyIntolerance": ALLERGY,
    "Immunization": VACCINE,
    "Device": DEVICE,
}
SUBJECT = {"reference": "Patient/p"}


def allergy(**elements: Any) -> Json:
    return {"resourceType": "AllergyIntolerance", "id": "a", "patient": SUBJECT, **elements}


def disease(code: Json, **elements: Any) -> Json:
    return {"resourceType": "Condition", "id": "c", "subject": SUBJECT, "code": code, **elements}


def drug(code: Json, **elements: Any) -> Json:
    return statement(**{"id": "m", "medicationCodeableConcept": code, **elements})


def operation(code: Json, **elements: Any) -> Json:
    return {**procedure(**elements), "id": "o", "code": code}


def vaccination(code: Json, **elements: Any) -> Json:
    return {
        "resourceType": "Immunization",
        "id": "v",
        "patient": SUBJECT,
        "status": "completed",
        "vaccineCode": code,
        **elements,
    }


def device(code: Json) -> Json:
    return {"resourceType": "Device", "id": "d", "patient": SUBJECT, "type": code}


def told(library: Library, *resources: Json, kind: str = "collection") -> Json:
    entries = [{"resource": one} for one in (*resources, patient())]
    document = json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries})
    return fact_sheet(read_bundle(document), library, AS_OF)


def value(sheet: Json, name: str) -> Any:
    return next(entry["value"] for entry in sheet["facts"] if entry["name"] == name)


def codes(sheet: Json) -> list[str]:
    return [issue["code"] for issue in sheet["issues"]]


# what is on record: the kind of which nothing is known then
UNKNOWN: dict[str, tuple[Json, str]] = {
    "IPS: no information about problems": (disease(concept("no-problem-info", IPS)), "Condition"),
    "the same by the system's older name": (disease(concept("no-problem-info", OLD_IPS)), "Condition"),
    "and with a version": (disease(concept("no-problem-info", f"{IPS}|1.1.0")), "Condition"),
    "IPS: no information about medications": (drug(concept("no-medication-info", IPS)), "Medication"),
    "IPS: no information about procedures": (operation(concept("no-procedure-info", IPS)), "Procedure"),
    "IPS: no information about allergies": (allergy(code=concept("no-allergy-info", IPS)), "AllergyIntolerance"),
    "IPS: no information about immunizations": (vaccination(concept("no-immunization-info", IPS)), "Immunization"),
    "IPS: no information about devices": (device(concept("no-device-info", IPS)), "Device"),
    "SNOMED CT: patient not asked": (allergy(code=concept("1631000175102", SNOMED)), "AllergyIntolerance"),
    "SNOMED CT: drug treatment unknown": (drug(concept("182904002", SNOMED)), "Medication"),
    "about problems, among the allergies": (allergy(code=concept("no-problem-info", IPS)), "Condition"),
    "data absent: asked, unknown": (disease(concept("asked-unknown", DAR)), "Condition"),
    "data absent: unknown, under the old system": (
        disease(concept("unknown", "http://hl7.org/fhir/data-absent-reason")),
        "Condition",
    ),
    "a null flavour": (operation(concept("NASK", NULL)), "Procedure"),
    "a null flavour and its own name as text": (
        operation(concept("NAV", NULL, "Temporarily unavailable")),
        "Procedure",
    ),
    "a null flavour by its OID": (disease(concept("NI", "urn:oid:2.16.840.1.113883.5.1008")), "Condition"),
    "the word unknown": (disease(concept(text="Unknown")), "Condition"),
    "not asked": (allergy(code=concept(text="not asked")), "AllergyIntolerance"),
    "in German": (allergy(code=concept(text="keine Angabe")), "AllergyIntolerance"),
    "in Chinese, not asked": (allergy(code=concept(text="未询问")), "AllergyIntolerance"),
    "in Chinese, not clear": (disease(concept(text="不详")), "Condition"),
    "a local code that is called unknown": (disease(concept("X1", "urn:x", display="unknown")), "Condition"),
    "malformed besides": (disease(concept("no-problem-info", IPS), onsetDateTime=5), "Condition"),
    "the drug referred to": (
        request(
            id="m",
            contained=[{"resourceType": "Medication", "id": "x", "code": concept("no-medication-info", IPS)}],
            medicationReference={"reference": "#x"},
            medicationCodeableConcept=None,
        ),
        "Medication",
    ),
}


@pytest.mark.parametrize("why", UNKNOWN)
def test_of_a_kind_of_which_nothing_is_known_nothing_is_presumed_absent(library: Library, why: str) -> None:
    entry, kind = UNKNOWN[why]
    sheet = told(library, entry)
    assert {one: value(sheet, fact) for one, fact in FACTS.items()} == {
        one: None if one == kind else False for one in FACTS
    }
    assert sheet["gaps"]
    assert set(codes(sheet)) & {"no_information", "malformed_resource"}


# what is on record: a fact, and what it is
OTHERWISE: dict[str, tuple[Json, str, bool | None]] = {
    "IPS: no known problems": (disease(concept("no-known-problems", IPS)), HIV, False),
    "SNOMED CT: no current problems": (disease(concept("160245001", SNOMED)), HIV, False),
    "SNOMED CT: no known allergy": (allergy(code=concept("716186003", SNOMED)), ALLERGY, False),
    "of drugs only": (allergy(code=concept("409137002", SNOMED)), ALLERGY, False),
    "NKDA": (allergy(code=concept(text="NKDA")), ALLERGY, False),
    "none, in words": (drug(concept(text="none")), DRUG, False),
    "none, in Chinese": (allergy(code=concept(text="无")), ALLERGY, False),
    "IPS: no known medications": (drug(concept("no-known-medications", IPS)), DRUG, False),
    "SNOMED CT: no known procedures": (operation(concept("787480003", SNOMED)), OPERATION, False),
    "no known problems, among the allergies": (allergy(code=concept("no-known-problems", IPS)), ALLERGY, False),
    "entered in error": (disease(concept("no-problem-info", IPS), **verified("entered-in-error")), HIV, False),
    "not done": (operation(concept("UNK", NULL), status="not-done"), OPERATION, False),
    "a null flavour beside words that name a disease": (disease(concept("UNK", NULL, "HIV infection")), HIV, None),
    "a null flavour beside a code": (
        disease({"coding": [{"system": NULL, "code": "UNK"}, {"system": ICD10CM, "code": "B20"}]}),
        HIV,
        True,
    ),
    "unknown, within other words": (disease(concept(text="fever of unknown origin")), HIV, False),
    "an allergy that is not named, with a reaction to what is": (
        allergy(code=concept(text="unknown"), reaction=[{"substance": concept(text="Prednisolone")}]),
        ALLERGY,
        None,
    ),
}


@pytest.mark.parametrize("why", OTHERWISE)
def test_what_says_that_there_is_none_or_names_something_is_read(library: Library, why: str) -> None:
    entry, fact, expected = OTHERWISE[why]
    sheet = told(library, entry)
    assert value(sheet, fact) is expected
    assert "no_information" not in codes(sheet)


def test_entries_beside_count(library: Library) -> None:
    hiv = condition("B20", ICD10CM, onsetDateTime="2020-01-10")
    for silent, said in (("no-known-problems", "none_beside_entries"), ("no-problem-info", "no_information")):
        sheet = told(library, hiv, disease(concept(silent, IPS)))
        assert value(sheet, HIV) is True
        assert said in codes(sheet)
    assert value(told(library, hiv, disease(concept("no-problem-info", IPS))), "condition.als") is None
    assert value(told(library, hiv, disease(concept("no-known-problems", IPS))), "condition.als") is False


def section(code: str | None = "11450-4", reason: str | None = None, **elements: Any) -> Json:
    found: Json = {} if code is None else {"code": concept(code, LOINC)}
    return found | ({} if reason is None else {"emptyReason": concept(reason, REASONS)}) | elements


def words(text: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>'}


def composition(*sections: Json) -> Json:
    return {"resourceType": "Composition", "id": "c", "status": "final", "subject": SUBJECT, "section": list(sections)}


ENTRY = [{"reference": "Condition/x"}]
# a section of a document: the kinds of which nothing is known then
SECTIONS: dict[str, tuple[Json, set[str]]] = {
    "problems: unavailable": (section(reason="unavailable"), {"Condition"}),
    "problems: not asked": (section(reason="notasked"), {"Condition"}),
    "problems: a reason of the house": (section(reason="zzz"), {"Condition"}),
    "problems: a reason in words": (section(emptyReason={"text": "server down"}), {"Condition"}),
    "problems: nil known": (section(reason="nilknown"), set()),
    "medications: withheld": (section("10160-0", "withheld"), {"Medication"}),
    "discharge medications: not started": (section("10183-2", "notstarted"), {"Medication"}),
    "medications administered: unavailable": (section("29549-3", "unavailable"), {"Medication"}),
    "allergies: not asked": (section("48765-2", "notasked"), {"AllergyIntolerance"}),
    "procedures: unavailable": (section("47519-4", "unavailable"), {"Procedure"}),
    "immunizations: unavailable": (section("11369-6", "unavailable"), {"Immunization"}),
    "devices: unavailable": (section("46264-8", "unavailable"), {"Device"}),
    "a section within another": (section(None, section=[section(reason="unavailable")]), {"Condition"}),
    "a section of something else": (section("29762-2", "unavailable"), set()),
    "entries, no reason": (section(entry=ENTRY), set()),
    "neither entries nor reason nor words": (section(), {"Condition"}),
    "words that no entry holds": (section(text=words("Kaposi sarcoma, HIV")), {"Condition"}),
    "words that say none": (section(text=words("No known problems")), set()),
    "words that say nothing": (section(text=words("No information available")), {"Condition"}),
    "entries in a subsection": (section(section=[section(None, entry=ENTRY)]), set()),
}


@pytest.mark.parametrize("why", SECTIONS)
def test_an_empty_section_of_a_document_is_not_none(library: Library, why: str) -> None:
    empty, kinds = SECTIONS[why]
    sheet = told(library, composition(empty), kind="document")
    assert {kind for kind, fact in FACTS.items() if value(sheet, fact) is None} == kinds
    assert ("no_information" in codes(sheet)) is bool(kinds)


def test_only_the_composition_of_a_document_is_asked(library: Library) -> None:
    note = composition(section(reason="unavailable"))
    assert value(told(library, note, kind="collection"), HIV) is False, "an old note among others"
    broken = note | {"section": [{"emptyReason": 5}]}
    sheet = told(library, broken, kind="document")
    assert value(sheet, HIV) is None, "it may say that a list is missing"
    assert codes(sheet) == ["malformed_resource"]


def emptied(reason: str, **elements: Any) -> Json:
    found = {"resourceType": "List", "id": "l", "status": "current", "mode": "snapshot", "subject": SUBJECT}
    return found | {"code": concept("11450-4", LOINC), "emptyReason": concept(reason, REASONS)} | elements


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (emptied("unavailable"), None),
        (emptied("nilknown"), False),
        (emptied("unavailable", status="retired"), False),
        (emptied("unavailable", subject={"reference": "Patient/q"}), False),
        (
            emptied(
                "unavailable", code=concept("problems", "http://terminology.hl7.org/CodeSystem/list-example-codes")
            ),
            None,
        ),
    ],
)
def test_a_list_that_is_empty_for_a_reason(library: Library, found: Json, expected: bool | None) -> None:
    assert value(told(library, found), HIV) is expected


SAMPLE = Path(__file__).parents[2] / "fhir_samples" / "requests" / "patient-view-sle.json"


def asked(library: Library, *conditions: Json) -> Any:
    body = json.loads(SAMPLE.read_text(encoding="utf-8"))
    about = {"reference": f"Patient/{body['context']['patientId']}"}
    body["prefetch"]["conditions"] = searchset(*[{**one, "subject": about} for one in conditions])
    with TestClient(create_app(Settings(log_level="error"), library, lambda: AS_OF)) as client:
        return client.post("/cds-services/clinical-trial-match", json=body)


def test_over_http_the_answer_says_what_could_not_be_judged(library: Library) -> None:
    alone = asked(library, disease(concept("no-problem-info", IPS)))
    assert alone.status_code == 200
    assert alone.json()["cards"] == []
    assert alone.json()["extension"][EXTENSION]["entries"] == 1
    none = asked(library, disease(concept("no-known-problems", IPS)))
    assert none.json() == {"cards": []}
    asthma = condition(None, code=concept("195967001", SNOMED, display="Asthma"), id="x")
    beside = asked(library, disease(concept("no-problem-info", IPS)), asthma)
    assert (beside.status_code, beside.json()) == (200, {"cards": []})


@pytest.mark.skipif(not CODES.is_file(), reason="the list of codes is not part of a clone")
def test_every_code_of_a_code_system_that_is_listed_is_there() -> None:
    with gzip.open(CODES, "rt", encoding="utf-8") as lines:
        there = {tuple(line.split("\t")[:2]) for line in lines}
    listed = [code for part in ("unknown", "none", "none_of_a_part") for code in TABLE[part]["codes"]]
    listed += [*TABLE["fillers"], *(code for codes in TABLE["sections"].values() for code in codes)]
    checked = {(NAMES[one["system"]], one["code"]) for one in listed if one["system"] in NAMES}
    assert {code for _, code in checked - there} == ELSEWHERE
