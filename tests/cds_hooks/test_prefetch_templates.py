"""Which queries are asked for follows from the facts that the rules read."""

import re

import pytest

from cds_service.cds_hooks import LABELS, prefetch_templates, resource_type, scopes
from cds_service.facts.catalogue import MODELS, Catalogue
from cds_service.library import Library

LOINC = "http://loinc.org"


def catalogue(*entries: dict) -> Catalogue:
    facts = {entry["name"]: MODELS[entry["kind"]].model_validate({"title": "x", **entry}) for entry in entries}
    return Catalogue(facts, {})


def lab(name: str, *codes: str, system: str = LOINC) -> dict:
    return {
        "name": name,
        "kind": "quantity",
        "codes": [{"system": system, "code": code} for code in codes],
        "unit": "g/L",
        "units": {"g/L": "1"},
    }


def events(name: str, resource: str) -> dict:
    return {"name": name, "kind": "events", "resource": resource}


def test_the_keys_of_every_site_are_there_whatever_the_rules_read() -> None:
    templates = prefetch_templates(catalogue(), ())
    assert templates == {
        "patient": "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "observations": "Observation?patient={{context.patientId}}",
        "medicationRequests": "MedicationRequest?patient={{context.patientId}}",
        "medicationStatements": "MedicationStatement?patient={{context.patientId}}",
        "procedures": "Procedure?patient={{context.patientId}}",
        "immunizations": "Immunization?patient={{context.patientId}}",
        "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    }


def test_the_keys_stand_in_the_order_in_which_they_always_stood() -> None:
    facts = catalogue(events("a.b", "ResearchSubject"), events("a.c", "Device"))
    keys = [
        *("patient", "conditions", "observations", "medicationRequests", "medicationStatements", "procedures"),
        *("immunizations", "allergies", "devices", "researchSubjects"),
    ]
    assert list(prefetch_templates(facts, ["a.b", "a.c"])) == keys


def test_optional_keys_are_understood_and_never_asked_for() -> None:
    facts = catalogue(events("a.b", "ResearchSubject"), events("a.c", "Device"), events("a.d", "Medication"))
    asked = prefetch_templates(facts, ["a.b", "a.c", "a.d"])
    types = [
        *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement"),
        *("MedicationAdministration", "MedicationDispense", "Procedure", "Immunization", "AllergyIntolerance"),
        *("Device", "ResearchSubject"),
    ]
    optional = ["medicationAdministrations", "medicationDispenses"]
    assert [resource_type(key) for key in optional] == ["MedicationAdministration", "MedicationDispense"]
    assert set(LABELS) == {*asked, *optional, *types}
    assert asked.keys().isdisjoint(optional)


@pytest.mark.parametrize(("resource", "key"), [("Device", "devices"), ("ResearchSubject", "researchSubjects")])
def test_other_keys_are_there_where_a_rule_reads_them(resource: str, key: str) -> None:
    facts = catalogue(events("a.b", resource))
    assert key not in prefetch_templates(facts, ())
    assert prefetch_templates(facts, ["a.b"])[key] == f"{resource}?patient={{{{context.patientId}}}}"


def test_observations_are_asked_for_by_the_codes_of_the_facts_that_are_read() -> None:
    facts = catalogue(lab("lab.a", "718-7", "20509-6"), lab("lab.b", "2160-0"), lab("lab.unread", "1-1"))
    template = prefetch_templates(facts, ["lab.a", "lab.b.x_uln"])["observations"]
    assert template == "Observation?patient={{context.patientId}}&code=20509-6,2160-0,718-7"


def test_the_parts_of_a_computed_fact_are_asked_for() -> None:
    bmi = {"name": "derived.bmi", "kind": "derived", "formula": "bmi", "parts": ["vital.w", "vital.h"]}
    facts = catalogue(lab("vital.w", "29463-7"), lab("vital.h", "8302-2"), bmi)
    assert prefetch_templates(facts, ["derived.bmi"])["observations"].endswith("&code=29463-7,8302-2")


def test_codes_of_other_systems_are_asked_for_too() -> None:
    facts = catalogue(lab("score.a", "273863009", system="http://snomed.info/sct"))
    assert prefetch_templates(facts, ["score.a"])["observations"].endswith("&code=273863009")


def test_a_component_is_asked_for_by_its_own_code_and_a_variant_by_its_observations() -> None:
    copies = {"system": LOINC, "code": "82155-3"}
    gene = {"system": LOINC, "code": "48018-6"}
    facts = catalogue(
        {"name": "g.a", "kind": "score", "component": {"code": copies, "where": {"code": gene}}},
        {
            "name": "g.b",
            "kind": "result",
            "variant": {"codes": [{"system": LOINC, "code": "69548-6"}], "where": [{"code": gene}]},
        },
    )
    assert prefetch_templates(facts, ["g.a", "g.b"])["observations"].endswith("&code=69548-6,82155-3")


def test_a_list_too_long_for_a_url_is_asked_for_by_category() -> None:
    codes = [f"{number}-{number % 10}" for number in range(10_000, 10_700)]
    template = prefetch_templates(catalogue(lab("lab.a", *codes)), ["lab.a"])["observations"]
    parameters = template.removeprefix("Observation?patient={{context.patientId}}&").split("=")
    assert parameters[0] == "category"
    assert {"laboratory", "vital-signs", "survey", "exam", "imaging"} <= set(parameters[1].split(","))


def test_the_keys_of_our_own_and_the_names_of_types_say_what_they_hold() -> None:
    assert {key: resource_type(key) for key in ("patient", "Condition", "observations", "devices")} == {
        "patient": "Patient",
        "Condition": "Condition",
        "observations": "Observation",
        "devices": "Device",
    }
    assert [resource_type(key) for key in ("chart", "patients", "Bundle", "")] == [None] * 4


def test_the_scopes_are_those_of_the_queries() -> None:
    assert scopes({"a": "Patient/{{context.patientId}}", "b": "Device?patient=1", "c": "Device?patient=2"}) == [
        "patient/Patient.read",
        "patient/Device.read",
    ]


def test_the_templates_of_the_real_rules_keep_to_the_portable_subset(library: Library) -> None:
    templates = prefetch_templates(library.catalogue, library.facts_read)
    assert set(templates) >= {"patient", "conditions", "observations", "medicationRequests", "medicationStatements"}
    for key, query in templates.items():
        assert set(re.findall(r"{{.*?}}", query)) == {"{{context.patientId}}"}, key
        parameters = [part.partition("=")[0] for part in query.partition("?")[2].split("&") if part]
        assert len(parameters) == len(set(parameters)), key
        assert set(parameters) <= {"patient", "code"}, key
        assert len(query) < 4_000, key
