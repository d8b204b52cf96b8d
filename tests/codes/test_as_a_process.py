"""The command as people call it: over a bulk export, and over the archive of public records where there is one."""

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.codes.feeds import LOCAL, concept, condition, lines

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared" / "data" / "fhir-records.zip"


def seen(*arguments: str, expected: int = 0) -> str:
    command = [sys.executable, "-m", "cds_service.cli", "codes", "seen", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stderr
    return done.stdout


def test_a_bulk_export_is_counted(tmp_path: Path) -> None:
    entries = [condition(concept((LOCAL, "D17")), f"p{number}") for number in range(3)]
    (tmp_path / "Condition.000.ndjson").write_text(lines(entries[:2]))
    (tmp_path / "Condition.001.ndjson.gz").write_bytes(gzip.compress(lines(entries[2:]).encode()))
    document = json.loads(seen(str(tmp_path), "--format", "json", "--fail-under", "50", expected=1))
    assert (document["summary"]["files"], document["summary"]["patients"]) == (2, 3)
    assert [(line["code"], line["times"], line["became"]) for line in document["entries"]] == [("D17", 3, "unread")]


@pytest.mark.slow
@pytest.mark.skipif(not RECORDS.is_file(), reason=f"{RECORDS.name} is not beside the repository")
def test_public_records_are_read_to_their_end() -> None:
    summary = json.loads(seen(str(RECORDS), "--format", "json"))["summary"]
    with zipfile.ZipFile(RECORDS) as archive:
        assert summary["files"] == sum(name.endswith(".json") for name in archive.namelist())
    assert summary["entries"] > 20_000
    assert summary["unreadable"] < 20
