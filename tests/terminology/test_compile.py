"""`codes compile`: from definitions and releases to expansions and the lock."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts.catalogue import RXNORM, SNOMED, load_codesystems, load_valuesets
from cds_service.terminology import writing
from cds_service.terminology.compile import compile_sets
from cds_service.terminology.sources import SourceError, opening
from tests.terminology.stub import (
    BELOW,
    LUPUS,
    NEPHRITIS,
    OF_CHILDREN,
    VERSION,
    StubSource,
    edit,
    is_a,
    lasting_codes,
    of_drug,
    rules_with,
)

NEWER = StubSource({**BELOW, LUPUS: (LUPUS, NEPHRITIS, "1")}, VERSION.replace("2026", "2027"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return rules_with(tmp_path / "rules", is_a(LUPUS), lasting_codes("1"))


def files(rules: Path) -> dict[str, bytes]:
    return {str(path.relative_to(rules)): path.read_bytes() for path in sorted(rules.rglob("*")) if path.is_file()}


def test_what_a_release_adds_and_drops_is_said_by_set(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    [sle] = [one for one in compile_sets(rules, [NEWER]).sets if one.set_id == "sle"]
    assert (sle.added, sle.dropped, sle.unchanged) == (((SNOMED, "1"),), ((SNOMED, OF_CHILDREN),), 2)


def test_the_same_release_gives_the_same_bytes(rules: Path, tmp_path: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    again = rules_with(tmp_path / "again", is_a(LUPUS), lasting_codes("1"))
    compile_sets(again, [StubSource()]).write()
    assert files(rules) == files(again)


def test_without_a_source_what_there_is_stays(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    before = files(rules)
    compile_sets(rules, []).write()
    assert files(rules) == before


def test_an_edit_of_a_list_is_no_longer_stale_once_compiled_without_a_source(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    edit(rules, include=[is_a(LUPUS) | {"lasts": "chronic", "lasts_reason": "lifelong"}, lasting_codes("1", "2")])
    systems = load_codesystems(rules)[0]
    assert [one.code for one in load_valuesets(rules, systems)[1]] == ["valueset-expansion-stale"]
    compile_sets(rules, []).write()
    assert load_valuesets(rules, systems)[1] == ()


def test_the_lock_names_releases_and_digests(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    lock = json.loads((rules / "terminology.lock").read_text(encoding="utf-8"))
    assert lock["systems"] == {SNOMED: [VERSION]}
    assert set(lock["sets"]["sle"]) == {"definition", "expansion"}
    assert set(lock["sets"]["als"]) == {"definition"}


def test_a_filter_that_no_source_answers_is_said_with_its_place_and_the_rest_goes_on(tmp_path: Path) -> None:
    rules = rules_with(tmp_path, of_drug("8640"), is_a(LUPUS), is_a("404684003"))
    done = compile_sets(rules, [StubSource()])
    [sle] = [one for one in done.sets if one.set_id == "sle"]
    assert [(one.set_id, one.place, one.reason) for one in sle.problems] == [
        ("sle", "compose.include[0]", "the stub has no ingredients"),
        ("sle", "compose.include[2]", f"SNOMED CT {VERSION} does not hold 404684003"),
    ]
    assert [code for _, code in sle.added] == sorted(BELOW[LUPUS])
    assert sle.expansion is not None
    assert [system for system, _ in sle.expansion.releases] == [SNOMED]
    assert RXNORM not in {group.key[1] for group in sle.expansion.groups}


def test_what_an_exclude_takes_out_is_no_member_and_comes_back_with_its_end(tmp_path: Path) -> None:
    rules = rules_with(tmp_path, is_a(LUPUS), exclude=[{"system": SNOMED, "concept": [{"code": NEPHRITIS}]}])
    done = compile_sets(rules, [StubSource()])
    done.write()
    [sle] = [one for one in done.sets if one.set_id == "sle"]
    assert (SNOMED, NEPHRITIS) not in sle.added
    edit(rules, exclude=[])
    assert "sle" in load_valuesets(rules, load_codesystems(rules)[0])[0].members((SNOMED, NEPHRITIS))


def test_who_is_killed_while_writing_leaves_each_set_as_it_was_or_as_it_will_be(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace
    for survives in range(10):
        compile_sets(rules, [StubSource()]).write()
        left = [survives]

        def killed_later(source: Path, target: Path, left: list[int] = left) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            replace(source, target)

        monkeypatch.setattr(writing.os, "replace", killed_later)
        try:
            compile_sets(rules, [NEWER]).write()
            finished = True
        except KeyboardInterrupt:
            finished = False
        monkeypatch.undo()
        valuesets, findings = load_valuesets(rules, load_codesystems(rules)[0])
        assert findings == ()
        assert "sle" in valuesets.members((SNOMED, NEPHRITIS))
        assert not list(rules.rglob("*.tmp"))
        if finished:
            assert survives >= 3
            return
    pytest.fail("it never came to an end")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["codes", "compile", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(spec: str) -> StubSource:
        return {"old:": StubSource(), "new:": NEWER}[spec]

    monkeypatch.setattr(opening, "open_source", opened)


@pytest.mark.usefixtures("stub")
def test_the_command_writes_and_says_what_changed(rules: Path) -> None:
    code, out, _ = run("--rules", str(rules), "--source", "old:")
    assert code == 0
    assert "sle: 3 added, 0 dropped, 0 unchanged" in out
    code, out, _ = run("--rules", str(rules), "--source", "new:")
    assert f"sle: 1 added, 1 dropped, 2 unchanged\n  + {SNOMED} 1\n  - {SNOMED} {OF_CHILDREN}\n" in out


@pytest.mark.usefixtures("stub")
def test_locked_writes_nothing_and_fails_where_the_result_would_differ(rules: Path) -> None:
    before = files(rules)
    assert run("--rules", str(rules), "--source", "old:", "--locked")[0] == 1
    assert files(rules) == before
    assert run("--rules", str(rules), "--source", "old:")[0] == 0
    assert run("--rules", str(rules), "--source", "old:", "--locked")[0] == 0
    code, _, err = run("--rules", str(rules), "--source", "new:", "--locked")
    assert code == 1
    assert "expansions/sle.json.gz: not as compiled" in err


@pytest.mark.usefixtures("stub")
def test_only_the_sets_that_are_named_are_compiled(rules: Path) -> None:
    assert run("--rules", str(rules), "--source", "old:", "--set", "als")[0] == 0
    assert not (rules / "expansions" / "sle.json.gz").exists()
    code, _, err = run("--rules", str(rules), "--set", "slee")
    assert code == 2
    assert "'slee'" in err


def test_a_kind_of_source_that_there_is_not(rules: Path) -> None:
    code, _, err = run("--rules", str(rules), "--source", "xls:codes.xls")
    assert code == 2
    assert "xls:codes.xls: a source is KIND:PLACE" in err
    with pytest.raises(SourceError):
        opening.open_source("nothing")


@pytest.mark.usefixtures("stub")
def test_one_set_alone_is_reported_where_one_was_named(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    others = [path.stem for path in (rules / "valuesets").glob("*.json") if path.stem != "sle"]
    assert run("--rules", str(rules), "--source", "new:", "--set", others[0])[1] == ""
    assert run("--rules", str(rules), "--source", "new:", "--set", "sle")[1].startswith("sle: 1 added")


def test_a_filter_that_never_had_a_source_is_named_with_what_follows(rules: Path) -> None:
    code, out, err = run("--rules", str(rules), "--set", "sle")
    assert (code, out) == (0, "sle: 0 added, 0 dropped, 0 unchanged\n")
    assert err.startswith(f"sle: compose.include[0]: concept is-a {LUPUS}: no source has SNOMED CT, so its root alone")


def test_a_filter_that_has_an_expansion_needs_no_source(rules: Path) -> None:
    compile_sets(rules, [StubSource()]).write()
    assert run("--rules", str(rules), "--set", "sle")[2] == ""
