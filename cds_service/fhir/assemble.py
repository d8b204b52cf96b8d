"""Assembles one patient's record: the resources that are theirs and count, and issues about the others."""

import dataclasses
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue, Severity
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.decode import (
    UndecodedResource,
    UnreadableResource,
    decode_resource,
    label,
    outline,
    part_of,
    resource_type,
)
from cds_service.fhir.full_urls import FullUrls
from cds_service.fhir.headers import HeaderPage
from cds_service.fhir.modifiers import parts
from cds_service.fhir.persons import is_replaced
from cds_service.fhir.reading import FoundResource
from cds_service.fhir.record import Gap, Record
from cds_service.fhir.references import ReferenceKind, Target, parse_reference
from cds_service.fhir.report_dates import with_report_dates
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.sections import ListedSection
from cds_service.fhir.statuses import misread, odd_dates, word_of
from cds_service.fhir.subjects import SubjectMatch, Subjects, identifiers_of
from cds_service.fhir.versions import ResourceCopy, one_of_each
from cds_service.fhir.views import (
    DiagnosticReport,
    Observation,
    Patient,
    Reference,
    Resource,
)

_LINKED = tuple(row.view for row in RESOURCE_TYPES.values() if row.is_linked)
_VOID = frozenset({"entered-in-error", "cancelled"})
_NEVER = _VOID | {"unknown"}
_PERHAPS_OURS = frozenset({SubjectMatch.PATIENT, SubjectMatch.UNKNOWN})


class Found(NamedTuple):
    """One entry, decoded as far as that goes, and what was mended in it."""

    entry: FoundResource
    item: Resource | UndecodedResource
    notes: tuple[Issue, ...] = ()

    @property
    def identity(self) -> str:
        """The id, else the one in the `fullUrl`, else the place: what tells this Patient from another one."""
        if self.item.id is not None:
            return self.item.id
        url = self.entry.full_url
        return self.entry.place if url is None else parse_reference(url).id or url

    @property
    def label(self) -> str:
        return label(self.entry.type, self.item.id, self.entry.place)


@dataclass(frozen=True, slots=True)
class Assembly:
    """What belongs to one patient, and `strangers`: the resources that are about another one."""

    patient: Patient | None
    resources: Mapping[str, tuple[Any, ...]]
    malformed: tuple[UnreadableResource, ...]
    linked: Mapping[str, Resource]
    issues: tuple[Issue, ...]
    strangers: tuple[str, ...]
    sections: tuple[ListedSection, ...] = ()
    unread: tuple[IncompleteResource, ...] = ()

    def record(self, doubts: Mapping[str, Gap], issues: Sequence[Issue] = (), deadline: Deadline = NEVER) -> Record:
        """The finished record. `doubts` says of each type that is not whole why; `issues` were met on the way here.

        Raises `OutOfTime`.
        """
        record = Record(
            patient=self.patient,
            resources=self.resources,
            whole=frozenset(RESOURCE_TYPES) - doubts.keys(),
            gaps=doubts,
            issues=(*issues, *self.issues),
            malformed=self.malformed,
            linked=self.linked,
            sections=self.sections,
            unread=self.unread,
        )
        unresolved = tuple(_unresolved_drugs(record, deadline))
        return dataclasses.replace(record, issues=record.issues + unresolved) if unresolved else record


def decode_entries(entries: Sequence[FoundResource], deadline: Deadline = NEVER) -> list[Found]:
    """Decode each entry by itself, so that what is wrong with one stays with it. Raises `OutOfTime`."""
    found: list[Found] = []
    for entry in deadline.each(entries):
        notes: list[Issue] = []
        item = decode_resource(entry.type, entry.raw, entry.place, deadline, notes)
        found.append(Found(entry, item, tuple(notes)))
    return found


def assemble(
    found: Sequence[Found],
    addresses: Mapping[str, Target],
    patient_id: str,
    base_url: str | None = None,
    heads: Sequence[HeaderPage] = (),
    *,
    sections: Sequence[ListedSection] = (),
    unread: Sequence[IncompleteResource] = (),
    unclaimed: Container[str] = (),
    deadline: Deadline = NEVER,
) -> Assembly:
    """Sort out what belongs to the Patient whose `Found.identity` is `patient_id`.

    `addresses`: the `fullUrl`s of resources that are not read themselves, and what each points to.
    `heads`: where Observations were found, of which not all need be in `found`. `sections`, `unread`: see `Record`,
    whosever they are. `unclaimed`: the places of entries that name no patient and may be another one's. Raises
    `OutOfTime`.
    """
    full_urls = _full_urls(found, addresses, heads)
    return _Sorting(found, full_urls, patient_id, base_url, deadline, unclaimed=unclaimed).result(sections, unread)


