"""The program: what is answered together is answered as if each rule stood alone."""

import random
from datetime import date, timedelta
from typing import Any
from weakref import ref

import datalogic_py
import pytest
from hypothesis import given

from cds_service.logic import (
    BATCH,
    LINES,
    BoolExpr,
    Compiler,
    PagedDocument,
    Program,
    answer_together,
    durations,
    lower,
)
from cds_service.logic.check import read_rule, typed_rule
from tests.logic.small_world import VOCABULARY
from tests.logic.strategies import as_ofs, documents, rules

AS_OF = date(2026, 11, 24)
ENGINE = datalogic_py.Engine()
SITS, STROKE, ECOG = {"var": "sits"}, {"var": "condition.stroke"}, {"var": "score.ecog"}


def typed(rule: Any) -> BoolExpr:
    found, findings = read_rule(rule, VOCABULARY)
    assert found is not None, list(findings)
    return found


@given(rules, documents(), as_ofs)
def test_the_joined_rule_answers_as_its_two_rules_do(rule: Any, document: dict[str, Any], as_of: date) -> None:
    condition, _ = typed_rule(rule, VOCABULARY)
    if condition is None:
        return
    lowered = lower(condition)
    whole = {**document, "span": {str(each): each.span(as_of) for each in durations(condition)}}
    yes, no = (ENGINE.eval(plain, whole) for plain in (lowered.certainly_true, lowered.certainly_false))
    assert not (yes and no)
    assert Program([condition]).evaluate(document, as_of).truths == (True if yes else False if no else None,)


@pytest.mark.parametrize("score", [-1, 0, 60, 400])
def test_rules_beyond_one_batch_keep_their_order(score: int) -> None:
    limits = random.Random(7).choices(range(-5, 400), k=2 * BATCH + 7)
    program = Program([typed({"<=": [ECOG, limit]}) for limit in limits])
    outcomes = program.evaluate({"score": {"ecog": {"lo": score, "hi": score, "age": 0}}}, AS_OF)
    assert outcomes.truths == tuple(score <= limit for limit in limits)
    assert not outcomes.failed


def costly(tests: int) -> BoolExpr:
    """A rule that asks each record so many questions."""
    each = [{">": [{"var": "days_since_start"}, {"quantity": [i, "d"]}]} for i in range(1, tests)]
    return typed({"some": [STROKE, {"or": each}]})


def strokes(count: int) -> dict[str, Any]:
    items = [{"sure": True, "days_since_start": {"lo": 0, "hi": 0}}] * count
    return {"condition": {"stroke": {"items": items, "whole": True}}, "sits": {"is": True, "age": 0}}


def test_a_rule_that_fails_takes_nothing_from_its_neighbours() -> None:
    fillers = [typed({"or": [SITS, {"<=": [ECOG, i]}]}) for i in range(BATCH)]
    program = Program([typed(SITS), costly(400), *fillers, costly(400), typed({"!": [SITS]})])
    for _ in range(2):
        outcomes = program.evaluate(strokes(5_000), AS_OF)
        assert outcomes.truths == (True, None, *[True] * BATCH, None, False)
        assert outcomes.failed == (1, BATCH + 2)


def test_rules_that_share_a_budget_and_exceed_it_are_answered_one_by_one() -> None:
    program = Program([costly(tests) for tests in range(150, 160)])
    outcomes = program.evaluate(strokes(1_000), AS_OF)
    assert outcomes.truths == (False,) * 10
    assert not outcomes.failed


def test_programs_share_a_rule_that_both_have_and_each_is_told_if_it_fails() -> None:
    compiler = Compiler()
    sits, not_sits, fails = (compiler.placed(rule) for rule in (typed(SITS), typed({"!": [SITS]}), costly(400)))
    assert compiler.placed(typed(SITS)) is sits
    one, two = Program.of(compiler, [sits, fails, not_sits]), Program.of(compiler, [fails, sits, fails])
    document = PagedDocument(compiler, strokes(5_000), AS_OF).on(one.pages | two.pages)
    assert answer_together([one, two], document) == [([True, None, False], {1}), ([None, True], {0})]
    outcomes = two.answer(document)
    assert (outcomes.truths, outcomes.failed) == ((None, True, None), (0, 2))


def test_a_rule_is_forgotten_with_the_last_program_that_has_it() -> None:
    compiler = Compiler()
    program = Program.of(compiler, [compiler.placed(typed(SITS))])
    rule = ref(program.placed[0])
    assert compiler.placed(typed(SITS)) is rule()
    del program
    assert rule() is None
    assert compiler.placed(typed(SITS)).text


def test_a_document_is_filled_in_page_by_page() -> None:
    compiler = Compiler()
    first = compiler.placed(typed(SITS))
    for number in range(2 * LINES):
        compiler.text({"var": f"filler.n{number}"})
    second = compiler.placed(typed({"<=": [ECOG, 1]}))
    assert first.pages != second.pages
    facts = {**strokes(0), "score": {"ecog": {"lo": 2, "hi": 2, "age": 0}}}
    document = PagedDocument(compiler, facts, AS_OF)
    for placed, truth in ((first, True), (second, False), (first, True)):
        program = Program.of(compiler, [placed])
        assert program.answer(document.on(program.pages)).truths == (truth,)
    assert document.on(first.pages) is document.on(second.pages)


def test_each_day_has_its_own_calendar() -> None:
    program = Program([typed({"within": [STROKE, {"quantity": [3, "mo"]}]})])
    record = {"sure": True, "days_since_end": {"lo": 91, "hi": 91}}
    facts = {"condition": {"stroke": {"items": [record], "whole": True}}}
    days = [date(2026, 3, 1), date(2026, 8, 31), date(2026, 3, 1)]
    assert [program.evaluate(facts, day).truths for day in days] == [(False,), (True,), (False,)]
    assert [(day - timedelta(91)).isoformat() for day in days[:2]] == ["2025-11-30", "2026-06-01"]


def test_no_rules_have_no_outcomes() -> None:
    assert Program([]).evaluate({}, AS_OF).truths == ()
