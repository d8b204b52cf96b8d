"""`codes diff`: what a new release adds and drops, and whose sample verdicts flip."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts.catalogue import ICD10, SNOMED
from cds_service.settings import default_rules_dir
from cds_service.terminology.compile import compile_sets
from cds_service.terminology.diff import FolderError, SetMember, codes_difference, open_side
from tests.facts.small_rules import codes
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
    rules_with,
)

NEWER_VERSION = VERSION.replace("2026", "2027")
NEWER = StubSource({**BELOW, LUPUS: (LUPUS, NEPHRITIS, "1")}, NEWER_VERSION)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The same definitions compiled from two releases."""
    found = []
    for name, source in (("old", StubSource()), ("new", NEWER)):
        rules = rules_with(tmp_path / name, is_a(LUPUS), lasting_codes("77"))
        compile_sets(rules, [source]).write()
        found.append(rules)
    return found[0], found[1]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["codes", "diff", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("old_part", ["", "expansions", "apart"])
@pytest.mark.parametrize("new_part", ["", "expansions", "apart"])
def test_a_release_adds_and_drops(folders: tuple[Path, Path], tmp_path: Path, old_part: str, new_part: str) -> None:
    given = []
    for folder, part in zip(folders, (old_part, new_part), strict=True):
        if part == "apart":
            shutil.copytree(folder / "expansions", tmp_path / "apart" / folder.name)
        given.append(tmp_path / "apart" / folder.name if part == "apart" else folder / part)
    found = codes_difference(open_side(given[0]), open_side(given[1]))
    [sle] = found.sets
    assert sle.set_id == "sle"
    assert [one for one, _ in sle.added] == [SetMember(SNOMED, "1")]
    assert [one for one, _ in sle.dropped] == [SetMember(SNOMED, OF_CHILDREN)]
    assert (found.old_releases, found.new_releases) == ({SNOMED: (VERSION,)}, {SNOMED: (NEWER_VERSION,)})
    assert found.not_compared == ()


M32, M321, M328 = (SetMember(ICD10, code, with_below=True) for code in ("M32", "M32.1", "M32.8"))


@pytest.mark.parametrize(
    ("old", "new", "added", "dropped"),
    [
        ({"include": [codes(ICD10, "M32.1")]}, {"include": [codes(ICD10, "M321")]}, [], []),
        ({"include": [is_a("M32", ICD10)]}, {"include": [is_a("M32", ICD10), is_a("M33", ICD10)]}, ["M33"], []),
        (
            {"include": [is_a("M32", ICD10)]},
            {"include": [is_a("M32", ICD10)], "exclude": [is_a("M32.8", ICD10)]},
            [M328._replace(left_out=True)],
            [],
        ),
        (
            {"include": [codes(SNOMED, "1", "2")]},
            {"include": [codes(SNOMED, "1", "2")], "exclude": [codes(SNOMED, "2")]},
            [],
            [SetMember(SNOMED, "2")],
        ),
        # A root in place of the list of what it stands for: what was listed is said, the root too.
        ({"include": [codes(ICD10, "M32.1")]}, {"include": [is_a("M32", ICD10)]}, [M32], [SetMember(ICD10, "M32.1")]),
    ],
    ids=["another spelling", "a prefix more", "a prefix less below one", "a code excluded", "a list becomes a root"],
)
def test_an_edit_of_a_definition(tmp_path: Path, old: dict, new: dict, added: list, dropped: list) -> None:
    sides = []
    for name, compose in (("old", old), ("new", new)):
        rules = rules_with(tmp_path / name, lasting_codes("77"))
        edit(rules, **({"exclude": []} | compose))
        sides.append(open_side(rules))
    found = codes_difference(*sides)
    expected = [one if isinstance(one, SetMember) else SetMember(ICD10, one, with_below=True) for one in added]
    assert [[one for one, _ in side] for s in found.sets for side in (s.added, s.dropped)] == (
        [expected, dropped] if expected or dropped else []
    )


def test_what_can_t_be_read_is_not_compared_and_never_counts_as_dropped(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (new / "expansions" / "sle.json.gz").write_bytes(b"\x1f\x8b cut")
    (new / "valuesets" / "als.json").write_text("{")
    found = codes_difference(open_side(old), open_side(new))
    assert found.sets == ()
    assert {one.set_id: one.place.removeprefix(f"{new}/") for one in found.not_compared} == {
        "als": "valuesets/als.json",
        "sle": "expansions/sle.json.gz",
    }
    code, out, err = run(old, new)
    assert code == 1
    assert "sle: not compared:" in err
    assert "0 value sets differ" in out


@pytest.mark.parametrize("make", ["gone", "empty", "file", "no sets"])
def test_a_folder_that_is_none_is_refused_by_name(folders: tuple[Path, Path], tmp_path: Path, make: str) -> None:
    place = tmp_path / "place"
    if make == "file":
        place.write_text("")
    elif make != "gone":
        (place / ("valuesets" if make == "no sets" else "")).mkdir(parents=True)
    with pytest.raises(FolderError, match=str(place)):
        open_side(place)
    code, out, err = run(folders[0], place)
    assert (code, out) == (2, "")
    assert str(place) in err


def test_a_set_that_neither_has_is_refused(folders: tuple[Path, Path]) -> None:
    code, _, err = run(*folders, "--set", "slee")
    assert code == 2
    assert "value set 'slee'" in err


def test_names_come_from_a_source_and_releases_are_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    names = tmp_path / "names.tsv"
    names.write_text(f"SNOMED CT\t{OF_CHILDREN}\tlupus of a child\n")
    _, out, _ = run(*folders, "--source", f"table:{names}")
    assert f"old: {folders[0]}: SNOMED CT {VERSION}\nnew: {folders[1]}: SNOMED CT {NEWER_VERSION}\n" in out
    assert f"  + SNOMED CT 1\n  - SNOMED CT {OF_CHILDREN}  lupus of a child\n" in out
    _, out, _ = run(*folders, "--source", f"table:{names}", "--format", "json", "--set", "sle")
    [sle] = json.loads(out)["sets"]
    assert sle["dropped"] == [
        {"system": SNOMED, "code": OF_CHILDREN, "with_below": False, "left_out": False, "display": "lupus of a child"}
    ]


def test_a_set_that_loses_a_code_flips_verdicts_of_samples(tmp_path: Path) -> None:
    """Without any code of lupus no sample is known to have it."""
    rules = default_rules_dir()
    poorer = tmp_path / "poorer"
    shutil.copytree(rules, poorer)
    path = poorer / "valuesets" / "sle.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["compose"] = {"include": [{**codes(SNOMED, "72181000119109"), "lasts": "chronic"}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    code, out, _ = run(rules, poorer, "--format", "json")
    samples = json.loads(out)["samples"]
    assert code == 0
    assert samples["patients"] > 10
    assert {flip["patient"] for flip in samples["flips"] if flip["old"] != flip["new"]} >= {"lupus-nephritis"}
    code, out, _ = run(rules, rules, "--format", "json")
    document = json.loads(out)
    assert (code, document["sets"], document["samples"]["flips"]) == (0, [], [])
