"""A small rules folder, trials made for one test each, and the parts of a card."""

import json
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from cds_service.cards import CardOptions, cards_for
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import Match, match
from tests.facts.small_rules import LOINC, RXNORM, SNOMED, code, codes, derived, events, put, valueset, write_rules

Json = dict[str, Any]
AS_OF = date(2026, 11, 24)
DIAGNOSIS = {"id": "inc-01", "kind": "inclusion", "gate": True, "text": "Lupus", "logic": {"var": "condition.sle"}}


def _quantity(name: str, title: str, loinc: str, unit: str, units: Json, *, order: bool = True, **more: Any) -> Json:
    fact = {"name": name, "kind": "quantity", "title": title, "codes": [code(LOINC, loinc)], "unit": unit}
    fact |= {"units": units} if units else {}
    fact |= {"order": code(LOINC, loinc, f"{title} [test]")} if order else {}
    return fact | {"fresh_for": "P90D", "plausible": ["-1e15", "1e15"]} | more


def _result(name: str, title: str, loinc: str) -> Json:
    return {
        "name": name,
        "kind": "result",
        "title": title,
        "codes": [code(LOINC, loinc)],
        "fresh_for": "P1Y",
        "order": code(LOINC, loinc, f"{title} [test]"),
    }


def _events(name: str, title: str, resource: str, valueset: str) -> Json:
    return events(name, resource, title=title, valueset=valueset)


FACTS: list[Json] = [
    _quantity("lab.hemoglobin", "Haemoglobin", "718-7", "g/L", {"g/L": "1", "g/dL": "10"}),
    _quantity("lab.platelets", "Platelets", "777-3", "10*9/L", {"10*9/L": "1"}, display_unit="×10⁹/L"),
    _quantity("lab.alt", "Alanine aminotransferase (ALT)", "1742-6", "U/L", {"U/L": "1"}),
    _quantity("lab.creatinine", "Creatinine", "2160-0", "umol/L", {"umol/L": "1"}, display_unit="µmol/L"),
    _quantity("lab.clearance", "Creatinine clearance, reported", "2164-2", "mL/min", {"mL/min": "1"}),
    _quantity("lab.hbv_dna", "Hepatitis B virus DNA", "42595-9", "[IU]/mL", {"[IU]/mL": "1"}, fresh_for="P1Y"),
    _quantity("vital.body_weight", "Body weight", "29463-7", "kg", {"kg": "1"}, order=False),
    _quantity("vital.lvef", "Left ventricular ejection fraction", "10230-1", "%", {"%": "1"}, order=False),
    {"name": "score.ecog", "kind": "score", "title": "ECOG", "codes": [code(LOINC, "89247-1")], "fresh_for": "P90D"},
    {
        "name": "lab.ana_titer",
        "kind": "titer",
        "title": "Antinuclear antibody (ANA) titre",
        "codes": [code(LOINC, "5048-4")],
        "fresh_for": "P1Y",
        "order": code(LOINC, "5048-4"),
    },
    {
        **_result("result.ana_by_titer", "Antinuclear antibody, from its titre", "5048-4"),
        "read_number": {"positive": [">=", "80"], "negative": ["<", "80"]},
    },
    _result("result.ana_screen", "Antinuclear antibody, screening result", "8061-4"),
    derived(
        "result.ana",
        "either_test",
        of=["result.ana_screen", "result.ana_by_titer"],
        order=code(LOINC, "8061-4"),
        title="Antinuclear antibody",
    ),
    _result("result.hbsag", "Hepatitis B surface antigen", "5196-1"),
    _result("result.hiv", "HIV antibody", "56888-1"),
    derived(
        "derived.clearance",
        "cockcroft_gault",
        title="Creatinine clearance by formula",
        parts=["lab.creatinine", "vital.body_weight", "patient.age", "patient.sex"],
        unit="mL/min",
    ),
    derived(
        "kidney.clearance",
        "first_known",
        title="Creatinine clearance",
        of=["lab.clearance", "derived.clearance"],
        unit="mL/min",
        order=code(LOINC, "2160-0"),
    ),
    _events("condition.sle", "Systemic lupus erythematosus", "Condition", "sle"),
    _events("condition.stroke", "Stroke", "Condition", "stroke"),
    _events("medication.biologic", "Biologic", "Medication", "biologic"),
    _events("procedure.surgery", "Major surgery", "Procedure", "surgery"),
    {"name": "patient.age", "kind": "patient", "title": "Age"},
    {"name": "patient.sex", "kind": "patient", "title": "Sex"},
]
VALUESETS = [
    valueset("sle", codes(SNOMED, "55464009|Systemic lupus erythematosus")),
    valueset("stroke", codes(SNOMED, "230690007|Stroke"), hints=("stroke",)),
    valueset("biologic", codes(RXNORM, "121191|rituximab")),
    valueset("surgery", codes(SNOMED, "232717009|Bypass")),
]
_NUMBERS = count(1)


