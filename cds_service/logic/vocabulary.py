"""The words a rule may use: facts with their types, and definitions that stand for a longer rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from cds_service.durations import Duration

FactKind = Literal["number", "elapsed", "age", "code", "boolean", "events"]


@dataclass(frozen=True, slots=True)
class FactType:
    """What a rule may do with one fact.

    * `number`: compared with `{"quantity": [n, unit]}` whose unit is a key of `factors`, or with a bare number where
      `unit` is `"1"`.
    * `elapsed`: whole days that have passed since a date; compared with a duration (`d`, `wk`, `mo`, `a`).
    * `age`: completed years, months or days, by the unit that it is compared with.
    * `code`: one of `values`.
    * `boolean`: true or false on its own.
    * `events`: a list of records; on its own it asks whether there is one.
    """

    kind: FactKind
    title: str
    unit: str = "1"
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    values: frozenset[str] = frozenset()
    fresh_for: Duration | None = None
    """How old the evidence may be; None: it does not go stale."""
    dated: bool = False
    """Whether the fact's node carries an `age`, so that a criterion's `lookback` can apply to it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name a rule may use. `definitions` maps a name to the JSONLogic that is put in its place."""

    facts: Mapping[str, FactType]
    definitions: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    """Plain-words titles of the definitions."""

    def names(self) -> list[str]:
        """All names, for the schemas that editors complete from."""
        return sorted({*self.facts, *self.definitions})

    def all_titles(self) -> dict[str, str]:
        """The title of every name, for the suggestion that goes with an unknown one."""
        titles = {name: kind.title for name, kind in self.facts.items()}
        return titles | {name: self.titles.get(name, "") for name in self.definitions}


EVENT_FIELDS: Mapping[str, FactType] = {
    "active": FactType("boolean", "current"),
    "days_since_start": FactType("elapsed", "time since the start", unit="d"),
    "days_since_end": FactType("elapsed", "time since the end", unit="d"),
    "days_since_course_start": FactType("elapsed", "time since the start of the current course", unit="d"),
    "days_since_dose_change": FactType("elapsed", "time since the dose was last changed", unit="d"),
    "half_lives_since_end": FactType("number", "half-lives since the end"),
}
"""What can be asked of one record inside `some`, `all` and `none`."""
