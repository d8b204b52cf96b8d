"""Compiled criteria and their evaluation: every criterion of every trial in one native call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import datalogic_py

from cds_service.logic.lower import Json, lower
from cds_service.logic.model import Condition, durations

OPERATION_BUDGET = 1_000_000

Truth3 = bool | None
"""True, False, or None for unknown."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The truth of each rule, in the order of the program; `failed` lists the rules the engine could not evaluate.

    A rule that could not be evaluated is unknown.
    """

    truths: tuple[Truth3, ...]
    failed: tuple[int, ...] = ()


class Program:
    """Typed rules, compiled once. Safe to share between threads."""

    def __init__(self, rules: Sequence[Condition]) -> None:
        self._engine = datalogic_py.Engine(config={"ops_budget": OPERATION_BUDGET})
        self._spans = frozenset(d for rule in rules for d in durations(rule))
        compiled: dict[str, int] = {}
        self._rules: list[datalogic_py.Rule] = []
        self._slots = [
            (self._slot(low.certainly_true, compiled), self._slot(low.certainly_false, compiled))
            for low in map(lower, rules)
        ]

    def __len__(self) -> int:
        return len(self._slots)

    def _slot(self, rule: Json, compiled: dict[str, int]) -> int:
        """The index of a compiled rule. Criteria that trials have in common are compiled and evaluated once."""
        text = json.dumps(rule)
        if text not in compiled:
            compiled[text] = len(self._rules)
            self._rules.append(self._engine.compile(text))
        return compiled[text]

    def evaluate(self, facts: Mapping[str, Any], as_of: date) -> Outcomes:
        """The truth of every rule over one fact document, counted back from `as_of`."""
        document = {**facts, "span": {d.key: d.span(as_of) for d in self._spans}}
        # A session holds the arena and belongs to one thread; opening one is cheap.
        with self._engine.session() as session:
            results = session.evaluate_many(self._rules, datalogic_py.DataHandle(document))
        truths: list[Truth3] = []
        failed = []
        for i, (holds, fails) in enumerate(self._slots):
            yes, no = results[holds], results[fails]
            if not isinstance(yes, str) or not isinstance(no, str):
                failed.append(i)
                truths.append(None)
            else:
                truths.append(True if yes == "true" else False if no == "true" else None)
        return Outcomes(tuple(truths), tuple(failed))
