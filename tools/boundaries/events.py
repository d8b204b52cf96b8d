"""Records of event facts: current, over, at the edge of a window, a day outside it, doubtful, void, otherwise coded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cds_service.facts.catalogue import EventsFact
from tools.boundaries.codes import Codes, EventCode
from tools.boundaries.event_resources import Shape, Variation, resource
from tools.boundaries.resources import ROUTES
from tools.boundaries.situation import Situation

_AT_ONCE = frozenset({"Procedure", "Immunization"})
_NEVER_ACTIVE = frozenset({"Immunization"})
_NO_END = frozenset({"AllergyIntolerance", "Device"})
_LONG = 1_100
_TO_COME = 30
_ELSEWHERE = {"systemic": "topical", "oral": "inhalation", "intravenous": "oral", "intrathecal": "intravenous"}
"""For each route that a fact asks for, one that it does not count."""


@dataclass(frozen=True, slots=True)
class EventFact:
    """An event fact and the others that the criterion reads, of which its codes may speak too."""

    spec: EventsFact
    others: Sequence[EventsFact]
    codes: Codes
    as_of: date

    def main(self) -> EventCode:
        """The code that records are written with."""
        return self.counting()[0]

    def counting(self) -> tuple[EventCode, ...]:
        """The codes that count; of a fact that its route alone settles those that may, with a route that counts."""
        if self.spec.valueset is not None:
            return self.codes.events(self.spec, "valueset", self.others)
        found = self.codes.events(self.spec, "hints", self.others)
        return tuple(replace(code, roles={**code.roles, self.spec.name: "main"}) for code in found)

    def absent(self, label: str = "nothing on record") -> Situation:
        """No record of it."""
        return Situation(label, {self.spec.name: []})

    def record(self, shape: Shape, code: EventCode | None = None, variation: Variation | None = None) -> Situation:
        """One record. A code that speaks of other facts as well is a record of these too."""
        code = code or self.main()
        how = variation or Variation("")
        if self.spec.valueset is None and how.route is None:
            how = replace(how, route=self.spec.route)  # its route alone makes it count
        if shape.state == "active" and self.spec.course is not None and not self.spec.course.words:
            how = replace(how, days_to_come=_TO_COME)  # without an end nobody would know whether it still is taken
        made = resource(self.spec.resource, code.concept, shape, self.as_of, how)
        stated: dict[str, Any] = {self.spec.name: []}
        label = shape.label
        if variation is not None and variation.label:
            label = f"{shape.label}, {variation.label}"
        if variation is None or not variation.void:
            sure = variation is None or variation.sure
            several = self.spec.least or 1
            stated |= {
                name: self._statements(shape, role, code.lasts.get(name), sure) * several
                for name, role in code.roles.items()
            }
        return Situation(label, stated, (made,) * (self.spec.least or 1))

    @staticmethod
    def _statements(shape: Shape, role: str, lasts: str | None, sure: bool) -> list[dict[str, Any]]:
        found = _statements(shape, role, sure=sure)
        return found if lasts is None else [{**one, "lasts": lasts} for one in found]


def shapes(spec: EventsFact, ends: Sequence[int], starts: Sequence[int]) -> Iterator[Shape]:
    """What a record can look like; `ends` and `starts` are the days back that the rule compares with."""
    kind = spec.resource
    if kind not in _NEVER_ACTIVE:
        yield Shape("current", "active", None if kind in _NO_END else _LONG)
    if kind == "Condition":
        yield Shape("current since yesterday", "active", 1)
        yield Shape("in remission", "inactive", _LONG)
        for days in sorted({days + more for days in ends for more in (-1, 0, 1) if days + more > 1}):
            yield Shape(f"begun {days} days ago", "active", days)
    if kind in _NO_END:
        yield Shape("over", "over")
    else:
        yield Shape("over long ago", "over", _LONG, _LONG if kind in _AT_ONCE else _LONG - 100)
        for days in sorted({days + more for days in ends for more in (-1, 0, 1) if days + more >= 1}):
            yield Shape(f"over {days} days ago", "over", days if kind in _AT_ONCE else days + 200, days)
    if kind not in _NO_END | _NEVER_ACTIVE:
        for days in sorted({days + more for days in starts for more in (-1, 0, 1) if days + more >= 0}):
            yield Shape(f"current since {days} days", "active", days)
    if kind not in _NO_END | _AT_ONCE and not ends:
        yield Shape("over since yesterday", "over", _LONG, 1)


def variations(fact: EventFact, shape: Shape) -> Iterator[Situation]:
    """The record of `shape` in other code systems, doubtful, void, planned, and by another route."""
    spec = fact.spec
    for code in fact.counting()[1:]:
        made = fact.record(shape, code)
        yield replace(made, label=f"{shape.label}, by a code of {code.system}")
    for code in fact.codes.events(spec, "history", fact.others):
        past = replace(shape, label='only a "history of" code', state="history", start=None, end=None)
        yield replace(fact.record(past, code), label=f"{past.label} of {code.system}")
    for code in fact.codes.events(spec, "hints", fact.others):
        if spec.route is None:
            yield replace(fact.record(shape, code), label=f"{shape.label}, by a code that may mean it ({code.system})")
    text = fact.codes.text(spec, fact.others)
    if text is not None:
        yield replace(fact.record(shape, text), label=f"{shape.label}, as a text without a code")
    for variation in Variation.of(spec.resource):
        if variation.fits(shape):
            yield fact.record(shape, variation=variation)
    if spec.route is not None:
        elsewhere = Variation("by a route that doesn't count", void=True, route=_ELSEWHERE[spec.route])
        yield fact.record(shape, variation=elsewhere)
        counting = Variation("by a route that counts", route=spec.route if spec.route in ROUTES else "oral")
        yield fact.record(shape, variation=counting)
    planned = replace(shape, label="planned for tomorrow", start=-1, end=None)
    if spec.resource not in _NO_END and shape.state in ("active", "over"):
        to_come = resource(spec.resource, fact.main().concept, planned, fact.as_of, None)
        yield Situation(planned.label, {spec.name: []}, (to_come,))


def _statements(shape: Shape, role: str, *, sure: bool) -> list[dict[str, Any]]:
    """The record in the rule author's words, as far as a code in this role says it."""
    stated = shape.statement()
    match role:
        case "hint" | "text":
            return [{**stated, "sure": False}]
        case "history":
            return [{"state": "history"}]
        case "contested":
            return [{**stated, "sure": False}, {"state": "history", "sure": True}]
    return [stated if sure else {**stated, "sure": False}]
