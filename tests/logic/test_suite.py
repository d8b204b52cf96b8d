"""The language's own suite, as data that another implementation could run."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cds_service.durations import Duration
from cds_service.logic import LANGUAGE_VERSION, FactType, Program, Vocabulary
from cds_service.logic.check import OPERATORS, typed_rule

SUITE = json.loads((Path(__file__).parent / "suite.json").read_text(encoding="utf-8"))


def fact_type(told: dict[str, Any]) -> FactType:
    """A fact type as the suite writes it."""
    return FactType(
        told["kind"],
        told["title"],
        told.get("unit", "1"),
        {unit: Decimal(factor) for unit, factor in told.get("factors", {}).items()},
        frozenset(told.get("values", ())),
        Duration.parse(told["fresh_for"]) if "fresh_for" in told else None,
        told.get("dated", False),
    )


VOCABULARY = Vocabulary(
    {name: fact_type(told) for name, told in SUITE["vocabulary"]["facts"].items()},
    SUITE["vocabulary"]["definitions"],
)


@pytest.mark.parametrize("case", SUITE["cases"], ids=[case["name"] for case in SUITE["cases"]])
def test_case(case: dict[str, Any]) -> None:
    lookback = Duration.parse(case["lookback"]) if "lookback" in case else None
    typed, findings = typed_rule(case["rule"], VOCABULARY, lookback)
    assert typed is not None, list(findings)
    assert Program([typed]).evaluate(case["facts"], date.fromisoformat(case["as_of"])).truths == (case["expected"],)


def test_the_suite_is_of_this_version() -> None:
    assert SUITE["language"] == LANGUAGE_VERSION


def operators_in(rule: Any) -> set[str]:
    """Every operator in a rule."""
    if isinstance(rule, list):
        return set().union(*map(operators_in, rule))
    if isinstance(rule, dict):
        return set(rule) | operators_in(list(rule.values()))
    return set()


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_comes_out_true_false_and_unknown(operator: str) -> None:
    outcomes = {case["expected"] for case in SUITE["cases"] if operator in operators_in(case["rule"])}
    assert outcomes == {True, False, None}
