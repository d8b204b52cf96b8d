"""Boundary Bundles: read as any record, each comes to what it must."""

import json
import sys
from datetime import date
from functools import cache

import pytest
from fhir.resources.R4B.bundle import Bundle
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts import build_sheet
from cds_service.fhir import read_bundle
from cds_service.logic import Program
from cds_service.rule_tools.cases import places_of
from cds_service.settings import default_rules_dir
from cds_service.trials import outcome_of
from tools.boundaries.bundles import bundle_of
from tools.boundaries.probes import ProbeMaker

TRIALS = sorted(path.parent.name for path in (default_rules_dir() / "trials").glob("*/trial.json"))
AS_OF = date(2026, 11, 24)
# The last of February, of a month with 31 days and of a year: where counting back by the calendar goes wrong.
CALENDAR = [(TRIALS[0], date(2024, 2, 29)), (TRIALS[3], date(2026, 5, 31)), (TRIALS[-1], date(2023, 12, 31))]


@pytest.fixture(scope="module")
def made(library):
    """Every criterion of a trial with its boundary records as of a day."""

    @cache
    def records(trial_id, as_of):
        maker = ProbeMaker(library, default_rules_dir(), as_of)
        return [(c, maker.probes(place, c)) for place, c in places_of(library.trial(trial_id)).items()]

    return records


def wrong(library, compiled, probes, as_of):
    """The records whose leaf or criterion comes out differently."""
    names = frozenset(library.catalogue.fact_of(ref.name) or ref.name for ref in compiled.facts)
    programs = {}
    for probe in probes:
        program = programs.setdefault(probe.number, Program([compiled.rule, probe.leaf.alone()]))
        record = read_bundle(json.dumps(bundle_of(probe)).encode())
        facts = build_sheet(record, library.facts, as_of, names).document("closed")
        whole, leaf = program.evaluate(facts, as_of).truths
        outcome, _ = outcome_of(compiled.criterion, whole, whole)
        if (leaf, outcome) != (probe.truth, probe.outcome):
            yield f"{probe.leaf.pointer}: {probe.label}: {leaf}, {outcome}, not {probe.truth}, {probe.outcome}"


@pytest.mark.parametrize(("trial_id", "as_of"), [*((t, AS_OF) for t in TRIALS), *CALENDAR])
def test_every_boundary_record_comes_to_what_it_must(library, made, trial_id, as_of):
    criteria = made(trial_id, as_of)
    assert [line for c, found in criteria for line in wrong(library, c, found.probes, as_of)] == []


@pytest.mark.parametrize("trial_id", TRIALS)
def test_every_leaf_is_tried_and_comes_out_each_way(made, trial_id):
    for compiled, found in made(trial_id, AS_OF):
        assert found.untried == ()
        if compiled.criterion.has_logic:
            truths = {}
            for probe in found.probes:
                truths.setdefault(probe.number, set()).add(probe.truth)
            assert all(seen >= {True, False} for seen in truths.values()), compiled.criterion.id


@pytest.mark.parametrize("trial_id", TRIALS)
def test_every_leaf_decides_its_criterion_in_some_record(made, trial_id):
    idle = set()
    for compiled, found in made(trial_id, AS_OF):
        decides = {}
        for probe in found.probes:
            key = (trial_id, compiled.criterion.id, probe.leaf.pointer)
            decides[key] = decides.get(key, False) or probe.decisive
        idle |= {key for key, value in decides.items() if not value}
    assert idle == set()


def test_the_records_of_a_threshold_cover_what_can_go_wrong(library):
    maker = ProbeMaker(library, default_rules_dir(), AS_OF)
    compiled = places_of(library.trial("NCT07083349"))["", "inc-04b"]
    labels = {p.label: p.outcome for p in maker.probes(("", "inc-04b"), compiled).probes if p.number == 1}
    expected = {
        "at 80 g/L": "pass",
        "just under 80 g/L": "fail",
        "just over 80 g/L": "pass",
        "at the threshold, in g/dL": "pass",
        "just under the threshold, in mmol/L": "fail",
        "reported as <80": "fail",
        "nothing on record": "unknown",
        "entered in error: at 80 g/L": "unknown",
        "in mol/kg, which is not accepted": "unknown",
        "without a unit": "unknown",
        "at 80 g/L, 7 days old": "pass",
        "at 80 g/L, 8 days old": "unknown",
    }
    assert expected.items() <= labels.items()


def test_a_whole_bundle_is_valid_fhir(made):
    for _, found in made("NCT07617779", AS_OF)[:12]:
        for probe in found.probes[:1]:
            Bundle.model_validate(bundle_of(probe))


def test_where_the_tool_is_not_installed_the_command_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tools.boundaries.bundles", None)
    result = CliRunner().invoke(app, ["rules", "boundaries", "NCT07083349"])
    assert result.exit_code != 0
    assert "use a checkout" in result.output
