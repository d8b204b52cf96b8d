"""Samples don't rot: as of any day a sample is the same patient, with the same verdicts."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from cds_service.rule_tools import default_samples_dir, redated, sample_bundle, sample_people, sample_request

SAMPLES = default_samples_dir()
WRITTEN = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("element", "said", "days", "becomes"),
    [
        ("birthDate", "1985-06-30", 1, "1985-07-01"),
        ("effectiveDateTime", "2026-11-24T08:00:00+01:00", 7, "2026-12-01T08:00:00+01:00"),
        ("start", "2024-02-28", 1, "2024-02-29"),
        ("authoredOn", "2026-01-01", -1, "2025-12-31"),
        ("onsetDateTime", "2026-11", 20, "2026-12"),
        ("onsetDateTime", "2026-11", 5, "2026-11"),
        ("onsetDateTime", "2025", 365, "2026"),
        ("code", "2025", 365, "2025"),
        ("value", "8640", 365, "8640"),
        ("text", "since 2025-01-01", 365, "since 2025-01-01"),
        ("valueInteger", 2025, 9, 2025),
        ("active", True, 9, True),
        ("note", None, 9, None),
    ],
)
def test_dates_move_and_nothing_else(element: str, said: Any, days: int, becomes: Any) -> None:
    assert redated({"entry": [{element: said}]}, days) == {"entry": [{element: becomes}]}


@given(days=st.integers(-400, 1500), story=st.sampled_from(sorted(sample_people(SAMPLES))))
@settings(max_examples=40, deadline=None)
def test_a_sample_has_the_same_verdicts_as_of_any_day(library: Library, days: int, story: str) -> None:
    def verdicts(day: date) -> dict[str, str]:
        record = read_bundle(json.dumps(sample_bundle(SAMPLES, story, day)).encode())
        return {trial.trial.id: trial.verdict for trial in match(record, library, day).trials}

    assert verdicts(WRITTEN + timedelta(days=days)) == verdicts(WRITTEN)


def test_every_sample_says_who_it_is() -> None:
    people = sample_people(SAMPLES)
    assert set(people) == {path.stem for path in (SAMPLES / "patients").glob("*.json")}
    assert [story for story, who in people.items() if who == story] == []
    assert len(set(people.values())) == len(people)


def test_as_of_the_day_it_was_written_for_a_sample_is_the_file() -> None:
    path = SAMPLES / "requests" / "encounter-start-sle.json"
    assert sample_request(SAMPLES, "sle", "encounter-start", WRITTEN) == json.loads(path.read_text(encoding="utf-8"))
    assert sample_request(SAMPLES, "nobody", "patient-view", WRITTEN) is None


@pytest.mark.parametrize("options", [(), ("--bundle",), ("--hook", "encounter-start")])
def test_the_command_prints_a_sample_as_of_a_day(options: tuple[str, ...]) -> None:
    printed = CliRunner().invoke(app, ["sample", "sle", "--as-of", "2027-11-24", *options])
    assert printed.exit_code == 0
    content = json.loads(printed.stdout)
    assert content.get("resourceType") == ("Bundle" if options == ("--bundle",) else None)
    assert "2027-11-19" in printed.stdout, "the day of the newest results"
    assert "2026-11-19" not in printed.stdout


def test_the_command_lists_the_samples_and_names_them_where_there_is_none_of_that_name() -> None:
    listed = CliRunner().invoke(app, ["sample"])
    assert "Woman of 41 with lupus\n" in listed.stdout
    refused = CliRunner().invoke(app, ["sample", "nobody"])
    assert refused.exit_code == 2
    assert "there is no sample 'nobody'" in refused.stderr
    assert "sle-likely" in refused.stderr


def test_a_folder_that_says_no_day_gives_its_samples_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "patients").mkdir()
    (tmp_path / "patients" / "one.json").write_text('{"birthDate": "1980-01-01"}')
    assert sample_bundle(tmp_path, "one", WRITTEN) == {"birthDate": "1980-01-01"}
    assert sample_people(tmp_path) == {"one": "one"}
