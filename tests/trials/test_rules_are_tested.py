"""Each trial's own cases: all hold, test every outcome, and notice every fault that is put into the rules."""

import pytest

from cds_service.rule_tools import default_samples_dir, sample_reader
from cds_service.rule_tools.cases import load_cases, mutate, run_cases
from cds_service.settings import default_rules_dir
from cds_service.trials import titles_of

TRIALS = sorted(path.parent.name for path in (default_rules_dir() / "trials").glob("*/trial.json"))


@pytest.fixture(params=TRIALS)
def report(request, library):
    cases = load_cases(library.trial(request.param), default_rules_dir(), library.catalogue)
    samples = sample_reader(library, default_samples_dir())
    return run_cases(cases, library.compiled, titles_of(library.catalogue), samples)


def test_every_case_holds_and_every_outcome_is_tested(report):
    assert report.mismatches == ()
    assert [f for f in report.findings if f.severity == "error"] == []


def test_no_fault_in_the_rules_goes_unnoticed(report, library):
    mutation = mutate(report, library.compiled.vocabulary, library.catalogue)
    assert mutation.findings == ()
    assert mutation.tried > 100
