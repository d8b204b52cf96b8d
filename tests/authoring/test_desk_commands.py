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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("NCT07083349",), "is there already"),
        (("../NCT1",), "no registry number"),
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
