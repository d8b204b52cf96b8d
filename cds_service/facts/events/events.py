"""Lists of events by fact, from all entries that certainly or perhaps speak of it, and what may be missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.catalogue import CHRONIC, EventResource, EventsFact, HalfLives, Key, Lasts
from cds_service.facts.completeness import EventCompleteness, listing
from cds_service.facts.dates import days_back, read_date
from cds_service.facts.events.coded import Coded, CodeMatch, EventCodes, Role
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.doses import MOST_STEPS, DoseStep, with_dose_changes
from cds_service.facts.events.drugs import RecordedDrug
from cds_service.facts.events.entries import EventEntry, event, is_planned, malformed_entry, past
from cds_service.facts.events.half_lives import unlisted
from cds_service.facts.events.illness import IllnessEntry, illness_event, illness_past, is_quiet
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.reading import EventReader, Matching
from cds_service.facts.events.routes import Match as RouteMatch
from cds_service.facts.events.silence import silence_of
from cds_service.facts.events.statements import DiseaseStatement, QuietStatement, QuietStatements, settled
from cds_service.facts.events.tables import EventTables
from cds_service.facts.fact import DaySpan, Event, Events, Reason
from cds_service.fhir import Coding, Record, ResourceType, UnreadableResource, types_of_events

_HOW: dict[Role, RouteMatch] = {"main": "main", "history": "main", "hint": "hint", "text": "text", "unread": "text"}
"""How certain the code or the words are, for what a route may add or take."""
_NAMES_NOTHING = Coded({})
_READING = 2
"""What it takes to read an entry of a disease, beside what a deadline counts as one."""
_PAST_ACTIVITY = {True: 0, None: 1, False: 2}


class _Item(Struct, eq=False, gc=False):
    """An entry that speaks of some facts. It is read when the first of them is asked for, and what it makes as an event
    is the same for all facts that it speaks of in the same way."""

    reader: EventReader
    view: Any
    coded: Coded
    drug: RecordedDrug | None
    record: Record
    as_of: date
    is_read: bool = False
    read: EventEntry | None = None
    events: dict[int, Event] | None = None
    said: dict[tuple[int, int], tuple[DiseaseStatement, ...]] | None = None

    @property
    def entry(self) -> EventEntry | None:
        """What it says as an event in time; `None` where it does not count."""
        if not self.is_read:
            at = () if self.reader.at is None else (self.reader.at(self.record, self.view),)
            self.read, self.is_read = self.reader.entry(self.view, self.record.patient, self.as_of, *at), True
        return self.read

    @property
    def may_be_anything(self) -> bool:
        """Whether it counts, or may, and nothing of it is understood."""
        return self.coded.is_unread and self.entry is not None

    def event(self, entry: EventEntry, match: CodeMatch) -> Event:
        if self.events is None:
            self.events = {}
        found = self.events.get(id(match))
        if found is None:
            found = self.events[id(match)] = event(entry, match, self.as_of)
        return found

    def statements(
        self, entry: IllnessEntry, match: CodeMatch, lasts: Lasts, tables: EventTables
    ) -> tuple[DiseaseStatement, ...]:
        """What an entry of a disease that lasts so long says. There are few of `lasts`, and all are kept."""
        if self.said is None:
            self.said = {}
        asked = id(match), id(lasts)
        found = self.said.get(asked)
        if found is None:
            found = self.said[asked] = _statements(entry, match, lasts, tables)
        return found


class NotCoded(Struct, frozen=True, order=True, gc=False):
    """An entry that no code places: its reference, its kind, its words and its code as they were sent.

    `is_unread`: it may be about anything. `facts`: those of which one of its words may tell. `open_texts`: those of its
    texts that are not surely understood, each whole.
    """

    source: str
    kind: EventResource
    words: str
    system: str
    code: str
    is_unread: bool
    facts: tuple[str, ...]
    open_texts: tuple[str, ...]


class RecordedEvents:
    """The entries of one record by the event facts that they speak of. The order of the record never matters.

    Each entry is matched once, whatever facts are asked for, and none is read before a fact that it speaks of is.
    """

    def __init__(self, record: Record, tables: EventTables, as_of: date, deadline: Deadline = NEVER) -> None:
        """`silence`: what the record says is not known. `deadline` may end this, and every method, with `OutOfTime`."""
        self._deadline = deadline
        self._tables = tables
        self._as_of = as_of
        self._items: dict[str, list[tuple[_Item, CodeMatch]]] = {}
        self._illnesses: list[_Item] = []
        # Facts of which a malformed entry may speak, and how.
        self._malformed: dict[str, list[tuple[EventEntry, CodeMatch]]] = {}
        self._unjudged: dict[EventResource, set[str]] = {}
        # By kind: what may be about anything, what doesn't say for certain what it is; and the kinds of which any does.
        self._unread: dict[EventResource, list[_Item]] = {}
        self._unclear: dict[EventResource, list[_Item]] = {}
        self._read: set[EventResource] = set()
        self._by_words: list[tuple[EventResource, _Item]] = []
        self.silence = silence_of(record, tables.no_information, tables.codes, as_of, deadline)
        self._coverage = {resource: self._collect(resource, codes, record) for resource, codes in tables.codes.items()}

    @property
    def coverage(self) -> tuple[tuple[EventResource, EventCompleteness], ...]:
        """Why those facts may not be presumed absent of which no entry speaks."""
        return tuple(self._coverage.items())

    @property
    def names(self) -> Iterable[str]:
        """The facts that differ, or may, from those of a record of the same coverage without any entry; but for those
        of the kinds of which an entry may be about anything (`unread_kinds`)."""
        return self._items.keys() | self._malformed.keys()

    @property
    def unread_kinds(self) -> frozenset[EventResource]:
        """The kinds of which a well-formed entry may be about anything."""
        return frozenset(self._unread)

    def on_record(self) -> Iterator[str]:
        """The facts of which at least one entry speaks that counts, or may; what is unread speaks of none."""
        for name, items in self._items.items():
            if any(match.role != "unread" and item.entry is not None for item, match in self._deadline.each(items)):
                yield name
        yield from self._malformed

    @cached_property
    def _quiet(self) -> QuietStatements:
        """What all entries of diseases say of which are not active, whatever facts they speak of."""
        every: list[QuietStatement] = []
        for item in self._deadline.each(self._illnesses):
            self._deadline.spend(_READING)
            entry = item.entry
            if isinstance(entry, IllnessEntry):
                keys: dict[Key, bool] = {}
                for match in item.coded.matches.values():
                    if match.key is not None and match.role != "history" and not keys.get(match.key):
                        keys[match.key] = match.role == "main"
                every += _quiet_of(entry, keys, self._tables)
        self._deadline.spend(len(every))
        return QuietStatements(every)

    def unjudged(self, resource: EventResource) -> frozenset[str]:
        """The malformed entries of a kind that may be about anything, as their codes cannot be read."""
        return frozenset(self._unjudged.get(resource, ()))

    def unread(self, resource: EventResource) -> int:
        """How many entries of a kind count, or may, where none of all that were sent says for certain what it is."""
        if resource in self._read:
            return 0
        return sum(item.entry is not None for item in self._deadline.each(self._unclear.get(resource, ())))

    def not_coded(self) -> "tuple[NotCoded, ...]":
        """Every entry that no code places, in the order of their references."""
        found = []
        for kind, item in self._deadline.each(self._by_words):
            if item.entry is not None:
                coding = item.coded.rest.coding or Coding()
                facts = tuple(sorted(name for name, m in item.coded.matches.items() if m.role == "unread"))
                words, system, code = coding.display or "", coding.system or "", coding.code or ""
                texts, may_be_anything = item.coded.open_texts, item.coded.is_unread
                found.append(NotCoded(item.entry.source, kind, words, system, code, may_be_anything, facts, texts))
        return tuple(sorted(found))

    def of(self, spec: EventsFact) -> Events:
        """The events of one fact."""
        listed: list[Event] = []
        sources: list[tuple[_Item, CodeMatch]] = []
        items = self._items.get(spec.name, ())
        if spec.resource == "Condition":
            whole = self._quiet_about(spec.state_of) if spec.state_of is not None and items else []
            listed += settled(self._statements(items, spec), self._quiet, self._deadline, whole)
            items = ()
        for item, match in self._deadline.each(items):
            entry = item.entry
            if entry is not None:
                if item.drug is not None:
                    self._deadline.spend(len(item.drug.dosages))
                listed += _events(item, entry, match, spec, self._tables)
                sources += [(item, match)] * (len(listed) - len(sources))
        self._deadline.spend(len(listed))
        if spec.resource == "Medication":
            listed = self._courses(listed, sources, spec)
        listed += self._unread_events(spec)
        self._deadline.spend(len(listed))
        for entry, match in self._deadline.each(self._malformed.get(spec.name, ())):
            listed += _ways(event(entry, match, self._as_of), entry, match, self._as_of)
        if spec.least is not None:
            listed = _at_least(listed, spec.least)
        if len(listed) > 1:
            listed.sort(key=_order)
        return listing(tuple(listed), spec, self._coverage[spec.resource].gap)

    def _unread_events(self, spec: EventsFact) -> Iterator[Event]:
        """What may be about anything, and therefore about a fact that has codes."""
        unread = self._unread.get(spec.resource)
        if unread and spec.valuesets:
            for item in self._deadline.each(unread):
                if item.entry is not None and spec.name not in item.coded.matches:
                    yield from _events(item, item.entry, item.coded.rest, spec, self._tables)

    def _courses(self, listed: list[Event], sources: list[tuple[_Item, CodeMatch]], spec: EventsFact) -> list[Event]:
        """Uses of a drug with the course that each belongs to; `sources` are the entries that they were made from."""
        found = with_courses(listed, spec.gap.days)
        if not any(item.active is not False for item in found):
            return found
        if len(sources) == 1 and _has_one_dose(sources[0][0]):  # nearly always: nothing that it could be compared with
            return found
        names = [_name(item, match, self._tables) for item, match in self._deadline.each(sources)]
        counts = Counter(names)
        taken: dict[str, list[DoseStep]] = {}
        for made, (item, match), name in self._deadline.each(zip(listed, sources, names, strict=True)):
            if item.drug is not None and name and (counts[name] > 1 or not _has_one_dose(item)):
                taken.setdefault(name, []).extend(_steps(made, item.drug, match, item.as_of, self._tables))
        self._deadline.spend(sum(min(len(steps), MOST_STEPS) ** 2 for steps in taken.values()) // 10)
        return with_dose_changes(found, taken, names, spec.gap.days)

    def _statements(self, items: Iterable[tuple[_Item, CodeMatch]], spec: EventsFact) -> list[DiseaseStatement]:
        """What the entries say of the diseases of one fact."""
        sets = spec.valuesets
        lasts_of = self._tables.valuesets.lasts
        found: list[DiseaseStatement] = []
        for item, match in self._deadline.each(items):
            entry = item.entry
            if isinstance(entry, IllnessEntry):
                self._deadline.spend(_READING)
                lasts = lasts_of(sets, match.key) if sets else CHRONIC
                found += item.statements(entry, match, lasts, self._tables)
        return found

    def _quiet_about(self, name: str) -> list[QuietStatement]:
        """What the entries of a fact, or those that may be of it, say by their codes of its not being active."""
        found: list[QuietStatement] = []
        for item, match in self._deadline.each(self._items.get(name, ())):
            entry = item.entry
            if isinstance(entry, IllnessEntry) and match.key is not None and match.role != "history":
                self._deadline.spend(_READING)
                found += _quiet_of(entry, {match.key: match.role == "main"}, self._tables)
        return found

    def _collect(self, resource: EventResource, codes: EventCodes, record: Record) -> EventCompleteness:
        types = types_of_events(resource)
        matching = Matching(codes, record, self._deadline, {})
        unnamed = self.silence.unnamed
        for row in types:
            views = record.resources.get(row.name)
            if not views:
                continue
            reader = READERS[row.name]
            for view in self._deadline.each(views):
                if id(view) in unnamed:
                    if unnamed[id(view)]:
                        item = _Item(reader, view, _NAMES_NOTHING, None, record, self._as_of)
                        self._unclear.setdefault(resource, []).append(item)
                    continue
                found = reader.coded(view, matching)
                coded, drug = (found.product.coded, found) if isinstance(found, RecordedDrug) else (found, None)
                if not coded.matches and coded.rest.role == "else":
                    self._read.add(resource)
                    continue
                self._keep(resource, _Item(reader, view, coded, drug, record, self._as_of))
        names = [row.name for row in types]
        for malformed in self._deadline.each(record.malformed):
            if malformed.type in names:
                self._take(malformed, resource, codes)
        gap = _gap(types, record)
        if gap is None and (resource in self._unjudged or resource in self.silence.kinds):
            gap = "incomplete_record"
        return EventCompleteness(gap)

    def _keep(self, resource: EventResource, item: _Item) -> None:
        """Keep an entry that speaks of a fact, or may."""
        coded = item.coded
        if not coded.by_code:
            self._by_words.append((resource, item))
        if item.may_be_anything:
            self._unread.setdefault(resource, []).append(item)
        if _says_what_it_is(coded):
            self._read.add(resource)
        else:
            self._unclear.setdefault(resource, []).append(item)
        if resource == "Condition" and coded.matches:
            self._illnesses.append(item)
        for name, match in coded.matches.items():
            if match.role not in {"else", "by_words"}:
                self._items.setdefault(name, []).append((item, match))

    def _take(self, malformed: UnreadableResource, resource: EventResource, codes: EventCodes) -> None:
        """A malformed entry is a hint of what its code and words say; without a readable code it may be anything."""
        coded = codes.read((malformed.said,), deadline=self._deadline)
        entry = malformed_entry(malformed)
        for name, match in coded.matches.items():
            self._malformed.setdefault(name, []).append((entry, match))
        if malformed.code is None or coded.is_unread:
            self._unjudged.setdefault(resource, set()).add(malformed.issue.resource)


def _says_what_it_is(coded: Coded) -> bool:
    """Whether an entry has a code that is understood, or words that are and name nothing that a rule asks for."""
    if coded.rest.role == "else" or any(match.key is not None for match in coded.matches.values()):
        return True
    return coded.rest.role == "by_words" and not coded.matches


def _events(item: _Item, entry: EventEntry, match: CodeMatch, spec: EventsFact, tables: EventTables) -> Iterator[Event]:
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
        known_as = _known_as(match, tables)
        if spec.treats and match.key is not None:
            settles = entry.doubt is None and not is_odd and _is_listed_hint(match, spec, tables)
            made = _by_dose(made, item.drug, match, settles, tables)
        made = tables.dosing.timed(made, item.drug, known_as, spec, is_open=entry.is_open, as_of=item.as_of)
        if spec.half_lives is not None:
            made = replace(made, half_life=_half_life(item.drug, match, known_as, spec.half_lives, tables))
    yield from _ways(made, entry, match, item.as_of)


def _by_dose(made: Event, drug: RecordedDrug, match: CodeMatch, settles: bool, tables: EventTables) -> Event:
    """A use of a drug as its dose leaves it, where one may treat or prevent; `settles`: nothing else was left open."""
    known_as = _known_as(match, tables)
    listed = tables.treating_doses.of(match.key, (*known_as, *drug.product.names))
    treats = None if listed is None else listed.treats(tables.doses.doses(drug, known_as))
    if treats is False and made.sure:
        return replace(made, sure=False, hint="unconfirmed")
    return replace(made, sure=True, hint=None) if treats and settles else made


def _is_listed_hint(match: CodeMatch, spec: EventsFact, tables: EventTables) -> bool:
    """Whether it is a hint by its code, and not by a doubt beside it."""
    return match.role == "hint" and match.key is not None and spec.hints in tables.valuesets.members(match.key)


def _half_life(
    drug: RecordedDrug, match: CodeMatch, known_as: list[str], spec: HalfLives, tables: EventTables
) -> tuple[float, float]:
    found = tables.half_lives.of(match.key, (*known_as, *drug.product.names))
    return unlisted(spec) if found is None else found


def _has_one_dose(item: _Item) -> bool:
    return item.drug is None or len(item.drug.dosages) <= 1


def _name(item: _Item, match: CodeMatch, tables: EventTables) -> str:
    """The name of an entry's drug; empty where it is not named."""
    return "" if item.drug is None else tables.doses.name_of(item.drug, _known_as(match, tables))


