"""The sample patients of `fhir_samples`: their records, the requests that an EHR would send for them, and the fact
documents that test cases run on."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.facts import build_sheet
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library
from cds_service.rule_tools.cases import Documents, ReadSample
from cds_service.rule_tools.redated import redated


def default_samples_dir() -> Path:
    """The samples inside an installed package, else those at the root of the repository."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_data" / "fhir_samples"
    return packaged if packaged.is_dir() else package.parent / "fhir_samples"


def samples_day(samples_dir: Path) -> date | None:
    """The day that the samples were written for: later their results are too old. None where `samples.json` does not
    say it."""
    try:
        return date.fromisoformat(_about(samples_dir)["as_of"])
    except (ValueError, KeyError, TypeError):
        return None


def sample_people(samples_dir: Path) -> dict[str, str]:
    """Every sample by its story, with who it is in a few words: `Woman of 41 with lupus`."""
    people = _about(samples_dir).get("people")
    said = people if isinstance(people, dict) else {}
    stories = sorted(path.stem for path in (samples_dir / "patients").glob("*.json"))
    return {story: str(said.get(story, story)) for story in stories}


def _about(samples_dir: Path) -> dict[str, Any]:
    try:
        content = json.loads((samples_dir / "samples.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def sample_request(samples_dir: Path, story: str, hook: str, day: date) -> dict[str, Any] | None:
    """The request of a hook for a sample as if its chart were opened on `day`; None where there is none."""
    return _as_of(samples_dir, samples_dir / "requests" / f"{hook}-{story}.json", day)


def sample_bundle(samples_dir: Path, story: str, day: date) -> dict[str, Any] | None:
    """The whole record of a sample as of `day`, as a Bundle; None where there is none."""
    return _as_of(samples_dir, samples_dir / "patients" / f"{story}.json", day)


def _as_of(samples_dir: Path, path: Path, day: date) -> dict[str, Any] | None:
    written = samples_day(samples_dir)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    # By its ordinal: a day that knows its zone is no `date` to subtract from another.
    moved: dict[str, Any] = content if written is None else redated(content, day.toordinal() - written.toordinal())
    return moved


def sample_records(samples_dir: Path) -> dict[str, Record]:
    """Every sample patient's record by its story. Raises RecordError for one that is none."""
    paths = sorted((samples_dir / "patients").glob("*.json"))
    return {path.stem: read_bundle(path.read_bytes()) for path in paths}


def sample_reader(library: Library, samples_dir: Path) -> ReadSample:
    """Reads `patients/<story>.json` under `samples_dir` as the whole record of a patient. RecordError if it is none."""

    def read(story: str, as_of: date) -> Documents | None:
        path = samples_dir / "patients" / f"{story}.json"
        if not path.is_file():
            return None
        sheet = build_sheet(read_bundle(path.read_bytes()), library.facts, as_of, library.facts_read)
        return Documents(sheet.document("closed"), sheet.document("open"))

    return read
