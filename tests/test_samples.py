"""The samples are valid FHIR, say what their README says, and the requests hold the same records as the bundles."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from cds_service.cds_hooks import SERVICES, parse_request, service_for
from cds_service.fhir import read_bundle
from cds_service.matching import match

SAMPLES = Path(__file__).parents[1] / "fhir_samples"
STORIES = sorted(path.stem for path in (SAMPLES / "patients").glob("*.json"))
REQUESTS = sorted((SAMPLES / "requests").glob("*.json"))
ROWS = re.findall(r"^\| `([a-z0-9-]+)` \| .* \| (.*) \|$", (SAMPLES / "README.md").read_text(), flags=re.MULTILINE)


def test_every_story_is_told() -> None:
    assert sorted(story for story, _ in ROWS) == STORIES


@pytest.mark.parametrize(("story", "expected"), ROWS)
def test_the_readme_is_true(library, story: str, expected: str) -> None:
    record = read_bundle((SAMPLES / "patients" / f"{story}.json").read_bytes())
    assert not record.issues
    result = match(record, library, date(2026, 11, 24))
    verdicts = {r.trial.id: r for r in result.trials}
    told = re.findall(r"(NCT\d{8}) (\w+)(?: \(([^)]*)\))?", expected)
    assert told
    for trial, verdict, because in told:
        assert verdicts[trial].verdict == verdict
        named = re.findall(r"[a-z0-9]+-\d\d[a-z]?", because)
        if named:
            failed = [c.criterion.id for c in verdicts[trial].criteria if c.outcome == "fail"]
            assert sorted(failed) == sorted(named)
    for trial in verdicts.keys() - {name for name, _, _ in told}:
        assert verdicts[trial].verdict == "not_eligible"


@pytest.mark.parametrize("story", STORIES)
def test_every_bundle_is_valid(story: str) -> None:
    Bundle.model_validate_json((SAMPLES / "patients" / f"{story}.json").read_text())


def test_every_story_is_a_request_and_every_hook_has_one() -> None:
    named = [path.stem for path in REQUESTS]
    assert {f"patient-view-{story}" for story in STORIES} <= set(named)
    for service in SERVICES:
        assert any(name.startswith(f"{service.hook}-") for name in named), service.hook


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_bundle_and_request_hold_the_same_resources(path: Path) -> None:
    request = json.loads(path.read_text())
    story = path.stem.removeprefix(f"{request['hook']}-")
    bundle = json.loads((SAMPLES / "patients" / f"{story}.json").read_text())
    assert parse_request(path.read_bytes(), service_for(request["hook"])).patient_id == request["context"]["patientId"]
    sent = []
    for value in request["prefetch"].values():
        sent += [e["resource"] for e in value.get("entry", ())] if value["resourceType"] == "Bundle" else [value]
    assert request["context"]["patientId"] == bundle["entry"][0]["resource"]["id"]

    def order(resource):
        return resource["resourceType"], resource["id"]

    assert sorted(sent, key=order) == sorted((e["resource"] for e in bundle["entry"]), key=order)
