"""The sample patients of `fhir_samples/patients`, as the fact documents that test cases run on."""

import json
from datetime import date
from pathlib import Path

from cds_service.facts import build_sheet
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library
from cds_service.rule_tools.cases import Documents, ReadSample


def default_samples_dir() -> Path:
    """The samples inside an installed package, else those at the root of the repository."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_data" / "fhir_samples"
    return packaged if packaged.is_dir() else package.parent / "fhir_samples"


def samples_day(samples_dir: Path) -> date | None:
    """The day that the samples were written for: later their results are too old. None where `samples.json` does not
    say it."""
    try:
        content = json.loads((samples_dir / "samples.json").read_text(encoding="utf-8"))
        return date.fromisoformat(content["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