def _steps(made: Event, drug: RecordedDrug, match: CodeMatch, as_of: date, tables: EventTables) -> list[DoseStep]:
    """How much of a drug is taken, and when."""

    def days(text: str) -> DaySpan | None:
        span = read_date(text)
        return None if span is None or is_planned(span, as_of) else days_back(span, as_of)

    return tables.doses.steps(drug, made, _known_as(match, tables), days)


def _known_as(match: CodeMatch, tables: EventTables) -> list[str]:
    """The names of the code that matched: that of the value set, and that which was sent."""
    own = "" if match.key is None else tables.valuesets.display(match.key)
    sent = match.coding.display if match.coding is not None else None
    return [name for name in (own, sent) if name]


def _ways(made: Event, entry: EventEntry, match: CodeMatch, as_of: date) -> Iterator[Event]:
    """The event that an entry makes, and the second one of an entry that has a "history of" code besides."""
    yield made
    if match.contested:
        yield past(event(entry, CodeMatch("main", coding=match.coding), as_of))


def _statements(
    entry: IllnessEntry, match: CodeMatch, lasts: Lasts, tables: EventTables
) -> tuple[DiseaseStatement, ...]:
    """The event that an entry makes, and the second one of an entry that has a "history of" code besides."""
    says = tables.says(match.key)
    made = illness_event(entry, match, lasts, says)
    disease = None if made.only_past else tables.disease(match.key)
    first = DiseaseStatement(made, disease, entry.written, is_quiet(entry, says))
    if not match.contested:
        return (first,)
    second = illness_past(entry, CodeMatch("main", coding=match.coding), lasts)
    return first, DiseaseStatement(second, None, entry.written, is_quiet=False)


