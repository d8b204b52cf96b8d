"""What a typed rule says about itself."""

from typing import Any

import pytest

from cds_service.logic.check import typed_rule
from cds_service.logic.durations import Duration, parse_iso
from cds_service.logic.model import Condition, durations, facts_read, walk
from cds_service.logic.program import Program
from cds_service.logic.vocabulary import FactType
from tests.logic.small_world import VOCABULARY

HB, SITS, STROKE = {"var": "lab.hb"}, {"var": "sits"}, {"var": "condition.stroke"}
LIMIT = {"quantity": [80, "g/L"]}


def compiled(rule: Any, lookback: Duration | None = None) -> Condition:
    typed, findings = typed_rule(rule, VOCABULARY, lookback)
    assert typed is not None, list(findings)
    return typed


def test_the_facts_that_a_rule_reads_are_named_once_in_reading_order() -> None:
    rule = {
        "and": [
            {"<": [{"if": [SITS, HB, {"var": "lab.alb"}]}, LIMIT]},
            {"==": [{"var": "patient.sex"}, "male"]},
            {"none": [STROKE, {"var": "active"}]},
            STROKE,
            {"!": [{"var": "defined.anaemic"}]},
            {">": [{"+": [{"*": [{"var": "score.ecog"}, 2]}, {"max": [{"%": [{"var": "score.copies"}, 2]}]}]}, 1]},
            {"if": [SITS, {"==": [SITS, True]}, {"<=": [{"var": "patient.age"}, {"quantity": [2, "a"]}]}]},
        ]
    }
    assert [(fact.name, fact.path) for fact in facts_read(compiled(rule))] == [
        ("sits", "sits"),
        ("lab.hb", "lab.hb"),
        ("lab.alb", "lab.alb"),
        ("patient.sex", "patient.sex"),
        ("condition.stroke", "condition.stroke"),
        ("condition.stroke", "condition.stroke.any"),
        ("score.ecog", "score.ecog"),
        ("score.copies", "score.copies"),
        ("patient.age", "patient.age.a"),
    ]


def test_a_fact_carries_the_freshness_that_the_criterion_asks_for() -> None:
    [own] = facts_read(compiled({"<": [HB, LIMIT]}))
    [given] = facts_read(compiled({"<": [HB, LIMIT]}, Duration(1, "wk")))
    [undated] = facts_read(compiled({"<": [{"var": "score.copies"}, 1]}, Duration(1, "wk")))
    assert (own.limit, given.limit, undated.limit) == (Duration(90, "d"), Duration(1, "wk"), None)


def test_the_lengths_of_time_that_depend_on_the_calendar() -> None:
    rule = {
        "and": [
            {"within": [STROKE, {"quantity": [6, "mo"]}]},
            {"within": [STROKE, {"quantity": [4, "wk"]}]},
            {"<": [{"var": "lab.alb"}, LIMIT]},
            {"<": [HB, LIMIT]},
        ]
    }
    assert durations(compiled(rule)) == {Duration(6, "mo"), Duration(3, "mo")}


def test_walking_meets_every_part_once() -> None:
    rule = compiled({"and": [SITS, {"some": [STROKE, {"!": [{"var": "active"}]}]}]})
    assert [type(node).__name__ for node in walk(rule)] == ["Every", "Truth", "Records", "Not", "Truth"]


def test_a_program_is_as_long_as_its_rules_and_compiles_what_they_share_once() -> None:
    program = Program([compiled(SITS), compiled({"!": [SITS]}), compiled({"!!": [SITS]})])
    assert len(program) == 3
    assert len(program.placed) == 2


@pytest.mark.parametrize(
    ("text", "duration"),
    [("P14D", Duration(14, "d")), ("P2W", Duration(2, "wk")), ("P3M", Duration(3, "mo")), ("P1Y", Duration(1, "a"))],
)
def test_iso_durations(text: str, duration: Duration) -> None:
    assert parse_iso(text) == duration


@pytest.mark.parametrize("text", ["", "P", "P0D", "14D", "P1Y6M", "PT1H", "P-1D", "P1.5Y", "P10000D"])
def test_what_is_no_duration_here(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        parse_iso(text)


@pytest.mark.parametrize(("count", "words"), [(1, "1 month"), (2, "2 months")])
def test_a_duration_in_words(count: int, words: str) -> None:
    assert Duration(count, "mo").words() == words


def test_a_fact_type_is_a_plain_number_unless_told_otherwise() -> None:
    assert (FactType("number", "x").unit, FactType("number", "x").dated) == ("1", False)
