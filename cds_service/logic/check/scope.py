"""The names in reach at one place of a rule, and what a checker of numbers needs from the checker of conditions."""

from dataclasses import dataclass, field
from typing import Protocol

from cds_service.durations import Duration
from cds_service.logic import model
from cds_service.logic.check.syntax import Findings, Node, Var
from cds_service.logic.vocabulary import EVENT_FIELDS, FactType, Vocabulary


@dataclass(slots=True)
class NodeCount:
    """How many nodes the definitions have put into one criterion so far."""

    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """The names in reach and how their evidence ages. `in_record` is set inside `some`, `all` and `none`."""

    vocabulary: Vocabulary
    lookback: Duration | None = None
    in_record: bool = False
    defining: tuple[str, ...] = ()
    """The definitions around this place, from the outside in."""
    depth: int = 0
    """How many levels deep these are together."""
    expansion: NodeCount = field(default_factory=NodeCount)

    def type_of(self, name: str) -> FactType | None:
        """The type of a fact or field, or None where there is no such name."""
        return EVENT_FIELDS.get(name) if self.in_record else self.vocabulary.facts.get(name)

    def ref(self, name: str, path: str, kind: FactType) -> model.FactRef:
        """A reference to a fact with the freshness that this criterion asks for."""
        limit = (self.lookback or kind.fresh_for) if kind.dated else None
        return model.FactRef(name, path, limit)


class Conditions(Protocol):
    """The checker of conditions, as the checker of numbers sees it: an `if` over numbers has a condition inside."""

    scope: Scope
    findings: Findings

    def condition(self, node: Node) -> model.BoolExpr | None:
        """The node as something true, false or unknown."""

    def type_of(self, node: Var) -> FactType | None:
        """The type of a variable; a finding where the name is not known."""
