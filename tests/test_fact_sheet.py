"""`cds-service explain --facts`: every fact of the catalogue, with its evidence or the reason why it is unknown."""

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.errors import RecordError
from cds_service.explanation import fact_sheet
from cds_service.facts.catalogue import GROUPS, OTHER, group_of
from cds_service.fhir import read_bundle
from cds_service.library import Library
from tests.facts.records import Json, condition, lab, observation, patient, procedure, record, request, verified

ROOT = Path(__file__).parents[1]
ARCHIVE = ROOT.parent / "shared" / "data" / "fhir-records.zip"
SAMPLES = sorted((ROOT / "fhir_samples" / "patients").glob("*.json"))
AS_OF = date(2026, 6, 1)
runner = CliRunner()


def facts(library: Library, *resources: Json, **person: Any) -> dict[str, Json]:
    sheet = fact_sheet(record(*resources, about=patient(**person)), library, AS_OF)
    return {fact["name"]: fact for fact in sheet["facts"]}


def sound(sheet: Json, library: Library) -> None:
    """It has every fact, each with a value or a reason."""
    json.dumps(sheet, allow_nan=False)
    assert [fact["name"] for fact in sheet["facts"]] == sorted(library.catalogue.facts)
    for fact in sheet["facts"]:
        assert fact["status"] in {"known", "presumed", "unknown"}, fact
        assert (fact["status"] == "unknown") == (fact["value"] is None) == (fact["reason"] is not None), fact
        assert all(item["source"] for item in fact["evidence"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_gives_every_fact(path: Path, library: Library) -> None:
    sound(fact_sheet(read_bundle(path.read_bytes()), library, date(2026, 11, 24)), library)


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the third-party records are not beside the repository")
def test_a_third_party_record_gives_every_fact(library: Library) -> None:
    read = 0
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in sorted(archive.namelist()):
            try:
                found = read_bundle(b"{}" if name.endswith("/") else archive.read(name))
            except RecordError:
                continue
            sound(fact_sheet(found, library, AS_OF), library)
            read += 1
    assert read > 100


def test_a_number_has_its_multiples_and_what_was_sent(library: Library) -> None:
    sent = lab("1742-6", 80, "U/L", referenceRange=[{"high": {"value": 40, "unit": "U/L"}}])
    found = facts(library, sent)["lab.alt"]
    assert (found["status"], found["value"], found["unit"], found["group"]) == ("known", 80, "U/L", "Laboratory")
    assert found["parts"]["x_uln"] == {"value": 2, "reason": None}
    assert found["parts"]["x_lln"] == {"value": None, "reason": "no_reference_range"}
    [evidence] = found["evidence"]
    assert evidence["source"] == f"Observation/{sent['id']}"
    assert evidence["raw"] == {"value": "80", "unit": "U/L"}


def test_old_and_misunderstood_values_are_shown_with_the_reason(library: Library) -> None:
    found = facts(library, lab("718-7", 80, "g/L", "2025-01-01"), lab("777-3", 80, "mg/dL"))
    assert (found["lab.hemoglobin"]["reason"], found["lab.platelets"]["reason"]) == ("too_old", "unit_not_understood")
    assert found["lab.hemoglobin"]["evidence"][0]["raw"]["value"] == "80"
    assert found["lab.inr"]["reason"] == "no_result"


def test_events_say_whether_now_active_and_ever(library: Library) -> None:
    found = facts(
        library, condition(), condition("Z85.3", "http://hl7.org/fhir/sid/icd-10-cm"), request(status="stopped")
    )
    lupus, cancer = found["condition.sle"], found["condition.malignancy"]
    assert (lupus["status"], lupus["value"], lupus["active"], lupus["ever"]) == ("known", True, True, True)
    assert (cancer["status"], cancer["value"], cancer["ever"]) == ("presumed", False, True)
    assert [item["state"] for item in cancer["evidence"]] == ["past"]
    assert found["medication.systemic_glucocorticoid"]["active"] is False
    assert found["procedure.organ_transplant"]["status"] == "presumed"


def test_a_hint_leaves_it_unknown_and_is_shown(library: Library) -> None:
    found = facts(library, condition(None, code={"text": "SLE?"}), condition("77386006", **verified("provisional")))
    assert (found["condition.sle"]["reason"], found["condition.pregnancy"]["reason"]) == (
        "uncoded_mention",
        "unconfirmed",
    )
    assert found["condition.sle"]["evidence"][0]["text"] == "SLE?"


def test_a_defined_fact_says_what_it_follows_from(library: Library) -> None:
    found = facts(library)["derived.childbearing_potential"]
    assert (found["value"], found["status"]) == (True, "presumed")
    assert any("age" in reason for reason in found["because"])
    older = facts(library, birthDate="1950-01-01")["derived.childbearing_potential"]
    assert (older["value"], older["status"]) == (False, "known")
    unknown = facts(library, gender="other")["derived.childbearing_potential"]
    assert (unknown["value"], unknown["status"]) == (None, "unknown")


def test_a_derived_fact_says_which_alternative_it_took(library: Library) -> None:
    found = facts(library, lab("2160-0", 1, "mg/dL"))["kidney.egfr"]
    assert found["via"] == "derived.egfr_ckd_epi_2021"
    assert {item["source"].partition("/")[0] for item in found["evidence"]} == {"Observation", "Patient"}


def test_every_fact_of_the_catalogue_has_a_group(library: Library) -> None:
    assert all(group_of(name) in GROUPS for name in library.catalogue.facts)
    assert group_of("household.pets") == OTHER


def test_what_was_not_supplied_whole_is_said(library: Library) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": "https://fhir.example.org/2"}],
        "entry": [{"resource": patient()}],
    }
    sheet = fact_sheet(read_bundle(json.dumps(bundle)), library, AS_OF)
    assert sheet["gaps"]["Procedure"] == "incomplete_record"
    assert {f["reason"] for f in sheet["facts"] if f["name"].startswith("procedure.")} == {"incomplete_record"}


def run(*arguments: str, bundle: Json) -> str:
    text = json.dumps(bundle)
    result = runner.invoke(
        app, ["explain", "--facts", "--bundle", "-", "--as-of", "2026-06-01", *arguments], input=text
    )
    assert result.exit_code == 0, result.output
    return result.output


CHART: Json = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": one}
        for one in (
            patient(),
            condition(),
            lab("718-7", 80, "g/L"),
            lab("777-3", 80, "mg/dL"),
            procedure("70536003", performedDateTime="2020-01-01"),
            observation("8302-2", "2020-01-01", valueString="170 cm"),
            condition(None, code={"text": "[b]B[/] and systemic lupus"}, id="odd"),
        )
    ],
}


def test_in_a_terminal_groups_come_first_and_what_is_unknown_last() -> None:
    output = run(bundle=CHART)
    headings = [
        "Patient\n",
        "Laboratory\n",
        "Vital signs and function tests\n",
        "Conditions\n",
        "Procedures\n",
        "Unknown\n",
    ]
    lines = [line.rstrip() + "\n" for line in output.splitlines()]
    places = [lines.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "lab.platelets" in output.split("Unknown")[1]
    assert "unit not understood" in output
    assert "[b]B[/]" in output
    assert "--all lists them" in output
    assert "condition.copd" not in output


def test_all_lists_what_is_presumed_absent() -> None:
    output = run("--all", bundle=CHART)
    assert "condition.copd" in output
    assert "--all lists them" not in output


def test_as_json_and_for_one_trial() -> None:
    whole = json.loads(run("--format", "json", bundle=CHART))
    some = json.loads(run("--format", "json", "--trial", "NCT06598202", bundle=CHART))
    assert len(some["facts"]) < len(whole["facts"])
    assert {"condition.als", "lab.hemoglobin"} <= {fact["name"] for fact in some["facts"]}
    assert "condition.aml" not in {fact["name"] for fact in some["facts"]}
