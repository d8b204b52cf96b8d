"""Data needs: one fact for one part of a rule, and the data that settle a whole trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cds_service.durations import Duration
from cds_service.facts.catalogue import Code
from cds_service.logic import BoolExpr, FactRef
from cds_service.trials import CriterionResult

Kind = Literal["order", "record", "clarify", "look_up"]
"""How to get it: order a test; take a score or measurement; clarify an entry that says too little; look up what the EHR
did not send."""

COST: Mapping[Kind, float] = {"order": 1, "record": 2, "clarify": 3, "look_up": 3}
IMPRECISE = "imprecise"
"""The reason where there is a value, but it may lie on either side of the limit."""


@dataclass(frozen=True)
class Purpose:
    """The part of a rule for which a fact is needed. `wanted` is the truth value that would help."""

    rule: BoolExpr
    wanted: bool
    fact: FactRef

    def __hash__(self) -> int:
        # The place says enough, and to hash the rule means to walk it.
        return hash((self.rule.pointer, self.wanted, self.fact.path))

    @cached_property
    def place(self) -> tuple[str, str]:
        """The key by which purposes are sorted: both ends of a between stand at the same place in the rule."""
        return self.rule.pointer, repr(self.rule)


@dataclass(frozen=True)
class DataNeed:
    """A fact that would help, with what it would help with. `extra` is a cost on top of that of its kind.

    `ref` is the fact as it is read, under the limit of age that holds for it. Nothing here is about one patient but
    the `reason` why the fact is unknown.
    """

    fact: str
    kind: Kind
    reason: str
    order: Code | None
    limit: Duration | None
    purpose: Purpose
    ref: FactRef
    extra: float = 0

    def __hash__(self) -> int:
        return hash((self.key, self.reason, self.purpose))

    @cached_property
    def key(self) -> str:
        """The test or the fact: one test may answer for several facts."""
        return self.fact if self.order is None else f"{self.order.system}|{self.order.code}"

    @cached_property
    def cost(self) -> float:
        """The cost of getting it."""
        return COST[self.kind] + self.extra


@dataclass(frozen=True, slots=True)
class InPlaceOf:
    """An entry on record in place of the needed fact, which never counts: its fact, value and date, and why not."""

    fact: str
    value: str
    date: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing fact, listed once for all that it serves. `key` is the same on every card that lists it.

    `date` is that of the evidence which does not do, and `values` are its values. `limit` is how old a new value may
    be, where a criterion says so. `instead` is what is on record and never counts. `also` are other trials on the cards
    that wait for it too.
    """

    key: str
    fact: str
    kind: Kind
    reason: str
    date: str | None
    order: Code | None
    purposes: tuple[Purpose, ...]
    criteria: tuple[str, ...]
    limit: Duration | None = None
    also: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    instead: tuple[InPlaceOf, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingData:
    """The data that settle a trial, and criteria that no data can settle (the source is ambiguous there)."""

    missing: tuple[Missing, ...] = ()
    undecidable: tuple[CriterionResult, ...] = ()
