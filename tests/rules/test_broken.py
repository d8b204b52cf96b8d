"""Folders with one fault each, named after its code: the checks report that fault, at its place, and nothing else."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cds_service
from cds_service.cli import app
from cds_service.errors import Finding
from cds_service.facts import FactReaders, load_facts
from cds_service.rule_tools import check_rules, default_samples_dir, report_on_rules
from cds_service.rule_tools.docs import SECTIONS, findings_page

ROOT = Path(__file__).parents[2]
BROKEN = Path(__file__).parent / "broken"
FOLDERS = sorted(folder for folder in BROKEN.iterdir() if folder.is_dir())
CODES = {code for codes in SECTIONS.values() for code in codes}

WITHOUT_A_FOLDER = {
    "circular-definition": "the catalogue leaves such definitions out as fact-circular before a rule is read",
    "source-not-claimed": "it needs a text beside the rules; tests/rules/test_source_claims.py",
    "source-not-stated": "the same",
    "source-other-text": "the same",
    "source-span-outside": "the same",
    "phrase-not-found": "it needs a text of more than 2,000 characters; tests/site/test_answers.py",
    "code-retired": "it needs a release beside the rules; tests/terminology/test_codes_check.py",
    "code-not-in-source": "the same",
    "code-root-dead": "the same",
    "icd-unreadable": "a gzipped file that is cut short; tests/facts/test_icd_systems.py",
    "link-outside": "git keeps no link to a place outside; tests/rules/test_hostile_files.py",
    "valueset-roots": "it is about files beside the rules; tests/terminology/test_migrate.py",
    "no-rules-folder": "it says that there is no folder",
    "no-site-folder": "the same",
}
"""Codes that no file can bring about, with the reason."""


@cache
def default_facts() -> tuple[FactReaders, tuple[Finding, ...]]:
    return load_facts(ROOT / "rules")


def expected_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def command(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def found_in(folder: Path, how: str) -> list[dict[str, str]]:
    """What the command reports for the folder."""
    if how == "rules check":
        findings = report_on_rules(folder, default_facts, default_samples_dir()).findings
        return [{key: getattr(finding, key) for key in Finding.__dataclass_fields__} for finding in findings]
    if how == "site check":
        return command("site", "check", "--site", str(folder / "site"), "--rules", str(folder))[1]
    if how == "codes check":
        return command("codes", "check", "--rules", str(folder))[1]
    exit_code, report = command(*how.split(), "--rules", str(folder))
    assert exit_code == 1
    assert not any(trial["mismatches"] for trial in report["trials"])
    return report["findings"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_fault_is_reported_at_its_place_and_nothing_else(folder: Path) -> None:
    expected = expected_in(folder)
    found = found_in(folder, expected["command"])
    places = [(one["code"], one["severity"], one["file"], one["pointer"]) for one in found]
    wanted = [(folder.name, one["severity"], one["file"], one["pointer"]) for one in expected["findings"]]
    assert places == wanted
    for one, awaited in zip(found, expected["findings"], strict=True):
        assert awaited["says"] in f"{one['message']} {one['hint']}"


def test_every_code_has_its_folder_or_a_reason_to_have_none() -> None:
    assert {folder.name for folder in FOLDERS} | WITHOUT_A_FOLDER.keys() == CODES
    assert not {folder.name for folder in FOLDERS} & WITHOUT_A_FOLDER.keys()


@pytest.mark.parametrize("name", ["unknown-fact", "fact-circular", "conceptmap-equivalence", "case-unknown-cohort"])
def test_the_command_prints_the_findings_and_fails_on_errors(name: str) -> None:
    folder = BROKEN / name
    expected = expected_in(folder)["findings"]
    exit_code, found = command("rules", "check", str(folder))
    assert exit_code == (1 if any(one["severity"] == "error" for one in expected) else 0)
    assert [(one["code"], one["file"], one["pointer"]) for one in found] == [
        (name, one["file"], one["pointer"]) for one in expected
    ]
    assert all(set(one) == set(Finding.__dataclass_fields__) for one in found)
    text = CliRunner().invoke(app, ["rules", "check", str(folder)]).output
    line, of = found[0]["line"], f"{found[0]['criterion']}: " if found[0]["criterion"] else ""
    assert f"{expected[0]['file']}:{line}: {expected[0]['severity']}: {name}: {of}{found[0]['message']}" in text


@pytest.mark.parametrize("part", [".", "trials", "trials/NCT00000000", "trials/NCT00000000/trial.json"])
def test_a_trial_is_checked_alone_or_with_its_folder(part: str) -> None:
    library, findings = check_rules(BROKEN / "missing-unit" / part, default_facts)
    assert library is not None
    assert [(f.code, f.file) for f in findings] == [("missing-unit", "trials/NCT00000000/trial.json")]


@pytest.mark.parametrize("part", ["", "trial.json"])
def test_a_trial_file_may_lie_anywhere(part: str, tmp_path: Path) -> None:
    source = BROKEN / "missing-unit" / "trials" / "NCT00000000" / "trial.json"
    (tmp_path / "trial.json").write_bytes(source.read_bytes())
    _, findings = check_rules(tmp_path / part, default_facts)
    assert [(f.code, f.file) for f in findings] == [("missing-unit", "trial.json")]


def test_trials_that_lie_side_by_side_are_all_checked(tmp_path: Path) -> None:
    for name in ("missing-unit", "unknown-fact"):
        (tmp_path / name).mkdir()
        source = BROKEN / name / "trials" / "NCT00000000" / "trial.json"
        (tmp_path / name / "trial.json").write_bytes(source.read_bytes())
    _, findings = check_rules(tmp_path, default_facts)
    assert [(f.code, f.file) for f in findings] == [(n, f"{n}/trial.json") for n in ("missing-unit", "unknown-fact")]


def test_value_sets_without_facts_are_checked_too(tmp_path: Path) -> None:
    source = BROKEN / "valueset-filter-system"
    for name in ("valuesets/lupus.json", "trials/NCT00000000/trial.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes((source / name).read_bytes())
    _, findings = check_rules(tmp_path, default_facts)
    assert [(f.code, f.file) for f in findings] == [("valueset-filter-system", "valuesets/lupus.json")]


@pytest.mark.parametrize("name", ["nowhere", "nowhere/trial.json"])
def test_what_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    library, findings = check_rules(tmp_path / name, default_facts)
    assert library is None
    assert [(f.code, f.file) for f in findings] == [("no-rules-folder", str(tmp_path / name))]


def test_the_page_of_all_findings_is_current() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page == findings_page(), "run `cds-service rules docs --findings --out docs/findings.md`"


def test_the_tables_have_the_codes_that_the_source_gives_and_no_others() -> None:
    given, words = set(), set()
    for file in source_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.Call):
                given |= set(codes_given(node))
    assert given <= CODES
    # The codes of statements in cases are written without their prefix.
    assert {code for code in CODES if not {code, code.removeprefix("case-")} & words} == set()


def source_files() -> list[Path]:
    package = Path(cds_service.__file__).parent
    names = ("rule_files", "logic", "facts", "site", "trials", "rule_tools", "terminology")
    layers = [file for layer in names for file in (package / layer).rglob("*.py")]
    return [file for file in layers if file.name != "findings.py"] + [package / "library.py"]


def codes_given(call: ast.Call) -> list[str]:
    """What a call that makes a finding gives as its code."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    place = {"Finding": 2, "finding": 0, "code_finding": 0, "drop": 1, "at": 1, "_error": 1, "error": 1}.get(name)
    if place is None or len(call.args) <= place:
        return []
    constants = [node.value for node in ast.walk(call.args[place]) if isinstance(node, ast.Constant)]
    return [word for word in constants if isinstance(word, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", word)]
