"""`codes compile` beside an expansion that can't be read, or that is not the one that the lock names.

It is never taken for the one that was meant, and never thrown away: it stays, is said, and ends with exit code 1, until
a source gives it again.
"""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli.main import app
from cds_service.facts import load_facts
from cds_service.facts.catalogue import SNOMED, load_codesystems, load_valuesets
from cds_service.terminology import writing
from cds_service.terminology.compile import compile_sets
from tests.terminology.stub import LUPUS, NEPHRITIS, StubSource, edit, is_a, lasting_codes, rules_with

GZ, LOCK = "expansions/sle.json.gz", "terminology.lock"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = rules_with(tmp_path / "rules", is_a(LUPUS))
    compile_sets(folder, [StubSource()]).write()
    return folder


def _another(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(NEPHRITIS.encode(), b"7119001"))


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "cut short": lambda data: data[:-20],
    "no archive": gzip.decompress,
    "empty": lambda data: b"",
    "gone": lambda data: None,
    "another one than the lock names": _another,
}


def damage(rules: Path, how: str) -> None:
    path = rules / GZ
    data = DAMAGE[how](path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)


def said(rules: Path) -> list[str]:
    return [one.code for one in load_valuesets(rules, load_codesystems(rules)[0])[1]]


def files(rules: Path) -> dict[str, bytes]:
    return {str(path.relative_to(rules)): path.read_bytes() for path in sorted(rules.rglob("*")) if path.is_file()}


def compiled(rules: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["codes", "compile", "--rules", str(rules), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


@pytest.mark.parametrize("how", DAMAGE)
def test_without_a_source_it_is_left_as_it_is_and_said(how: str, rules: Path) -> None:
    damage(rules, how)
    before = files(rules)
    code, err = compiled(rules)
    assert (code, GZ in err) == (1, True)
    assert files(rules) == before
    assert said(rules) == ["valueset-expansion-unreadable"]
    assert compiled(rules, "--locked")[0] == 1


@pytest.mark.parametrize("how", DAMAGE)
def test_whoever_brings_it_back_has_it_back_even_after_an_edit(how: str, rules: Path) -> None:
    kept = (rules / GZ).read_bytes()
    damage(rules, how)
    edit(rules, include=[is_a(LUPUS) | {"lasts": "chronic", "lasts_reason": "lifelong"}, lasting_codes("1")])
    assert compiled(rules)[0] == 1
    (rules / GZ).write_bytes(kept)
    assert compiled(rules)[0] == 0
    valuesets, findings = load_valuesets(rules, load_codesystems(rules)[0])
    assert findings == ()
    assert all("sle" in valuesets.members((SNOMED, code)) for code in (NEPHRITIS, "1"))


@pytest.mark.parametrize("how", DAMAGE)
def test_a_source_gives_it_again(how: str, rules: Path) -> None:
    before = files(rules)
    damage(rules, how)
    compile_sets(rules, [StubSource()]).write()
    assert said(rules) == []
    assert json.loads(files(rules)[LOCK]) == json.loads(before[LOCK])
    assert files(rules)[GZ] == before[GZ]


@pytest.mark.parametrize("set_id", ["../sle", "../../outside", "a/b", "/tmp/sle", "..\\sle"])
def test_an_id_that_leads_out_of_the_folder_writes_nothing_there(set_id: str, rules: Path) -> None:
    path = rules / "valuesets" / "sle.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"id": set_id}), encoding="utf-8")
    found = {(one.code, one.file) for one in load_facts(rules)[1]}
    assert ("valueset-expansion-missing", "valuesets/sle.json") in found
    before = set(rules.parent.rglob("*"))
    done = compile_sets(rules, [StubSource()])
    assert [one.place for each in done.sets for one in each.problems] == ["id"]
    done.write()
    assert set(rules.parent.rglob("*")) <= before


@pytest.mark.parametrize("pattern", ["a{99999999999999999999}", "(" * 5000 + ")" * 5000, "a{2,1}", "("])
def test_what_python_can_not_compile_is_a_finding_with_its_place(pattern: str, rules: Path) -> None:
    one = {"system": SNOMED, "filter": [{"property": "code", "op": "regex", "value": pattern}]}
    edit(rules, include=[is_a(LUPUS), one])
    found = {(one.code, one.pointer) for one in load_facts(rules)[1]}
    assert ("bad-value", "/compose/include/1/filter/0") in found
    assert compiled(rules)[0] == 1


def test_a_full_disk_is_said_with_the_folder(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    edit(rules, include=[is_a(LUPUS) | {"lasts": "chronic", "lasts_reason": "lifelong"}, lasting_codes("1")])
    before = files(rules)
    monkeypatch.setattr(writing.os, "fsync", full)
    code, err = compiled(rules)
    monkeypatch.undo()
    assert code == 2
    assert f"{rules}: No space left on device" in err
    assert files(rules) == before
    assert os.listdir(rules / "expansions") == ["sle.json.gz"]
