"""A definition beside its expansion: edited by hand, stale, damaged, gone, or not the one that the lock names."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cds_service.facts import build_sheet, load_facts
from cds_service.facts.catalogue import SNOMED, load_codesystems, load_valuesets
from cds_service.facts.fact import Events
from cds_service.library import load_library
from cds_service.terminology.compile import compile_sets
from tests.cards.small_library import trial
from tests.facts.records import condition, record
from tests.facts.small_rules import put
from tests.terminology.stub import (
    LUPUS,
    NEPHRITIS,
    OF_CHILDREN,
    SKIN,
    StubSource,
    edit,
    is_a,
    lasting_codes,
    rules_with,
)

AS_OF = date(2026, 6, 1)
GZ, LOCK = "expansions/sle.json.gz", "terminology.lock"
HEART_FAILURE = "84114007"
CHRONIC = {"lasts": "chronic", "lasts_reason": "lifelong"}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = rules_with(tmp_path / "rules", is_a(LUPUS), is_a(SKIN))
    put(folder / "trials" / "NCT00000001" / "trial.json", trial("NCT00000001"))
    compile_sets(folder, [StubSource()]).write()
    return folder


def members(rules: Path) -> set[str]:
    valuesets, _ = load_valuesets(rules, load_codesystems(rules)[0])
    return {code for code in (LUPUS, NEPHRITIS, OF_CHILDREN, SKIN, "1") if "sle" in valuesets.members((SNOMED, code))}


def codes_of(rules: Path) -> list[tuple[str, str]]:
    return [(found.code, found.severity) for found in load_facts(rules)[1]]


def test_a_compiled_set_has_what_its_filters_gave(rules: Path) -> None:
    assert members(rules) == {LUPUS, NEPHRITIS, OF_CHILDREN, SKIN}
    assert codes_of(rules) == []


STALE = ("valueset-expansion-stale", "warning")
MISSING = ("valueset-expansion-missing", "warning")

# what a person makes of the includes, of the excludes; who is a member then; what is found
EDITS = {
    "one include less": ([is_a(LUPUS) | CHRONIC], [], {LUPUS, NEPHRITIS, OF_CHILDREN}, [STALE]),
    "the other less": ([is_a(SKIN) | CHRONIC], [], {SKIN}, [STALE]),
    "a code more": (
        [is_a(LUPUS) | CHRONIC, is_a(SKIN) | CHRONIC, lasting_codes("1")],
        [],
        {LUPUS, NEPHRITIS, OF_CHILDREN, SKIN, "1"},
        [STALE],
    ),
    "a code left out": (
        [is_a(LUPUS) | CHRONIC, is_a(SKIN) | CHRONIC],
        [{"system": SNOMED, "concept": [{"code": NEPHRITIS}]}],
        {LUPUS, OF_CHILDREN, SKIN},
        [STALE],
    ),
    "a filter more": (
        [is_a(LUPUS) | CHRONIC, is_a("1") | CHRONIC],
        [],
        {LUPUS, NEPHRITIS, OF_CHILDREN, "1"},
        [STALE, MISSING],
    ),
    "an exclude more: of no code is it certain": (
        [is_a(LUPUS) | CHRONIC],
        [is_a(NEPHRITIS)],
        set(),
        [STALE, MISSING],
    ),
    "only a list": ([lasting_codes("1")], [], {"1"}, [STALE]),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_works_at_once(name: str, rules: Path) -> None:
    include, exclude, expected, found = EDITS[name]
    edit(rules, include=include, exclude=exclude)
    assert members(rules) == expected
    assert codes_of(rules) == found


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def other_id(path: Path) -> None:
    content = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps(content | {"id": "als"}).encode()))


def one_member_more(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(SKIN.encode(), b"73211009")))


def no_lock(path: Path) -> None:
    (path.parents[1] / LOCK).unlink()


DAMAGE: dict[str, tuple[Callable[[Path], object], ...]] = {
    "cut short": (cut,),
    "no gzip": (lambda path: path.write_bytes(b"{}"),),
    "no JSON": (lambda path: path.write_bytes(gzip.compress(b"{")), no_lock),
    "not UTF-8": (lambda path: path.write_bytes(gzip.compress(b'{"id": "\xff"}')), no_lock),
    "another shape": (lambda path: path.write_bytes(gzip.compress(b'{"resourceType": "ValueSet", "id": 7}')), no_lock),
    "of another set": (other_id, no_lock),
    "another one than the lock names": (one_member_more,),
    "gone": (lambda path: path.unlink(),),
    "a folder": (lambda path: (path.unlink(), path.mkdir()),),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_lost_expansion_is_loud_and_never_absence(name: str, rules: Path) -> None:
    before = load_facts(rules)[0]
    for damage in DAMAGE[name]:
        damage(rules / GZ)
    knowledge, findings = load_facts(rules)
    assert [(one.code, one.severity, one.file) for one in findings] == [("valueset-expansion-unreadable", "error", GZ)]
    assert members(rules) == {LUPUS, SKIN}
    # A code that another set lists was no lupus, and may be now for all that is known.
    for code, was, now in ((HEART_FAILURE, True, False), (NEPHRITIS, True, False), (LUPUS, True, True)):
        for known, knows in ((before, was), (knowledge, now)):
            events = build_sheet(record(condition(code)), known, AS_OF)["condition.sle"].value
            assert isinstance(events, Events)
            assert (events.history("closed") is not None) == knows, code


def test_with_a_lost_expansion_the_service_starts_and_says_so(rules: Path) -> None:
    cut(rules / GZ)
    library = load_library(rules)
    assert [one.code for one in library.lost] == ["valueset-expansion-unreadable"]


def test_a_lost_expansion_of_a_set_that_another_leaves_out_makes_that_uncertain(tmp_path: Path) -> None:
    rules = rules_with(tmp_path, is_a(LUPUS))
    for name, compose in {
        "wide": {"include": [lasting_codes(LUPUS, NEPHRITIS, "1")]},
        "other": {"include": [{"valueSet": ["wide"]}], "exclude": [{"valueSet": ["sle"]}]},
    }.items():
        content = {"resourceType": "ValueSet", "id": name, "compose": compose}
        (rules / "valuesets" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    compile_sets(rules, [StubSource()]).write()
    systems = load_codesystems(rules)[0]
    whole = load_valuesets(rules, systems)[0]
    assert "other" in whole.members((SNOMED, "1"))
    assert "other" not in whole.members((SNOMED, NEPHRITIS))
    cut(rules / GZ)
    lost = load_valuesets(rules, systems)[0]
    for code in ("1", NEPHRITIS):
        assert "other" not in lost.members((SNOMED, code))
        assert "other" in lost.open_to((SNOMED, code))


@pytest.mark.parametrize("name", [GZ, LOCK])
def test_the_digest_of_the_rules_covers_it(name: str, rules: Path) -> None:
    before = load_library(rules)
    assert name in before.files
    (rules / name).write_bytes((rules / name).read_bytes() + b" ")
    assert load_library(rules).files[name] != before.files[name]


def test_a_lock_that_can_not_be_read_checks_nothing_and_stops_nothing(rules: Path) -> None:
    (rules / LOCK).write_text("{", encoding="utf-8")
    assert [(one.code, one.severity) for one in load_library(rules).lost] == [("terminology-lock-unreadable", "error")]
    assert members(rules) == {LUPUS, NEPHRITIS, OF_CHILDREN, SKIN}


def test_the_expansion_is_fhir_and_ships_no_name_of_snomed_ct(rules: Path) -> None:
    text = gzip.decompress((rules / GZ).read_bytes())
    content = json.loads(text)
    assert content["resourceType"] == "ValueSet"
    assert content["expansion"]["timestamp"] == "2026-03-01T00:00:00Z"
    assert [one["valueUri"].partition("|")[0] for one in content["expansion"]["parameter"]] == [SNOMED]
    assert [group["abstract"] for group in content["expansion"]["contains"]] == [True, True]
    assert b"name of" not in text
