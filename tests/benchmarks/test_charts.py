"""The charts of the benchmark are what they say: the same for the same seed, and answered as real ones are."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from benchmarks import charts
from cds_service.app import create_app
from cds_service.cds_hooks import service_for
from cds_service.library import Library
from cds_service.settings import Settings

ROOT = Path(__file__).parents[2]


def results(body: bytes) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(body)["prefetch"]["observations"]["entry"]]


@pytest.mark.parametrize(("story", "resources", "cards"), [("sle", 20, 2), ("sle", 400, 2), ("healthy", 400, 0)])
def test_the_service_answers_them_as_it_answers_their_story(
    library: Library, tmp_path: Path, story: str, resources: int, cards: int
) -> None:
    settings = Settings(state_dir=tmp_path)
    with TestClient(create_app(settings, library, lambda: charts.TOLD_ON)) as client:
        body, headers = charts.request(resources, story=story), {"Content-Type": "application/json"}
        answer = client.post(service_for("patient-view").path, content=body, headers=headers)
    assert answer.status_code == 200
    assert len(answer.json()["cards"]) == cards


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert charts.request(100, 7) == charts.request(100, 7)
    assert charts.request(100, 7) != charts.request(100, 8)
    assert charts.sized(60_000, 7) == charts.sized(60_000, 7)


@pytest.mark.parametrize("story", ["sle", "healthy"])
def test_there_are_as_many_resources_as_asked_for(story: str) -> None:
    for resources in (20, 21, 300):
        body = json.loads(charts.request(resources, story=story))
        bundles = [value for value in body["prefetch"].values() if value["resourceType"] == "Bundle"]
        assert 1 + sum(len(bundle.get("entry", ())) for bundle in bundles) == resources
        assert body["prefetch"]["observations"]["total"] == len(body["prefetch"]["observations"]["entry"])


def test_a_chart_of_2000_observations_has_1_2_mb_and_a_sized_one_its_size() -> None:
    assert 1_150_000 < len(charts.request(2000)) < 1_300_000
    assert abs(len(charts.sized(211_000)) - 211_000) < 2_000


def test_ids_are_unique_and_every_result_is_the_patients() -> None:
    made = results(charts.request(300))
    assert len({each["id"] for each in made}) == len(made)
    assert {each["subject"]["reference"] for each in made} == {"Patient/sle"}


def test_what_is_added_is_older_than_the_story_and_normal() -> None:
    story = {each["id"] for each in results(charts.request(0))}
    limits = {test.code: test for test in charts.ROUTINE}
    for each in results(charts.request(300)):
        if each["id"] in story:
            continue
        assert each["effectiveDateTime"] < (charts.TOLD_ON - timedelta(days=29)).isoformat()
        test = limits[each["code"]["coding"][0]["code"]]
        if "valueQuantity" in each:
            assert test.low <= each["valueQuantity"]["value"] <= test.high


def test_told_on_another_day_all_dates_move_along() -> None:
    later = charts.request(40, as_of=charts.TOLD_ON + timedelta(days=100))
    for was, now in zip(results(charts.request(40)), results(later), strict=True):
        days = [date.fromisoformat(each["effectiveDateTime"][:10]) for each in (was, now)]
        assert days[1] - days[0] == timedelta(days=100)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_that_the_rules_read_is_what_was_asked_for(library: Library, share: float) -> None:
    read = charts.codes_read(library)
    body = charts.request(1000, share_read=share, read=read)
    assert charts.share_read_in(body, read) == pytest.approx(share, abs=0.02)


def test_a_share_that_the_routine_tests_cannot_give_is_refused() -> None:
    with pytest.raises(ValueError, match="all read, or none"):
        charts.request(100, share_read=0.5, read=frozenset())
