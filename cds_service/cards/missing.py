"""What is missing: the smallest set of data that would settle a trial, the cheapest there is.

An undecided criterion is settled in the patient's favour by some sets of data and not by others: "HBsAg positive and
HBV DNA above 1000" by an HBsAg alone, if negative; "creatinine or clearance" by a creatinine. Over all undecided
criteria of a trial the cheapest sets together are taken, a fact that serves several of them once. A test that can be
ordered is cheaper than a score or measurement that somebody has to take, and that is cheaper than a question to be
asked or looked up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from cds_service.cards.reading import Read, Reader
from cds_service.cards.ways import Way, cheapest, together, ways
from cds_service.facts.catalogue import FactEntry
from cds_service.facts.specs import Code, DerivedFact
from cds_service.logic.durations import Duration
from cds_service.logic.explain import Step
from cds_service.logic.model import Condition, FactRef, facts_read
from cds_service.trials.verdicts import CriterionResult

Kind = Literal["order", "record", "clarify", "look_up"]
"""How to get it: order a test; take a score or measurement; clarify an entry that says too little; look up what the EHR
did not send."""

COST: Mapping[Kind, float] = {"order": 1, "record": 2, "clarify": 3, "look_up": 3}
_AGAINST_ADVICE = 3.0
"""Added to an alternative that is not the one which the catalogue would order."""

_NEW_TEST_HELPS = frozenset({"no_result", "too_old", "undated", "indeterminate", "conflicting_results"})
_NOT_SENT = frozenset({"not_supplied", "incomplete_record"})
IMPRECISE = "imprecise"
"""The reason where there is a value, but it may lie on either side of the limit."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Which part of a rule a fact is asked for. `wanted` is what that part should come out as."""

    rule: Condition
    wanted: bool
    fact: FactRef

    @property
    def place(self) -> tuple[str, str]:
        """What purposes are sorted by: both ends of a between stand at the same place in the rule."""
        return self.rule.pointer, repr(self.rule)


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact that would help, with what it would help with. `extra` is a cost on top of that of its kind."""

    fact: str
    kind: Kind
    reason: str
    date: str | None
    order: Code | None
    limit: Duration | None
    purpose: Purpose
    extra: float = 0

    @property
    def key(self) -> str:
        """What is got: one test may answer for several facts."""
        return self.fact if self.order is None else f"{self.order.system}|{self.order.code}"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is asked for once, whatever it serves. `key` is the same on another card that asks for the same.

    `date` is that of the evidence which does not do. `limit` is how old a new value may be, where a criterion says so.
    `also` are other trials on the cards that wait for it too.
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


@dataclass(frozen=True, slots=True)
class Open:
    """What it takes to settle a trial: data, and criteria that no data can settle (the source is ambiguous there)."""

    missing: tuple[Missing, ...] = ()
    undecidable: tuple[CriterionResult, ...] = ()


Wanted = tuple[Read, list[Way[Asked]]]
"""An undecided criterion with the ways to make it pass, the cheapest first."""


@dataclass(frozen=True, slots=True)
class Searcher:
    """Finds what is missing in one match."""

    reader: Reader

    def wanted(self, criteria: Iterable[Read]) -> list[Wanted]:
        """The undecided ones among the criteria, each with its ways."""
        return [
            (read, [] if read.step is None else ways(read.step, read.wanted, self.asked, self.cost))
            for read in criteria
            if read.outcome == "unknown"
        ]

    def settle(self, trials: Sequence[Sequence[Wanted]]) -> list[Open]:
        """What it takes to settle each of the trials, by the cheapest set that settles all of them at once."""
        all_ways = [found for criteria in trials for _, found in criteria if found]
        best = next(iter(together(all_ways, self.cost)), frozenset[Asked]())
        return [
            # A rule that comes out as wanted has a way that needs nothing; if its result still says unknown, data from
            # here would not help.
            Open(self._missing(best, criteria), tuple(read.result for read, found in criteria if not any(found)))
            for criteria in trials
        ]

    def cost(self, way: Way[Asked]) -> float:
        """What it takes to get every fact of the way; what serves several purposes is as cheap as for the cheapest."""
        least: dict[str, float] = {}
        for asked in way:
            cost = COST[asked.kind] + asked.extra
            least[asked.key] = min(cost, least.get(asked.key, cost))
        return sum(least.values())

    def asked(self, step: Step, wanted: bool) -> Iterable[Way[Asked]]:
        """The ways to get to know what an unknown leaf needs; none for one that is known to be otherwise."""
        if step.value is not None:
            return ()
        read = facts_read(step.rule)
        unknown = [ref for ref in read if self._reason(ref) is not None] or read
        return together([self._ways(ref, Purpose(step.rule, wanted, ref)) for ref in unknown], self.cost)

    def _ways(self, ref: FactRef, purpose: Purpose) -> list[Way[Asked]]:
        """The ways to get to know one fact: itself, or what it is computed from."""
        catalogue = self.reader.match.library.catalogue
        base = catalogue.fact_of(ref.name) or ref.name
        spec = catalogue.facts.get(base)
        if isinstance(spec, DerivedFact):
            parts = [self._part(name, ref) for name in spec.references()]
            if spec.of and spec.formula != "both_parts":
                return cheapest([way for part in parts for way in self._advised(part, spec, purpose)], self.cost)
            unknown = [part for part in parts if self._reason(part) is not None]
            if unknown:
                return together([self._ways(part, purpose) for part in unknown], self.cost)
        return [frozenset([self._single(base, ref, purpose)])]

    def _advised(self, part: FactRef, spec: DerivedFact, purpose: Purpose) -> list[Way[Asked]]:
        """The ways to get one of several alternatives, dearer where the catalogue would order another one."""
        found = self._ways(part, purpose)
        if spec.order is None:
            return found

        def extra(way: Way[Asked]) -> float:
            tests = {asked.order.code for asked in way if asked.order is not None}
            return _AGAINST_ADVICE if tests and spec.order is not None and spec.order.code not in tests else 0

        return [_with_extra(way, extra(way)) for way in found]

    def _single(self, base: str, ref: FactRef, purpose: Purpose) -> Asked:
        entry = self.reader.match.library.catalogue.lookup(base)
        told = self._reason(ref)
        reason, date = told if told is not None else (IMPRECISE, self._date(ref))
        limit = ref.limit if entry is not None and _stricter(entry, ref.limit) else None
        kind = _kind(entry, reason)
        order = entry.order if entry is not None and kind == "order" else None
        return Asked(base, kind, reason, date, order, limit, purpose)

    def _part(self, name: str, whole: FactRef) -> FactRef:
        """A part of a derived fact under the same limit of age, unless it never goes stale."""
        entry = self.reader.match.library.catalogue.lookup(name)
        ages = entry is not None and entry.fresh_for is not None
        return FactRef(name, name, whole.limit if ages else None)

    def _missing(self, best: Way[Asked], criteria: Iterable[Wanted]) -> tuple[Missing, ...]:
        """What the chosen way asks for, cheapest first, then in the order of the criteria it serves."""
        served: dict[str, list[tuple[str, Asked]]] = {}
        for read, found in criteria:
            own = next((way for way in found if way <= best), frozenset[Asked]())
            for asked in sorted(own, key=lambda a: (a.purpose.place, a.fact)):
                served.setdefault(asked.key, []).append((read.result.criterion.id, asked))
        items = [_item(key, uses, self.reader.match.as_of) for key, uses in served.items()]
        return tuple(sorted(items, key=lambda item: COST[item.kind]))

    def _reason(self, ref: FactRef) -> tuple[str, str | None] | None:
        """Why the fact is unknown, with the date of the evidence that does not do; None where it is known."""
        for entry in self.reader.evidence(ref):
            if entry["name"] == ref.name and entry["reason"] is not None:
                return entry["reason"], entry["date"]
        return None

    def _date(self, ref: FactRef) -> str | None:
        return next((entry["date"] for entry in self.reader.evidence(ref) if entry["date"]), None)


def _item(key: str, uses: list[tuple[str, Asked]], as_of: date) -> Missing:
    first = uses[0][1]
    limits = [asked.limit for _, asked in uses if asked.limit is not None]
    return Missing(
        key=key,
        fact=first.fact,
        kind=first.kind,
        reason=first.reason,
        date=first.date,
        order=first.order,
        purposes=tuple(dict.fromkeys(asked.purpose for _, asked in uses)),
        criteria=tuple(dict.fromkeys(criterion for criterion, _ in uses)),
        limit=min(limits, key=lambda d: d.span(as_of), default=None),
    )


def _with_extra(way: Way[Asked], extra: float) -> Way[Asked]:
    if not extra:
        return way
    tests = sorted((asked for asked in way if asked.order is not None), key=lambda asked: asked.key)
    return frozenset([replace(tests[0], extra=extra), *(way - {tests[0]})])


def _kind(entry: FactEntry | None, reason: str) -> Kind:
    if reason in _NOT_SENT:
        return "look_up"
    if entry is not None and entry.type == "events":
        return "clarify"
    if reason in _NEW_TEST_HELPS:
        return "order" if entry is not None and entry.order is not None else "record"
    return "clarify"


def _stricter(entry: FactEntry, limit: Duration | None) -> bool:
    """Whether a criterion wants evidence that is fresher than usual."""
    if limit is None or entry.fresh_for is None:
        return limit is not None
    usual = entry.fresh_for.months * 30 + entry.fresh_for.days
    own = {"d": 1, "wk": 7, "mo": 30, "a": 365}[limit.unit] * limit.count
    return own < usual
