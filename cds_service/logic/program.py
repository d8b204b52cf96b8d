"""Compiled criteria and their evaluation: many criteria in one native call."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import datalogic_py
import msgspec

from cds_service.durations import Duration
from cds_service.logic.lower import Json, Lowered, conjunction, lower
from cds_service.logic.model import BoolExpr, durations
from cds_service.logic.slots import Facts, SlotTable

OPERATION_BUDGET = 1_000_000
BATCH = 50
"""Rules that the engine answers as one list, for two thirds of the time that as many single answers take."""
RULE_BYTES, TEXT_BYTES = 3_500, 16
"""What a placed rule takes in memory: so much, and so much for each character that the engine reads.

Nearly all of it is the engine's, which no tool of Python sees: fitted to the resident memory of processes that hold
thousands of rules (docs/decisions/0012), and held to it by `tests/trials/test_memory.py`.
"""

Truth3 = bool | None
"""True, False, or None for unknown."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The truth of each rule, in the order of the program; `failed` lists the rules the engine could not evaluate.

    A rule that could not be evaluated is unknown.
    """

    truths: tuple[Truth3, ...]
    failed: tuple[int, ...] = ()


class CompiledRule:
    """A rule, and how the engine of one `Compiler` reads it; `pages` are those of the layout that it reads.

    The compiler gives the same one to all who ask for a rule with this text while somebody has it.
    """

    size = 1

    def __init__(self, compiler: "Compiler", rule: BoolExpr, text: str, pages: frozenset[int]) -> None:
        self.compiler = compiler
        self.rule = rule
        self.text = text
        self.pages = pages

    @cached_property
    def compiled(self) -> datalogic_py.Rule:
        """The rule by itself as the engine holds it, from the first time that it is asked for."""
        return self.compiler.engine.compile(self.text)

    @property
    def bytes(self) -> int:
        """About what it takes in memory, once it is compiled by itself."""
        return RULE_BYTES + TEXT_BYTES * len(self.text)

    def read(self, answer: str) -> "Answers":
        """What the engine's answer says."""
        return (msgspec.json.decode(answer),)

    def apart(self, session: datalogic_py.Session, document: datalogic_py.DataHandle) -> list[tuple[Truth3, bool]]:
        """The truth of the rule by its two sides, and whether the engine failed over it."""
        low = lower(self.rule)
        sides = [
            self.compiler.engine.compile(self.compiler.text(side)) for side in (low.certainly_true, low.certainly_false)
        ]
        yes, no = session.evaluate_many(sides, document)
        value = True if yes == "true" else False if no == "true" else None
        return [(value, value is None and not (isinstance(yes, str) and isinstance(no, str)))]


Answers = Sequence[Truth3]
_ALONE: Mapping[object, Answers] = {"true": (True,), "false": (False,), "null": (None,)}
"""What the engine says of a rule by itself."""


class RuleBatch:
    """Rules that the engine answers as one list."""

    def __init__(self, engine: datalogic_py.Engine, placed: Sequence[CompiledRule]) -> None:
        self.placed = placed
        self.size = len(placed)
        self.compiled = engine.compile(f"[{','.join(one.text for one in placed)}]")

    def read(self, answer: str) -> Answers:
        """What the engine's answer says, rule by rule."""
        found: list[Truth3] = msgspec.json.decode(answer)
        return found

    def apart(self, session: datalogic_py.Session, document: datalogic_py.DataHandle) -> list[tuple[Truth3, bool]]:
        """The truth of each rule, evaluated by itself, and whether the engine failed over it."""
        return [found for one in self.placed for found in one.apart(session, document)]


class Compiler:
    """Compiles rules so that programs can be answered together. It only ever grows. Safe to share between threads.

    What grows are the places of paths and the lengths of time that rules name, of which there are few; a rule is
    remembered as long as somebody has it.
    """

    def __init__(self) -> None:
        self.engine = datalogic_py.Engine(config={"ops_budget": OPERATION_BUDGET})
        self._layout = SlotTable()
        self._lock = Lock()
        self._durations: dict[str, Duration] = {}
        self._spans: tuple[date, int, dict[str, int]] | None = None
        self._placed: WeakValueDictionary[str, CompiledRule] = WeakValueDictionary()

    def placed(self, rule: BoolExpr) -> CompiledRule:
        """The rule, as one plain rule that gives true, false or null, with places for its paths."""
        found = {str(duration): duration for duration in durations(rule)}
        with self._lock:
            self._durations.update(found)
        pages: set[int] = set()
        text = self.text(joined(lower(rule)), pages)
        with self._lock:
            return self._placed.setdefault(text, CompiledRule(self, rule, text, frozenset(pages)))

    def text(self, plain: Json, pages: set[int] | None = None) -> str:
        """A plain rule with places for its paths; `pages` gains those that they are on."""
        with self._lock:
            placed = self._layout.placed(plain, set() if pages is None else pages)
        return json.dumps(placed)

    def values(self, facts: Facts, as_of: date, pages: Iterable[int]) -> list[Any]:
        """What is on these pages, with the lengths of time that rules name. No other page is filled in."""
        return self._layout.values(facts, self._spans_at(as_of), pages)

    def _spans_at(self, as_of: date) -> dict[str, int]:
        """Each duration that some rule names, as days back from `as_of`. A service asks for the same day all day."""
        known = self._spans
        if known is None or known[0] != as_of or known[1] != len(self._durations):
            with self._lock:
                spans = {key: duration.span(as_of) for key, duration in self._durations.items()}
            self._spans = known = (as_of, len(spans), spans)
        return known[2]


