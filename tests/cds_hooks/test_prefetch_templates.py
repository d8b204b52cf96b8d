"""Which queries are asked for follows from the facts that the rules read."""

import re

import pytest

from cds_service.cds_hooks import LABELS, prefetch_templates, resource_type, scopes
from cds_service.facts.catalogue import MODELS, Catalogue, CodeSystems, Maps
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
    assert template == "Observation?patient={{context.patientId}}&code=718-7,2160-0,20509-6"


def test_the_parts_of_a_computed_fact_are_asked_for() -> None:
    bmi = {"name": "derived.bmi", "kind": "derived", "formula": "bmi", "parts": ["vital.w", "vital.h"]}
    facts = catalogue(lab("vital.w", "29463-7"), lab("vital.h", "8302-2"), bmi)
    assert prefetch_templates(facts, ["derived.bmi"])["observations"].endswith("&code=8302-2,29463-7")


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
    assert prefetch_templates(facts, ["g.a", "g.b"])["observations"].endswith("&code=82155-3,69548-6")


def many(count: int) -> list[str]:
    return [f"{number}-{number % 10}" for number in range(10_000, 10_000 + count)]


def test_the_usual_codes_of_all_facts_stand_before_the_rare_ones() -> None:
    facts = catalogue(lab("lab.a", "1-1", "2-2", "3-3"), lab("lab.b", "4-4"), lab("lab.c", "5-5", "2-2"))
    assert asked(prefetch_templates(facts, ["lab.a", "lab.b", "lab.c"])["observations"]) == [
        *("1-1", "4-4", "5-5", "2-2", "3-3"),
    ]


def test_a_list_too_long_for_a_url_is_asked_for_under_two_keys_that_are_one_set() -> None:
    codes = many(1_000)
    templates = prefetch_templates(catalogue(lab("lab.a", *codes)), ["lab.a"])
    assert asked(templates["observations"]) + asked(templates["moreObservations"]) == codes
    assert list(templates).index("moreObservations") == list(templates).index("observations") + 1
    for key in ("observations", "moreObservations"):
        assert resource_type(key) == "Observation"
        assert len(templates[key].replace(",", "%2C")) <= 6_100, key


def test_a_list_too_long_for_two_keys_is_no_filter_and_never_a_category() -> None:
    templates = prefetch_templates(catalogue(lab("lab.a", *many(2_000))), ["lab.a"])
    assert templates["observations"] == "Observation?patient={{context.patientId}}"
    assert "moreObservations" not in templates


def test_a_sites_own_codes_are_asked_for_where_its_maps_make_one_of_ours_of_them() -> None:
    systems = CodeSystems()
    hb, other = systems.key(LOINC, "718-7"), systems.key(LOINC, "9-9")
    targets = {"HB": {hb: "same"}, "K+,2": {hb: "kind"}, "NA": {other: "same"}, "HCT": {hb: "perhaps"}}
    systems.lay(Maps({systems.key("urn:lab", code): said for code, said in targets.items()}, {}, {}))
    template = prefetch_templates(catalogue(lab("lab.a", "718-7")), ["lab.a"], systems)["observations"]
    assert template.endswith("&code=718-7,HB,K%2B%5C%2C2")


def test_codes_that_only_may_mean_a_fact_are_asked_for_too() -> None:
    hinted = {**lab("lab.a", "718-7"), "hint_codes": [{"system": LOINC, "code": "20564-1"}]}
    finding = {"system": "http://snomed.info/sct", "code": "165806002", "value": "positive"}
    facts = catalogue(
        hinted,
        {"name": "r.a", "kind": "result", "codes": [], "values": [{**finding, "alone": True}]},
        {"name": "r.b", "kind": "result", "codes": [], "values": [{**finding, "code": "165815009"}]},
    )
    assert asked(prefetch_templates(facts, ["lab.a", "r.a", "r.b"])["observations"]) == [
        "718-7",
        "165806002",
        "20564-1",
    ]


def asked(template: str) -> list[str]:
    return template.partition("&code=")[2].split(",")


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
        assert len(query.replace(",", "%2C")) <= 6_100, key
    # One key while it can be: what a client typed in once stays one line.
    assert "moreObservations" not in templates
    assert "code=" in templates["observations"]
