"""All boundary records of one criterion, each with what the leaf and the criterion must come to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

from cds_service.facts.catalogue import EventsFact, Numeric, ResultFact
from cds_service.library import Library
from cds_service.logic import Program, Truth3
from cds_service.rule_tools.cases import Place
from cds_service.trials import CompiledCriterion, Outcome, outcome_of
from tools.boundaries.arrangement import Arranger
from tools.boundaries.codes import Codes
from tools.boundaries.events import EventFact, shapes
from tools.boundaries.leaves import Leaf, leaves
from tools.boundaries.situation import TRUTH_WORDS, BoundaryError, Documents, Situation, together
from tools.boundaries.views import FactView, view_of

_PAIRS = 6
"""How many situations in which a leaf is true are tried with how many in which it is false."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One boundary record. `decisive`: the other facts are such that the leaf decides the criterion."""

    place: Place
    leaf: Leaf
    number: int
    label: str
    situation: Situation
    truth: Truth3
    outcome: Outcome
    decisive: bool


@dataclass(frozen=True, slots=True)
class Probes:
    """The records of one criterion, and the places in its logic that none of them tries."""

    probes: tuple[Probe, ...]
    untried: tuple[str, ...]


class ProbeMaker:
    """Makes the boundary records of a library's criteria as of a day."""

    def __init__(self, library: Library, rules_dir: Path, as_of: date) -> None:
        self.library = library
        self.as_of = as_of
        self.codes = Codes(rules_dir, library.facts)

    def probes(self, place: Place, compiled: CompiledCriterion) -> Probes:
        """The records of one criterion; none where no rule decides it."""
        if compiled.rule is None or not compiled.criterion.has_logic:
            return Probes((), ())
        found, untried = leaves(compiled.rule)
        catalogue = self.library.catalogue
        by_fact: dict[str, list[Leaf]] = {}
        for leaf in found:
            by_fact.setdefault(catalogue.fact_of(leaf.fact.name) or leaf.fact.name, []).append(leaf)
        specs = [catalogue.facts[name] for name in by_fact]
        views: dict[str, FactView] = {}
        for name, own in by_fact.items():
            view = view_of(name, own, specs, self.codes, self.as_of)
            if view is None:
                untried += tuple(leaf.pointer for leaf in own)
            else:
                views[name] = view
        bench = _Bench(place, compiled, views, self)
        made = [probe for i, leaf in enumerate(found) for probe in bench.of(leaf, i)]
        return Probes(tuple(made), untried)

    def record_of(self, name: str) -> Situation:
        """One plain record of an event fact."""
        spec = self.library.catalogue.facts[name]
        assert isinstance(spec, EventsFact)
        fact = EventFact(spec, [spec], self.codes, self.as_of)
        return fact.record(next(shapes(spec, [], [])))


@dataclass(frozen=True, slots=True)
class _Swing:
    """Situations of the other facts such that one leaf decides: `outcomes` of the criterion by truth of the leaf.

    `good` is a situation of the leaf's fact with something on record.
    """

    rest: list[Situation]
    good: Situation
    outcomes: Mapping[Truth3, Truth3]


class _Bench:
    """Tries the leaves of one criterion."""

    def __init__(
        self, place: Place, compiled: CompiledCriterion, views: dict[str, FactView], maker: ProbeMaker
    ) -> None:
        assert compiled.rule is not None
        self.place, self.compiled, self.views, self.maker = place, compiled, views, maker
        self.documents = Documents(maker.library.catalogue, maker.as_of)
        self.arranger = Arranger(compiled.rule, views, self.documents, maker.as_of)

    def of(self, leaf: Leaf, number: int) -> Iterator[Probe]:
        """The records that try one leaf."""
        name = self.maker.library.catalogue.fact_of(leaf.fact.name) or leaf.fact.name
        view = self.views.get(name)
        if view is None:
            return
        alone = Program([leaf.alone()])

        def truth(situation: Situation) -> Truth3:
            return alone.evaluate(self.documents.closed(situation), self.maker.as_of).truths[0]

        plain = [(way, truth(way)) for way in self.arranger.ways(name)]
        swing = self._swing(name, plain)
        good = self._good(plain) if swing is None else swing.good
        rest = [] if swing is None else swing.rest
        for probe in (*view.probes(leaf, good), *self._unpresumed(view)):
            full = self._complete(together([*rest, probe]), name)
            value, whole = truth(full), self.arranger.truth(full)
            if probe.holds not in (None, TRUTH_WORDS[value]):
                raise BoundaryError(f"{leaf.pointer}: {probe.label}: {value}, by arithmetic {probe.holds}")
            outcome, _ = outcome_of(self.compiled.criterion, whole, whole)
            decisive = swing is not None and whole is swing.outcomes[value]
            yield Probe(self.place, leaf, number, probe.label, full, value, outcome, decisive)

    def _swing(self, name: str, plain: Sequence[tuple[Situation, Truth3]]) -> _Swing | None:
        """The other facts such that the leaf decides.

        Several pairs of situations are tried: the leaf's own fact may be asked elsewhere in the rule.
        """
        yes = [way for way, value in plain if value is True][:_PAIRS]
        no = [way for way, value in plain if value is False][:_PAIRS]
        for strict, one, other in product((True, False), yes, no):
            rest = self.arranger.decisive(name, one, other, strict=strict)
            if rest is not None:
                holds, fails = (self.arranger.truth(together([*rest, way])) for way in (one, other))
                return _Swing(rest, one if _on_record(one) else other, {True: holds, False: fails, None: None})
        return None

    def _good(self, plain: Sequence[tuple[Situation, Truth3]]) -> Situation:
        """A plain situation with something on record and a known truth, if there is one."""
        recorded = [(way, value) for way, value in plain if _on_record(way)]
        return next((way for way, value in recorded if value is not None), recorded[0][0])

    def _complete(self, situation: Situation, name: str) -> Situation:
        """With every other fact said: no record of an event is none, as the record is whole."""
        missing = [view.absent() for other, view in self.views.items() if other != name and not _said(view, situation)]
        full = together([situation, *missing])
        return replace(full, stated={**full.stated, **self._presumed(full)}, label=situation.label)

    def _presumed(self, situation: Situation) -> dict[str, object]:
        """What the closed world presumes of numbers and results that have nothing on record."""
        found: dict[str, object] = {}
        for name in situation.silent:
            spec = self.maker.library.catalogue.facts.get(name)
            if isinstance(spec, ResultFact) and spec.presumed is not None and situation.stated.get(name) is None:
                found[name] = spec.presumed
            presumed = spec.presumed if isinstance(spec, Numeric) else None
            if presumed is None or situation.stated.get(name) is not None:
                continue
            if not any(situation.stated.get(other) for other in presumed.without):
                value, unit = float(presumed.value), getattr(spec, "unit", "1")
                found[name] = value if unit == "1" else {"quantity": [value, unit]}
        return found

    def _unpresumed(self, view: FactView) -> Iterator[Situation]:
        """Nothing on record of a number that is presumed, beside a record that speaks against the presumption."""
        spec = self.maker.library.catalogue.facts[view.name]
        if isinstance(spec, Numeric) and spec.presumed is not None:
            for other in spec.presumed.without:
                record = self.maker.record_of(other)
                yield Situation(f"nothing on record, but {other} is", {view.name: None}, record.resources)


def _on_record(situation: Situation) -> bool:
    return bool(situation.resources or situation.patient)


def _said(view: FactView, situation: Situation) -> bool:
    return all(name in situation.stated for name in view.absent().stated)
