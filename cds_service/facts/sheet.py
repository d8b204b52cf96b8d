"""All facts about one patient on one day, and what is made of them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from cds_service.as_of import AsOf
from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.facts.absent import AbsentSheet
from cds_service.facts.building import Builder, RecordContent, nothing_told
from cds_service.facts.catalogue import (
    ISSUE_CODES,
    DefinedFact,
    EventResource,
    EventsFact,
    FactSpec,
    ObservedFact,
)
from cds_service.facts.completeness import coverage_of
from cds_service.facts.describe import describe_fact
from cds_service.facts.document import Differences, Nodes, grown, nodes_of
from cds_service.facts.events import NotCoded, RecordedEvents
from cds_service.facts.fact import Events, Fact, World, unknown
from cds_service.facts.knowledge import FactReaders
from cds_service.facts.observations import matching
from cds_service.facts.patient import PATIENT_FACTS, is_deceased
from cds_service.fhir import Gap, Record

_NOT_UNDERSTOOD = {
    "unit_not_understood": "its unit is not understood",
    "implausible": "its value is not plausible",
}


class FactSheet:
    """The facts by name. `issues` are results that are only planned, values that could not be understood, and kinds of
    which nothing is known; `gaps`: the resource types of these. `deceased`: the person has died.

    `absent` are all the facts as they are without any entry, `made` those that differ in this record, or may.
    """

    def __init__(
        self,
        absent: AbsentSheet,
        made: Mapping[str, Fact],
        reader: "FactReader",
        *,
        deceased: bool,
        issues: Iterable[Issue] = (),
        gaps: Mapping[str, Gap] = MappingProxyType({}),
        planned: Iterable[str] = (),
    ) -> None:
        """`issues`: what is said of entries besides. `planned`: the results that lie after the end of `as_of`. The
        deadline of the `reader` may end this, and `document`, with `OutOfTime`."""
        self.reader = reader
        self._absent = absent
        self._made = made
        self._nodes: dict[bool, dict[str, Nodes]] = {}
        self._documents: dict[tuple[World, bool], dict[str, Any]] = {}
        self.as_of = reader.as_of
        self.deceased = deceased
        self.gaps = gaps
        not_understood = _issues(made, reader.knowledge, reader.deadline)
        self.issues = (*issues, *map(_planned_issue, sorted(planned)), *not_understood)

    def __getitem__(self, name: str) -> Fact:
        """The fact, or part of a fact, of that name. Raises `KeyError` for one that was not built."""
        found = self._get(name)
        if found is not None:
            return found
        base = self.reader.knowledge.catalogue.fact_of(name)
        fact = None if base is None else self._get(base)
        if base is None or fact is None:
            raise KeyError(name)
        part = name[len(base) + 1 :]
        if part in fact.parts:
            return fact.parts[part]
        if isinstance(fact.value, Events):
            return fact
        return fact if part == "days_since" else unknown(name, fact.reason or "no_result", fact.evidence)

    def __iter__(self) -> Iterator[str]:
        return iter(self._absent.facts)

    def __contains__(self, name: str) -> bool:
        base = self.reader.knowledge.catalogue.fact_of(name)
        return base in self._absent.facts

    @property
    def most_events(self) -> int:
        """How many events the longest list of them has."""
        return max((len(f.value.items) for f in self._made.values() if isinstance(f.value, Events)), default=0)

    def document(self, world: World) -> dict[str, Any]:
        """The fact document that rules are evaluated on (see `document`); what is unknown is not in it.

        It is made once, and what it holds of the facts is shared with other documents: read it, change nothing in it.
        """
        return self._document(world, late=False)

    def for_rules(self, world: World) -> Mapping[str, Any]:
        """The same, where what few rules read is made when one reads it: some nodes are no `dict`."""
        return self._document(world, late=True)

    def differences(self, world: World) -> Differences:
        """The same by what is different from the document of a record without any entry."""
        nodes = self._nodes_of_made(late=True)
        changed = {name: node.closed if world == "closed" else node.opened for name, node in nodes.items()}
        return Differences(self._absent.branches(world), changed)

    def describe(self, name: str, fresh_within: int | None = None, deadline: Deadline = NEVER) -> list[dict[str, Any]]:
        """What is known of a fact and on what evidence, one entry for each piece; or why it is unknown.

        `fresh_within` is how many days old the evidence may be; older evidence is shown with the reason `too_old`.
        A fact that is not in the catalogue, or was not built, gives an empty list. Raises `OutOfTime`.
        """
        catalogue = self.reader.knowledge.catalogue
        base = catalogue.fact_of(name)
        if base is None or base not in self._absent.facts:
            return []
        spec = catalogue.facts[base]
        if isinstance(spec, DefinedFact):
            return [entry for part in spec.references() for entry in self.describe(part, self._limit(part), deadline)]
        fact = self[name]
        computed = _is_computed(spec, fact)
        entries = describe_fact(name, fact, fresh_within, computed=computed, deadline=deadline)
        if computed and fact.value is not None:
            parts = self._computed_from(spec, fact)
            told = [entry for part in parts for entry in self.describe(part, self._limit(part), deadline)]
            sources = {item.source for item in fact.evidence}
            entries += [entry for entry in told if not spec.counts_entries or entry["source"] in sources]
        return entries

    def as_json(self) -> list[dict[str, Any]]:
        """The whole sheet as `describe` tells it, fact by fact, each under the catalogue's own limit of age."""
        entries = []
        for name in self:
            spec = self.reader.knowledge.catalogue.facts[name]
            if not isinstance(spec, DefinedFact):
                computed = _is_computed(spec, self[name])
                found = describe_fact(name, self[name], self._limit(name), computed=computed)
                entries += [{**entry, "title": spec.title} for entry in found]
        return entries

    def _document(self, world: World, *, late: bool) -> dict[str, Any]:
        found = self._documents.get((world, late))
        if found is None:
            nodes = self._nodes_of_made(late=late)
            found = self._documents[world, late] = grown(self._absent.branches(world), nodes, world)
        return found

    def _nodes_of_made(self, *, late: bool) -> dict[str, Nodes]:
        found = self._nodes.get(late)
        if found is None:
            found = {fact.name: nodes_of(fact, self.reader.deadline, late=late) for fact in self._made.values()}
            self._nodes[late] = found
        return found

    def _get(self, name: str) -> Fact | None:
        return self._made.get(name) or self._absent.facts.get(name)

    def _computed_from(self, spec: FactSpec, fact: Fact) -> tuple[str, ...]:
        """The facts that a computed value is made of; of one that was chosen among alternatives those of that one."""
        chosen = self.reader.knowledge.catalogue.facts.get(fact.via) if spec.is_computed else None
        if chosen is None:
            return spec.computed_from
        return chosen.computed_from if chosen.is_computed else ()

    def _limit(self, name: str) -> int | None:
        limit = self.reader.knowledge.catalogue.fresh_for(name)
        return None if limit is None else limit.span(self.as_of)


