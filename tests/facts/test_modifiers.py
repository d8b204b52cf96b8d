"""A modifierExtension that is not understood makes the element unread that it stands on, and nothing else."""

from datetime import date
from typing import Any

import pytest

from cds_service.explanation import fact_sheet
from cds_service.library import Library
from tests.facts.records import (
    Json,
    concept,
    condition,
    lab,
    observation,
    patient,
    quantity,
    record,
    request,
    statement,
)
from tests.facts.small_rules import LOINC

AS_OF = date(2026, 11, 24)
MODIFIED: Json = {"modifierExtension": [{"url": "http://example.org/of-the-donor", "valueBoolean": True}]}
DAY = "2026-11-20"
SUBJECT = {"reference": "Patient/p"}
STEROID = "medication.systemic_glucocorticoid"


def panel(*components: Json, date: str = DAY, **elements: Any) -> Json:
    return observation("58410-2", date, component=list(components), **elements)


def part(loinc: str, value: float, unit: str, **elements: Any) -> Json:
    return {"code": concept(loinc, LOINC), "valueQuantity": quantity(value, unit), **elements}


HB, PLATELETS = part("718-7", 11.2, "g/dL"), part("777-3", 200, "10*9/L")
OLDER = lab("718-7", 13.0, "g/dL", "2026-11-01")
ALT, LIMIT = "1742-6", {"high": quantity(40, "U/L")}


def variant(*, modified: bool) -> Json:
    """A report on a variant of SMN1, which says less than that both copies are lost."""
    gene = {
        "code": concept("48018-6", LOINC),
        "valueCodeableConcept": concept("HGNC:11117", "http://www.genenames.org"),
    }
    return observation("69548-6", DAY, component=[gene | (MODIFIED if modified else {})])


# what is on record: facts, and what they are
OBSERVATIONS: dict[str, tuple[list[Json], dict[str, Any]]] = {
    "a component": ([panel(HB | MODIFIED, PLATELETS)], {"lab.hemoglobin": None, "lab.platelets": 200}),
    "an older value must not step in": ([panel(HB | MODIFIED), OLDER], {"lab.hemoglobin": None}),
    "a newer one may": ([panel(HB | MODIFIED, date="2026-10-01"), OLDER], {"lab.hemoglobin": 130}),
    "one of an observation that never counts": (
        [panel(HB | MODIFIED, status="entered-in-error"), OLDER],
        {"lab.hemoglobin": 130},
    ),
    "the value of the whole stands": (
        [lab("718-7", 11.2, "g/dL", DAY, component=[PLATELETS | MODIFIED])],
        {"lab.hemoglobin": 112, "lab.platelets": None},
    ),
    "the whole": ([lab("718-7", 11.2, "g/dL", DAY, **MODIFIED)], {"lab.hemoglobin": None}),
    "without any": ([panel(HB, PLATELETS)], {"lab.hemoglobin": 112, "lab.platelets": 200}),
    "an extension that modifies nothing": (
        [panel(HB | {"extension": [{"url": "urn:x"}]})],
        {"lab.hemoglobin": 112},
    ),
}


def sheet(library: Library, *resources: Json, about: Json | None = None) -> Json:
    return fact_sheet(record(*resources, about=about), library, AS_OF)


def fact(found: Json, name: str) -> Json:
    return next(entry for entry in found["facts"] if entry["name"] == name)


def marked(found: Json) -> list[tuple[str, str]]:
    return [(issue["code"], issue["element"]) for issue in found["issues"]]


@pytest.mark.parametrize("why", OBSERVATIONS)
def test_of_an_observation(library: Library, why: str) -> None:
    resources, expected = OBSERVATIONS[why]
    found = sheet(library, *resources)
    assert {name: fact(found, name)["value"] for name in expected} == expected


# the ranges of an ALT of 80 U/L: the value as a multiple of the upper limit
RANGES: dict[str, tuple[list[Json], Any]] = {
    "a range": ([LIMIT], 2),
    "a range that is modified": ([LIMIT | MODIFIED], None),
    "a modified one beside a sound one": ([LIMIT, {"high": quantity(160, "U/L")} | MODIFIED], 2),
}


