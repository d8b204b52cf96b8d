"""Trials in plain words, and the page that shows them."""

from pathlib import Path

import pytest

from cds_service.rule_tools.docs import RulesReference, trials_page
from cds_service.settings import default_rules_dir
from cds_service.trials import Trial, coverage_of

PAGE = Path(__file__).parents[2] / "docs" / "trials.md"


@pytest.fixture(scope="module")
def reference(library):
    return RulesReference(library, default_rules_dir())


def test_docs_trials_is_current(reference):
    assert PAGE.read_text(encoding="utf-8") == trials_page(reference), (
        "run: cds-service rules docs --out docs/trials.md"
    )


def test_the_page_has_every_criterion(library):
    page = PAGE.read_text(encoding="utf-8")
    for trial in library.trials:
        for criterion in trial.trial.all_criteria():
            assert f"| {criterion.id} | " in page
            assert criterion.text.replace("|", "\\|") in page


def test_a_rule_is_shown_in_words_with_its_lookback(reference):
    [count] = [c for c in reference.trial(reference.library.trial("NCT07083349")).criteria if c.id == "inc-04b"]
    assert "haemoglobin ≥ 80 g/L" in count.rule
    assert count.lookback == "7 days"
    assert count.facts == ("lab.neutrophils", "lab.hemoglobin", "lab.platelets")


def test_a_fact_is_shown_with_codes_units_and_freshness(reference):
    haemoglobin = reference.fact("lab.hemoglobin")
    assert haemoglobin.unit == "g/L"
    assert "g/dL" in haemoglobin.units
    assert haemoglobin.fresh_for == "90 days"
    assert haemoglobin.read_from.startswith("LOINC 718-7")
    assert reference.fact("condition.stroke").read_from.startswith("Condition; stroke (SNOMED CT ")


def test_every_fact_of_the_catalogue_can_be_shown(reference):
    assert {fact.name for fact in reference.facts()} == set(reference.library.catalogue.facts)


def test_a_criterion_that_cohorts_share_counts_once(library):
    data = library.trial("NCT07617779").trial
    count = coverage_of(data)
    assert count.criteria == len({c.id for c in data.all_criteria()}) < len(data.all_criteria())
    assert count.criteria == count.computed + count.screened + count.by_hand


def test_the_tally_says_who_decides():
    parts = [
        {"id": "inc-01", "kind": "inclusion", "text": "a", "logic": None, "gate": True},
        {"id": "inc-02", "kind": "inclusion", "text": "b", "logic": None, "review": "look"},
        {"id": "inc-03", "kind": "inclusion", "text": "c", "review": "look", "screen": None},
        {"id": "inc-04", "kind": "inclusion", "text": "d", "review": "look"},
    ]
    trial = Trial(
        id="NCT00000000",
        title="t",
        short_title="t",
        status="recruiting",
        registry={"url": "https://example.org"},
        state="draft",
        rules_version="1.0.0",
        criteria=parts,
    )
    assert (
        coverage_of(trial).text()
        == "4 criteria: 2 computed (1 of them to be confirmed), 1 screened, 1 left to a person"
    )
