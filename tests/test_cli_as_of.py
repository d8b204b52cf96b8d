"""`--as-of`: a day or an instant, in the zone of the site."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cli import app

PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-03-15"}


def haemoglobin(value: int, date: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"h{value}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": date,
        "valueQuantity": {"value": value, "unit": "g/L"},
    }


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """112 g/L a fortnight ago and 60 g/L at half past six on 25 November, by the clocks of Shanghai."""
    found = [PATIENT, haemoglobin(112, "2026-11-10T07:30:00+08:00"), haemoglobin(60, "2026-11-25T06:30:00+08:00")]
    file = tmp_path / "bundle.json"
    entries = [{"resource": one} for one in found]
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return str(file)


def run(bundle: str, zone: str, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", "--bundle", bundle, *arguments], env={"CDS_TIMEZONE": zone})


@pytest.mark.parametrize(
    ("zone", "as_of", "value", "day", "why"),
    [
        ("", "2026-11-24", 60, "2026-11-24", "22:30 of the day in UTC"),
        ("Asia/Shanghai", "2026-11-24", 112, "2026-11-24", "in Shanghai it is tomorrow"),
        ("Asia/Shanghai", "2026-11-25", 60, "2026-11-25", "today there"),
        ("Pacific/Honolulu", "2026-11-24", 60, "2026-11-24", "noon in Honolulu"),
        ("Pacific/Honolulu", "2026-11-23", 112, "2026-11-23", "the day before there"),
        ("Asia/Shanghai", "2026-11-25T06:29:59", 112, "2026-11-25", "a second before, by the clocks of the site"),
        ("Asia/Shanghai", "2026-11-25T06:30:00", 60, "2026-11-25", "at that very second"),
        ("Asia/Shanghai", "2026-11-24T22:30:00Z", 60, "2026-11-25", "the same instant, which falls on the 25th"),
        ("", "2026-11-25T06:30:00+08:00", 60, "2026-11-24", "the same instant, which falls on the 24th"),
        ("Pacific/Honolulu", "2026-11-24T22:29Z", 112, "2026-11-24", "a minute before"),
    ],
)
def test_what_counts_as_now(*, zone: str, as_of: str, value: int, day: str, why: str, bundle: str) -> None:
    result = run(bundle, zone, "--as-of", as_of, "--facts", "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    [fact] = [fact for fact in document["facts"] if fact["name"] == "lab.hemoglobin"]
    assert (fact["value"], document["as_of"]) == (value, day), why
    planned = [issue["resource"] for issue in document["issues"] if issue["code"] == "planned_result"]
    assert planned == ([] if value == 60 else ["Observation/h60"]), "what is left out is said"


@pytest.mark.parametrize(
    ("zone", "said", "instant"),
    [
        ("", "UTC (not set)", "2026-11-24T23:59:59+00:00"),
        ("Asia/Shanghai", "Asia/Shanghai (CDS_TIMEZONE)", "2026-11-24T23:59:59+08:00"),
    ],
)
def test_explain_says_the_zone_and_whether_anybody_set_it(zone: str, said: str, instant: str, bundle: str) -> None:
    for more in ((), ("--facts",)):
        document = json.loads(run(bundle, zone, "--as-of", "2026-11-24", "--format", "json", *more).stdout)
        assert (document["time_zone"], document["as_of_instant"]) == (said, instant)
        told = " ".join(run(bundle, zone, "--as-of", "2026-11-24", *more).stdout.split())
        assert f"as of 2026-11-24 (up to {instant}, time zone {said})" in told


@pytest.mark.parametrize("as_of", ["yesterday", "2026-02-30", "2026-11-24T25:00", "2026", ""])
def test_what_is_neither_a_day_nor_an_instant_is_refused(as_of: str, bundle: str) -> None:
    result = run(bundle, "", "--as-of", as_of)
    assert result.exit_code == 2
    assert "is not a day, such as 2026-11-24, or an instant" in " ".join(result.output.replace("│", "").split())


def test_a_zone_that_there_is_not_is_refused(bundle: str) -> None:
    result = run(bundle, "Asia/Peking", "--as-of", "2026-11-24")
    assert result.exit_code == 2
    assert "CDS_TIMEZONE: 'Asia/Peking' is no time zone of the IANA database" in result.output
