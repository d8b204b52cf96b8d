"""What `rules diff` says: in meaning, not in text, and whom it concerns."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import RulesError
from cds_service.fhir import read_bundle
from cds_service.rule_tools import default_samples_dir
from cds_service.rule_tools.changes import (
    Change,
    CriterionChange,
    LibraryChange,
    library_change,
    load_version,
    verdict_flips,
)
from cds_service.settings import default_rules_dir

pytestmark = pytest.mark.slow

RULES = default_rules_dir()
TRIAL = Path("trials") / "NCT07083349" / "trial.json"
Edit = Callable[[dict[str, Any]], Any]


def changed(folder: Path, edit: Edit) -> Path:
    """A trial file with an edit."""
    trial = json.loads((RULES / TRIAL).read_text(encoding="utf-8"))
    edit(trial)
    path = folder / "trial.json"
    path.write_text(json.dumps(trial), encoding="utf-8")
    return path


def diff(folder: Path, edit: Edit) -> LibraryChange:
    old, new = (load_version(path, RULES) for path in (RULES / TRIAL, changed(folder, edit)))
    return library_change(old, new)


def only(change: LibraryChange) -> CriterionChange:
    [trial] = change.trials
    [criterion] = trial.criteria
    return criterion


def criterion(trial: dict[str, Any], id: str) -> dict[str, Any]:
    return next(c for c in trial["criteria"] if c["id"] == id)


def test_other_layout_of_the_file_is_no_change(tmp_path: Path) -> None:
    assert not diff(tmp_path, lambda trial: None)


def test_the_same_limit_in_another_unit_is_no_change(tmp_path: Path) -> None:
    def in_decilitres(trial: dict[str, Any]) -> None:
        criterion(trial, "inc-04b")["logic"]["and"][1][">="][1] = {"quantity": [8, "g/dL"]}

    assert not diff(tmp_path, in_decilitres)


def test_a_limit_that_moved_is_told_as_one(tmp_path: Path) -> None:
    def higher(trial: dict[str, Any]) -> None:
        criterion(trial, "inc-04b")["logic"]["and"][1][">="][1] = {"quantity": [9, "g/dL"]}

    found = only(diff(tmp_path, higher))
    assert (found.place, found.kind) == (("", "inc-04b"), "changed")
    assert found.changes == (Change("threshold", "haemoglobin ≥ 80 g/L", "haemoglobin ≥ 9 g/dL"),)


def test_a_rule_of_another_shape_is_told_whole(tmp_path: Path) -> None:
    found = only(diff(tmp_path, lambda t: criterion(t, "inc-05").update(logic={"<": [{"var": "score.sledai_2k"}, 8]})))
    assert found.changes == (Change("logic", "SLEDAI-2K > 8", "SLEDAI-2K < 8"),)


def test_a_lookback_is_told_once(tmp_path: Path) -> None:
    found = only(diff(tmp_path, lambda t: criterion(t, "inc-04b").update(lookback="P14D")))
    assert found.changes == (Change("lookback", "P7D", "P14D"),)


def test_criteria_that_come_and_go_are_told(tmp_path: Path) -> None:
    def edit(trial: dict[str, Any]) -> None:
        trial["criteria"].remove(criterion(trial, "inc-05"))
        trial["criteria"].append({"id": "exc-99", "kind": "exclusion", "text": "New", "review": "Ask"})

    [trial] = diff(tmp_path, edit).trials
    assert [(c.place[1], c.kind) for c in trial.criteria] == [("inc-05", "removed"), ("exc-99", "added")]


def test_particulars_of_the_trial_are_told(tmp_path: Path) -> None:
    [trial] = diff(tmp_path, lambda t: t.update(state="draft", enrollment=12)).trials
    assert trial.changes == (Change("enrollment", "9", "12"), Change("state", "active", "draft"))
    assert trial.criteria == ()


def test_facts_value_sets_and_whole_trials_are_compared_between_folders(tmp_path: Path) -> None:
    new = tmp_path / "rules"
    shutil.copytree(RULES, new)
    shutil.rmtree(new / "trials" / "NCT06027853")
    labs = new / "facts" / "laboratory.json"
    labs.write_text(labs.read_text(encoding="utf-8").replace('"fresh_for": "P90D"', '"fresh_for": "P80D"', 1))
    sle = json.loads((new / "valuesets" / "sle.json").read_text(encoding="utf-8"))
    taken = next(one["filter"][0]["value"] for one in sle["compose"]["include"] if "icd-10-cm" in one["system"])
    sle["compose"]["include"] = [one for one in sle["compose"]["include"] if "icd-10-cm" not in one["system"]]
    (new / "valuesets" / "sle.json").write_text(json.dumps(sle), encoding="utf-8")
    change = library_change(load_version(RULES, RULES), load_version(new, new))
    assert [(t.id, t.kind) for t in change.trials if not t.criteria] == [("NCT06027853", "removed")]
    [(_, changes)] = change.facts.items()
    assert [c.what for c in changes] == ["fresh_for"]
    assert list(change.value_sets) == ["sle"]
    assert taken in change.value_sets["sle"][0].old
    json.dumps(change.as_json())


def test_patients_whose_verdict_flips_are_named_with_the_criteria_that_did_it(tmp_path: Path) -> None:
    def higher(trial: dict[str, Any]) -> None:
        criterion(trial, "inc-04b")["logic"]["and"][1][">="][1] = {"quantity": [110, "g/L"]}

    old, new = (load_version(path, RULES) for path in (RULES / TRIAL, changed(tmp_path, higher)))
    patients = {p.stem: read_bundle(p.read_bytes()) for p in (default_samples_dir() / "patients").glob("*.json")}
    old_only = load_version(RULES / TRIAL, RULES)
    flips = [f for f in verdict_flips(patients, old_only.library, new.library, date(2026, 11, 24)) if f.flips]
    assert [(f.patient, f.old, f.new) for f in flips] == [("sle-likely", "likely_eligible", "not_eligible")]
    assert [(c.place[1], c.old, c.new) for c in flips[0].because] == [("inc-04b", "pass", "fail")]
    assert old.folder is None


def test_a_broken_version_is_refused_with_its_findings(tmp_path: Path) -> None:
    with pytest.raises(RulesError) as raised:
        load_version(changed(tmp_path, lambda t: criterion(t, "inc-05").update(logic={"var": "lab.nothing"})), RULES)
    assert {f.code for f in raised.value.findings} == {"unknown-fact"}
