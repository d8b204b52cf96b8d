"""What is presumed, because nothing is on record, is shown as recorded nowhere."""

import io
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cds_service.cards import CardOptions, cards_for
from cds_service.cli.show_facts import show_fact_sheet
from cds_service.explanation import PlainWords, explain, fact_sheet
from cds_service.facts import presumed_words
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import Match, match
from cds_service.settings import default_rules_dir
from cds_service.workbench.views import changeable, outcomes, sheet, telling, today
from tests.facts.records import Json, condition, observation, patient

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "fhir_samples" / "patients").glob("*.json"))
AS_OF = date(2026, 11, 24)
NO_RECORD = "presumed absent (no record)"
OLD_MAN = patient(gender="male", birthDate="1955-03-02")
NIV = {"coding": [{"system": "urn:cds-service:facts", "code": "niv-hours-per-day"}]}
NOT_PREGNANT: Json = {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "60001007"}]}}
NONE: Json = {"valueQuantity": {"value": 0, "code": "h/d", "system": "http://unitsofmeasure.org"}}
PRESUMED = {
    "score.nyha": "NYHA class",
    "result.pregnancy_status": "Pregnancy status",
    "result.breastfeeding_status": "Breastfeeding status",
    "vital.niv_hours_per_day": "Non-invasive ventilation, hours per day",
    "genomics.smn1_biallelic_pathogenic": "SMN1, both alleles pathogenic",
    "condition.stroke": "Stroke",
}
"""Facts that the catalogue presumes of whoever has nothing on record of them."""


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(default_rules_dir())


def bundle(*resources: Json) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


@pytest.fixture(scope="module")
def man(library: Library) -> Match:
    """A man of 71 years with ALS, of whom nothing else is on record."""
    als = condition("86044005")
    return match(read_bundle(bundle(OLD_MAN, als)), library, AS_OF)


def printed(document: Json, show: Any, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=400, color_system=None, legacy_windows=False)
    show(document, console, **options)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def facts_of(document: Json) -> Iterator[Json]:
    for trial in document["trials"]:
        for part in (trial, *trial["cohorts"]):
            for criterion in part["criteria"]:
                yield from criterion["facts"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_value_has_a_source_or_says_that_it_is_presumed(path: Path, library: Library) -> None:
    found = match(read_bundle(path.read_bytes()), library, AS_OF)
    entries = [*facts_of(explain(found)), *found.sheet.as_json()]
    assert any(entry.get("basis") for entry in entries)
    for entry in entries:
        told = entry["value"] is not None
        assert (entry.get("basis") == "presumed") == (told and entry["source"] is None), entry


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_chart_shows_what_is_on_record_and_nothing_else(path: Path, library: Library) -> None:
    found = match(read_bundle(path.read_bytes()), library, AS_OF)
    lines = [line for group in sheet(found).values() for line in group]
    assert [line for line in lines if telling(line) and not line.source] == []
    assert {line.said for line in lines if line.known and not line.source} <= {NO_RECORD}
    text = "\n".join(line for card in cards_for(found, CardOptions(), "seed") for line in card["detail"].splitlines())
    for title in PRESUMED.values():
        assert f"{title} negative" not in text
        assert f"{title} 0" not in text


@pytest.mark.parametrize("name", PRESUMED)
def test_the_chart_of_an_old_man_says_nothing_of_it(man: Match, name: str) -> None:
    [line] = [line for group in sheet(man).values() for line in group if line.name == name]
    assert (line.said, line.title, telling(line)) == (NO_RECORD, PRESUMED[name], False)


@pytest.mark.parametrize("name", PRESUMED)
def test_his_fact_sheet_says_that_there_is_no_record(library: Library, name: str) -> None:
    document = fact_sheet(read_bundle(bundle(OLD_MAN)), library, AS_OF)
    [fact] = [fact for fact in document["facts"] if fact["name"] == name]
    assert (fact["status"], fact["evidence"]) == ("presumed", [])
    everything = printed({**document, "facts": [fact]}, show_fact_sheet, everything=True)
    assert row(everything, PRESUMED[name]) == f"{PRESUMED[name]} {NO_RECORD}"
    assert PRESUMED[name] not in printed(document, show_fact_sheet)


@pytest.mark.parametrize("name", PRESUMED)
def test_an_explanation_says_that_there_is_no_record(man: Match, name: str) -> None:
    entries = man.sheet.describe(name)
    title = PRESUMED[name]
    assert [line.casefold() for line in PlainWords(man).facts(entries)] == [
        f"nothing on record, presumed absent: {title}".casefold()
    ]


def test_what_if_says_that_there_is_no_record(man: Match, library: Library) -> None:
    asked = {fact.name: today(man, fact) for fact in changeable(library)}
    assert {name: asked[name] for name in PRESUMED if name in asked} == {
        name: NO_RECORD for name in PRESUMED if name in asked
    }
    assert asked["score.nyha"] == NO_RECORD


@pytest.mark.parametrize(
    ("name", "resource", "said"),
    [
        ("score.nyha", observation("88020-3", "2026-11-01", valueInteger=2), "2"),
        ("result.pregnancy_status", observation("82810-3", "2026-11-01", **NOT_PREGNANT), "negative"),
        ("vital.niv_hours_per_day", observation(date="2026-11-01", code=NIV, **NONE), "0 h/d"),
        ("condition.stroke", condition("230690007"), "on record"),
        ("condition.sle", condition("55464009"), "current"),
    ],
)
def test_what_is_on_record_is_shown_as_before(library: Library, name: str, resource: Json, said: str) -> None:
    found = match(read_bundle(bundle(OLD_MAN, resource)), library, AS_OF)
    [line] = [line for group in sheet(found).values() for line in group if line.name == name]
    assert (line.said, telling(line)) == (said, True)
    assert all("basis" not in entry for entry in found.sheet.describe(name))


def test_a_reason_does_not_give_a_presumed_value_as_the_patients(library: Library) -> None:
    shown: list[str] = []
    for path in SAMPLES:
        found = match(read_bundle(path.read_bytes()), library, AS_OF)
        for trial in library.trials:
            for view in outcomes(found, library, trial.id):
                shown += view.reasons
    assert [reason for reason in shown if NO_RECORD in reason and ": is " in reason] == []
    nyha = {reason for reason in shown if "NYHA" in reason}
    assert nyha
    assert all(NO_RECORD in reason for reason in nyha)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (False, NO_RECORD),
        (0, NO_RECORD),
        ("negative", NO_RECORD),
        ("positive", "presumed positive (no record)"),
        (1, "presumed 1 (no record)"),
        (True, "presumed yes (no record)"),
    ],
)
def test_the_words_for_it(value: Any, said: str) -> None:
    assert presumed_words(value) == said


def row(text: str, title: str) -> str:
    """The line of a table that begins with a title, with single blanks."""
    lines: Iterable[str] = (" ".join(line.split()) for line in text.splitlines())
    return next(line for line in lines if line.startswith(title))
