"""Which observations, and which components of them, speak of which fact: one pass over all codings.

A component counts as an observation of its own with the date and status of the whole. Some count only beside another
component: a copy number is that of SMN2 only where the gene studied is SMN2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.catalogue import (
    Catalogue,
    CodeSystems,
    Key,
    ObservedFact,
    ResultFact,
    ScoreFact,
    Where,
    is_short,
    keys_of,
)
from cds_service.facts.observations.findings import AnswerCodes, findings_of
from cds_service.facts.words import WordReader
from cds_service.fhir import CodeableConcept, Coding, Observation, ObservationComponent, Record

_MOST_REMEMBERED = 50_000
ObservationOrComponent = Observation | ObservationComponent
How = Literal["value", "variant", "about", "mention", "hint", "doubted"]


class Result(Struct, frozen=True, gc=False):
    """Something said about one fact: `saying` has the value, `observation` the status and the date, `coding` the code.

    `how`: by its value; as a `variant` (a positive finding by what its components say); as one that is `about` the same
    gene and does not say as much; as an uncoded `mention`; as a `hint`, under a code that only may mean it; or as
    a diagnosis that says it and is `doubted`.

    `source`: the reference of the entry that says it, where that is no Observation.
    """

    saying: ObservationOrComponent
    observation: Observation
    coding: Coding
    how: How = "value"
    source: str = ""


# The codes of a component, and what it has to say: one of these codes or texts.
_Wanted = tuple[frozenset[Key], frozenset[Key], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Beside:
    """Where a fact's component or variant must have other components that say the right thing."""

    fact: str
    where: tuple[_Wanted, ...]
    hints: frozenset[str]


