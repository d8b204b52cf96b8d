"""Writing a site's folder, and records to read with it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.explanation import fact_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.settings import default_rules_dir

RULES = default_rules_dir()
AS_OF = date(2026, 11, 24)
LAB = "urn:example:lab"
LOINC = "http://loinc.org"


def write(folder: Path, **files: Any) -> Path:
    """The folder with these files: `site`, `systems`, or `conceptmaps__lab` for `conceptmaps/lab.json`. Text is written
    as it is."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def concept_map(code: str, *targets: dict[str, Any], source: str = LAB, target: str = LOINC) -> dict[str, Any]:
    """A ConceptMap of one code of the site's."""
    group = {"source": source, "target": target, "element": [{"code": code, "target": list(targets)}]}
    return {"resourceType": "ConceptMap", "status": "active", "group": [group]}


def haemoglobin(system: str, code: str) -> dict[str, Any]:
    """A result of 112 g/L."""
    return {
        "resourceType": "Observation",
        "id": "hb-1",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": 112, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    }


def condition(text: str = "", system: str = "", code: str = "") -> dict[str, Any]:
    """A confirmed, active diagnosis, in words, by a code or both."""
    coding = [{"system": system, "code": code}] if code else []
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "verificationStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]
        },
        "code": {key: value for key, value in (("coding", coding), ("text", text)) if value},
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2020-01-10",
    }


def told(library: Library, fact: str, *resources: dict[str, Any]) -> tuple[str, Any]:
    """Status and value of a fact about a patient with these resources."""
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-03-15"}
    entries = [{"resource": one} for one in (patient, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    [found] = fact_sheet(read_bundle(json.dumps(bundle).encode()), library, AS_OF, [fact])["facts"]
    return found["status"], found["value"]
