"""`codes migrate`: value sets that list their members become definitions, member for member the same."""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts import load_facts
from cds_service.facts.catalogue import (
    ICD10CM,
    RXNORM,
    SNOMED,
    Key,
    SetTables,
    ValueSets,
    load_codesystems,
    load_valuesets,
)
from cds_service.library import Library
from cds_service.settings import default_rules_dir
from cds_service.terminology.icd_patterns import icd_10_cm, patterns_of
from cds_service.terminology.migration import migrate
from cds_service.terminology.spared_names import drug_words
from tests.facts.small_rules import VALUESETS, codes, put, valueset, write_rules

RULES = default_rules_dir()


def loaded(rules: Path) -> ValueSets:
    found, findings = load_valuesets(rules, load_codesystems(rules)[0])
    assert findings == ()
    return found


def keys_of(tables: SetTables) -> Iterator[Key]:
    """Every code that a set names, and one below and one above each."""
    for part in (tables.included, tables.excluded):
        for table in (part.exact, part.prefix):
            for system, listed in table.items():
                for code in listed:
                    yield from ((system, code), (system, code + "1"), (system, code[:-1]))


def differing(before: ValueSets, after: ValueSets) -> list[Key]:
    keys = {*keys_of(before.tables), *keys_of(after.tables), *((ICD10CM, code) for code in icd_10_cm())}
    return [
        key
        for key in sorted(keys)
        if before.members(key) != after.members(key)
        or before.above(key) != after.above(key)
        or any(before.lasts((one,), key) != after.lasts((one,), key) for one in before.members(key))
    ]


