"""Going over a feed, document by document: every entry is read as for an answer, and only what it is called is kept.

A bulk export has the Medication of a prescription in another file. Such a prescription waits, by its reference, until
the feed is at its end; references beyond `_MOST_WAITING` are counted by what the prescription itself says.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from cds_service.deadline import NEVER
from cds_service.facts import FactReaders
from cds_service.facts.catalogue import EventResource
from cds_service.facts.events import READERS, Matching, product_of
from cds_service.feed import Note, UnreadPlace
from cds_service.fhir import (
    RESOURCE_TYPES,
    DiagnosticReport,
    Found,
    Medication,
    Observation,
    ParsedDocument,
    Patient,
    Record,
    Reference,
    Resource,
    UndecodedResource,
    decode_entries,
    parse_reference,
)
from cds_service.terminology.seen.entries import EventSightings, concepts_of, sighting_of
from cds_service.terminology.seen.results import observations_in, result_sightings
from cds_service.terminology.seen.sighting import Sighting
from cds_service.terminology.seen.tally import MOST_KEYS, Occurrences, SightingCounts

_MOST_WAITING = 100_000


class Survey:
    """What a feed holds, counted. Give it each document, then `finish`."""

    def __init__(self, knowledge: FactReaders, enough: int, note: Note, most_keys: int = MOST_KEYS) -> None:
        """`enough`: patients from which on it need not be known how many more there are. `note`: what is told of a
        resource that can't be read, by its place and never by its id."""
        self.tally = SightingCounts(enough, most_keys)
        self._knowledge = knowledge
        self._note = note
        self._waiting: dict[tuple[str, str], tuple[Occurrences, Sighting]] = {}
        self._medications: dict[str, Sighting] = {}
        self._events = EventSightings(knowledge.systems)

    def add(self, reading: ParsedDocument) -> None:
        """Count the entries of a document."""
        found = decode_entries(reading.entries)
        linked = dict(_linked(found))
        record = Record(None, {}, frozenset(), {}, (), linked=linked)
        people = _People(found)
        for patient in people.all:
            self.tally.add_patient(patient)
        used: set[int] = set()
        for one in found:
            item = one.item
            if isinstance(item, UndecodedResource):
                self._malformed(item, one.entry.place)
            elif isinstance(item, Medication | Patient):
                continue
            else:
                self._add(item, record, people, used)
        for one in found:
            if isinstance(one.item, Medication) and id(one.item) not in used:
                self._add_medication(one.item, record)

    def lost(self) -> None:
        """Count a line or a document that could not be read: whatever was in it is not understood."""
        self.tally.add(Sighting("(unreadable)", "malformed"), set())

    def finish(self) -> SightingCounts:
        """The counts, with every prescription beside the Medication that it refers to."""
        referred: set[str] = set()
        for (kind, reference), (count, own) in self._waiting.items():
            medication = self._medications.get(reference)
            referred.add(reference)
            sighting = own if medication is None else medication._replace(kind=kind)
            self.tally.add(sighting, set(count.patients), count.times)
        for reference, sighting in self._medications.items():
            if reference not in referred:
                self.tally.add(sighting, set())
        self._waiting, self._medications = {}, {}
        return self.tally

    def _add(self, view: Resource, record: Record, people: "_People", used: set[int]) -> None:
        kind = type(view).__name__
        row = RESOURCE_TYPES[kind]
        patients = people.of(None if row.subject is None else getattr(view, row.subject))
        for patient in patients:
            self.tally.add_patient(patient)
        if isinstance(view, Observation | DiagnosticReport):
            for observation in observations_in(view):
                for sighting in result_sightings(observation, self._knowledge):
                    self.tally.add(sighting, patients)
            return
        codes = self._knowledge.events.codes.get(cast("EventResource", row.events))
        if codes is None or kind not in READERS:
            return
        sighting = self._events.of(view, Matching(codes, record, NEVER, {}))
        reference = None if row.drug is None else getattr(view, row.drug)
        if reference is not None and getattr(view, row.code or "", None) is None:
            target = _target(reference, record.linked)
            if target is not None:
                used.add(id(target))
            elif self._waits(kind, reference, sighting, patients):
                return
        self.tally.add(sighting, patients)

    def _waits(self, kind: str, reference: Reference, sighting: Sighting, patients: set[int]) -> bool:
        """Whether a use of a drug is counted later, since its Medication may stand in another file."""
        key = parse_reference(reference.reference or "").key
        if key is None or not key.startswith("Medication/"):
            return False
        found = self._waiting.get((kind, key))
        if found is None:
            if len(self._waiting) >= _MOST_WAITING:
                return False
            found = self._waiting[kind, key] = (Occurrences(), sighting)
        found[0].add(1, patients, self.tally.enough)
        return True

    def _add_medication(self, drug: Medication, record: Record) -> None:
        codes = self._knowledge.events.codes.get("Medication")
        if codes is None:
            return
        product = product_of(drug, None, codes)
        sighting = sighting_of("Medication", concepts_of(drug), None, product.coded, self._knowledge.systems)
        if drug.id is None or len(self._medications) >= _MOST_WAITING:
            self.tally.add(sighting, set())
        else:
            self._medications[f"Medication/{drug.id}"] = sighting.clipped()

    def _malformed(self, item: UndecodedResource, place: str) -> None:
        issue = item.malformed.issue
        row = RESOURCE_TYPES[item.type]
        if row.is_used:
            self._note(UnreadPlace(place, " ".join(filter(None, (item.type, issue.element, issue.message)))))
        if row.events is not None or item.type == "Observation":
            self.tally.add(Sighting(item.type, "malformed"), set())


class _People:
    """The patients of a document, each as a hash of the id by which its resources name it."""

    def __init__(self, found: Iterable[Found]) -> None:
        patients = [one for one in found if one.entry.type == "Patient"]
        self._by_url = {one.entry.full_url: one.identity for one in patients if one.entry.full_url}
        # A Patient without id is known by its place, which is no other document's.
        self.all = {hash(one.identity) for one in patients}

    def of(self, reference: Reference | None) -> set[int]:
        """Whose a resource with this subject is; empty where that can't be told."""
        text = None if reference is None else reference.reference
        if text is None:
            # Without a subject it is the patient's with whom it came.
            return set(self.all) if reference is None and len(self.all) == 1 else set()
        own = self._by_url.get(text)
        target = parse_reference(text)
        if own is None and target.type not in {None, "Patient"}:
            return set()
        identity = own or target.id
        return set() if identity is None else {hash(identity)}


def _linked(found: Iterable[Found]) -> Iterator[tuple[str, Resource]]:
    for one in found:
        entry, item = one.entry, one.item
        if isinstance(item, Resource) and RESOURCE_TYPES[entry.type].is_linked:
            if item.id:
                yield f"{entry.type}/{item.id}", item
            if entry.full_url:
                yield entry.full_url, item


def _target(reference: Reference, linked: Mapping[str, Resource]) -> Resource | None:
    text = (reference.reference or "").strip()
    return linked.get(text) or linked.get(parse_reference(text).key or "")
