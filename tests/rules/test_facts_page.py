"""docs/facts.md: its reference is that of the catalogue, and what is written by hand is so."""

import json
import re
from datetime import date
from pathlib import Path
from typing import get_args

from cds_service.facts import build_sheet, load_facts
from cds_service.facts.catalogue import MODELS, REASONS, Formula
from cds_service.facts.fact import Reason
from cds_service.library import Library
from cds_service.rule_tools.docs import FORMULAS, MARK, RulesReference, facts_page
from cds_service.settings import default_rules_dir
from tests.facts.records import concept, condition, lab, record
from tests.facts.small_rules import ICD10CM

PAGE = Path(__file__).parents[2] / "docs" / "facts.md"
TEXT = PAGE.read_text(encoding="utf-8")
WRITTEN = TEXT.partition(MARK)[0]
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", WRITTEN, re.DOTALL)]


def test_the_page_is_current_and_has_a_heading_for_each_fact(library: Library) -> None:
    page = facts_page(RulesReference(library, default_rules_dir()), TEXT)
    assert page == TEXT, "run `cds-service rules docs --facts --out docs/facts.md`"
    assert [name for name in library.catalogue.facts if f"### `{name}`\n" not in TEXT] == []


def test_every_reason_and_formula_is_explained() -> None:
    assert set(REASONS) == set(get_args(Reason))
    assert set(FORMULAS) == set(get_args(Formula))


def test_the_table_of_keys_has_every_key_of_a_fact() -> None:
    table = WRITTEN.partition("| key | of |")[2].partition("\n\n")[0]
    keys = {key for cell in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", cell)}
    assert keys == {name for model in MODELS.values() for name in model.model_fields}


def test_the_examples_load_and_the_local_code_counts(tmp_path: Path) -> None:
    """The facts, the value set and the concept map of the page, put beside the rules of the repository."""
    for entry in default_rules_dir().iterdir():
        if entry.name not in {"facts", "valuesets", "conceptmaps"}:
            (tmp_path / entry.name).symlink_to(entry)
    for folder in ("facts", "valuesets"):
        (tmp_path / folder).mkdir()
        for entry in (default_rules_dir() / folder).iterdir():
            (tmp_path / folder / entry.name).symlink_to(entry)
    facts = [block for block in BLOCKS if "kind" in block]
    (tmp_path / "facts" / "added.json").write_text(json.dumps({"facts": facts}), encoding="utf-8")
    [value_set] = [block for block in BLOCKS if block.get("resourceType") == "ValueSet"]
    (tmp_path / "valuesets" / f"{value_set['id']}.json").write_text(json.dumps(value_set), encoding="utf-8")
    [concept_map] = [block for block in BLOCKS if block.get("resourceType") == "ConceptMap"]
    (tmp_path / "conceptmaps").mkdir()
    (tmp_path / "conceptmaps" / "site.json").write_text(json.dumps(concept_map), encoding="utf-8")

    knowledge, findings = load_facts(tmp_path)
    assert not findings
    assert {fact["name"] for fact in facts} <= knowledge.catalogue.facts.keys()
    [site] = {group["source"] for group in concept_map["group"]}
    made = build_sheet(
        record(
            {**lab("", 80, "g/L"), "code": concept("HGB", site)},
            {**lab("", 30, "ng/mL"), "code": concept("FERR", site)},
            condition("SLE-KID", site),
            condition("D50.9", ICD10CM, recordedDate="2026-05-01"),
        ),
        knowledge,
        date(2026, 6, 1),
    )
    assert [made[name].value.text() for name in ("lab.hemoglobin", "lab.ferritin")] == ["80", "30"]
    assert [made[name].value.exists("closed") for name in ("condition.sle", "condition.iron_deficiency")] == [
        True,
        True,
    ]
