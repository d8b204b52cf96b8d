"""What is certain holds whatever the unknown turns out to be, and stays so when more becomes known."""

import json
import random
from datetime import date
from typing import Any

from hypothesis import assume, given, settings

from cds_service.durations import Duration
from cds_service.logic import Program
from cds_service.logic.check import typed_rule
from tests.logic.oracle import PlainError, plain_value
from tests.logic.refinement import refined
from tests.logic.small_world import VOCABULARY, complete, settled
from tests.logic.strategies import as_ofs, documents, lookbacks, rules, seeds

COMPLETIONS = 12
REFINEMENTS = 6


def compiled(rule: Any, lookback: Duration | None = None) -> Program:
    """The rule, which must be one that the language takes."""
    typed, findings = typed_rule(rule, VOCABULARY, lookback)
    assert typed is not None, list(findings)
    return Program([typed])


@given(rules, documents(), as_ofs, lookbacks, seeds)
@settings(max_examples=400)
def test_a_certain_outcome_is_the_plain_outcome_of_every_completion(
    rule: Any, document: dict[str, Any], as_of: date, lookback: Duration | None, seed: int
) -> None:
    outcomes = compiled(rule, lookback).evaluate(document, as_of)
    certain = outcomes.truths[0]
    assert not outcomes.failed
    rng = random.Random(seed)
    for _ in range(0 if certain is None else COMPLETIONS):
        world = complete(document, as_of, lookback, rng)
        try:
            assert plain_value(rule, world, as_of, rng) is certain, world
        except PlainError:
            continue


@given(rules, documents(), as_ofs, lookbacks, seeds)
@settings(max_examples=200)
def test_more_information_never_turns_a_certain_outcome(
    rule: Any, document: dict[str, Any], as_of: date, lookback: Duration | None, seed: int
) -> None:
    program = compiled(rule, lookback)
    rng = random.Random(seed)
    known = program.evaluate(document, as_of).truths[0]
    for _ in range(REFINEMENTS):
        document = refined(document, as_of, lookback, rng)
        now = program.evaluate(document, as_of).truths[0]
        assert known is None or now is known, document
        known = now


@given(rules, as_ofs, lookbacks, seeds)
@settings(max_examples=200)
def test_on_fully_known_facts_the_outcome_is_that_of_plain_jsonlogic(
    rule: Any, as_of: date, lookback: Duration | None, seed: int
) -> None:
    assume("null" not in json.dumps(rule))
    program = compiled(rule, lookback)
    rng = random.Random(seed)
    for _ in range(COMPLETIONS):
        world = complete({}, as_of, lookback, rng)
        try:
            expected = plain_value(rule, world, as_of)
        except PlainError:
            continue
        assert program.evaluate(settled(world), as_of).truths == (expected,), world
