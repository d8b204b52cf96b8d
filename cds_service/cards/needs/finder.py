"""The ways to settle one rule: which facts, of those that a catalogue knows, would make it come out as wanted.

They depend on the rule, on the truths of its parts and on why its facts are unknown. These come alike for many
patients, so the ways are kept by them. Nothing else of a patient comes in here: no value, no date, no source.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import product

from cds_service.cards.needs.answer_sets import Way, cheapest, together, ways
from cds_service.cards.needs.data_needs import IMPRECISE, DataNeed, Kind, Purpose
from cds_service.durations import Duration
from cds_service.facts import Recent
from cds_service.facts.catalogue import Catalogue, Code, DerivedFact, FactEntry
from cds_service.logic import FactRef, Leaf, RulePart, TracedPart

MOST_KEPT = 8
"""Patterns of reasons for which the ways of a step, or of a leaf, are kept: the latest."""
_AGAINST_ADVICE = 3.0
"""Added to an alternative that is not the one which the catalogue would order."""

_NEW_TEST_HELPS = frozenset(
    {
        *("no_result", "too_old", "undated", "indeterminate", "conflicting_results", "on_oxygen", "other_method"),
        "after_transfusion",
    }
)
_NOT_SENT = frozenset({"not_supplied", "incomplete_record"})
Reasons = Mapping[FactRef, str | None]
"""Why facts are unknown; None for one that is known."""


def cost(way: Iterable[DataNeed]) -> float:
    """The cost of getting every fact of the way; what serves several purposes is as cheap as for the cheapest."""
    least: dict[str, float] = {}
    for need in way:
        key, own = need.key, need.cost
        if key not in least or own < least[key]:
            least[key] = own
    return sum(least.values())


def all_together(each: Iterable[Sequence[Way[DataNeed]]]) -> list[Way[DataNeed]]:
    """The same as `together`, sooner: it runs over all open criteria of all cards.

    Most criteria have one way. Where all that is found so far becomes dearer by the same, its order stays.
    """
    found: list[Way[DataNeed]] = [frozenset()]
    known: set[str] = set()
    shared: dict[str, float] = {}  # what every way has got, and at most at which cost
    for alternatives in each:
        joined = [one | other for one, other in product(found, alternatives)]
        if len(alternatives) == 1:
            [only] = alternatives
            evenly = all(a.key not in known or shared.get(a.key, a.cost + 1) <= a.cost for a in only)
            found = list(dict.fromkeys(joined)) if evenly else cheapest(joined, cost)
            shared |= {a.key: min(a.cost, shared.get(a.key, a.cost)) for a in only}
        else:
            found = cheapest(joined, cost)
        known.update([a.key for way in alternatives for a in way])
    return found


class NeedFinder:
    """Finds the ways with what one catalogue knows of facts. Threads share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._entry = lru_cache(maxsize=None)(catalogue.lookup)

    def ways(
        self, step: TracedPart, wanted: bool, reason: Callable[[FactRef], str | None]
    ) -> tuple[Way[DataNeed], ...]:
        """The ways to make an unknown step come out as `wanted`, the cheapest first."""
        reasons = tuple([reason(ref) for ref in self._known(step)])
        return _kept(step, "ways").get((wanted, reasons), lambda: self._ways_for(step, wanted, reasons))

    def _known(self, step: TracedPart) -> tuple[FactRef, ...]:
        """The facts whose reasons decide: those of the unknown leaves."""
        found: tuple[FactRef, ...] | None = step.kept.get("consulted")
        if found is None:
            leaves = [one.part for one in step.walk() if one.value is None and isinstance(one.rule, Leaf)]
            found = step.kept["consulted"] = tuple(dict.fromkeys([ref for leaf in leaves for ref in self._refs(leaf)]))
        return found

    def _refs(self, leaf: RulePart) -> tuple[FactRef, ...]:
        """The facts that a leaf reads, and what they are computed from."""
        known: tuple[FactRef, ...] | None = leaf.kept.get("refs")
        if known is None:
            known = leaf.kept["refs"] = self._refs_of(leaf)
        return known

    def _refs_of(self, leaf: RulePart) -> tuple[FactRef, ...]:
        found: dict[FactRef, None] = {}
        waiting = list(leaf.facts)
        while waiting:
            ref = waiting.pop(0)
            if ref not in found:
                found[ref] = None
                waiting += self._parts(ref)
        return tuple(found)

    def _ways_for(self, step: TracedPart, wanted: bool, reasons: tuple[str | None, ...]) -> tuple[Way[DataNeed], ...]:
        why = dict(zip(self._known(step), reasons, strict=True))
        return tuple(ways(step, wanted, partial(self._ask, why), cost))

    def _ask(self, why: Reasons, leaf: TracedPart, wanted: bool) -> Iterable[Way[DataNeed]]:
        # A fact that is known to be otherwise is no need.
        if leaf.value is not None:
            return ()
        part = leaf.part
        reasons = tuple([why[ref] for ref in self._refs(part)])
        return _kept(part, "asked").get((wanted, reasons), lambda: self._asked_for(part, wanted, reasons))

    def _asked_for(self, leaf: RulePart, wanted: bool, reasons: tuple[str | None, ...]) -> tuple[Way[DataNeed], ...]:
        search = _Search(self._catalogue, self._entry, dict(zip(self._refs(leaf), reasons, strict=True)))
        return tuple(search.need(leaf, wanted))

    def _parts(self, ref: FactRef) -> list[FactRef]:
        spec = self._catalogue.facts.get(self._catalogue.fact_of(ref.name) or ref.name)
        if not isinstance(spec, DerivedFact):
            return []
        return [_part(name, ref, self._entry) for name in spec.references()]


