"""A fact about one patient: its value with the evidence it rests on, or the reason why it is unknown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from cds_service.facts.intervals import Interval

Reason = Literal[
    "not_supplied",
    "no_result",
    "too_old",
    "unit_not_understood",
    "no_reference_range",
    "other_method",
    "value_not_understood",
    "implausible",
    "incomplete_record",
    "uncoded_mention",
    "unread_entry",
    "unconfirmed",
    "malformed_entry",
    "undated",
    "indeterminate",
    "conflicting_results",
    "on_oxygen",
    "may_be_over",
    "after_transfusion",
]
World = Literal["closed", "open"]
"""Closed: what was supplied whole and is not on record is absent. Open: nothing is ever presumed absent."""

UNDATED = 10**9
"""The age, in days, of evidence without a date: older than any limit."""

UNBOUNDED = 10**9
"""As a number of days: no bound."""


class Evidence(Struct, frozen=True, order=True, gc=False):
    """One thing the record says, as it says it.

    `source` is a reference such as `Observation/123`; `value` and `unit` are raw; `date` is the date as sent. `note`
    says what is special about it, such as why it was not understood.
    """

    source: str
    date: str = ""
    value: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""
    display: str = ""
    note: str = ""


class DaySpan(Struct, frozen=True, gc=False):
    """A number of days back from `as_of`, at least `lo` and at most `hi` (`UNBOUNDED`: it may be any time ago)."""

    lo: int = 0
    hi: int = UNBOUNDED


class Age(Struct, frozen=True, gc=False):
    """Completed years, months and days of life, each from the least to the most that the birth date allows."""

    years: tuple[int, int]
    months: tuple[int, int]
    days: tuple[int, int]


class Event(Struct, frozen=True, gc=False):
    """One record of a list of events.

    * `sure`: it certainly is what the list is about; if not, `hint` says why it only may be.
    * `active`: whether it is current at `as_of`; `None` is not known. `present` is the same for "has it now", which
      differs for conditions (one in remission is not active and still there).
    * `only_past`: a code such as "history of": it counts for `.history` alone.
    * `end` is [0, 0] while it lasts. `course` is the start of the uninterrupted course it belongs to.
    * Of drugs: `dose` is since when the dose is as it is, as far as the record shows; `continuous` is false for one
      that is taken as needed; `half_life` is the drug's in days, least and greatest, where rules may ask for it.
    """

    sure: bool
    active: bool | None
    present: bool | None
    start: DaySpan
    end: DaySpan
    course: DaySpan
    evidence: Evidence
    hint: Reason | None = None
    only_past: bool = False
    dose: DaySpan | None = None
    continuous: bool = True
    half_life: tuple[float, float] | None = None


class Events(Struct, frozen=True, gc=False):
    """All records of one event fact. `complete`: in a closed world there are no others; if not, `gap` says why."""

    items: tuple[Event, ...]
    complete: bool
    gap: Reason | None = None

    def whole(self, world: World) -> bool:
        """Whether there are no others than those listed."""
        return world == "closed" and self.complete

    def exists(self, world: World) -> bool | None:
        """Any on record that is there now (for conditions), or ever (for all other events)."""
        return self._some([(item.sure, item.present) for item in self.items if not item.only_past], world)

    def active(self, world: World) -> bool | None:
        return self._some([(item.sure, item.active) for item in self.items if not item.only_past], world)

    def history(self, world: World) -> bool | None:
        return self._some([(item.sure, True) for item in self.items], world)

    def _some(self, items: list[tuple[bool, bool | None]], world: World) -> bool | None:
        if any(sure and holds for sure, holds in items):
            return True
        if any(holds is not False for _, holds in items):
            return None
        return False if self.whole(world) else None


class AtMost(Struct, frozen=True, gc=False):
    """Why a number is only an upper bound of what it would be otherwise, and what was `measured`."""

    reason: Reason
    measured: Interval


_NO_PARTS: Mapping[str, Any] = MappingProxyType({})

Value = Interval | Age | DaySpan | Events | bool | str


class Fact(Struct, frozen=True, gc=False):
    """One fact. `value` is `None` where it is unknown, and then `reason` says why; of a count `reason` says why it is
    not exact.

    `unit` is the canonical unit of a number (empty without dimension); `age` is how many days old the evidence is at
    most, `least_age` at least. `parts` are sub-facts by their last word (`x_uln`). `via` is the alternative that a
    derived fact took. `presumed` is the value in a closed world where that differs: of a fact without any
    evidence, or of a count, which has no upper end where there may be others than those on record. `at_most` is there
    where `value` is all that it may be without what raised it (oxygen, a transfusion).
    """

    name: str
    value: Value | None = None
    unit: str = ""
    age: int = 0
    reason: Reason | None = None
    evidence: tuple[Evidence, ...] = ()
    parts: Mapping[str, "Fact"] = _NO_PARTS
    via: str = ""
    presumed: Interval | str | None = None
    least_age: int = 0
    at_most: AtMost | None = None

    @property
    def measured(self) -> Value | None:
        """The value as it is shown: as it was measured, whatever `at_most` makes of it; of a count that of the closed
        world."""
        if self.value is None:
            return None
        return self.presumed or self.value if self.at_most is None else self.at_most.measured

    def too_old(self, limit: int | None) -> bool:
        """Whether the evidence is, or may be, older than `limit` days; never without a limit."""
        return limit is not None and self.age > limit

    def certainly_too_old(self, limit: int | None) -> bool:
        """Whether the evidence is older than `limit` days whatever its partial date stands for."""
        return limit is not None and self.least_age > limit

    def at(self, limit: int | None) -> "Fact":
        """The fact as it counts under a limit: unknown (`too_old`, `undated`) where its evidence may be older."""
        if self.value is None or not self.too_old(limit):
            return self
        return replace(self, value=None, reason="undated" if self.age >= UNDATED else "too_old")


def unknown(name: str, reason: Reason, evidence: tuple[Evidence, ...] = ()) -> Fact:
    return Fact(name, reason=reason, evidence=evidence)
