"""The commands for rule authors."""

import json
from functools import cache

import pytest
from typer.testing import CliRunner

from cds_service import library
from cds_service.cli import app
from cds_service.library import check_library
from cds_service.settings import default_rules_dir

runner = CliRunner()
LUPUS = "NCT07083349"


@pytest.fixture(autouse=True, scope="module")
def rules_are_loaded_once():
    """Each command reads the rules folder; here each folder is read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "check_library", cache(check_library))
        yield


def run(*arguments):
    return runner.invoke(app, ["rules", *map(str, arguments)])


def test_the_cases_of_a_trial_are_run_and_its_coverage_shown():
    result = run("test", LUPUS)
    assert result.exit_code == 0, result.output
    assert "0 differ" in result.output
    assert "26 computed" in result.output


def test_the_same_as_json_with_mutants():
    result = run("test", LUPUS, "--mutate", "--format", "json")
    [trial] = json.loads(result.stdout)["trials"]
    assert (trial["id"], trial["mismatches"], trial["mutation"]["survivors"]) == (LUPUS, [], [])
    assert trial["mutation"]["tried"] > 100
    assert all(not item["missing"] for item in trial["coverage"])


@pytest.fixture
def changed_rules(tmp_path):
    """A rules folder like the repository's, in which the case file of one trial is changed."""
    for entry in default_rules_dir().iterdir():
        if entry.name != "trials":
            (tmp_path / entry.name).symlink_to(entry)
    folder = tmp_path / "trials" / LUPUS
    folder.mkdir(parents=True)
    source = default_rules_dir() / "trials" / LUPUS
    (folder / "trial.json").symlink_to(source / "trial.json")
    cases = json.loads((source / "cases.json").read_text())

    def changed(change):
        change(cases)
        (folder / "cases.json").write_text(json.dumps(cases))
        return tmp_path

    return changed


def test_a_mismatch_says_which_part_decided_and_the_exit_code_is_1(changed_rules):
    def wrong(cases):
        cases["cases"] = [{"name": "wrong", "facts": {"vital.qtc": {"quantity": [481, "ms"]}}}]

    result = run("test", "--rules", changed_rules(wrong))
    assert result.exit_code == 1
    assert "case “wrong”: exc-07b is fail, expected pass" in result.output
    assert "481 ms" in result.output


def test_a_wrong_base_is_told_once(changed_rules):
    result = run("test", "--rules", changed_rules(lambda c: c["base"]["facts"].update({"score.sledai_2k": 3})))
    assert result.output.count("inc-05 is fail, expected pass") == 1
    assert "more cases" in result.output


def test_the_check_finds_faults_in_case_files(changed_rules):
    result = run("check", changed_rules(lambda c: c["base"]["facts"].update({"score.sledaii_2k": 3})))
    assert result.exit_code == 1
    assert "case-unknown-fact" in result.output


@pytest.mark.parametrize("arguments", [("test", "NCT00000000"), ("show", "NCT00000000"), ("test", "--format", "xml")])
def test_what_is_not_there_is_refused(arguments):
    assert run(*arguments).exit_code == 2


def test_a_trial_is_shown_in_words_with_its_facts():
    result = run("show", LUPUS)
    assert result.exit_code == 0
    assert "26 computed" in result.output
    shown = json.loads(run("show", LUPUS, "--format", "json").stdout)
    assert "SLEDAI-2K > 8" in {criterion["rule"] for criterion in shown["criteria"]}
    assert "lab.hemoglobin" in {fact["name"] for fact in shown["facts"]}


def test_without_a_trial_all_trials_and_facts_are_listed():
    assert run("show").exit_code == 0
    shown = json.loads(run("show", "--format", "json").stdout)
    assert LUPUS in shown["trials"]
    assert len(shown["facts"]) > 100


def test_boundary_bundles_are_written_with_a_manifest(tmp_path):
    result = run("boundaries", LUPUS, "--criterion", "exc-07b", "--out", tmp_path, "--as-of", "2026-11-24")
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / LUPUS / "manifest.json").read_text())
    assert manifest["as_of"] == "2026-11-24"
    assert manifest["untried"] == []
    entries = {entry["record"]: entry for entry in manifest["bundles"]}
    assert entries["at 480 ms"]["expected"] == "pass"
    assert entries["just over 480 ms"]["expected"] == "fail"
    for entry in manifest["bundles"]:
        assert json.loads((tmp_path / LUPUS / entry["file"]).read_text())["resourceType"] == "Bundle"


def test_a_criterion_that_is_not_there_is_refused(tmp_path):
    assert run("boundaries", LUPUS, "--criterion", "exc-99", "--out", tmp_path).exit_code == 2


def test_the_page_of_all_trials_is_printed():
    assert run("docs").stdout.startswith("# Trials\n")
