"""A hostile rule is refused quickly, and a hostile record ends the evaluation of one rule, not of the others."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cds_service.durations import Duration
from cds_service.logic import Program, Vocabulary
from cds_service.logic.check import MAX_DEPTH, MAX_NODES, read_rule
from tests.logic.small_world import FACTS, VOCABULARY

AS_OF = date(2026, 11, 24)
SECONDS = 2.0
"""Of processor time, which a busy machine does not use up: far more than any of these takes."""

SITS, STROKE, ECOG, COPIES = ({"var": name} for name in ("sits", "condition.stroke", "score.ecog", "score.copies"))


def repeated(step: Callable[[Any], Any], times: int, start: Any) -> Any:
    rule = start
    for _ in range(times):
        rule = step(rule)
    return rule


def refused(rule: Any, vocabulary: Vocabulary = VOCABULARY) -> bool:
    """Whether the rule is refused as too large, and in time."""
    begun = time.thread_time()
    typed, findings = read_rule(rule, vocabulary)
    assert time.thread_time() - begun < SECONDS
    if typed is not None:
        assert not Program([typed]).evaluate({}, AS_OF).failed
    return [f.code for f in findings][:1] == ["rule-too-large"]


HOSTILE = {
    "deep": repeated(lambda r: {"!": [r]}, 900, SITS),
    "deep, in pairs": repeated(lambda r: {"and": [r, SITS]}, 900, SITS),
    "wide": {"and": [{"or": [SITS] * 400}] * 6},
    "a long list": {"in": [ECOG, list(range(100_000))]},
    "tests in tests": repeated(lambda r: {"if": [r, SITS, STROKE]}, 20, SITS),
    "equals of equals": repeated(lambda r: {"==": [r, SITS]}, 20, STROKE),
    "a long ladder": {"if": [SITS, STROKE] * 240 + [True]},
    "numbers by conditions": {"<": [repeated(lambda r: {"if": [SITS, r, COPIES]}, 20, ECOG), 1]},
    "numbers by conditions by numbers": repeated(lambda r: {"<": [{"if": [r, ECOG, COPIES]}, 2]}, 11, SITS),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_rule_is_refused_at_once(kind: str) -> None:
    assert refused(HOSTILE[kind])


def test_definitions_that_multiply_are_refused_at_once() -> None:
    doubled = {f"d{i}": {"and": [{"var": f"d{i + 1}"}, {"!": [{"var": f"d{i + 1}"}]}]} for i in range(40)}
    assert refused({"var": "d30"}, Vocabulary(FACTS, {**doubled, "d40": SITS}))


def test_definitions_in_a_long_chain_are_refused_at_once() -> None:
    chain = {f"d{i}": {"!": [{"var": f"d{i + 1}"}]} for i in range(400)}
    assert refused({"var": "d0"}, Vocabulary(FACTS, {**chain, "d400": SITS}))


HARMLESS = {
    "as deep as can be": repeated(lambda r: {"!": [r]}, MAX_DEPTH - 1, SITS),
    "as wide as can be": {"and": [{"<=": [ECOG, i]} for i in range(490)]},
    "a ladder of twenty": {"if": [part for i in range(20) for part in ({"==": [ECOG, i]}, i % 2 == 0)] + [True]},
    "branches in branches": repeated(lambda r: {"if": [SITS, r, STROKE]}, 20, {"==": [ECOG, 1]}),
    "a deep sum": {"<": [repeated(lambda r: {"+": [r, COPIES]}, MAX_DEPTH - 2, ECOG), 1]},
    "a deep quotient": {"<": [repeated(lambda r: {"/": [r, COPIES]}, MAX_DEPTH - 2, ECOG), 1]},
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_rule_within_the_limits_is_taken(kind: str) -> None:
    assert not refused(HARMLESS[kind])


def test_the_limits_are_those_of_the_specification() -> None:
    assert (MAX_DEPTH, MAX_NODES) == (24, 2_000)


def test_a_rule_that_takes_too_long_is_unknown_and_named_and_the_others_are_not_touched() -> None:
    test = {"or": [{">": [{"var": "days_since_start"}, {"quantity": [i, "d"]}]} for i in range(1, 400)]}
    costly, findings = read_rule({"some": [STROKE, test]}, VOCABULARY)
    cheap, _ = read_rule(SITS, VOCABULARY)
    assert costly is not None, list(findings)
    assert cheap is not None
    items = [{"sure": True, "days_since_start": {"lo": 0, "hi": 0}}] * 5_000
    program = Program([costly, cheap])
    outcomes = program.evaluate(
        {"condition": {"stroke": {"items": items, "whole": True}}, "sits": {"is": True, "age": 0}}, AS_OF
    )
    assert outcomes.truths == (None, True)
    assert outcomes.failed == (0,)


@pytest.mark.parametrize("unit", ["d", "wk", "mo", "a"])
def test_a_time_before_the_calendar_ends_at_its_first_day(unit: Any) -> None:
    assert Duration.of(9_999_999, unit).before(AS_OF) == date.min
    assert Duration.of(9_999_999, unit).after(AS_OF) == date.max