class _Sorting:
    def __init__(
        self,
        found: Sequence[Found],
        full_urls: FullUrls,
        patient_id: str,
        base_url: str | None,
        deadline: Deadline,
        *,
        unclaimed: Container[str],
    ) -> None:
        self.deadline = deadline
        self.unclaimed = unclaimed
        self.issues: list[Issue] = []
        self.malformed: list[UnreadableResource] = []
        self.strangers: list[str] = []
        self.copies: list[ResourceCopy] = []
        self.patient = self._read_patient([one for one in found if one.entry.type == "Patient"], patient_id)
        identifiers = frozenset[tuple[str, str]]() if self.patient is None else identifiers_of(self.patient)
        self.subjects = Subjects(patient_id, identifiers, full_urls, base_url, deadline)
        rest: list[Found] = []
        for one in deadline.each(found):
            if not RESOURCE_TYPES[one.entry.type].is_used:
                rest.append(one)
            elif one.entry.type != "Patient":
                self._sort(one)
        # What the servers of the others are does not concern an answer.
        self.is_elsewhere = bool(self.subjects.foreign_bases)
        for one in deadline.each(rest):
            self._sort(one)

    def result(self, sections: Sequence[ListedSection], unread: Sequence[IncompleteResource]) -> Assembly:
        kept, issues = one_of_each(self.copies, self.deadline)
        kept = with_report_dates(kept, self.deadline)
        self.issues += issues
        if self.is_elsewhere:
            message = "references name another server than the record's own; the patient's id alone was compared"
            self.issues.append(Issue("information", "other_server", "document", "", message))
        resources: dict[str, list[Resource]] = defaultdict(list)
        for copy in self.deadline.each(kept):
            name = type(copy.view).__name__
            resources[name].append(self._read(copy.view, copy.place))
            for status in misread(copy.view):
                message = "is none that FHIR has; the resource does not count for certain"
                self._note("warning", "unknown_status", label(name, copy.view.id, copy.place), status, message)
            for element in odd_dates(copy.view):
                message = "is not in FHIR's form; it is read as the one date that it can be"
                self._note("information", "odd_date", label(name, copy.view.id, copy.place), element, message)
        return Assembly(
            patient=self.patient,
            resources={name: tuple(views) for name, views in resources.items()},
            malformed=tuple(self.malformed),
            linked=_linked(kept, self.deadline),
            issues=tuple(self.issues),
            strangers=tuple(self.strangers),
            sections=tuple([one for one in self.deadline.each(sections) if self._may_be_ours(one.subject)]),
            unread=tuple([one for one in self.deadline.each(unread) if self._may_be_ours(one.subject)]),
        )

    def _may_be_ours(self, subject: Reference | None) -> bool:
        return self.subjects.of(subject) in _PERHAPS_OURS

    def _read_patient(self, found: list[Found], patient_id: str) -> Patient | None:
        ours: list[ResourceCopy] = []
        for one in self.deadline.each(found):
            nameless = one.item.id is None and len(found) == 1
            if nameless and one.identity != patient_id:
                self._note("warning", "patient_without_id", one.label, "id", "is taken to be the patient asked for")
            if one.identity != patient_id and not nameless:
                self.strangers.append(one.label)
                self._note("warning", "other_patient", one.label, "", "is another patient and does not count")
            elif isinstance(one.item, UndecodedResource):
                self.issues.append(one.item.malformed.issue)
            else:
                self.issues += one.notes
                view = self._read(one.item, one.entry.place)
                ours.append(ResourceCopy(view, one.entry.place, one.entry.full_url))
        kept, issues = one_of_each(ours, self.deadline)
        self.issues += issues
        patient = _agreed([copy.view for copy in kept if isinstance(copy.view, Patient)])
        if patient is not None and is_replaced(patient):
            place = label("Patient", patient.id, "")
            self._note("warning", "replaced_patient", place, "link", "says that another Patient has taken its place")
        return patient

    def _read(self, view: Resource, place: str) -> Resource:
        """A resource without the parts of which modifiers change the meaning. A component among these may be a value of
        whatever its code says."""
        unread = parts(view)
        if unread is None:
            return view
        name = label(type(view).__name__, view.id, place)
        for element in unread.elements:
            message = "changes the meaning in a way that is not understood; this part is not read"
            self._note("warning", "modified_part", name, element, message)
        if isinstance(view, Observation) and word_of(view.status) in _NEVER:
            return unread.view
        for code in unread.codes:
            self.malformed.append(part_of(view, code, self.issues[-1]))
        return unread.view

    def _sort(self, found: Found, container: Resource | None = None) -> None:
        entry, item, notes = found
        if isinstance(item, UndecodedResource):
            whose, element = self.subjects.of(item.subject), str(RESOURCE_TYPES[entry.type].subject or "")
        else:
            whose, element = self.subjects.of_view(item, container)
        if entry.place in self.unclaimed:
            whose = SubjectMatch.UNKNOWN
        if whose is SubjectMatch.PATIENT and not isinstance(item, UndecodedResource):
            self.issues += notes
            self.copies.append(ResourceCopy(item, entry.place, entry.full_url))
            if item.contained and isinstance(item, DiagnosticReport | Observation):
                self._sort_contained(item, entry.place)
            return
        name = label(entry.type, item.id, entry.place)
        match whose:
            case SubjectMatch.ANOTHER:
                self.strangers.append(name)
                self._note("warning", "other_patient", name, element, "is about another patient and does not count")
            case SubjectMatch.NOBODY:
                self._note("information", "other_subject", name, element, "is not about a patient and does not count")
            case SubjectMatch.UNKNOWN:
                message = "it cannot be told whose it is; the resource does not count"
                self._note("warning", "unknown_subject", name, element, message)
                about = (
                    item.malformed
                    if isinstance(item, UndecodedResource)
                    else outline(entry.type, entry.raw, self.issues[-1])
                )
                self.malformed.append(replace(about, issue=self.issues[-1]))
            case SubjectMatch.PATIENT if isinstance(item, UndecodedResource):
                self.issues.append(item.malformed.issue)
                if not item.is_void:
                    self.malformed.append(item.malformed)

    def _sort_contained(self, container: DiagnosticReport | Observation, place: str) -> None:
        """Results that live inside a report; they are the report's where they do not say otherwise, and so is the time
        (DiagnosticReport.effective: "the time or time-period the observed values are related to")."""
        if word_of(container.status) in _VOID:
            return
        outer = label(type(container).__name__, container.id, place)
        for number, raw in enumerate(self.deadline.each(container.contained), 1):
            if resource_type(raw) != "Observation":
                continue
            entry = FoundResource(f"{outer} contained {number}", "Observation", raw)
            notes: list[Issue] = []
            item = decode_resource("Observation", raw, entry.place, self.deadline, notes)
            if isinstance(item, Observation):
                item = _placed_in(container, item, number)
            self._sort(Found(entry, item, tuple(notes)), container)

    def _note(self, severity: Severity, code: str, resource: str, element: str, message: str) -> None:
        self.issues.append(Issue(severity, code, resource, element, message))


