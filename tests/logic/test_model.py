"""What a typed rule says about itself."""

from typing import Any

from cds_service.durations import Duration
from cds_service.logic import BoolExpr, FactType, Program, durations, facts_read, walk
from cds_service.logic.check import typed_rule
from tests.logic.small_world import VOCABULARY

HB, SITS, STROKE = {"var": "lab.hb"}, {"var": "sits"}, {"var": "condition.stroke"}
LIMIT = {"quantity": [80, "g/L"]}


def compiled(rule: Any, lookback: Duration | None = None) -> BoolExpr:
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
    [given] = facts_read(compiled({"<": [HB, LIMIT]}, Duration(days=7)))
    [undated] = facts_read(compiled({"<": [{"var": "score.copies"}, 1]}, Duration(days=7)))
    assert (own.limit, given.limit, undated.limit) == (Duration(days=90), Duration(days=7), None)


def test_the_lengths_of_time_that_depend_on_the_calendar() -> None:
    rule = {
        "and": [
            {"within": [STROKE, {"quantity": [6, "mo"]}]},
            {"within": [STROKE, {"quantity": [4, "wk"]}]},
            {"<": [{"var": "lab.alb"}, LIMIT]},
            {"<": [HB, LIMIT]},
        ]
    }
    assert durations(compiled(rule)) == {Duration(months=6), Duration(months=3)}


def test_walking_meets_every_part_once() -> None:
    rule = compiled({"and": [SITS, {"some": [STROKE, {"!": [{"var": "active"}]}]}]})
    assert [type(node).__name__ for node in walk(rule)] == ["And", "BoolFact", "Quantified", "Not", "BoolFact"]


def test_a_program_is_as_long_as_its_rules_and_compiles_what_they_share_once() -> None:
    program = Program([compiled(SITS), compiled({"!": [SITS]}), compiled({"!!": [SITS]})])
    assert len(program) == 3
    assert len(program.placed) == 2


def test_a_fact_type_is_a_plain_number_unless_told_otherwise() -> None:
    assert (FactType("number", "x").unit, FactType("number", "x").dated) == ("1", False)