class ObservationCodes:
    """The codes of all observed facts, compiled once."""

    def __init__(self, catalogue: Catalogue, systems: CodeSystems, words: WordReader | None = None) -> None:
        """`words`: reads what stands beside a finding's code. Without it no doubt in words is heard."""
        self._systems = systems
        self._plain: dict[Key, list[tuple[str, How]]] = {}
        self._findings: dict[Key, AnswerCodes] = {}
        self._words = words
        self._components: dict[Key, list[_Beside]] = {}
        self._variants: dict[Key, list[_Beside]] = {}
        self._mentions: list[_Beside] = []
        for spec in catalogue:
            if isinstance(spec, ObservedFact):
                for code in spec.codes:
                    self._plain.setdefault(systems.key(code.system, code.code), []).append((spec.name, "value"))
                for hint in spec.hint_codes:
                    self._plain.setdefault(systems.key(hint.system, hint.code), []).append((spec.name, "hint"))
            if isinstance(spec, ResultFact):
                for answer in spec.values:
                    if answer.alone:
                        key = systems.key(answer.system, answer.code)
                        self._plain.setdefault(key, []).append((spec.name, "value"))
                        facts = self._findings[key].facts if key in self._findings else ()
                        self._findings[key] = AnswerCodes((*facts, spec.name), answer.display)
            if isinstance(spec, ScoreFact) and spec.component is not None:
                hints = frozenset(hint.casefold() for hint in spec.component.text_hints)
                beside = _Beside(spec.name, (self._where(spec.component.where),), hints)
                counted = spec.component.code
                self._components.setdefault(systems.key(counted.system, counted.code), []).append(beside)
                if hints:
                    self._mentions.append(beside)
            if isinstance(spec, ResultFact) and spec.variant is not None:
                beside = _Beside(spec.name, tuple(map(self._where, spec.variant.where)), frozenset())
                for called in spec.variant.codes:
                    self._variants.setdefault(systems.key(called.system, called.code), []).append(beside)
        self._found: dict[tuple[str | None, str | None], tuple[tuple[str, How], ...]] = {}

    def facts_of(self, codings: Iterable[Coding]) -> frozenset[str]:
        """The facts that a plain observation with these codings speaks of."""
        return frozenset(name for coding in codings for name, how in self._of(coding) if how != "hint")

    def facts_hinted(self, codings: Iterable[Coding]) -> frozenset[str]:
        """The facts that an observation with these codings only may speak of."""
        return frozenset(name for coding in codings for name, how in self._of(coding) if how == "hint")

    def facts_beside(self, codings: Iterable[Coding]) -> frozenset[str]:
        """The facts that an observation, or a component, with these codings may tell beside other components."""
        keys = self._systems.keys(codings)
        found = (
            beside for key in keys for table in (self._components, self._variants) for beside in table.get(key, ())
        )
        return frozenset(beside.fact for beside in found)

    def asks_components(self, code: CodeableConcept, components: Iterable[CodeableConcept]) -> bool:
        """Whether some fact may be told by an observation of this code with components of these, or by one of them.

        Their values and texts aside: a component counts only where its code does, or where it has none that is known.
        """
        if any(key in self._variants or key in self._components for key in self._keys(code)):
            return True
        for component in components:
            keys = self._keys(component)
            if self._mentions and not any(map(self._systems.is_known, keys)):
                return True
            if any(key in self._components for key in keys) or any(map(self._of, component.coding)):
                return True
        return any(map(self._of, code.coding))

    def sort(
        self, record: Record, wanted: frozenset[str] | None = None, deadline: Deadline = NEVER
    ) -> dict[str, list[Result]]:
        """Every measurement in the record by fact, for the facts `wanted` (all if `None`). Raises `OutOfTime`."""
        found: dict[str, list[Result]] = {}
        known = self._found
        for observation in deadline.each(record.resources.get("Observation", ())):
            concept = observation.code
            if concept is not None:
                codings = concept.coding
                if len(codings) == 1:  # nearly always: this loop sees every entry of the record
                    coding = codings[0]
                    names = known.get((coding.system, coding.code))
                    for name, how in self._of(coding) if names is None else names:
                        items = found.get(name)
                        if items is None:
                            items = found[name] = []
                        items.append(Result(observation, observation, coding, how))
                elif codings:
                    deadline.spend(len(codings))
                    self._add(observation, observation, codings, found)
            if observation.component:
                for component in deadline.each(observation.component):
                    if component.code is not None:
                        self._add(component, observation, component.code.coding, found)
                self._add_beside(observation, found, deadline)
        for one in findings_of(record, self._findings, self._systems, self._words, deadline):
            certain: How = "value" if one.is_sure else "doubted"
            stated = Result(one.result, one.result, one.coding, certain, one.source)
            found.setdefault(one.fact, []).append(stated)
        return found if wanted is None else {name: items for name, items in found.items() if name in wanted}

    def _of(self, coding: Coding) -> tuple[tuple[str, How], ...]:
        raw = (coding.system, coding.code)
        names = self._found.get(raw)
        if names is None:
            keys = self._systems.keys((coding,))
            names = tuple(dict.fromkeys(named for key in keys for named in self._plain.get(key, ())))
            if len(self._found) < _MOST_REMEMBERED and is_short(coding):
                self._found[raw] = names
        return names

    def _add(
        self,
        saying: ObservationOrComponent,
        observation: Observation,
        codings: Sequence[Coding],
        found: dict[str, list[Result]],
    ) -> None:
        matched: dict[tuple[str, How], Coding] = {}
        for coding in codings:
            for named in self._of(coding):
                matched[named] = min(matched.get(named, coding), coding, key=_order)
        for (name, how), coding in matched.items():
            found.setdefault(name, []).append(Result(saying, observation, coding, how))

    def _add_beside(self, observation: Observation, found: dict[str, list[Result]], deadline: Deadline) -> None:
        components = observation.component
        fitting: dict[int, bool] = {}

        def fits(beside: _Beside) -> bool:
            if id(beside) not in fitting:
                fitting[id(beside)] = self._fits(beside.where, components, deadline)
            return fitting[id(beside)]

        for component in deadline.each(components):
            if component.code is None:
                continue
            codings = component.code.coding
            keys = self._systems.keys(codings)
            for name in {b.fact for key in keys for b in self._components.get(key, ()) if fits(b)}:
                found.setdefault(name, []).append(Result(component, observation, min(codings, key=_order)))
            if self._mentions and not any(map(self._systems.is_known, keys)):
                text = component.code.text or ""
                for name in {b.fact for b in self._mentions if text.strip().casefold() in b.hints and fits(b)}:
                    mention = Result(component, observation, Coding(display=text), "mention")
                    found.setdefault(name, []).append(mention)
        if observation.code is not None:
            keys = self._systems.keys(observation.code.coding)
            for beside in {id(b): b for key in keys for b in self._variants.get(key, ())}.values():
                how: How = "variant" if fits(beside) else "about"
                if how == "variant" or self._is_about(beside.where, components, deadline):
                    coding = min(observation.code.coding, key=_order)
                    found.setdefault(beside.fact, []).append(Result(observation, observation, coding, how))

    def _fits(self, where: Sequence[_Wanted], components: Sequence[ObservationComponent], deadline: Deadline) -> bool:
        """Whether each condition is met by a component of its code, and by every one of that code."""
        for codes, values, texts in where:
            told = deadline.each(components)
            those = [c for c in told if c.code is not None and codes.intersection(self._keys(c.code))]
            if not those or not all(self._says(component, values, texts) for component in deadline.each(those)):
                return False
        return True

    def _is_about(
        self, where: Sequence[_Wanted], components: Sequence[ObservationComponent], deadline: Deadline
    ) -> bool:
        """Whether it meets the first condition (the gene) and speaks of any of the others at all."""
        codes = frozenset[Key]().union(*(wanted for wanted, _, _ in where[1:]))
        keys = [key for c in deadline.each(components) if c.code is not None for key in self._keys(c.code)]
        return not codes.isdisjoint(keys) and self._fits(where[:1], components, deadline)

    def _says(self, component: ObservationComponent, values: frozenset[Key], texts: frozenset[str]) -> bool:
        said = [component.value_string]
        concept = component.value_codeable_concept
        if concept is not None:
            keys = self._systems.keys(concept.coding)
            if values.intersection(keys):
                return True
            if any(key[0] in {value[0] for value in values} for key in keys):
                return False  # another code of the same system: another gene
            said += [concept.text, *(coding.display for coding in concept.coding)]
        return any(text is not None and text.strip().casefold() in texts for text in said)

    def _keys(self, concept: CodeableConcept) -> tuple[Key, ...]:
        return self._systems.keys(concept.coding)

    def _where(self, where: Where) -> _Wanted:
        return (
            frozenset({self._systems.key(where.code.system, where.code.code)}),
            keys_of(where.value, self._systems),
            frozenset(text.strip().casefold() for text in where.text),
        )


def _order(coding: Coding) -> tuple[str, str, str]:
    return coding.system or "", coding.code or "", coding.display or ""