class FactReader:
    """The facts of one record as of a calendar date.

    `stated` facts are put in place of what the record says ("what if"); what is computed from them follows. The record
    is sorted once by the facts that it speaks of, at a cost that does not grow with their number. Never raises for what
    a record holds: what cannot be read is unknown, with the reason.
    """

    def __init__(
        self,
        record: Record,
        knowledge: FactReaders,
        as_of: date,
        stated: Mapping[str, Fact] = MappingProxyType({}),
        deadline: Deadline = NEVER,
    ) -> None:
        """`deadline` may end this, and every method, with `OutOfTime`."""
        self.deadline = deadline
        self.knowledge = knowledge
        # Once for all that is read: of a plain day the end would be looked up for every date.
        self.as_of = as_of = AsOf.of(as_of)
        self._stated = stated
        self._deceased = is_deceased(record.patient, as_of)
        self._events = RecordedEvents(record, knowledge.events, as_of, deadline)
        measurements = knowledge.observations.sort(record, deadline=deadline)
        malformed = matching(record.malformed, knowledge.observations, deadline)
        coverage = coverage_of(record, self._events.coverage)
        told = RecordContent(record.patient, measurements, malformed, self._events.of, coverage)
        self._differing = knowledge.catalogue.wholes(
            [*stated, *PATIENT_FACTS, *measurements, *malformed, *self._events.names]
        )
        # Of whole kinds, which may be thousands of facts: remembered by the knowledge, and never put together.
        self._kinds = tuple(knowledge.of_kind(kind) for kind in sorted(self._events.unread_kinds))
        self._absent = knowledge.absent(coverage, lambda: Builder(nothing_told(coverage), knowledge, date.min).fact)
        self._builder = Builder(told, knowledge, as_of, stated, self._known, deadline=deadline)

    def on_record(self) -> frozenset[str]:
        """The event facts of the catalogue of which the record holds at least one entry that counts, or may; and those
        that are stated.

        Any other has no events in the sheet of this record: whatever asks for one cannot be true. Whether it is absent
        or unknown is not said.
        """
        events = self.knowledge.catalogue.facts
        stated = (name for name in self._stated if isinstance(events.get(name), EventsFact))
        return frozenset([*self._events.on_record(), *stated])

    def unjudged(self, resource: EventResource) -> frozenset[str]:
        """The malformed entries of a kind that may be about anything."""
        return self._events.unjudged(resource)

    def unread(self, resource: EventResource) -> int:
        """How many well-formed entries of a kind there are, where none of all that were sent was understood."""
        return self._events.unread(resource)

    def not_coded(self) -> tuple[NotCoded, ...]:
        """Every entry that no code places, in the order of their references."""
        return self._events.not_coded()

    def misread(self, name: str) -> frozenset[str]:
        """The entries that leave it open whether there is an event of this fact, only because they are malformed or
        have a status that is not known; empty where it is not open."""
        events = self._builder.fact(name).value
        if not isinstance(events, Events) or events.exists("closed") is not None:
            return frozenset()
        return frozenset(item.evidence.source for item in events.items if item.hint == "malformed_entry")

    def sheet(self, names: Iterable[str] | None = None) -> FactSheet:
        """The facts of these names (all if `None`) and all they are made of."""
        absent = self._absent.sheet(names)
        differing = absent.facts.keys() & self._differing
        for kind in self._kinds:
            differing |= absent.facts.keys() & kind
        made = {name: self._builder.fact(name) for name in sorted(differing)}
        return FactSheet(
            absent,
            made,
            self,
            deceased=self._deceased,
            issues=self._events.silence.issues,
            gaps=self._events.silence.gaps,
            planned=self._builder.planned(made),
        )

    def _known(self, name: str) -> Fact | None:
        """The fact where it is that of a record of the same coverage without any entry; `None` where it is, or may be,
        another."""
        if name in self._differing or (self._kinds and any(name in kind for kind in self._kinds)):
            return None
        return self._absent.fact(name)