_Ways = Recent[tuple[bool, tuple[str | None, ...]], tuple[Way[DataNeed], ...]]


def _kept(of: TracedPart | RulePart, what: str) -> _Ways:
    """What is kept with a step or a part: ways, by what is wanted and the reasons why facts are unknown."""
    found: _Ways | None = of.kept.get(what)
    if found is None:
        found = of.kept.setdefault(what, Recent(MOST_KEPT))
    return found


Lookup = Callable[[str], FactEntry | None]
"""What the catalogue says of a fact by its name."""


def _part(name: str, whole: FactRef, lookup: Lookup) -> FactRef:
    """A part of a derived fact under the same limit of age, unless it never goes stale."""
    entry = lookup(name)
    ages = entry is not None and entry.fresh_for is not None
    return FactRef(name, name, whole.limit if ages else None)


class _Search:
    def __init__(self, catalogue: Catalogue, lookup: Lookup, reasons: Reasons) -> None:
        self.catalogue = catalogue
        self.lookup = lookup
        self.reasons = reasons

    def need(self, leaf: RulePart, wanted: bool) -> Iterable[Way[DataNeed]]:
        """The ways to get to know what an unknown leaf needs."""
        unknown = [ref for ref in leaf.facts if self.reasons[ref] is not None] or leaf.facts
        return together([self._ways(ref, Purpose(leaf.rule, wanted, ref)) for ref in unknown], cost)

    def _ways(self, ref: FactRef, purpose: Purpose) -> list[Way[DataNeed]]:
        """The ways to get to know one fact: itself, or what it is computed from."""
        base = self.catalogue.fact_of(ref.name) or ref.name
        spec = self.catalogue.facts.get(base)
        if isinstance(spec, DerivedFact):
            parts = [_part(name, ref, self.lookup) for name in spec.sources]
            if spec.of and spec.formula != "both_parts":
                return cheapest([way for part in parts for way in self._advised(part, spec, purpose)], cost)
            unknown = [part for part in parts if self.reasons[part] is not None]
            if unknown:
                return together([self._ways(part, purpose) for part in unknown], cost)
        return [frozenset([self._single(base, ref, purpose)])]

    def _advised(self, part: FactRef, spec: DerivedFact, purpose: Purpose) -> list[Way[DataNeed]]:
        """The ways to get one of several alternatives, dearer where the catalogue would order another one."""
        found = self._ways(part, purpose)
        if spec.order is None:
            return found

        return [_with_extra(way, _AGAINST_ADVICE) if _is_against(way, spec.order) else way for way in found]

    def _single(self, base: str, ref: FactRef, purpose: Purpose) -> DataNeed:
        entry = self.lookup(base)
        reason = self.reasons[ref] or IMPRECISE
        limit = ref.limit if entry is not None and _stricter(entry, ref.limit) else None
        kind = _kind(entry, reason)
        order: Code | None = entry.order if entry is not None and kind == "order" else None
        return DataNeed(base, kind, reason, order, limit, purpose, ref)


def _is_against(way: Way[DataNeed], advised: Code) -> bool:
    """Whether a way orders tests, and none of them is the advised one."""
    tests = {need.order.code for need in way if need.order is not None}
    return bool(tests) and advised.code not in tests


def _with_extra(way: Way[DataNeed], extra: float) -> Way[DataNeed]:
    tests = sorted((need for need in way if need.order is not None), key=lambda need: need.key)
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
    return entry.fresh_for.fits(limit) is not True
