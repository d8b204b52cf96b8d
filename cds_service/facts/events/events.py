"""Lists of events by fact, from all entries that certainly or perhaps speak of it, and what may be missing."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.catalogue import EventResource, EventsFact
from cds_service.facts.coverage import EventCoverage, listing
from cds_service.facts.events.coded import Coded, EventCodes, Match
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.drugs import Drug
from cds_service.facts.events.entries import Entry, event, malformed_entry, past
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.reading import EventReader, Matching
from cds_service.facts.events.routes import Match as RouteMatch
from cds_service.facts.events.tables import EventTables
from cds_service.facts.fact import Event, Events, Reason
from cds_service.fhir import Malformed, Patient, Record, ResourceType, types_of_events

_PAST_ACTIVITY = {True: 0, None: 1, False: 2}


class _Item(Struct, eq=False, gc=False):
    """An entry that speaks of some facts. It is read when the first of them is asked for, and what it makes as an event
    is the same for all facts that it speaks of in the same way."""

    reader: EventReader
    view: Any
    coded: Coded
    drug: Drug | None
    patient: Patient | None
    as_of: date
    is_read: bool = False
    read: Entry | None = None
    events: dict[int, Event] | None = None

    @property
    def entry(self) -> Entry | None:
        """What it says as an event in time; `None` where it does not count."""
        if not self.is_read:
            self.read, self.is_read = self.reader.entry(self.view, self.patient, self.as_of), True
        return self.read

    def event(self, entry: Entry, match: Match) -> Event:
        if self.events is None:
            self.events = {}
        found = self.events.get(id(match))
        if found is None:
            found = self.events[id(match)] = event(entry, match)
        return found


class RecordedEvents:
    """The entries of one record by the event facts that they speak of. The order of the record never matters.

    Each entry is matched once, whatever facts are asked for, and none is read before a fact that it speaks of is.
    """

    def __init__(self, record: Record, tables: EventTables, as_of: date, deadline: Deadline = NEVER) -> None:
        """`deadline` may end this, and every method, with `OutOfTime`."""
        self._deadline = deadline
        self._tables = tables
        self._as_of = as_of
        self._items: dict[str, list[tuple[_Item, Match]]] = {}
        # Facts of which a malformed entry may speak, and how.
        self._malformed: dict[str, list[tuple[Entry, Match]]] = {}
        self._unjudged: dict[EventResource, set[str]] = {}
        self._wordy: dict[EventResource, list[_Item]] = {}
        self._coverage = {resource: self._collect(resource, codes, record) for resource, codes in tables.codes.items()}

    @property
    def coverage(self) -> tuple[tuple[EventResource, EventCoverage], ...]:
        """Why those facts may not be presumed absent of which no entry speaks."""
        return tuple(self._coverage.items())

    @property
    def names(self) -> Iterable[str]:
        """The facts that differ, or may, from those of a record of the same coverage without any entry."""
        return self._items.keys() | self._malformed.keys()

    def on_record(self) -> Iterator[str]:
        """The facts of which at least one entry speaks that counts, or may."""
        for name, items in self._items.items():
            if any(item.entry is not None for item, _ in self._deadline.each(items)):
                yield name
        yield from self._malformed

    def unjudged(self, resource: EventResource) -> frozenset[str]:
        """The malformed entries of a kind that may be about anything, as their codes cannot be read."""
        return frozenset(self._unjudged.get(resource, ()))

    def unread(self, resource: EventResource) -> int:
        """How many entries of a kind count, or may, where none of all that were read has a code that is known."""
        return sum(item.entry is not None for item in self._wordy.get(resource, ()))

    def of(self, spec: EventsFact) -> Events:
        """The events of one fact."""
        listed: list[Event] = []
        for item, match in self._deadline.each(self._items.get(spec.name, ())):
            entry = item.entry
            if entry is not None:
                if item.drug is not None:
                    self._deadline.spend(len(item.drug.dosages))
                listed += _events(item, entry, match, spec, self._tables)
        self._deadline.spend(len(listed))
        if spec.resource == "Medication":
            listed = with_courses(listed)
        for entry, match in self._deadline.each(self._malformed.get(spec.name, ())):
            listed += _ways(event(entry, match), entry, match)
        if spec.least is not None:
            listed = _at_least(listed, spec.least)
        if len(listed) > 1:
            listed.sort(key=_order)
        return listing(tuple(listed), spec, self._coverage[spec.resource].gap_of(spec))

    def _collect(self, resource: EventResource, codes: EventCodes, record: Record) -> EventCoverage:
        types = types_of_events(resource)
        unreadable = known = False
        wordy: list[_Item] = []
        matching = Matching(codes, record, self._deadline, {})
        for row in types:
            reader = READERS[row.name]
            for view in self._deadline.each(record.resources.get(row.name, ())):
                found = reader.coded(view, matching)
                coded, drug = (found.product.coded, found) if isinstance(found, Drug) else (found, None)
                known = known or coded.known
                if coded.is_immaterial and known:
                    continue
                item = _Item(reader, view, coded, drug, record.patient, self._as_of)
                if not coded.known:
                    wordy.append(item)
                unreadable = unreadable or (not coded.readable and item.entry is not None)
                for name, match in coded.matches.items():
                    self._items.setdefault(name, []).append((item, match))
        if not known:
            self._wordy[resource] = wordy
        names = [row.name for row in types]
        for malformed in self._deadline.each(record.malformed):
            if malformed.type in names:
                self._take(malformed, resource, codes)
        gap = _gap(types, record)
        if gap is None and resource in self._unjudged:
            gap = "incomplete_record"
        return EventCoverage(gap, unreadable)

    def _take(self, malformed: Malformed, resource: EventResource, codes: EventCodes) -> None:
        """A malformed entry is a hint of what its code and words say; without a readable code it may be anything."""
        coded = codes.read((malformed.said,), deadline=self._deadline)
        entry = malformed_entry(malformed)
        for name, match in coded.matches.items():
            self._malformed.setdefault(name, []).append((entry, match))
        if malformed.code is None or not coded.readable:
            self._unjudged.setdefault(resource, set()).add(malformed.issue.resource)


def _events(item: _Item, entry: Entry, match: Match, spec: EventsFact, tables: EventTables) -> Iterator[Event]:
    made = item.event(entry, match)
    if item.drug is not None:
        is_odd = item.drug.product.is_odd
        if is_odd and made.sure:
            made = replace(made, sure=False, hint="malformed_entry")
        counts = _route_counts(item.drug, match, spec, tables)
        if counts is False:
            return
        if counts is None and made.sure:
            made = replace(made, sure=False, hint="unconfirmed")
        elif counts and entry.doubt is None and not is_odd and _is_settled_by_route(match, spec, tables):
            made = replace(made, sure=True, hint=None)
    yield from _ways(made, entry, match)


def _ways(made: Event, entry: Entry, match: Match) -> Iterator[Event]:
    """The event that an entry makes, and the second one of an entry that has a "history of" code besides."""
    yield made
    if match.contested:
        yield past(event(entry, Match("main", coding=match.coding)))


def _at_least(listed: list[Event], least: int) -> list[Event]:
    """The entries where there are so many; else none."""
    return listed if len({item.evidence.source for item in listed}) >= least else []


def _is_settled_by_route(match: Match, spec: EventsFact, tables: EventTables) -> bool:
    """Whether nothing but the route left open that the record counts."""
    if match.role != "hint" or match.key is None or spec.by_route is None:
        return False
    return spec.by_route in tables.valuesets.members(match.key)


def _route_counts(drug: Drug, match: Match, spec: EventsFact, tables: EventTables) -> bool | None:
    """Whether a drug counts for the fact by the route it is given."""
    routes = tables.routes
    stated: frozenset[str] = frozenset().union(*(routes.stated(dosage.route) for dosage in drug.dosages))
    how: RouteMatch = "main" if match.role in {"main", "history"} else "text" if match.role == "text" else "hint"
    if spec.route is None:
        return routes.counts(None, stated, how)
    stated = stated or drug.product.by_form(routes)
    display = "" if match.key is None else tables.valuesets.display(match.key)
    if not stated and not routes.in_words([display]):
        instructions = [dosage.text for dosage in drug.dosages if dosage.text]
        stated = drug.product.by_words(routes) or routes.in_words(instructions)
    return routes.counts(spec.route, stated, how)


def _gap(types: Iterable[ResourceType], record: Record) -> Reason | None:
    """Why nothing of a kind may be presumed absent: it was not supplied, or not whole.

    Absence needs the types whole that are asked for; the others only must not have come in part.
    """
    missing: list[Reason] = []
    for row in types:
        gap = record.gaps.get(row.name)
        if row.prefetch is None:
            missing += [gap] if gap == "incomplete_record" else []
        elif row.name not in record.whole:
            missing.append(gap or "not_supplied")
    if not missing:
        return None
    return "not_supplied" if "not_supplied" in missing else "incomplete_record"


def _order(item: Event) -> tuple[Any, ...]:
    """What is certain and current first, then the newest. What compares equal is equal, so that the order of the record
    cannot show."""
    past = _PAST_ACTIVITY[item.active]
    return (not item.sure, past, item.start.lo, item.end.lo, item.start.hi, item.end.hi, item.evidence)