def _full_urls(found: Sequence[Found], addresses: Mapping[str, Target], pages: Sequence[HeaderPage]) -> FullUrls:
    def read(index: int) -> Target:
        one = found[index]
        return Target(ReferenceKind.RELATIVE, one.entry.type, one.identity)

    full_urls = FullUrls(addresses)
    full_urls.append([one.entry.full_url for one in found], read)
    for page in pages:
        full_urls.append([entry.full_url for entry in page.entries], page.target)
    return full_urls


def _placed_in(container: DiagnosticReport | Observation, inner: Observation, number: int) -> Observation:
    inner_id = (inner.id or str(number)).removeprefix("#")
    changes: dict[str, Any] = {"id": f"{container.id}#{inner_id}", "contained": ()}
    timed = inner.effective_date_time or inner.effective_period or inner.effective_instant or inner.effective_timing
    if misread(container):
        # Whether the report stands is not known, and so neither whether what it holds does.
        changes["status"] = container.status
    if timed is None:
        changes |= {
            "effective_date_time": container.effective_date_time,
            "effective_period": container.effective_period,
        }
    if inner.issued is None:
        changes["issued"] = container.issued
    return msgspec.structs.replace(inner, **changes)


_NOTHING: tuple[Any, ...] = ((), msgspec.Raw())
_UNITED = frozenset({"extension", "link"})


def _agreed(versions: list[Patient]) -> Patient | None:
    """One Patient from versions of which nothing says which is newest: what they contradict each other in is unknown,
    but a death that one of them tells of is believed, and what extensions and links say is said by all of them."""
    if len(versions) < 2:
        return versions[0] if versions else None
    agreed: dict[str, Any] = {}
    for element in Patient.__struct_fields__:
        values = [getattr(version, element) for version in versions]
        values = [value for value in values if value is not None and value not in _NOTHING]
        if element in _UNITED:
            each = dict.fromkeys(bytes(one) for value in values for one in value)
            agreed[element] = tuple(map(msgspec.Raw, each))
        elif values and (element.startswith("deceased") or all(value == values[0] for value in values)):
            agreed[element] = max(values) if element.startswith("deceased") else values[0]
    return Patient(**agreed)


def _linked(copies: list[ResourceCopy], deadline: Deadline) -> dict[str, Resource]:
    linked: dict[str, Resource] = {}
    ambiguous: set[str] = set()
    for view, _, full_url in deadline.each(copies):
        if isinstance(view, _LINKED):
            addresses = [full_url, f"{type(view).__name__}/{view.id}" if view.id else None]
            for address in filter(None, addresses):
                if address in linked:
                    ambiguous.add(address)
                linked[address] = view
    return {address: view for address, view in linked.items() if address not in ambiguous}


def _unresolved_drugs(record: Record, deadline: Deadline) -> Iterator[Issue]:
    for name in [name for name, row in RESOURCE_TYPES.items() if row.drug is not None]:
        for number, use in enumerate(deadline.each(record.resources.get(name, ())), 1):
            if record.medication_of(use, deadline) is None:
                message = "the drug is not in the record: it may be any drug"
                place = label(name, use.id, f"number {number}")
                yield Issue("warning", "unresolved_medication", place, "medicationReference", message)
