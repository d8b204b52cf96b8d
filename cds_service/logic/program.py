"""Compiled criteria and their evaluation: every criterion of every trial in one native call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import datalogic_py
import msgspec

from cds_service.logic.layout import Layout
from cds_service.logic.lower import Json, Lowered, conjunction, lower
from cds_service.logic.model import Condition, durations

OPERATION_BUDGET = 1_000_000
BATCH = 50
"""Rules that the engine answers as one list, for half the time that as many single answers take."""

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
        self._durations = frozenset(d for rule in rules for d in durations(rule))
        self._spans: tuple[date, dict[str, int]] | None = None
        self._layout = Layout()
        # Criteria that trials have in common are compiled and evaluated once.
        slots: dict[str, int] = {}
        lowered: list[Lowered] = []
        self._slots = []
        for low in map(lower, rules):
            self._slots.append(slots.setdefault(self._text(joined(low)), len(lowered)))
            if len(slots) > len(lowered):
                lowered.append(low)
        texts = list(slots)
        starts = range(0, len(texts), BATCH)
        self._batches = [lowered[start : start + BATCH] for start in starts]
        self._compiled = [self._engine.compile(f"[{','.join(texts[start : start + BATCH])}]") for start in starts]
        self._apart: dict[int, list[datalogic_py.Rule]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def evaluate(self, facts: Mapping[str, Any], as_of: date) -> Outcomes:
        """The truth of every rule over one fact document, counted back from `as_of`."""
        return self.answer(self.document(facts, as_of))

    def document(self, facts: Mapping[str, Any], as_of: date) -> datalogic_py.DataHandle:
        """What the rules read of the facts, as the engine holds it, with the lengths of time that they name."""
        return datalogic_py.DataHandle(self._layout.values(facts, self._spans_at(as_of)))

    def answer(self, document: datalogic_py.DataHandle) -> Outcomes:
        """The truth of every rule over a document that `document` has made."""
        values: list[Truth3] = []
        lost: set[int] = set()
        # A session holds the arena and belongs to one thread; opening one is cheap.
        with self._engine.session() as session:
            for batch, answer in enumerate(session.evaluate_many(self._compiled, document)):
                if isinstance(answer, str):
                    values += msgspec.json.decode(answer)
                else:
                    # Some rule of the batch failed, or all together took too long: each rule by itself.
                    self._answer_apart(batch, session, document, values, lost)
        truths = tuple([values[slot] for slot in self._slots])
        return Outcomes(truths, tuple(i for i, slot in enumerate(self._slots) if slot in lost) if lost else ())

    def _answer_apart(
        self,
        batch: int,
        session: datalogic_py.Session,
        document: datalogic_py.DataHandle,
        values: list[Truth3],
        lost: set[int],
    ) -> None:
        """Append the values of one batch, and the slots that have none because the engine failed."""
        rules = self._apart.get(batch)
        if rules is None:
            plain = (side for low in self._batches[batch] for side in (low.certainly_true, low.certainly_false))
            rules = self._apart.setdefault(batch, [self._engine.compile(self._text(side)) for side in plain])
        answers = session.evaluate_many(rules, document)
        for yes, no in zip(answers[::2], answers[1::2], strict=True):
            value = True if yes == "true" else False if no == "true" else None
            if value is None and not (isinstance(yes, str) and isinstance(no, str)):
                lost.add(len(values))
            values.append(value)

    def _text(self, rule: Json) -> str:
        return json.dumps(self._layout.placed(rule))

    def _spans_at(self, as_of: date) -> dict[str, int]:
        """Each duration that some rule names, as days back from `as_of`. A service asks for the same day all day."""
        known = self._spans
        if known is None or known[0] != as_of:
            self._spans = known = (as_of, {d.key: d.span(as_of) for d in self._durations})
        return known[1]


def joined(lowered: Lowered) -> Json:
    """One plain rule that gives true, false or null (unknown). What both of its rules ask for is asked once."""
    yes, no = lowered.certainly_true, lowered.certainly_false
    shared = [part for part in _parts(yes) if part in _parts(no)]
    if not shared:
        return _decided(yes, no)
    rest = [conjunction([part for part in _parts(rule) if part not in shared]) for rule in (yes, no)]
    return {"if": [conjunction(shared), _decided(*rest), None]}


def _decided(yes: Json, no: Json) -> Json:
    match yes, no:
        case {"===": [value, True]}, {"===": [other, False]} if value == other:
            return value  # what is true, false or absent answers for itself
    return {"if": [yes, True, no, False, None]}


def _parts(rule: Json) -> list[Json]:
    """What must all hold for the rule to hold."""
    return list(rule["and"]) if isinstance(rule, dict) and rule.keys() == {"and"} else [rule]
