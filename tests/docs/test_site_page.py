"""docs/site.md: the folder that it shows is sound, and what it says comes of it does."""

import json
import re
from pathlib import Path

from cds_service.library import load_library
from cds_service.rule_tools import check_site
from tests.site.folders import RULES, condition, haemoglobin, told

PAGE = (RULES.parent / "docs" / "site.md").read_text(encoding="utf-8")
NAMES = (
    "conceptmaps/lab.json",
    "phrases/site.json",
    "site.json",
    "systems.json",
    "conceptmaps/registry.json",
    "conceptmaps/drugs.json",
)
"""The files whose contents the page shows, in its order."""


def test_the_folder_that_the_page_shows_is_sound_and_does_what_it_says(tmp_path: Path) -> None:
    shown = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    for name, text in zip(NAMES, shown, strict=True):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(json.loads(text)), encoding="utf-8")
    report = check_site(tmp_path, RULES)
    [broader] = report.findings
    assert (broader.file, broader.pointer) == ("site:conceptmaps/registry.json", "/group/0/element/2/target/0")
    assert ("a hint at most" in broader.message, report.files) == (True, len(NAMES))
    library = load_library(RULES, site_dir=tmp_path)
    assert told(library, "lab.hemoglobin", haemoglobin("urn:oid:1.2.3.4", "HB")) == ("known", 112)
    assert told(library, "lab.hemoglobin", haemoglobin("1.2.3.4.5", "718-7")) == ("known", 112)
    assert told(library, "condition.lupus_nephritis", condition("Lupusniere"))[0] == "unknown"
    registry = "urn:oid:1.2.3.4.9"
    outcomes = {"LUP": "known", "LUP-SC": "known", "KOLLAGENOSE": "unknown", "SONST": "unknown"}
    for code, status in outcomes.items():
        assert told(library, "condition.sle", condition("", registry, code))[0] == status
    assert told(library, "condition.hiv", condition("", registry, "LUP"))[0] == "presumed"
    drug = {"coding": [{"system": "urn:oid:1.2.3.4.8", "code": "MED-L04AD02-17"}]}
    taken = {"resourceType": "MedicationStatement", "id": "m1", "status": "active", "medicationCodeableConcept": drug}
    taken["subject"] = {"reference": "Patient/p1"}
    assert told(library, "medication.immunosuppressant", taken)[0] == "known"
    assert told(library, "medication.riluzole", taken)[0] == "presumed"
    assert library.facts.site.harmless == {"Pt education done"}
    assert library.facts.systems.canonical("I10") == "http://hl7.org/fhir/sid/icd-10-cm"
    assert library.site.settings.country == "DE"