def criterion(id: str, logic: Any, **fields: Any) -> Json:
    kind = "inclusion" if id.startswith("inc") else "exclusion"
    return {"id": id, "kind": kind, "text": f"Criterion {id}", "logic": logic, **fields}


def trial(id: str, *criteria: Json, **fields: Any) -> Json:
    """A recruiting trial in lupus."""
    return {
        "id": id,
        "title": f"Trial {id}",
        "short_title": f"Short {id}",
        "status": "recruiting",
        "registry": {"url": f"https://clinicaltrials.gov/study/{id}"},
        "state": "active",
        "rules_version": "1.0.0",
        "criteria": [DIAGNOSIS, *criteria],
        **fields,
    }


def library_of(folder: Path, *trials: Json) -> Library:
    """The small rules with these trials."""
    rules = write_rules(folder / f"rules-{next(_NUMBERS)}", FACTS, VALUESETS)
    for content in trials:
        put(rules / "trials" / content["id"] / "trial.json", content)
    return load_library(rules)


def lab(loinc: str, value: float | str, unit: str = "", day: str = "2026-11-20", **fields: Any) -> Json:
    """An observation: a number with its unit, or text such as `Negative`."""
    said = {"valueString": value} if isinstance(value, str) else {"valueQuantity": {"value": value, "unit": unit}}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [code(LOINC, loinc)]},
        "effectiveDateTime": day,
        **said,
        **fields,
    }


def condition(snomed: str, onset: str | None = None, **fields: Any) -> Json:
    found = {"resourceType": "Condition", "code": {"coding": [code(SNOMED, snomed)]}, **fields}
    return found if onset is None else {**found, "onsetDateTime": onset}


def rituximab(start: str, end: str) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "status": "completed",
        "medicationCodeableConcept": {"coding": [code(RXNORM, "121191", "rituximab")]},
        "effectivePeriod": {"start": start, "end": end},
    }


def matched(library: Library, *resources: Json, **patient: Any) -> Match:
    """The match of a woman of 40 years with lupus and these resources."""
    return match(read_bundle(json.dumps(bundle(*resources, **patient))), library, AS_OF)


def card_of(library: Library, *resources: Any, **patient: Any) -> dict[str, Any]:
    """The one card of the same woman."""
    [card] = cards_for(matched(library, *resources, **patient), CardOptions(), "seed")
    return card


def section(card: dict[str, Any], title: str) -> list[str]:
    """The lines of one section of a card."""
    for lead in (f"**{title}**\n\n", f"**{title}:** "):
        _, found, rest = card["detail"].partition(lead)
        if found:
            return [line.removeprefix("- ") for line in rest.split("\n\n")[0].splitlines()]
    return []


def bundle(*resources: Json, **patient: Any) -> Json:
    person = {"resourceType": "Patient", "id": "pat-1", "gender": "female", "birthDate": "1986-03-01", **patient}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": r} for r in (person, *_of_patient(condition("55464009", "2019-03-04", id="sle-1"), *resources))
        ],
    }


def _of_patient(*resources: Json) -> Iterator[Json]:
    for number, resource in enumerate(resources):
        yield {"id": f"r-{number}", "subject": {"reference": "Patient/pat-1"}, **resource}