def _quiet_of(entry: IllnessEntry, keys: Mapping[Key, bool], tables: EventTables) -> Iterator[QuietStatement]:
    """What an entry says if it says that a disease is not active, by its codes; whether each surely is it."""
    for key, is_main in keys.items():
        disease = tables.disease(key)
        if disease is not None and is_quiet(entry, tables.says(key)):
            sure, gone = is_main and entry.doubt is None, entry.span.present is False
            yield QuietStatement(disease, entry.written, sure, gone, entry.span.end)


def _at_least(listed: list[Event], least: int) -> list[Event]:
    """The entries where there are so many; else none."""
    return listed if len({item.evidence.source for item in listed}) >= least else []


def _is_settled_by_route(match: CodeMatch, spec: EventsFact, tables: EventTables) -> bool:
    """Whether nothing but the route left open that the record counts."""
    if match.role != "hint" or match.key is None or spec.by_route is None:
        return False
    return spec.by_route in tables.valuesets.members(match.key)


def _route_counts(drug: RecordedDrug, match: CodeMatch, spec: EventsFact, tables: EventTables) -> bool | None:
    """Whether a drug counts for the fact by the route it is given."""
    routes = tables.routes
    stated = drug.stated(routes)
    how = _HOW[match.role]
    if spec.route is None:
        return routes.counts(None, stated, how)
    if any(dosage.modifier_extension for dosage in drug.dosages):
        return None  # the route is stated, and must not be read
    is_unread = any(routes.is_unread(dosage.route) for dosage in drug.dosages)
    if is_unread and stated:
        return None  # one of several is not understood
    stated = stated or drug.product.by_form(routes)
    display = "" if match.key is None else tables.valuesets.display(match.key)
    is_named = bool(routes.in_words([display]))
    if not stated and not is_named:
        stated = drug.product.by_words(routes) or drug.instructed(routes)
    if is_unread and not stated and not is_named:
        return None  # it need not be the usual route, which is taken where none is stated
    return routes.counts(spec.route, stated, how)


def _gap(types: Iterable[ResourceType], record: Record) -> Reason | None:
    """Why nothing of a kind may be presumed absent: it was not supplied, or not whole.

    Absence needs the types whole that are asked for; the others only must not have come in part.
    """
    missing: list[Reason] = []
    for row in types:
        gap = record.gaps.get(row.name)
        if row.asked_for is None:
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
