"""All facts about one patient on one day: the pure function `build_sheet`, and what is made of its result."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from cds_service.errors import Issue
from cds_service.facts.building import Builder
from cds_service.facts.describe import describe_fact
from cds_service.facts.document import fact_document
from cds_service.facts.fact import Events, Fact, World, unknown
from cds_service.facts.findings import ISSUE_CODES
from cds_service.facts.knowledge import FactKnowledge
from cds_service.facts.patient import is_deceased
from cds_service.facts.specs import DefinedFact, DerivedFact, Observed
from cds_service.fhir.record import Record


class FactSheet:
    """The facts by name. `issues` are values that could not be understood; `deceased`: the person has died."""

    def __init__(self, facts: Mapping[str, Fact], knowledge: FactKnowledge, record: Record, as_of: date) -> None:
        self._facts = dict(facts)
        self._documents: dict[World, dict[str, Any]] = {}
        self._knowledge = knowledge
        self.as_of = as_of
        self.deceased = is_deceased(record.patient, as_of)
        self.issues = tuple(_issues(self._facts.values(), knowledge))

    def __getitem__(self, name: str) -> Fact:
        """The fact, or part of a fact, of that name. Raises `KeyError` for one that was not built."""
        found = self._facts.get(name)
        if found is not None:
            return found
        base = self._knowledge.catalogue.fact_of(name)
        if base is None or base not in self._facts:
            raise KeyError(name)
        fact, part = self._facts[base], name[len(base) + 1 :]
        if part in fact.parts:
            return fact.parts[part]
        if isinstance(fact.value, Events):
            return fact
        return fact if part == "days_since" else unknown(name, fact.reason or "no_result", fact.evidence)

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __contains__(self, name: str) -> bool:
        base = self._knowledge.catalogue.fact_of(name)
        return base in self._facts

    def document(self, world: World) -> dict[str, Any]:
        """The fact document that rules are evaluated on (see `document`); what is unknown is not in it.

        It is made once and the same for everybody who asks: read it, change nothing in it.
        """
        if world not in self._documents:
            self._documents[world] = fact_document(self._facts.values(), world)
        return self._documents[world]

    def describe(self, name: str, fresh_within: int | None = None) -> list[dict[str, Any]]:
        """What is known of a fact and on what evidence, one entry for each piece; or why it is unknown.

        `fresh_within` is how many days old the evidence may be; older evidence is shown with the reason `too_old`.
        A fact that is not in the catalogue, or was not built, gives an empty list.
        """
        catalogue = self._knowledge.catalogue
        base = catalogue.fact_of(name)
        if base is None or base not in self._facts:
            return []
        spec = catalogue.facts[base]
        if isinstance(spec, DefinedFact):
            return [entry for part in spec.references() for entry in self.describe(part, self._limit(part))]
        fact = self[name]
        entries = describe_fact(name, fact, fresh_within, computed=isinstance(spec, DerivedFact))
        if isinstance(spec, DerivedFact) and fact.value is not None:
            parts = self._formula_parts(fact.via or name)
            entries += [entry for part in parts for entry in self.describe(part, self._limit(part))]
        return entries

    def as_json(self) -> list[dict[str, Any]]:
        """The whole sheet as `describe` tells it, fact by fact, each under the catalogue's own limit of age."""
        entries = []
        for name in sorted(self._facts):
            spec = self._knowledge.catalogue.facts[name]
            if not isinstance(spec, DefinedFact):
                computed = isinstance(spec, DerivedFact)
                found = describe_fact(name, self._facts[name], self._limit(name), computed=computed)
                entries += [{**entry, "title": spec.title} for entry in found]
        return entries

    def _formula_parts(self, name: str) -> tuple[str, ...]:
        spec = self._knowledge.catalogue.facts.get(name)
        return spec.parts if isinstance(spec, DerivedFact) else ()

    def _limit(self, name: str) -> int | None:
        entry = self._knowledge.catalogue.lookup(name)
        return None if entry is None or entry.fresh_for is None else entry.fresh_for.days_before(self.as_of)


def build_sheet(
    record: Record,
    knowledge: FactKnowledge,
    as_of: date,
    names: Iterable[str] | None = None,
    stated: Mapping[str, Fact] = MappingProxyType({}),
) -> FactSheet:
    """The facts of these names (all if `None`) and all they are made of, from one record, as of a calendar date.

    `stated` facts are put in place of what the record says ("what if"); what is computed from them follows.
    Never raises for what a record holds: what cannot be read is unknown, with the reason.
    """
    catalogue = knowledge.catalogue
    wanted = catalogue.closure(catalogue.facts if names is None else names)
    builder = Builder(record, knowledge, as_of, wanted, stated)
    return FactSheet({name: builder.fact(name) for name in sorted(wanted)}, knowledge, record, as_of)


def _issues(facts: Iterable[Fact], knowledge: FactKnowledge) -> Iterator[Issue]:
    """Values that are there and not understood, each once. No value is quoted: issues go to the log."""
    for fact in facts:
        reason = fact.reason
        if reason in ISSUE_CODES and isinstance(knowledge.catalogue.facts[fact.name], Observed):
            what = "unit" if reason == "unit_not_understood" else "value"
            for source in dict.fromkeys(item.source for item in fact.evidence if item.note):
                yield Issue("information", reason, source, "", f"its {what} is not understood for {fact.name}")
