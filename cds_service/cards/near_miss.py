"""Trials that do not fit today and may fit soon: what fails clears by itself, or is one repeatable test away.

Time turns a washout or a minimum duration of treatment; it does not turn a diagnosis. A test is worth repeating where
it can be ordered, changes within weeks (its evidence goes stale within three months) and is not far from the limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.cards.missing import Searcher, Wanted
from cds_service.cards.needs import DataNeed, Purpose, Way, cost, together, ways
from cds_service.cards.trial_views import TracedCriterion, TrialView, TrialViews
from cds_service.facts.catalogue import Code
from cds_service.logic import Flip, TracedPart, clears_on, flip
from cds_service.trials import CohortResult, TrialResult

CHANGES_WITHIN = 92
"""Days, three months: what stays valid for longer than this does not change quickly enough to be worth repeating."""
_REPEAT_COST = 1_000.0
_WAIT_COST = 10.0
"""Waiting is better than hoping for another value; within each, the nearer the better."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A part of a criterion that time turns: `until` is the first day on which it is certain to have turned."""

    purpose: Purpose
    until: date


@dataclass(frozen=True, slots=True)
class Repeat:
    """A test whose value is on the wrong side of a limit; `distance` is how far, as a share of the limit."""

    purpose: Purpose
    fact: str
    flip: Flip
    order: Code
    distance: float


Change = DataNeed | Wait | Repeat


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The steps before a trial could fit, and the data that the failing criteria would still lack then."""

    reading: TrialView
    waits: tuple[Wait, ...]
    repeats: tuple[Repeat, ...]
    wanted: tuple[Wanted, ...] = ()

    @property
    def until(self) -> date | None:
        """The day on which the last of the waits is over."""
        return max((wait.until for wait in self.waits), default=None)


@dataclass(frozen=True, slots=True)
class Nearness:
    """The bounds of a near miss: `days` to wait at most, and the distance from a limit at most, as a share of it."""

    days: int
    share: float


def near_miss(reader: TrialViews, result: TrialResult, nearness: Nearness) -> NearMiss | None:
    """The near miss of a trial that does not fit, if it is near; None if it is not, or if something else fails too."""
    # Most trials are about another disease: nothing is read of these.
    if any(c.criterion.gate and c.outcome != "pass" for c in result.criteria):
        return None
    cohorts: tuple[CohortResult | None, ...] = result.cohorts or (None,)
    found = [miss for cohort in cohorts if (miss := _of(reader, reader.read(result, cohort), nearness)) is not None]
    return min(found, key=_rank, default=None)


def _rank(miss: NearMiss) -> tuple[int, date, float, int]:
    distance = max((repeat.distance for repeat in miss.repeats), default=0.0)
    return len(miss.repeats), miss.until or date.min, distance, len(miss.reading.having("unknown"))


def _of(reader: TrialViews, reading: TrialView, nearness: Nearness) -> NearMiss | None:
    failing = reading.having("fail")
    gates = (read for read in reading.criteria if read.result.criterion.gate)
    if not failing or any(gate.outcome != "pass" for gate in gates):
        return None
    search = _Search(reader, nearness)
    each = [search.ways_of(read) for read in failing]
    best = next(iter(together(each, search.cost)), None)
    if best is None:
        return None
    waits = sorted(
        (change for change in best if isinstance(change, Wait)),
        key=lambda wait: (wait.until, wait.purpose.place),
    )
    hoped = sorted(
        (change for change in best if isinstance(change, Repeat)), key=lambda r: (r.fact, r.distance, r.purpose.place)
    )
    # Of two limits for one fact the farther one is what counts.
    repeats = {repeat.fact: repeat for repeat in hoped}
    tests = {(repeat.order.system, repeat.order.code) for repeat in repeats.values()}
    if len(tests) > 1 or not (waits or repeats):
        return None
    ways_taken = [next(way for way in found if way <= best) for found in each]
    wanted = [
        (read, [need])
        for read, way in zip(failing, ways_taken, strict=True)
        if (need := frozenset(change for change in way if isinstance(change, DataNeed)))
    ]
    return NearMiss(reading, tuple(waits), tuple(repeats.values()), tuple(wanted))


class _Search:
    def __init__(self, reader: TrialViews, nearness: Nearness) -> None:
        self.reader = reader
        self.nearness = nearness
        self.searcher = Searcher(reader)

    def ways_of(self, read: TracedCriterion) -> list[Way[Change]]:
        return [] if read.step is None else ways(read.step, read.wanted, self.changes, self.cost)

    def changes(self, step: TracedPart, wanted: bool) -> Iterable[Way[Change]]:
        """The ways to bring a leaf to the other side: by asking, by waiting or by another value."""
        if step.value is None:
            return [frozenset[Change](way) for way in self.searcher.ways(step, wanted)]
        return [frozenset[Change]([change]) for change in (self._wait(step), self._repeat(step)) if change is not None]

    def cost(self, way: Way[Change]) -> float:
        need = frozenset(change for change in way if isinstance(change, DataNeed))
        repeats = {change.fact: change.distance for change in way if isinstance(change, Repeat)}
        waits = [(change.until - self.reader.match.as_of).days for change in way if isinstance(change, Wait)]
        return (
            cost(need)
            + sum(_REPEAT_COST * (1 + distance) for distance in repeats.values())
            + _WAIT_COST * max(waits, default=0)
        )

    def _wait(self, step: TracedPart) -> Wait | None:
        as_of = self.reader.match.as_of
        until = as_of + timedelta(days=self.nearness.days)
        day = clears_on(step.rule, step.value, self.reader.facts, as_of, until=until, deadline=self.reader.deadline)
        return None if day is None else Wait(self._purpose(step), day)

    def _repeat(self, step: TracedPart) -> Repeat | None:
        catalogue, titles = self.reader.match.library.catalogue, self.reader.prepared.titles
        needed = flip(step.rule, step.value, self.reader.facts, self.reader.match.as_of, titles)
        if needed is None:
            return None
        base = catalogue.fact_of(needed.fact) or needed.fact
        entry = catalogue.lookup(base)
        if entry is None or entry.type != "number" or entry.order is None or entry.fresh_for is None:
            return None
        distance = _distance(needed)
        if entry.fresh_for.span(self.reader.match.as_of) > CHANGES_WITHIN or distance > self.nearness.share:
            return None
        return Repeat(self._purpose(step), base, needed, entry.order, distance)

    def _purpose(self, step: TracedPart) -> Purpose:
        return Purpose(step.rule, not step.value, step.part.facts[0])


def _distance(needed: Flip) -> float:
    """The distance of the value from the limit, as a share of the limit; without end for a limit of 0."""
    gap = min(abs(needed.low - needed.limit), abs(needed.high - needed.limit))
    return gap / abs(needed.limit) if needed.limit else (0.0 if gap == 0 else float("inf"))