@pytest.fixture(scope="module")
def of_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the rules of this repository, migrated."""
    folder = tmp_path_factory.mktemp("migrated") / "rules"
    shutil.copytree(RULES, folder)
    assert [one for one in migrate(folder).findings if one.severity == "error"] == []
    return folder


def test_every_code_is_in_the_same_sets_for_the_same_time(of_today: Path) -> None:
    before, after = loaded(RULES), loaded(of_today)
    assert len(set(keys_of(before.tables))) > 40_000
    assert differing(before, after) == []
    assert before.phrases() == after.phrases()


def test_migrated_again_nothing_changes(of_today: Path) -> None:
    before = {path: path.read_bytes() for path in sorted(of_today.rglob("*")) if path.is_file()}
    assert migrate(of_today).changed == 0
    assert {path: path.read_bytes() for path in sorted(of_today.rglob("*")) if path.is_file()} == before


def test_no_name_of_snomed_ct_icd_10_or_atc_is_left(of_today: Path) -> None:
    shipped = (SNOMED, "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc")
    for path in (of_today / "valuesets").glob("*.json"):
        for parts in json.loads(path.read_text(encoding="utf-8"))["compose"].values():
            for part in parts:
                names = [one for one in part.get("concept", ()) if part["system"] in shipped and "display" in one]
                assert names == [], path.name
    for path in (of_today / "expansions").glob("*.json.gz"):
        for group in json.loads(gzip.decompress(path.read_bytes()))["expansion"]["contains"]:
            assert not (group["system"] in shipped and any("display" in one for one in group.get("contains", ())))


def test_every_set_says_whose_its_codes_are(of_today: Path) -> None:
    for path in (of_today / "valuesets").glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        systems = {part["system"] for part in content["compose"]["include"] if "system" in part}
        assert (SNOMED in systems) <= ("SNOMED CT" in content.get("copyright", "")), path.name


ISA = {"property": "concept", "op": "is-a"}
LISTED = ("55464009|Systemic lupus erythematosus (disorder)", "68815009|Lupus nephritis (disorder)", "1", "2")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    sets = [one for one in VALUESETS if one["id"] != "sle"]
    return write_rules(tmp_path / "rules", None, [*sets, valueset("sle", codes(SNOMED, *LISTED), hints=("SLE",))])


def with_roots(tmp_path: Path, **roots: object) -> Path:
    put(tmp_path / "roots" / "sle.json", {"id": "sle", "reason": "as the test has it", **roots})
    return tmp_path / "roots"


def test_roots_take_the_place_of_a_list(rules: Path, tmp_path: Path) -> None:
    before = loaded(rules)
    filters = [[ISA | {"value": "55464009"}], [ISA | {"value": "68815009"}], [ISA | {"value": "404684003"}]]
    replaced = {"replaces": 0, "filters": filters, "list": ["2"]}
    excludes = [[ISA | {"value": "7119001"}]]
    migrate(rules, with_roots(tmp_path, includes=[replaced], excludes=excludes))
    content = json.loads((rules / "valuesets" / "sle.json").read_text(encoding="utf-8"))
    assert [one.get("filter") or one["concept"] for one in content["compose"]["include"]] == [*filters, [{"code": "2"}]]
    assert content["compose"]["exclude"] == [{"system": SNOMED, "filter": excludes[0]}]
    assert content["lasts_reasons"] == {"chronic": "as the test has it"}
    expansion = json.loads(gzip.decompress((rules / "expansions" / "sle.json.gz").read_bytes()))
    groups = {
        one["display"]: [member["code"] for member in one.get("contains", ())]
        for one in expansion["expansion"]["contains"]
    }
    # A root that was no member before is none until a compile.
    assert groups == {
        "concept is-a 55464009": ["1", "55464009", "68815009"],
        "concept is-a 68815009": ["68815009"],
        "concept is-a 404684003": [],
    }
    assert differing(before, loaded(rules)) == []


def test_roots_of_another_list_are_said_and_the_list_stays(rules: Path, tmp_path: Path) -> None:
    replaced = {"replaces": 0, "filters": [[ISA | {"value": "55464009"}]], "list": ["3"]}
    before = loaded(rules)
    found = migrate(rules, with_roots(tmp_path, includes=[replaced])).findings
    assert [(one.code, one.file, one.pointer) for one in found] == [
        ("valueset-roots", "valuesets/sle.json", "/compose/include/0")
    ]
    assert not (rules / "expansions" / "sle.json.gz").exists()
    assert differing(before, loaded(rules)) == []


def test_roots_that_name_single_codes_leave_lists_and_never_drop_a_member(rules: Path, tmp_path: Path) -> None:
    before = loaded(rules)
    filters = [[ISA | {"value": "55464009"}], [ISA | {"op": "=", "value": "2"}]]
    excludes = [[ISA | {"op": "in", "value": "1,7119001"}]]
    found = migrate(rules, with_roots(tmp_path, includes=[{"replaces": 0, "filters": filters}], excludes=excludes))
    assert [(one.code, one.pointer) for one in found.findings] == [("valueset-roots", "/compose/exclude")]
    compose = json.loads((rules / "valuesets" / "sle.json").read_text(encoding="utf-8"))["compose"]
    assert [one.get("filter") or one["concept"] for one in compose["include"]] == [filters[0], [{"code": "2"}]]
    assert compose["exclude"] == [{"system": SNOMED, "concept": [{"code": "7119001"}]}]
    assert [key for key in differing(before, loaded(rules)) if key[1] != "7119001"] == []


def test_a_set_with_a_fault_stays_as_it_is(rules: Path) -> None:
    broken = rules / "valuesets" / "als.json"
    broken.write_text("{", encoding="utf-8")
    result = CliRunner().invoke(app, ["codes", "migrate", "--rules", str(rules)])
    assert result.exit_code == 1
    assert "valuesets/als.json:1: error: not-json" in result.stderr
    assert broken.read_text(encoding="utf-8") == "{"
    assert "lasts_reasons" in (rules / "valuesets" / "sle.json").read_text(encoding="utf-8")


def test_later_encounters_of_injuries_become_one_filter() -> None:
    table = frozenset({f"S12{place}XX{end}" for place in "01" for end in "ADS"} | {"S12", "S130XXA", "S130XXD"})
    later = frozenset(code for code in table if code.endswith(("D", "S")) and len(code) == 7 and code.startswith("S12"))
    assert [(one.regex, one.codes) for one in patterns_of(later | {"S130XXD", "S12"}, table)] == [
        ("^(S13\\..{3})[D]$", frozenset({"S130XXD"})),
        ("^(S12\\..{3})[DS]$", later),
    ]
    found = patterns_of(later - {"S120XXS"}, table)
    assert [one.regex for one in found] == ["^(S12\\.0.{2})[D]$", "^(S12\\.1.{2})[DS]$"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Product containing prednisone (medicinal product)", "prednisone"),
        ("Prednisone 5 mg oral tablet", "Prednisone 5 mg oral"),
    ],
)
def test_of_a_drugs_name_only_what_is_read_is_kept(name: str, words: str, library: Library) -> None:
    knowledge = library.facts
    kept = drug_words(knowledge, name)
    assert set(kept.split()) <= set(name.split())
    assert "containing" not in kept
    assert words.split(maxsplit=1)[0] in kept
    for table in (knowledge.events.routes.in_words, lambda names: knowledge.events.half_lives.of(None, names)):
        assert table([kept]) == table([name])


def test_reading_knows_the_names_that_are_no_longer_shipped(of_today: Path, library: Library) -> None:
    before, after = library.facts, load_facts(of_today)[0]
    for system, displays in before.valuesets.tables.displays.items():
        for code, name in displays.items():
            said = before.events.words.read(name)
            if name and (said.doubted or said.disowned or said.past):
                assert after.valuesets.is_own_name((system, code), name), (system, code)
    melanoma = (SNOMED, "161432005")
    for name, is_own in {"History of malignant melanoma (situation)": True, "History of melanoma": False}.items():
        assert after.valuesets.is_own_name(melanoma, name) == is_own
    assert after.valuesets.display((RXNORM, "8640")) == before.valuesets.display((RXNORM, "8640"))
