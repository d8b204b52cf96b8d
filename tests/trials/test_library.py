"""A library takes over what has not changed, keeps few trials compiled, and answers the same all the while."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.invented_library import write_library
from cds_service.library import Library, check_library, load_library
from cds_service.rule_files import Folder
from cds_service.trials import IndexedPatient

pytestmark = pytest.mark.slow

SLE = Path("trials") / "NCT07083349" / "trial.json"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Library]:
    folder = tmp_path_factory.mktemp("rules")
    write_library(folder, 25, seed=5)
    return folder, load_library(folder)


@pytest.fixture
def rules(written: tuple[Path, Library], tmp_path: Path) -> tuple[Path, Library]:
    """A folder to edit, and the library that it held before."""
    folder = Path(shutil.copytree(written[0], tmp_path / "rules"))
    return folder, load_library(folder)


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def remove(folder: Path) -> None:
    shutil.rmtree(folder / "trials" / "INV000003")


def add(folder: Path) -> None:
    target = folder / "trials" / "INV000002A" / "trial.json"
    target.parent.mkdir()
    shutil.copy(folder / "trials" / "INV000002" / "trial.json", target)
    edit(target, lambda trial: trial.update(id="INV000002A"))


EDITS: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda folder: None,
    "a version": lambda folder: edit(folder / SLE, lambda t: t.update(rules_version="1.0.1")),
    "a state": lambda folder: edit(folder / SLE, lambda t: t.update(state="draft")),
    "a gate": lambda folder: edit(folder / SLE, lambda t: t["criteria"][1].update(logic={"var": "condition.sma"})),
    "an age": lambda folder: edit(
        folder / SLE,
        lambda t: t["criteria"][0].update(logic={"<": [{"var": "patient.age"}, {"quantity": [3, "a"]}]}),
    ),
    "a criterion less": lambda folder: edit(folder / SLE, lambda t: t["criteria"].pop()),
    "a trial less": remove,
    "a trial more": add,
    "a fact": lambda folder: edit(folder / "facts" / "invented.json", lambda f: f["facts"][0].update(title="Other")),
    "a broken trial": lambda folder: (folder / SLE).write_text("{"),
    "cases": lambda folder: (folder / "trials" / "INV000004" / "cases.json").write_text("{}"),
}


@pytest.mark.parametrize("change", EDITS)
def test_loaded_from_the_one_before_it_is_what_it_is_when_loaded_anew(rules: tuple[Path, Library], change: str) -> None:
    folder, before = rules
    EDITS[change](folder)
    anew, findings = check_library(folder)
    again, found = check_library(folder, before)
    assert anew is not None
    assert again is not None
    assert found == findings
    assert again.files == anew.files
    assert again.facts_read == anew.facts_read
    assert [one.digest for one in again.stored] == [one.digest for one in anew.stored]
    assert [t.digest for t in again.trials] == [t.digest for t in anew.trials]
    assert set(again.compiled.index.gate_facts) == set(anew.compiled.index.gate_facts)
    for one in anew.stored:
        for any_of in one.gates.entries:
            patient = IndexedPatient(any_of | {"medication.invented_001"}, None, "female")
            assert again.compiled.index.candidates(patient) == anew.compiled.index.candidates(patient)
    for trial in anew.stored:
        assert (found_trial := again.trial(trial.id)) is not None
        assert found_trial.digest == trial.digest


def test_only_the_changed_trial_is_read_again(rules: tuple[Path, Library]) -> None:
    folder, before = rules
    before.compiled.compiled(0)
    EDITS["a version"](folder)
    after = load_library(folder, before)
    same = [old is new for old, new in zip(before.stored, after.stored, strict=True)]
    assert same.count(False) == 1
    assert after.facts is before.facts
    first = before.stored[0]
    assert after.trial(first.id) is before.trial(first.id), "what is compiled is taken over"


def test_facts_that_change_change_everything(rules: tuple[Path, Library]) -> None:
    folder, before = rules
    EDITS["a fact"](folder)
    after = load_library(folder, before)
    assert after.facts is not before.facts
    assert not any(old is new for old, new in zip(before.stored, after.stored, strict=True))


class TestFolder:
    """A look sees whatever has changed in the files, and nothing else."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Folder:
        for name in ("facts/a.json", "trials/T1/trial.json", "trials/T2/trial.json", "notes.txt"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("{}")
        return Folder(tmp_path)

    def test_it_names_the_json_files_in_order(self, folder: Folder) -> None:
        assert list(folder.stamps()) == ["facts/a.json", "trials/T1/trial.json", "trials/T2/trial.json"]

    def test_the_same_is_the_same(self, folder: Folder) -> None:
        assert folder.stamps() == folder.stamps() == folder.stamps()

    def test_each_change_is_seen(self, folder: Folder) -> None:
        seen = [folder.stamps()]
        path = folder.path / "trials" / "T1"

        def look() -> None:
            seen.append(folder.stamps())
            assert seen[-1] not in seen[:-1]

        (path / "trial.json").write_text('{"a": 1}')
        look()
        (folder.path / "facts" / "b.json").write_text("{}")
        look()
        (folder.path / "facts" / "c.json").write_text("{}")
        look()
        (folder.path / "trials" / "T0").mkdir()
        seen.append(folder.stamps())
        (folder.path / "trials" / "T0" / "trial.json").write_text("{}")
        look()
        (path / "trial.json").rename(path / "away")
        look()
        (path / "away").rename(path / "trial.json")
        look()
        shutil.rmtree(folder.path / "trials" / "T2")
        look()
        status = (path / "trial.json").stat()
        new = path / "new"
        new.write_text('{"b": 1}')
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
        new.replace(path / "trial.json")
        look()

    def test_beside_a_trial_nothing_new_matters(self, folder: Folder) -> None:
        before = [folder.stamps() for _ in range(3)][-1]
        (folder.path / "trials" / "T1" / "cases.json").write_text("{}")
        assert folder.stamps() == before

    def test_a_trial_behind_a_link_is_seen(self, folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        (elsewhere / "trial.json").write_text("{}")
        (folder.path / "trials" / "T3").symlink_to(elsewhere, target_is_directory=True)
        (elsewhere / "round").symlink_to(folder.path, target_is_directory=True)
        before = folder.stamps()
        assert list(before)[-1] == "trials/T3/trial.json"
        (elsewhere / "trial.json").write_text("[1]")
        assert folder.stamps() != before

    def test_a_folder_that_is_gone_holds_nothing(self, folder: Folder) -> None:
        shutil.rmtree(folder.path)
        assert folder.stamps() == {}
