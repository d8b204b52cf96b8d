"""The records of the patients in several documents, put together by what each resource refers to.

A bulk export has a file for each resource type (https://hl7.org/fhir/uv/bulkdata/export.html), a folder of charts a
Bundle for each patient, and a person may give a chart and the new results beside it. In all of them a resource belongs
to the Patient that it names, wherever that one stands. What names nobody belongs to the only Patient of its document;
else it may be anybody's, and counts for nobody.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from cds_service.errors import Issue, RecordError
from cds_service.fhir.assemble import Found, assemble, decode_entries
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.decode import UndecodedResource
from cds_service.fhir.full_urls import FullUrls
from cds_service.fhir.reading import EVERYTHING, ParsedDocument
from cds_service.fhir.record import Gap, Record
from cds_service.fhir.references import ReferenceKind, Target, resolve
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.sections import ListedSection
from cds_service.fhir.subjects import identifiers_of
from cds_service.fhir.views import Patient, Reference

_CHARTS = frozenset({"Bundle", "Parameters", "list"})
"""The documents that may hold all there is of a patient; a line of NDJSON is none."""


@dataclass(slots=True)
class _Share:
    """What may be one patient's, or anybody's."""

    found: list[Found] = field(default_factory=list)
    sections: list[ListedSection] = field(default_factory=list)
    unread: list[IncompleteResource] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Document:
    """A document with its entries decoded, and who is in it."""

    reading: ParsedDocument
    found: list[Found]
    patients: tuple[str, ...]


class Patients:
    """The patients of some documents. Give it all documents with `add` and `lose` first, then ask.

    It holds the documents, and a view of each resource in them.
    """

    def __init__(self) -> None:
        self._documents: list[_Document] = []
        self._lost: list[Issue] = []

    def add(self, reading: ParsedDocument) -> None:
        """Take in a document."""
        reading.settle()
        found = decode_entries(reading.entries)
        here = dict.fromkeys(one.identity for one in found if one.entry.type == "Patient")
        self._documents.append(_Document(reading, found, tuple(here)))

    def lose(self, place: str, message: str) -> None:
        """Note that something could not be read, which may have held more about a patient."""
        self._lost.append(Issue("warning", "unreadable_resource", place, "", message))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The patients, in the order met: the id, else the UUID in the `fullUrl`, else the place of each."""
        return tuple(dict.fromkeys(name for document in self._documents for name in document.patients))

    def places(self, patient_id: str) -> tuple[str, ...]:
        """The documents that hold this Patient."""
        return tuple(one.reading.place for one in self._documents if patient_id in one.patients)

    def record(self, patient_id: str) -> Record:
        """One patient's record, of all that the documents hold about this one. They are taken to hold everything,
        except where they say that something is missing, or could not be read.

        Raises `RecordError` where the Patient cannot be read, or where two people have the one id.
        """
        share, anybodys = self._sorted.shares[patient_id], self._sorted.anybodys
        self._refuse_two_people(patient_id, share.found)
        doubts = share.doubts | anybodys.doubts
        issues = [*anybodys.issues, *share.issues]
        if self._lost and not self._are_apart:
            doubts.add(EVERYTHING)
            issues += self._lost
        assembly = assemble(
            [*share.found, *anybodys.found],
            self._addresses,
            patient_id,
            sections=[*anybodys.sections, *share.sections],
            unread=[*anybodys.unread, *share.unread],
            unclaimed=self._unclaimed,
        )
        doubtful = RESOURCE_TYPES if EVERYTHING in doubts else doubts & RESOURCE_TYPES.keys()
        gap: Gap = "incomplete_record"
        record = assembly.record(dict.fromkeys(doubtful, gap), issues)
        if record.patient is None:
            raise RecordError("the Patient in the record cannot be read", record.issues)
        return record

    @property
    def strays(self) -> int:
        """How many resources are about a Patient who is not there."""
        return self._sorted.strays

    @cached_property
    def _are_apart(self) -> bool:
        """Whether each patient has a document alone, and nothing anywhere else: then what could not be read of another
        document is another patient's."""
        return (
            len(self.ids) > 1
            and all([one.patients for one in self._documents if name in one.patients] == [(name,)] for name in self.ids)
            and all(len(one.patients) == 1 and one.reading.root in _CHARTS for one in self._documents if one.found)
        )

    @cached_property
    def _unclaimed(self) -> frozenset[str]:
        """The places of the resources that name nobody, where that may be anybody."""
        if len(self.ids) < 2:
            return frozenset()
        return frozenset(
            one.entry.place
            for document in self._documents
            if len(document.patients) != 1
            for one in document.found
            if RESOURCE_TYPES[one.entry.type].subject is not None and _subject(one) is None
        )

    @cached_property
    def _addresses(self) -> dict[str, Target]:
        return {url: target for document in self._documents for url, target in document.reading.addresses.items()}

    @cached_property
    def _sorted(self) -> "_Sorted":
        return _Sorted(self._documents, _Owners(self._documents, self._addresses, self.ids), self.ids)

    def _refuse_two_people(self, patient_id: str, found: Iterable[Found]) -> None:
        people = [one.item for one in found if isinstance(one.item, Patient) and one.identity == patient_id]
        born = {one.birth_date for one in people if one.birth_date}
        places = self.places(patient_id)
        if len(born) > 1 and len(places) > 1:
            raise RecordError(f"two people have the id {patient_id} ({', '.join(places)}): their birth dates differ")


