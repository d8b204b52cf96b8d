"""The subject of a resource.

Two people must never be mixed, so only what is certainly this patient's counts as theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Raw

from cds_service.deadline import NEVER, Deadline
from cds_service.fhir.decode import contained_by_id, try_decode
from cds_service.fhir.references import Addresses, ReferenceKind, Target, resolve
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.views import Identifier, Observation, Patient, Reference, Resource

# What else an entry of a record may be about. Of any other type ("Ptient") it can't be told whose the entry is.
_OTHERS = frozenset(
    {
        *("group", "device", "location", "practitioner", "practitionerrole", "relatedperson", "person"),
        *("organization", "careteam", "healthcareservice", "medication", "substance", "specimen"),
    }
)
_PEOPLE = frozenset({"Patient", "RelatedPerson", "Group", "Practitioner"})


class SubjectMatch(Enum):
    """`NOBODY`: it is about a group, device, place or another sort of person, so about no patient of ours."""

    PATIENT = "patient"
    ANOTHER = "another patient"
    NOBODY = "no patient"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Subjects:
    """Tells of one patient's record what belongs to it.

    `full_urls` maps the `fullUrl` of each entry to what it holds. A resource without any subject is taken to be the
    patient's: it was sent as part of the record. Absolute references are compared by type and id alone, because
    gateways rewrite the server's name; `foreign_bases` collects the servers that are not `base_url`.
    """

    patient_id: str
    identifiers: frozenset[tuple[str, str]]
    full_urls: Addresses
    base_url: str | None = None
    deadline: Deadline = NEVER
    foreign_bases: set[str] = field(default_factory=set)
    _known: dict[str, SubjectMatch] = field(default_factory=dict)
    _by_id: dict[int, dict[str, tuple[str, Raw]]] = field(default_factory=dict)
    _inner: dict[tuple[int, str], SubjectMatch] = field(default_factory=dict)

    def of_view(self, view: Resource, container: Resource | None = None) -> tuple[SubjectMatch, str]:
        """Whose a decoded resource is, and the element that says so: its subject, or an Observation's `focus`, which
        tells whom it is really about. `container` is the resource that it is contained in.
        """
        element = RESOURCE_TYPES[type(view).__name__].subject
        contained = view.contained if container is None else container.contained
        whose = SubjectMatch.PATIENT if element is None else self.of(getattr(view, element), contained)
        if whose is SubjectMatch.PATIENT and isinstance(view, Observation) and view.focus:
            return self._of_focus(view.focus, contained), "focus"
        return whose, element or ""

    def of(self, reference: Reference | None, contained: tuple[Raw, ...] = ()) -> SubjectMatch:
        """The match of a resource with this subject."""
        if reference is None:
            return SubjectMatch.PATIENT
        text = reference.reference
        if text is None:
            return self._of_logical(reference)
        if text.startswith("#"):
            return self._of_contained(text[1:], contained)
        if text not in self._known:
            self._known[text] = self._of_target(resolve(text, self.full_urls))
        return self._known[text]

    def _of_target(self, target: Target) -> SubjectMatch:
        if self.base_url and target.base and target.base.rstrip("/") != self.base_url.rstrip("/"):
            self.foreign_bases.add(target.base)
        if target.kind is ReferenceKind.URN and target.id == self.patient_id:
            # A Bundle whose Patient has the UUID as its id, but no fullUrl to say so.
            return SubjectMatch.PATIENT
        if target.type is None or target.kind is ReferenceKind.CONDITIONAL:
            return SubjectMatch.UNKNOWN
        if target.type.casefold() != "patient":
            return _not_a_patient(target.type)
        if target.id is None:
            return SubjectMatch.UNKNOWN
        return SubjectMatch.PATIENT if target.id == self.patient_id else SubjectMatch.ANOTHER

    def _of_logical(self, reference: Reference) -> SubjectMatch:
        """A reference without address. By identifier it is the patient where the Patient has that very identifier; a
        display name alone proves nothing."""
        if reference.type is not None and reference.type.casefold() != "patient":
            return _not_a_patient(reference.type)
        if reference.identifier is not None:
            return SubjectMatch.PATIENT if _pairs((reference.identifier,)) & self.identifiers else SubjectMatch.UNKNOWN
        return SubjectMatch.PATIENT if reference.display is None else SubjectMatch.UNKNOWN

    def _of_contained(self, name: str, contained: tuple[Raw, ...]) -> SubjectMatch:
        """A contained Patient has no identity but its identifiers."""
        known = self._inner.get((id(contained), name))
        if known is None:
            type, raw = self._contained(contained).get(name, (None, Raw()))
            patient = try_decode(raw, Patient) if type == "Patient" else None
            ours = patient is not None and not self.identifiers.isdisjoint(identifiers_of(patient))
            known = self._inner[id(contained), name] = SubjectMatch.PATIENT if ours else SubjectMatch.UNKNOWN
        return known

    def _contained(self, contained: tuple[Raw, ...]) -> Mapping[str, tuple[str, Raw]]:
        # One container may hold thousands of results that all refer to its one contained Patient. The tuples live as
        # long as the views that are sorted, so their identity may stand for them.
        if id(contained) not in self._by_id:
            self._by_id[id(contained)] = contained_by_id(contained, self.deadline)
        return self._by_id[id(contained)]

    def _of_focus(self, focuses: tuple[Reference, ...], contained: tuple[Raw, ...]) -> SubjectMatch:
        """An Observation filed under the patient may be about the fetus, the donor or the mother."""
        for focus in self.deadline.each(focuses):
            text = focus.reference
            if text is None:
                type, whose = focus.type, self._of_logical(focus)
            elif text.startswith("#"):
                type, whose = self._contained(contained).get(text[1:], (None, None))[0], SubjectMatch.UNKNOWN
            else:
                target = resolve(text, self.full_urls)
                type, whose = target.type, self._of_target(target)
            if type in _PEOPLE and whose is not SubjectMatch.PATIENT:
                return SubjectMatch.NOBODY
            if type is None and whose is not SubjectMatch.PATIENT:
                return SubjectMatch.UNKNOWN
        return SubjectMatch.PATIENT


def _not_a_patient(type: str) -> SubjectMatch:
    return SubjectMatch.NOBODY if type.casefold() in _OTHERS else SubjectMatch.UNKNOWN


def identifiers_of(patient: Patient) -> frozenset[tuple[str, str]]:
    """The patient's complete identifiers as (system, value)."""
    return _pairs(patient.identifier)


def _pairs(identifiers: tuple[Identifier, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((i.system, i.value) for i in identifiers if i.system and i.value)