@pytest.mark.parametrize("why", RANGES)
def test_a_reference_range_drops_alone(library: Library, why: str) -> None:
    ranges, expected = RANGES[why]
    found = sheet(library, lab(ALT, 80, "U/L", DAY, referenceRange=ranges))
    assert fact(found, "lab.alt")["value"] == 80
    assert fact(found, "lab.alt")["parts"]["x_uln"]["value"] == expected
    inside = sheet(library, panel(part(ALT, 80, "U/L", referenceRange=ranges)))
    assert fact(inside, "lab.alt")["parts"]["x_uln"]["value"] == expected
    assert bool(marked(found)) is bool(marked(inside)) is (why != "a range")


ORAL = {"route": concept("26643006"), "timing": {"repeat": {"boundsPeriod": {"start": "2026-01-01"}}}}
# a glucocorticoid's dosage: (takes it, ever took it, is there any immunosuppressive therapy at all)
DOSAGES: dict[str, tuple[Json, tuple[bool | None, bool | None]]] = {
    "sound": (ORAL, (True, True)),
    "modified: the route is not known": (ORAL | MODIFIED, (None, None)),
    "its timing is modified": ({**ORAL, "timing": ORAL["timing"] | MODIFIED}, (None, None)),
}


@pytest.mark.parametrize("why", DOSAGES)
@pytest.mark.parametrize("kind", ["request", "statement"])
def test_of_a_dosage_route_and_times_are_not_known(library: Library, kind: str, why: str) -> None:
    dosage, expected = DOSAGES[why]
    use = request(dosageInstruction=[dosage]) if kind == "request" else statement(dosage=[dosage])
    entry = fact(sheet(library, use), STEROID)
    assert (entry["active"], entry["ever"]) == expected


@pytest.mark.parametrize(
    ("dosage", "started", "ever"),
    [(ORAL, "2026-01-01", True), (ORAL | MODIFIED, "", True)],
    ids=["sound", "modified"],
)
def test_the_drug_stands_where_no_route_is_asked(library: Library, dosage: Json, started: str, ever: bool) -> None:
    rituximab = "121191"
    entry = fact(sheet(library, statement(rituximab, dosage=[dosage])), "medication.biologic")
    assert entry["ever"] is ever
    [evidence] = entry["evidence"]
    assert (evidence["date"] or "").startswith(started)
    assert entry["active"] is (True if started else None), "when it ended must not be read either"


@pytest.mark.parametrize("reaction", [{}, MODIFIED], ids=["sound", "modified"])
def test_an_allergy_with_a_modified_reaction_is_unread(library: Library, reaction: Json) -> None:
    entry = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": SUBJECT,
        "code": concept("8640", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        "reaction": [{"manifestation": [{"text": "rash"}], **reaction}],
    }
    found = sheet(library, entry)
    assert fact(found, "allergy.glucocorticoid")["value"] is (None if reaction else True)
    assert marked(found) == ([("modifier", "reaction.modifierExtension")] if reaction else [])


def test_of_the_patient_age_and_sex_are_not_known(library: Library) -> None:
    sle = condition()
    sound, odd = sheet(library, sle, about=patient()), sheet(library, sle, about=patient(**MODIFIED))
    for name in ("patient.age", "patient.sex"):
        assert fact(sound, name)["value"] is not None
        assert (fact(odd, name)["value"], fact(odd, name)["reason"]) == (None, "value_not_understood")
    assert fact(odd, "condition.sle")["value"] is True
    assert marked(odd) == [("modified_part", "modifierExtension")]
    ruled = sheet(library, sle, about=patient(implicitRules="urn:x"))
    assert fact(ruled, "patient.age")["value"] is None


def test_a_modified_ingredient_leaves_open_which_drug_it_is(library: Library) -> None:
    drug = {"resourceType": "Medication", "id": "x", "code": concept(text="Infusion bag"), "ingredient": [MODIFIED]}
    use = statement(medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"})
    assert fact(sheet(library, drug, use), "medication.biologic")["value"] is None


@pytest.mark.parametrize(("report", "expected"), [([], "negative"), ([variant(modified=True)], None)])
def test_a_finding_is_not_presumed_absent_beside_a_part_that_is_not_read(
    library: Library, report: list[Json], expected: str | None
) -> None:
    assert fact(sheet(library, *report), "genomics.smn1_biallelic_pathogenic")["value"] == expected