class _Sorted:
    """Each patient's share, what may be anybody's, and the number of resources that are about nobody who is there."""

    def __init__(self, documents: Iterable[_Document], owners: "_Owners", ids: tuple[str, ...]) -> None:
        self.shares = {name: _Share() for name in ids}
        self.anybodys = _Share()
        self.strays = 0
        for document in documents:
            here = [self.shares[name] for name in document.patients] or [self.anybodys]
            reading = document.reading
            for share in here:
                share.sections += reading.sections
                share.unread += reading.unread
                share.doubts |= reading.doubts | reading.left_out
                share.issues += reading.issues
            for one in document.found:
                named = owners.of(one)
                self.strays += named == ()
                for share in here if named is None else [self.shares[name] for name in named]:
                    share.found.append(one)


class _Owners:
    """Tells whose a resource is, among several patients."""

    def __init__(self, documents: Iterable[_Document], addresses: dict[str, Target], ids: tuple[str, ...]) -> None:
        everything = [one for document in documents for one in document.found]
        self._ids = ids
        self._known = frozenset(ids)
        self._full_urls = FullUrls(addresses)
        self._full_urls.append(
            [one.entry.full_url for one in everything],
            lambda index: Target(ReferenceKind.RELATIVE, everything[index].entry.type, everything[index].identity),
        )
        self._by_identifier: defaultdict[tuple[str | None, str | None], dict[str, None]] = defaultdict(dict)
        for one in everything:
            if isinstance(one.item, Patient):
                for identifier in identifiers_of(one.item):
                    self._by_identifier[identifier][one.identity] = None

    def of(self, found: Found) -> tuple[str, ...] | None:
        """The patients that it is about; none where that is a Patient who is not there, and None where it may be
        anybody in its document (or anybody at all, where nobody is in that)."""
        # With one patient all goes to that record, where it is told what is another one's.
        if len(self._ids) == 1:
            return self._ids
        if found.entry.type == "Patient":
            return (found.identity,)
        subject = _subject(found)
        if subject is None:
            return None
        if subject.reference is None:
            identifier = subject.identifier
            named = self._by_identifier.get((identifier.system, identifier.value)) if identifier is not None else None
            return None if named is None else tuple(named)
        target = resolve(subject.reference, self._full_urls)
        is_patient = target.type is not None and target.type.casefold() == "patient"
        if target.id in self._known and (is_patient or target.kind is ReferenceKind.URN):
            return (str(target.id),)
        return () if is_patient and target.id is not None else None


def _subject(found: Found) -> Reference | None:
    """Whom a resource names."""
    if isinstance(found.item, UndecodedResource):
        return found.item.subject
    element = RESOURCE_TYPES[found.entry.type].subject
    subject: Reference | None = None if element is None else getattr(found.item, element)
    return subject