def build_sheet(
    record: Record,
    knowledge: FactReaders,
    as_of: date,
    names: Iterable[str] | None = None,
    stated: Mapping[str, Fact] = MappingProxyType({}),
) -> FactSheet:
    """The facts of these names (all if `None`) and all they are made of, from one record (see `FactReader`)."""
    return FactReader(record, knowledge, as_of, stated).sheet(names)


def _is_computed(spec: FactSpec, fact: Fact) -> bool:
    """Whether the value is made of other facts, which have the evidence."""
    return spec.is_computed or bool(fact.via)


def _planned_issue(source: str) -> Issue:
    message = "it is dated after the moment that is asked about: it is only planned and does not count"
    return Issue("warning", "planned_result", source, "", message)


def _issues(facts: Mapping[str, Fact], knowledge: FactReaders, deadline: Deadline) -> Iterator[Issue]:
    """Values that are there and not understood, each once. No value is quoted: issues go to the log."""
    for name in sorted(facts):
        fact = facts[name]
        reason = fact.reason
        if reason in ISSUE_CODES and isinstance(knowledge.catalogue.facts[fact.name], ObservedFact):
            what = _NOT_UNDERSTOOD.get(reason, "its value is not understood")
            for source in dict.fromkeys(item.source for item in deadline.each(fact.evidence) if item.note):
                yield Issue("information", reason, source, "", f"{what} for {fact.name}")
