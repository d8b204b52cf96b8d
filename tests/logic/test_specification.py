"""`docs/rule-language.md` is complete, and what it shows is true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts.catalogue import load_catalogue
from cds_service.logic import LANGUAGE_VERSION, MAX_LOWERED, MAX_LOWERED_DEPTH
from cds_service.logic.check import FINDINGS, MAX_DEPTH, MAX_NODES, OPERATORS, REFUSED, read_rule
from cds_service.trials import vocabulary_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rule-language.md").read_text(encoding="utf-8")
VOCABULARY = vocabulary_of(load_catalogue(ROOT / "rules")[0])


def section(title: str) -> str:
    """The text under one heading of the second level."""
    return re.split(r"^## ", PAGE.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of each table row in the text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


EXAMPLES = {row[0].strip("`"): row[1] for row in rows(section("Findings")) if row[0] != "code"}
RUNNABLE = {code: example.strip("`") for code, example in EXAMPLES.items() if example.startswith("`{")}
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)]
PATTERNS = [
    json.loads(row[1].strip("`")) for row in rows(section("Your first rule in ten minutes")) if row[1][1] == "{"
]


def test_the_page_is_of_this_version() -> None:
    assert PAGE.startswith(f"# The rule language, version {LANGUAGE_VERSION}\n")


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_has_a_row(operator: str) -> None:
    assert operator in {row[0].strip("`") for row in rows(section("Operators"))}


@pytest.mark.parametrize("operator", REFUSED)
def test_each_refused_operator_is_named(operator: str) -> None:
    assert f"`{operator}`" in section("What is refused, and why")


def test_each_finding_has_a_row_and_no_row_is_left_over() -> None:
    assert set(EXAMPLES) == set(FINDINGS)
    assert set(EXAMPLES) - set(RUNNABLE) == {"circular-definition", "not-json", "rule-too-large"}


@pytest.mark.parametrize("code", RUNNABLE)
def test_the_example_of_a_finding_has_that_fault(code: str) -> None:
    _, findings = read_rule(json.loads(RUNNABLE[code]), VOCABULARY)
    assert {finding.code for finding in findings} == {code}


@pytest.mark.parametrize("block", [*BLOCKS, *PATTERNS], ids=str)
def test_every_rule_shown_is_sound(block: dict[str, Any]) -> None:
    _, findings = read_rule(block.get("logic", block), VOCABULARY)
    assert not list(findings)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"at most {MAX_DEPTH} levels and {MAX_NODES:,} nodes" in PAGE
    assert f"at most {MAX_LOWERED:,}\noperators and {MAX_LOWERED_DEPTH} levels" in PAGE


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^##+ (.*)$", PAGE, flags=re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\(#([^)]*)\)", PAGE)) <= anchors
