"""Records made by others, read with the project's own rules: no exception, and documents of the right shape."""

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import RecordError
from cds_service.facts import FactReaders, build_sheet, load_facts
from cds_service.facts.intervals import MAX
from cds_service.fhir import read_bundle
from tests.facts.plain_facts import one_by_one

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared" / "data" / "fhir-records.zip"
AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="module")
def project() -> FactReaders:
    knowledge, _ = load_facts(ROOT / "rules")
    return knowledge


def test_the_projects_own_rules_have_no_faults() -> None:
    _, findings = load_facts(ROOT / "rules")
    assert not [f"{found.file}{found.pointer}: {found.code}: {found.message}" for found in findings]


def contents() -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith("/"):
                yield name, archive.read(name)


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the third-party records are not beside the repository")
def test_third_party_records(project: FactReaders) -> None:
    read = 0
    for name, data in contents():
        try:
            record = read_bundle(data)
        except RecordError:
            continue  # no Patient, several, or no FHIR: nothing to say
        sheet = build_sheet(record, project, AS_OF)
        assert {fact: sheet[fact] for fact in sheet} == one_by_one(record, project, AS_OF), name
        for world in ("closed", "open"):
            document = sheet.document(world)  # type: ignore[arg-type]
            json.dumps(document, allow_nan=False)
            well_formed(document, name)
        json.dumps(sheet.as_json(), allow_nan=False)
        read += 1
    assert read > 100


def well_formed(node: Any, at: str) -> None:
    """Intervals the right way round, ages not negative."""
    if isinstance(node, dict):
        if "lo" in node:
            assert -MAX <= node["lo"] <= node["hi"] <= MAX, at
        if "age" in node and not isinstance(node["age"], dict):
            assert node["age"] >= 0, at
        for key, value in node.items():
            well_formed(value, f"{at}.{key}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            well_formed(value, f"{at}.{place}")
