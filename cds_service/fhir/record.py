"""One patient's record, as the facts layer reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Raw

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.decode import UnreadableResource, contained_by_id, try_decode
from cds_service.fhir.references import parse_reference
from cds_service.fhir.sections import ListedSection
from cds_service.fhir.views import (
    CodeableConcept,
    Condition,
    Device,
    DeviceUseStatement,
    Encounter,
    Medication,
    MedicationIngredient,
    MedicationUse,
    Patient,
    Reference,
    Resource,
    Substance,
)

Gap = Literal["not_supplied", "incomplete_record"]
_Contained = Mapping[str, tuple[str, Raw]]
R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was sent about one patient, and how far it can be relied on to be everything.

    * `patient`: `None` only in a hook whose Patient could not be read.
    * `resources`: resource type to its views, in the order met; a type of which nothing was sent is missing.
    * `whole`: the types that were supplied completely. Only there may absence be presumed, and only where nothing in
      `malformed` could be what is looked for.
    * `gaps`: for every other type that is read, why it is not whole.
    * `malformed`: resources of this patient, or perhaps of this patient, that do not count. One whose `code` is `None`
      may be anything of its type; one whose code is foreign to a value set is immaterial to it. Types in `whole` are
      *not* reduced by these: whoever looks for something specific decides.
    * `issues`: everything that was wrong, for the log and the answer.
    * `linked`: Medications, Substances, Devices and Encounters by `Type/id` and by `fullUrl`.
    * `sections`: the sections of a document, and the Lists that say why they are empty.
    * `unread`: resources of types that are not read, and that may hold what stands nowhere else.
    """

    patient: Patient | None
    resources: Mapping[str, tuple[Any, ...]]
    whole: frozenset[str]
    gaps: Mapping[str, Gap]
    issues: tuple[Issue, ...]
    malformed: tuple[UnreadableResource, ...] = ()
    linked: Mapping[str, Resource] = field(default_factory=dict)
    sections: tuple[ListedSection, ...] = ()
    unread: tuple[IncompleteResource, ...] = ()
    _resolved: dict[int, tuple[Medication, Medication, bool]] = field(default_factory=dict, compare=False, repr=False)
    """Medications by identity: as sent, with the codes of their ingredients, and whether some `#` is still open."""

    def medication_of(self, use: MedicationUse, deadline: Deadline = NEVER) -> Medication | CodeableConcept | None:
        """Which drug a request, statement or administration is about.

        A concept where it is given in place; else the Medication referred to, contained or sent along, its ingredients'
        own references resolved. `None` where it points to what was not sent: then it may be any drug. Raises
        `OutOfTime`.
        """
        if use.medication_codeable_concept is not None:
            return use.medication_codeable_concept
        contained = contained_by_id(use.contained, deadline)
        found = self._find(use.medication_reference, contained, Medication)
        if found is None:
            return None
        # Any number of uses may refer to one. The resource that it is kept under stays, so its identity stands for it.
        kept = self._resolved.get(id(found))
        if kept is None or kept[0] is not found:
            own = self._with_codes(found, contained_by_id(found.contained, deadline), deadline)
            deadline.spend(len(own.ingredient))
            is_open = any(_is_contained(i) for i in own.ingredient if i.item_codeable_concept is None)
            kept = self._resolved[id(found)] = found, own, is_open
        _, resolved, is_open = kept
        # Some writers put what is in the Medication beside it, into the use.
        return self._with_codes(resolved, contained, deadline) if is_open and contained else resolved

    def device_of(self, use: DeviceUseStatement, deadline: Deadline = NEVER) -> Device | None:
        """The Device that a statement says is used; `None` where it was not sent. Raises `OutOfTime`."""
        return self._find(use.device, contained_by_id(use.contained, deadline), Device)

    def encounter_of(self, condition: Condition) -> Encounter | None:
        """The Encounter at which a diagnosis was made; `None` where it was not sent."""
        text = "" if condition.encounter is None else condition.encounter.reference or ""
        contained = contained_by_id(condition.contained) if text.startswith("#") else {}
        return self._find(condition.encounter, contained, Encounter)

    def _with_codes(self, found: Medication, contained: _Contained, deadline: Deadline) -> Medication:
        # Thousands of ingredients may refer to one item, and to decode it may take long.
        codes: dict[str | None, CodeableConcept | None] = {}
        ingredients: list[MedicationIngredient] = []
        for ingredient in deadline.each(found.ingredient):
            reference = ingredient.item_reference
            if reference is None or ingredient.item_codeable_concept is not None:
                ingredients.append(ingredient)
                continue
            if reference.reference not in codes:
                codes[reference.reference] = self._code_of(reference, contained)
            code = codes[reference.reference]
            ingredients.append(msgspec.structs.replace(ingredient, item_codeable_concept=code))
        return msgspec.structs.replace(found, ingredient=tuple(ingredients)) if codes else found

    def _code_of(self, reference: Reference, contained: _Contained) -> CodeableConcept | None:
        item: Substance | Medication | None = self._find(reference, contained, Substance)
        item = item or self._find(reference, contained, Medication)
        return None if item is None else item.code

    def _find(self, reference: Reference | None, contained: _Contained, view: type[R]) -> R | None:
        text = None if reference is None else reference.reference
        if text is None:
            return None
        if text.startswith("#"):
            name, raw = contained.get(text[1:], ("", Raw()))
            return try_decode(raw, view) if name == view.__name__ else None
        found = self.linked.get(text.strip()) or self.linked.get(parse_reference(text).key or "")
        return found if isinstance(found, view) else None


def _is_contained(ingredient: MedicationIngredient) -> bool:
    reference = ingredient.item_reference
    return reference is not None and (reference.reference or "").startswith("#")
