"""What is certain holds whatever the unknown turns out to be."""

import random
from datetime import date
from typing import Any

from hypothesis import assume, given, settings
from tests.logic.oracle import PlainError, plain_value
from tests.logic.small_world import VOCABULARY, complete, settled
from tests.logic.strategies import as_ofs, documents, lookbacks, rules, seeds

from cds_service.logic.check import typed_rule
from cds_service.logic.durations import Duration
from cds_service.logic.program import Program, Truth3

COMPLETIONS = 12


def outcome(rule: Any, document: dict[str, Any], as_of: date, lookback: Duration | None = None) -> Truth3:
    """The rule's truth over a document; the example is passed over where the rule is refused."""
    typed, findings = typed_rule(rule, VOCABULARY, lookback)
    assume(typed is not None)
    assert typed is not None, list(findings)
    outcomes = Program([typed]).evaluate(document, as_of)
    assert not outcomes.failed
    return outcomes.truths[0]


@given(rules, documents(), as_ofs, lookbacks, seeds)
@settings(max_examples=400)
def test_a_certain_outcome_is_the_plain_outcome_of_every_completion(
    rule: Any, document: dict[str, Any], as_of: date, lookback: Duration | None, seed: int
) -> None:
    certain = outcome(rule, document, as_of, lookback)
    assume(certain is not None)
    rng = random.Random(seed)
    for _ in range(COMPLETIONS):
        world = complete(document, as_of, lookback, rng)
        try:
            assert plain_value(rule, world, as_of, rng) is certain, world
        except PlainError:
            continue
