"""A trial whose source does not say all fits no better than possibly, and everybody is told why."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from cds_service.cards import CardOptions, cards_for
from cds_service.cli.show_explanation import PrintedExplanation
from cds_service.cli.show_rules import show_trial
from cds_service.explanation import explain
from cds_service.fhir import read_bundle
from cds_service.library import Library, check_library
from cds_service.matching import Match, match
from cds_service.rule_tools import trial_schema
from cds_service.rule_tools.changes import trial_change
from cds_service.rule_tools.docs import RulesReference, trials_page
from cds_service.workbench.views import told
from tests.cards.small_library import AS_OF, FACTS, VALUESETS, bundle, criterion, lab, library_of, put, trial
from tests.cards.small_library import condition as problem
from tests.facts.small_rules import write_rules

GAP = "The registry lists no exclusion criteria"
HB = criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]})
LUPUS = problem("55464009")
SUSPECTED = problem("55464009", verificationStatus={"coding": [{"code": "provisional"}]})
GOOD, LOW, OLD = lab("718-7", 90, "g/L"), lab("718-7", 70, "g/L"), lab("718-7", 90, "g/L", "2026-01-01")
YOUNG = criterion("s1-01", {"<": [{"var": "patient.age"}, {"quantity": [30, "a"]}]}, kind="inclusion")
ANY_AGE = criterion("s2-01", {">": [{"var": "patient.age"}, {"quantity": [1, "a"]}]}, kind="inclusion")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    cohorts = [{"id": "S1", "title": "Young", "criteria": [YOUNG]}, {"id": "S2", "title": "All", "criteria": [ANY_AGE]}]
    return library_of(
        tmp_path_factory.mktemp("gaps"),
        trial("NCT00000001", HB, source_gaps=[GAP]),
        trial("NCT00000002", HB),
        trial("NCT00000003", HB, source_gaps=[GAP], cohorts=cohorts),
        trial("NCT00000004", HB, source_gaps=[GAP], status="active_not_recruiting"),
    )


def of(library: Library, *resources: Any) -> Match:
    """The match of a woman of 40 with these resources and nothing else."""
    entries = [e for e in bundle()["entry"] if e["resource"]["resourceType"] == "Patient"]
    content = {**bundle(), "entry": [*entries, *({"resource": one} for one in resources)]}
    return match(read_bundle(json.dumps(content)), library, AS_OF)


def verdicts(found: Match) -> dict[str, str]:
    return {result.trial.id[-1]: result.verdict for result in found.trials}


@pytest.mark.parametrize(
    ("record", "without", "with_gap", "reasons"),
    [
        ((LUPUS, GOOD), "likely_eligible", "possibly_eligible", ["source_gap"]),
        ((LUPUS,), "possibly_eligible", "possibly_eligible", ["source_gap", "no_result"]),
        ((LUPUS, OLD), "possibly_eligible", "possibly_eligible", ["source_gap", "too_old"]),
        ((LUPUS, LOW), "not_eligible", "not_eligible", None),
        ((GOOD,), "not_eligible", "not_eligible", None),
        ((SUSPECTED, GOOD), "undetermined", "undetermined", ["source_gap", "unconfirmed"]),
    ],
    ids=["all passes", "no result", "too old", "fails", "no lupus", "lupus suspected"],
)
def test_the_verdict_and_its_first_reason(
    library: Library, record: tuple[Any, ...], without: str, with_gap: str, reasons: list[str] | None
) -> None:
    found = of(library, *record)
    assert verdicts(found) == {"1": with_gap, "2": without, "3": with_gap, "4": with_gap}
    gapped, plain = explain(found)["trials"][:2]
    assert gapped["source_gaps"] == [GAP]
    assert gapped.get("reasons") == reasons
    assert plain.get("reasons", []) == (reasons or ["source_gap"])[1:]
    assert "source_gaps" not in plain


def test_each_cohort_has_the_gap_too(library: Library) -> None:
    [told_of] = explain(of(library, LUPUS, GOOD), "NCT00000003")["trials"]
    assert told_of["reasons"] == ["source_gap"]
    assert [(c["id"], c["verdict"], c.get("reasons")) for c in told_of["cohorts"]] == [
        ("S1", "not_eligible", None),
        ("S2", "possibly_eligible", ["source_gap"]),
    ]


def test_the_card_says_what_to_look_up(library: Library) -> None:
    cards = {c["source"]["topic"]["code"][-1]: c for c in cards_for(of(library, LUPUS, GOOD), CardOptions(), "x")}
    gapped, plain = cards["1"], cards["2"]
    assert gapped["summary"] == "May fit: Short NCT00000001 – look up what the registry omits"
    assert plain["summary"] == "Likely fits: Short NCT00000002 – refer to the study team"
    line = f"- {GAP}: look it up"
    assert line in gapped["detail"].split("**Missing**")[1]
    assert "all 2 computed criteria pass" in gapped["detail"]
    assert "Look up what the registry omits, check the points below" in gapped["detail"]
    assert "the registry" not in plain["detail"].split("**Recruiting:**")[0].lower()
    # For a trial that takes no patients too: it only might fit.
    assert cards["4"]["summary"].startswith("Might fit: Short NCT00000004 – ")
    assert line in cards["4"]["detail"]


def test_a_gap_stands_before_other_things_that_are_missing(library: Library) -> None:
    [gapped, *_] = [c for c in cards_for(of(library, LUPUS), CardOptions(), "x") if "0001" in c["summary"]]
    assert gapped["summary"] == "May fit: Short NCT00000001 – order haemoglobin (+1 more)"
    missing = gapped["detail"].split("**Missing**")[1].splitlines()
    assert [line[:21] for line in missing if line.startswith("- ")][:2] == [f"- {GAP}"[:21], "- Order haemoglobin: "]


def test_a_gap_is_an_open_point_when_cards_are_ranked(tmp_path: Path) -> None:
    """Both may fit and recruit: one open result goes before one gap and one open result, and so on."""
    alt = criterion("inc-03", {"<": [{"var": "lab.alt"}, {"quantity": [40, "U/L"]}]})
    library = library_of(
        tmp_path,
        trial("NCT00000001", HB, source_gaps=[GAP, "The page is cut"]),
        trial("NCT00000002", HB, alt),
        trial("NCT00000003", HB, source_gaps=[GAP]),
        trial("NCT00000004", HB),
    )
    cards = cards_for(of(library, LUPUS), CardOptions(), "x")
    assert [card["source"]["topic"]["code"][-1] for card in cards] == ["4", "2", "3", "1"]


def test_authors_see_it(library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = RulesReference(library, write_rules(tmp_path, FACTS, VALUESETS))
    compiled = library.trial("NCT00000001")
    assert compiled is not None
    shown = io.StringIO()
    show_trial(compiled, reference.trial(compiled), Console(file=shown, width=200))
    assert f"Source gap: {GAP}" in shown.getvalue()
    found = of(library, LUPUS, GOOD)
    PrintedExplanation(explain(found, "NCT00000001"), found, "NCT00000001").all()
    assert f"source gap: {GAP}" in " ".join(capsys.readouterr().out.split())
    assert f"* {GAP}\n" in trials_page(reference)
    assert [told(result) for result in found.trials[:2]] == ["source gap", "2 pass"]
    assert told(of(library, LUPUS).trials[0]) == "source gap; unknown inc-02"


def test_a_change_of_it_is_told(tmp_path: Path) -> None:
    old, new, other = (
        library_of(tmp_path, trial("NCT00000001", HB, **fields)).trial("NCT00000001")
        for fields in ({}, {"source_gaps": [GAP]}, {"source_gaps": [GAP, "The page is cut"]})
    )
    changes = [trial_change(a, b, {}) for a, b in ((old, new), (new, other), (new, new))]
    said = [None if c is None else [(x.what, x.old, x.new) for x in c.changes] for c in changes]
    assert said == [
        [("source_gaps", "none", GAP)],
        [("source_gaps", GAP, f"{GAP}; The page is cut")],
        None,
    ]


@pytest.mark.parametrize(
    ("gaps", "place", "says"),
    [
        ([""], "/source_gaps/0", "pattern"),
        (["  "], "/source_gaps/0", "pattern"),
        ([GAP, " The page is cut"], "/source_gaps/1", "pattern"),
        ([GAP, GAP], "/source_gaps", "stands there twice"),
        (["x" * 201], "/source_gaps/0", "200 characters"),
        ([f"Gap {n}" for n in range(11)], "/source_gaps", "at most 10"),
        (GAP, "/source_gaps", "takes a list"),
        ([7], "/source_gaps/0", "string"),
    ],
    ids=["empty", "blank", "blank before", "twice", "too long", "too many", "no list", "no text"],
)
def test_what_is_no_gap_is_an_error_at_its_place(
    library: Library, tmp_path: Path, gaps: Any, place: str, says: str
) -> None:
    content = trial("NCT00000001", HB, source_gaps=gaps)
    rules = write_rules(tmp_path, FACTS, VALUESETS)
    put(rules / "trials" / content["id"] / "trial.json", content)
    _, findings = check_library(rules)
    [finding] = [f for f in findings if f.severity == "error"]
    assert finding.pointer == place
    assert says in finding.message
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, trial_schema(library))


def test_no_gaps_is_what_a_file_without_the_key_says(tmp_path: Path) -> None:
    library = library_of(tmp_path, trial("NCT00000001", HB, source_gaps=[]))
    assert verdicts(of(library, LUPUS, GOOD)) == {"1": "likely_eligible"}
