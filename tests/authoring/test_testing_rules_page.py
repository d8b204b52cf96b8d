"""`docs/testing-rules.md` says what is so: its examples are read, and it names every word of the grammar."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from cds_service.rule_tools.cases import WORDS, Case, CaseFile, EquivalentMutant, Expectations, StatedRecord, read_fact

PAGE = (Path(__file__).parents[2] / "docs" / "testing-rules.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
AS_OF = date(2026, 11, 24)
# A fact to try the forms of each row of the table on; the first that fits a form is taken.
ROWS = {
    "quantity": ["lab.hemoglobin"],
    "score, titre, `….x_uln`": ["score.ecog", "lab.ana_titer"],
    "a number that is not exact": ["score.sledai_2k", "lab.ana_titer", "lab.platelets"],
    "result": ["result.hbsag"],
    "`patient.age`": ["patient.age"],
    "`patient.sex`": ["patient.sex"],
    "date": ["date.als_symptom_onset"],
    "event fact in a word": ["condition.malignancy"],
    "event fact, records": ["medication.biologic"],
}


def forms(row):
    """The statements that stand in one row of the table."""
    [cells] = re.findall(rf"^\| {re.escape(row)} \| (.*) \|$", PAGE, re.MULTILINE)
    return [json.loads(text) for text in re.findall(r"`([^`]+)`", cells)]


@pytest.mark.parametrize("row", ROWS)
def test_each_form_in_the_table_can_be_stated(library, row):
    assert forms(row)
    for statement in forms(row):
        problems = []
        for name in ROWS[row]:
            try:
                read_fact(name, statement, library.catalogue, AS_OF)
                break
            except Exception as problem:
                problems.append(problem)
        else:
            pytest.fail(f"{statement}: {problems}")


def test_the_example_is_a_case_file(library):
    example = CaseFile.model_validate(BLOCKS[0])
    for facts in (example.base.facts, *(case.facts for case in example.cases)):
        for name, statement in facts.items():
            assert read_fact(name, statement, library.catalogue, AS_OF) is not None


def test_the_example_of_an_equivalent_mutant_is_one():
    EquivalentMutant.model_validate(BLOCKS[1])


@pytest.mark.parametrize("word", [*Expectations.model_fields, *Case.model_fields, *StatedRecord.model_fields, *WORDS])
def test_every_word_of_the_grammar_is_named(word):
    assert re.search(rf"\b{re.escape(word)}\b", PAGE)
