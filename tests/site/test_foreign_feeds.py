"""Results as feeds of other countries and EHRs send them: LOINC under an EHR's own OID, local codes by a site's maps.

What is expected of each was read from the feed by hand.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cds_hooks import prefetch_templates
from cds_service.cli import app as command_line
from cds_service.library import Library, load_library
from cds_service.rule_tools import default_samples_dir
from tests.site.folders import AS_OF, LOINC, RULES, concept_map, told, write

OWN = "urn:oid:1.2.3.4"
SAMPLES = default_samples_dir()
JLAC10 = "urn:oid:1.2.392.200119.4.504"  # MEDIS, 17 digits (JP Core)
CHINESE_LAB = "urn:oid:2.16.156.10011.2.3.4.999"

Json = dict[str, Any]


def result(system: str, code: str, **value: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"r-{code}",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20",
        **value,
    }


def number(value: Any, unit: str, **more: Any) -> Json:
    return {"valueQuantity": {"value": value, "unit": unit}, **more}


def upper(text: str) -> Json:
    return {"referenceRange": [{"text": text}]}


GERMAN = {
    "lab.hemoglobin": (result(LOINC, "718-7", **number("13.2", "g/dl")), 132),
    "lab.platelets": (result(LOINC, "26515-7", **number(212, "/nl")), 212),
    "lab.creatinine": (result(LOINC, "14682-9", **number(80, "µmol/l")), 80),
    "lab.albumin": (result(LOINC, "62235-7", **number(602, "µmol/l")), "about 40"),
    "result.hbsag": (result(LOINC, "5196-1", valueString="HBs-Antigen nicht nachweisbar"), "negative"),
    "result.hcv_antibody": (result(LOINC, "57006-9", **number(0.05, "S/CO", **upper("< 1,0"))), "negative"),
    "result.hiv_antibody": (result(LOINC, "56888-1", valueString="nicht reaktiv"), "negative"),
}
AMERICAN = {
    "lab.hemoglobin": (result(OWN, "718-7", **number(11.2, "g/dL")), 112),
    "lab.leukocytes": (result(OWN, "6690-2", **number(4.4, "K/uL")), "4.4"),
    "lab.neutrophils_percent": (result(OWN, "770-8", **number(60, "%")), 60),
    "lab.platelets": (result(OWN, "777-3", **number(212, "x10E3/uL")), 212),
    "result.hcv_antibody": (result(OWN, "48159-8", **number(0.1, "{s_co_ratio}")), "negative"),
    "result.treponema_pallidum_antibody": (result(OWN, "71793-4", valueString="Non-reactive"), "negative"),
}
CHINESE_MAP = {"HGB": "718-7", "PLT": "777-3", "CREA": "14682-9", "HBsAg": "5196-1", "TPPA": "71793-4"}
CHINESE = {
    "lab.hemoglobin": (result(CHINESE_LAB, "HGB", **number(112, "g/L")), 112),
    "lab.platelets": (result(CHINESE_LAB, "PLT", **number(212, "10^9/L")), 212),
    "lab.creatinine": (result(CHINESE_LAB, "CREA", **number(80, "μmol/L")), 80),
    "result.hbsag": (result(CHINESE_LAB, "HBsAg", valueString="阴性(-)"), "negative"),
    "result.treponema_pallidum_antibody": (result(CHINESE_LAB, "TPPA", valueString="阳性(+)"), "positive"),
}
JAPANESE_MAP = {"2A030000001930101": "718-7"}  # haemoglobin, by a blood cell counter
JAPANESE = {"lab.hemoglobin": (result(JLAC10, "2A030000001930101", **number(11.8, "g/dL")), 118)}


def mapped(system: str, codes: dict[str, str]) -> Json:
    whole = concept_map("", source=system)
    whole["group"][0]["element"] = [
        {"code": own, "target": [{"code": code, "equivalence": "equivalent"}]} for own, code in codes.items()
    ]
    return whole


FEEDS: dict[str, tuple[dict[str, tuple[Json, Any]], Json]] = {
    "German": (GERMAN, {}),
    "US, LOINC under the EHR's OID": (AMERICAN, {"systems": {"systems": {LOINC: [OWN]}}}),
    "Chinese, by a map of the site": (CHINESE, {"conceptmaps__lab": mapped(CHINESE_LAB, CHINESE_MAP)}),
    "Japanese, JLAC10 by a map of the site": (JAPANESE, {"conceptmaps__lab": mapped(JLAC10, JAPANESE_MAP)}),
}


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_is_read_as_a_person_reads_it(feed: str, library: Library, tmp_path: Path) -> None:
    rows, files = FEEDS[feed]
    at_site = load_library(RULES, library, site_dir=write(tmp_path, **files)) if files else library
    read = {name: told(at_site, name, resource) for name, (resource, _) in rows.items()}
    for name, (_, expected) in rows.items():
        status, value = read[name]
        assert status == "known", name
        if expected == "about 40":
            assert str(value).startswith(("40.", "39.9")), name
        else:
            assert str(value) == str(expected), name


@pytest.mark.parametrize("feed", [name for name, (_, files) in FEEDS.items() if files])
def test_without_the_sites_files_nothing_of_it_is_read(feed: str, library: Library) -> None:
    for name, (resource, _) in FEEDS[feed][0].items():
        assert told(library, name, resource)[0] == "unknown", name


def test_what_a_map_makes_of_codes_is_asked_for_by_these_codes(library: Library, tmp_path: Path) -> None:
    files = FEEDS["Japanese, JLAC10 by a map of the site"][1]
    at_site = load_library(RULES, library, site_dir=write(tmp_path, **files))
    template = prefetch_templates(at_site.catalogue, at_site.facts_read, at_site.facts.systems)["observations"]
    assert template.endswith(",2A030000001930101")
    assert "2A030000001930101" not in prefetch_templates(library.catalogue, library.facts_read)["observations"]


def cards(record: Path, monkeypatch: pytest.MonkeyPatch, site: Path | None) -> list[tuple[str, str]]:
    """Title and text of each card that `match` gives."""
    if site is None:
        monkeypatch.delenv("CDS_SITE_DIR", raising=False)
    else:
        monkeypatch.setenv("CDS_SITE_DIR", str(site))
    asked = ["match", str(record), "--format", "json", "--as-of", AS_OF.isoformat()]
    found = CliRunner().invoke(command_line, asked)
    assert found.exit_code == 0, found.output
    return [(card["summary"], card["detail"]) for card in json.loads(found.stdout)["cards"]]


def test_a_chart_whose_loinc_codes_stand_under_an_oid_has_its_cards_by_an_alias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, renamed = SAMPLES / "patients" / "sle.json", tmp_path / "renamed.json"
    renamed.write_text(plain.read_text("utf-8").replace(LOINC, OWN), encoding="utf-8")
    site = write(tmp_path / "site", systems={"systems": {LOINC: [OWN]}})
    expected = cards(plain, monkeypatch, None)
    assert cards(renamed, monkeypatch, site) == expected != []
    assert cards(plain, monkeypatch, site) == expected
    assert cards(renamed, monkeypatch, None) != expected
