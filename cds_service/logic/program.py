"""Compiled criteria and their evaluation: many criteria in one native call."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

import datalogic_py
import msgspec

from cds_service.durations import Duration
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


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule, and how the engine of one `Compiler` reads it; `pages` are those of the layout that it reads."""

    rule: Condition
    text: str
    pages: frozenset[int]


class Compiler:
    """Compiles rules so that programs can be answered together. It only ever grows. Safe to share between threads."""

    def __init__(self) -> None:
        self.engine = datalogic_py.Engine(config={"ops_budget": OPERATION_BUDGET})
        self._layout = Layout()
        self._lock = Lock()
        self._durations: dict[str, Duration] = {}
        self._spans: tuple[date, int, dict[str, int]] | None = None

    def placed(self, rule: Condition) -> Placed:
        """The rule, as one plain rule that gives true, false or null, with places for its paths."""
        found = {str(duration): duration for duration in durations(rule)}
        with self._lock:
            self._durations.update(found)
        pages: set[int] = set()
        return Placed(rule, self.text(joined(lower(rule)), pages), frozenset(pages))

    def text(self, plain: Json, pages: set[int] | None = None) -> str:
        """A plain rule with places for its paths; `pages` gains those that they are on."""
        with self._lock:
            placed = self._layout.placed(plain, set() if pages is None else pages)
        return json.dumps(placed)

    def document(self, facts: Mapping[str, Any], as_of: date, pages: Iterable[int]) -> datalogic_py.DataHandle:
        """What is on these pages, as the engine holds it, with the lengths of time that rules name."""
        return datalogic_py.DataHandle(self._layout.values(facts, self._spans_at(as_of), pages))

    def _spans_at(self, as_of: date) -> dict[str, int]:
        """Each duration that some rule names, as days back from `as_of`. A service asks for the same day all day."""
        known = self._spans
        if known is None or known[0] != as_of or known[1] != len(self._durations):
            with self._lock:
                spans = {key: duration.span(as_of) for key, duration in self._durations.items()}
            self._spans = known = (as_of, len(spans), spans)
        return known[2]


class Program:
    """Rules, compiled once. Safe to share between threads. Programs of one compiler can be answered together."""

    def __init__(self, rules: Sequence[Condition]) -> None:
        compiler = Compiler()
        self._compile(compiler, [compiler.placed(rule) for rule in rules])

    @classmethod
    def of(cls, compiler: Compiler, placed: Sequence[Placed]) -> "Program":
        """A program of rules that this compiler has placed."""
        made = cls.__new__(cls)
        made._compile(compiler, placed)
        return made

    def _compile(self, compiler: Compiler, placed: Sequence[Placed]) -> None:
        self.compiler = compiler
        # Criteria that stand here more than once are compiled and evaluated once.
        slots: dict[str, int] = {}
        self.slots = tuple([slots.setdefault(one.text, len(slots)) for one in placed])
        self.pages = frozenset().union(*(one.pages for one in placed))
        distinct = list({one.text: one for one in placed}.values())
        starts = range(0, len(distinct), BATCH)
        self._batches = [[one.rule for one in distinct[start : start + BATCH]] for start in starts]
        texts = list(slots)
        self.compiled = [compiler.engine.compile(f"[{','.join(texts[start : start + BATCH])}]") for start in starts]
        self._apart: dict[int, list[datalogic_py.Rule]] = {}

    def __len__(self) -> int:
        return len(self.slots)

    def evaluate(self, facts: Mapping[str, Any], as_of: date) -> Outcomes:
        """The truth of every rule over one fact document, counted back from `as_of`."""
        return self.answer(self.document(facts, as_of))

    def document(self, facts: Mapping[str, Any], as_of: date) -> datalogic_py.DataHandle:
        """What the rules read of the facts, as the engine holds it, with the lengths of time that they name."""
        return self.compiler.document(facts, as_of, self.pages)

    def answer(self, document: datalogic_py.DataHandle) -> Outcomes:
        """The truth of every rule over a document that `document` has made."""
        [(values, lost)] = answer_together([self], document)
        truths = tuple([values[slot] for slot in self.slots])
        return Outcomes(truths, tuple(i for i, slot in enumerate(self.slots) if slot in lost) if lost else ())

    def answer_apart(
        self, batch: int, session: datalogic_py.Session, document: datalogic_py.DataHandle
    ) -> list[tuple[Truth3, bool]]:
        """The truth of each rule of a batch, evaluated by itself, and whether the engine failed over it."""
        rules = self._apart.get(batch)
        if rules is None:
            sides = (
                side for low in map(lower, self._batches[batch]) for side in (low.certainly_true, low.certainly_false)
            )
            plain = [self.compiler.engine.compile(self.compiler.text(side)) for side in sides]
            rules = self._apart.setdefault(batch, plain)
        answers = session.evaluate_many(rules, document)
        found = []
        for yes, no in zip(answers[::2], answers[1::2], strict=True):
            value = True if yes == "true" else False if no == "true" else None
            found.append((value, value is None and not (isinstance(yes, str) and isinstance(no, str))))
        return found


def answer_together(
    programs: Sequence[Program], document: datalogic_py.DataHandle
) -> list[tuple[list[Truth3], frozenset[int]]]:
    """For each program the truth of its distinct rules, by slot, and the slots over which the engine failed.

    The programs are of one compiler, and `document` has the pages of all of them.
    """
    if not programs:
        return []
    # A session holds the arena and belongs to one thread; opening one is cheap.
    with programs[0].compiler.engine.session() as session:
        answers = session.evaluate_many([rule for program in programs for rule in program.compiled], document)
        found = []
        start = 0
        for program in programs:
            end = start + len(program.compiled)
            values: list[Truth3] = []
            lost: set[int] = set()
            for batch, answer in enumerate(answers[start:end]):
                if isinstance(answer, str):
                    values += msgspec.json.decode(answer)
                    continue
                # Some rule of the batch failed, or all together took too long: each rule by itself.
                for value, failed in program.answer_apart(batch, session, document):
                    if failed:
                        lost.add(len(values))
                    values.append(value)
            found.append((values, frozenset(lost)))
            start = end
    return found


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
