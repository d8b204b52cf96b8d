"""`rules new`, `rules diff` and `rules schema` as they are typed."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.rule_tools import default_samples_dir
from cds_service.settings import default_rules_dir

pytestmark = pytest.mark.slow

RULES = default_rules_dir()


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rules", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("more", [(), ("--condition", "condition.sle", "--title", "A trial in lupus")])
def test_a_new_trial_passes_all_checks_and_its_own_cases(rules: Path, more: tuple[str, ...]) -> None:
    assert "trial.json" in run("new", "NCT01234567", *more, "--rules", str(rules))
    assert "no findings" in run("check", str(rules))
    assert "0 differ" in run("test", "NCT01234567", "--rules", str(rules))
    trial = json.loads((rules / "trials" / "NCT01234567" / "trial.json").read_text(encoding="utf-8"))
    assert trial["state"] == "draft", "it gives no card until somebody says so"


CASES = "trials/NCT01234567/cases.json"


def criteria_added(rules: Path, count: int, fact: str = "condition.stroke") -> None:
    """As somebody fills a new trial: one criterion after the other, and no case yet."""
    path = rules / "trials" / "NCT01234567" / "trial.json"
    trial = json.loads(path.read_text(encoding="utf-8"))
    for n in range(1, count + 1):
        logic = {"var": fact}
        trial["criteria"].append({"id": f"exc-{n:02}", "kind": "exclusion", "text": "Stroke", "logic": logic})
    path.write_text(json.dumps(trial, indent=2), encoding="utf-8")


@pytest.mark.parametrize("more", [(), ("--condition", "condition.sle")])
def test_criteria_added_to_a_new_trial_are_one_finding(rules: Path, more: tuple[str, ...]) -> None:
    run("new", "NCT01234567", *more, "--rules", str(rules))
    criteria_added(rules, 9)
    told = run("check", str(rules), code=1)
    [line] = [line for line in told.splitlines() if ": error: " in line]
    assert line.startswith(f"{CASES}:4: error: case-differs: exc-01, exc-02, exc-03")
    assert "and 1 more are unknown, expected pass, in the base and" in line
    assert "cases run, 1 finding" in told


def test_a_base_that_says_nothing_of_nine_criteria_is_one_finding_in_the_same_words_every_time(rules: Path) -> None:
    run("new", "NCT01234567", "--condition", "condition.sle", "--rules", str(rules))
    path = rules / CASES
    told_of = path.read_text(encoding="utf-8").replace('{"*": "pass"}', '{"inc-01": "pass", "inc-02": "pass"}')
    path.write_text(told_of, encoding="utf-8")
    criteria_added(rules, 9)
    [found] = json.loads(run("check", str(rules), "--format", "json", code=1))
    assert found["message"] == (
        "nothing is expected of exc-01, exc-02, exc-03, exc-04, exc-05, exc-06, exc-07, exc-08 and 1 more, "
        "in the base and 5 more cases"
    )
    assert (found["code"], found["line"], found["pointer"]) == ("case-missing-expectation", 9, "/base/expect")


def test_what_no_case_tests_is_one_finding_and_a_row_each_in_the_table(rules: Path) -> None:
    run("new", "NCT01234567", "--condition", "condition.sle", "--rules", str(rules))
    criteria_added(rules, 3)
    told = run("test", "NCT01234567", "--rules", str(rules), code=1)
    assert told.count("case-not-covered") == 1
    assert "no case tests exc-01, exc-02, exc-03 for pass or fail or unknown" in told
    assert told.count("logic       none  none     none") == 3


def test_the_check_runs_the_cases_and_says_how_many_unless_it_is_to_be_quick(rules: Path) -> None:
    run("new", "NCT01234567", "--condition", "condition.sle", "--rules", str(rules))
    trial = str(rules / "trials" / "NCT01234567")
    assert "1 trial, 2 rules, 6 cases run, no findings" in run("check", trial)
    path = rules / CASES
    path.write_text(path.read_text(encoding="utf-8").replace('{"a": 17}', '{"a": 19}'), encoding="utf-8")
    told = run("check", trial, code=1)
    assert f"{CASES}:13: error: case-differs: inc-01: the rule says pass, expected fail, in the case '17 years'" in told
    assert "1 trial, 2 rules, no findings" in run("check", trial, "--no-cases")


def test_a_misspelt_fact_is_told_with_its_criterion_and_the_line(rules: Path) -> None:
    run("new", "NCT01234567", "--condition", "condition.sle", "--rules", str(rules))
    criteria_added(rules, 1, "platelet count")
    told = run("check", str(rules / "trials" / "NCT01234567"), code=1)
    path = rules / "trials" / "NCT01234567" / "trial.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "platelet count" in text)
    assert f"trial.json:{line - 1}: error: unknown-fact: exc-01: unknown fact 'platelet count'" in told
    assert "did you mean 'lab.platelets'?" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("NCT01234567", "--condition", "lupus nephritis"), "did you mean 'condition.lupus_nephritis'?"),
        (("NCT07083349",), "is there already"),
        (("../NCT1",), "no number of a trial"),
        (("NCT01234567", "--condition", "condition.lse"), "did you mean 'condition.sle'?"),
    ],
)
def test_a_trial_that_cannot_be_begun_is_refused(rules: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in run("new", *arguments, "--rules", str(rules), code=2)


def test_diff_names_the_limit_and_the_patients(rules: Path) -> None:
    path = rules / "trials" / "NCT07083349" / "trial.json"
    text = path.read_text(encoding="utf-8").replace(
        '"lab.hemoglobin"}, {"quantity": [80,', '"lab.hemoglobin"}, {"quantity": [110,'
    )
    path.write_text(text, encoding="utf-8")
    patients = str(default_samples_dir() / "patients")
    told = run("diff", str(RULES), str(rules), "--patients", patients, "--as-of", "2026-11-24")
    assert "haemoglobin ≥ 80 g/L → haemoglobin ≥ 110 g/L" in told
    assert "sle-likely  NCT07083349: likely_eligible → not_eligible" in told
    document = json.loads(
        run("diff", str(RULES), str(rules), "--patients", patients, "--as-of", "2026-11-24", "--format", "json")
    )
    assert [f["patient"] for f in document["flips"] if f["old"] != f["new"]] == ["sle-likely"]


def test_diff_of_the_same_says_so() -> None:
    assert "mean the same" in run("diff", str(RULES), str(RULES))


def test_an_outdated_schema_is_found_and_written_anew(rules: Path) -> None:
    path = rules / "schema" / "trial.schema.json"
    path.write_text("{}", encoding="utf-8")
    assert "out of date: schema/trial.schema.json" in run("schema", "--check", "--rules", str(rules), code=1)
    assert "wrote: schema/trial.schema.json" in run("schema", "--rules", str(rules))
    assert path.read_bytes() == (RULES / "schema" / "trial.schema.json").read_bytes()