class PagedDocument:
    """One patient's fact document for the rules of one compiler. A page is filled in when rules first read it.

    It belongs to one thread.
    """

    def __init__(self, compiler: Compiler, facts: Facts, as_of: date) -> None:
        self._compiler = compiler
        self._facts = facts
        self._as_of = as_of
        self._pages: frozenset[int] = frozenset()
        self._values: list[Any] = []
        self._handle: datalogic_py.DataHandle | None = None

    def on(self, pages: frozenset[int]) -> datalogic_py.DataHandle:
        """It as the engine holds it, with these pages at least."""
        missing = pages - self._pages
        if missing or self._handle is None:
            filled = self._compiler.values(self._facts, self._as_of, missing)
            for page in self._pages:
                filled[page] = self._values[page]
            self._pages |= pages
            self._values, self._handle = filled, datalogic_py.DataHandle(filled)
        return self._handle


class Program:
    """Rules, compiled once. Safe to share between threads. Programs of one compiler can be answered together."""

    def __init__(self, rules: Sequence[BoolExpr]) -> None:
        compiler = Compiler()
        self._arrange(compiler, [compiler.placed(rule) for rule in rules])
        starts = range(0, len(self.placed), BATCH)
        self.units: Sequence[CompiledRule | RuleBatch] = [
            RuleBatch(compiler.engine, self.placed[start : start + BATCH]) for start in starts
        ]

    @classmethod
    def of(cls, compiler: Compiler, placed: Sequence[CompiledRule]) -> "Program":
        """A program of rules that this compiler has placed, each of which it shares with all programs that have it."""
        made = cls.__new__(cls)
        made._arrange(compiler, placed)
        made.units = made.placed
        return made

    def _arrange(self, compiler: Compiler, placed: Sequence[CompiledRule]) -> None:
        self.compiler = compiler
        # Criteria that stand here more than once are compiled and evaluated once.
        slots: dict[CompiledRule, int] = {}
        self.slots = tuple([slots.setdefault(one, len(slots)) for one in placed])
        self.placed = tuple(slots)
        self.pages = frozenset().union(*(one.pages for one in self.placed))

    def __len__(self) -> int:
        return len(self.slots)

    @cached_property
    def rules(self) -> tuple[datalogic_py.Rule, ...]:
        """Its units as the engine holds them."""
        return tuple([unit.compiled for unit in self.units])

    def evaluate(self, facts: Facts, as_of: date) -> Outcomes:
        """The truth of every rule over one fact document, counted back from `as_of`."""
        return self.answer(self.document(facts, as_of))

    def document(self, facts: Facts, as_of: date) -> datalogic_py.DataHandle:
        """What the rules read of the facts, as the engine holds it, with the lengths of time that they name."""
        return PagedDocument(self.compiler, facts, as_of).on(self.pages)

    def answer(self, document: datalogic_py.DataHandle) -> Outcomes:
        """The truth of every rule over a document that `document` has made."""
        [(values, lost)] = answer_together([self], document)
        truths = tuple([values[slot] for slot in self.slots])
        return Outcomes(truths, tuple(i for i, slot in enumerate(self.slots) if slot in lost) if lost else ())


def answer_together(
    programs: Sequence[Program], document: datalogic_py.DataHandle
) -> list[tuple[list[Truth3], frozenset[int]]]:
    """For each program the truth of its distinct rules, by slot, and the slots over which the engine failed.

    The programs are of one compiler, and `document` has the pages of all of them. What several of them have is
    answered once.
    """
    if not programs:
        return []
    rules = list(dict.fromkeys(chain.from_iterable([program.rules for program in programs])))
    failed: dict[datalogic_py.Rule, list[bool]] = {}
    # A session holds the arena and belongs to one thread; opening one is cheap.
    with programs[0].compiler.engine.session() as session:
        answers = session.evaluate_many(rules, document)
        known: dict[datalogic_py.Rule, Answers] = dict(
            zip(rules, [_ALONE.get(answer, ()) for answer in answers], strict=True)
        )
        if () in known.values():
            units = {unit.compiled: unit for program in programs for unit in program.units}
            for rule, answer in zip(rules, answers, strict=True):
                if isinstance(answer, str):
                    known[rule] = known[rule] or units[rule].read(answer)
                    continue
                # A rule failed, or all rules of a batch together took too long: each by itself, side by side.
                apart = units[rule].apart(session, document)
                known[rule] = tuple([value for value, _ in apart])
                failed[rule] = [lost for _, lost in apart]
    found = []
    for program in programs:
        values = list(chain.from_iterable(map(known.__getitem__, program.rules)))
        found.append((values, _lost(program, failed) if failed else frozenset()))
    return found


def _lost(program: Program, failed: Mapping[datalogic_py.Rule, list[bool]]) -> frozenset[int]:
    """The slots of a program over which the engine failed."""
    each = [lost for unit in program.units for lost in failed.get(unit.compiled, [False] * unit.size)]
    return frozenset([slot for slot, lost in enumerate(each) if lost])


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
