"""One patient's record, as the facts layer reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Raw

from cds_service.errors import Issue
from cds_service.fhir.decode import Malformed, contained_by_id, try_decode
from cds_service.fhir.references import parse_reference
from cds_service.fhir.views import (
    CodeableConcept,
    Device,
    DeviceUseStatement,
    Medication,
    MedicationAdministration,
    MedicationIngredient,
    MedicationRequest,
    MedicationStatement,
    Patient,
    Reference,
    Resource,
    Substance,
)

Gap = Literal["not_supplied", "incomplete_record"]
_Contained = Mapping[str, tuple[str, Raw]]
R = TypeVar("R", bound=Resource)
MedicationUse = MedicationRequest | MedicationStatement | MedicationAdministration


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
    * `linked`: Medications, Substances and Devices by `Type/id` and by `fullUrl`.
    """

    patient: Patient | None
    resources: Mapping[str, tuple[Any, ...]]
    whole: frozenset[str]
    gaps: Mapping[str, Gap]
    issues: tuple[Issue, ...]
    malformed: tuple[Malformed, ...] = ()
    linked: Mapping[str, Resource] = field(default_factory=dict)

    def medication_of(self, use: MedicationUse) -> Medication | CodeableConcept | None:
        """Which drug a request, statement or administration is about.

        A concept where it is given in place; else the Medication referred to, contained or sent along, its ingredients'
        own references resolved. `None` where it points to what was not sent: then it may be any drug.
        """
        if use.medication_codeable_concept is not None:
            return use.medication_codeable_concept
        contained = contained_by_id(use.contained)
        found = self._find(use.medication_reference, contained, Medication)
        if found is None or not any(i.item_reference is not None for i in found.ingredient):
            return found
        contained |= contained_by_id(found.contained)
        ingredients = tuple(self._with_code(ingredient, contained) for ingredient in found.ingredient)
        return msgspec.structs.replace(found, ingredient=ingredients)

    def device_of(self, use: DeviceUseStatement) -> Device | None:
        """The Device that a statement says is used; `None` where it was not sent."""
        return self._find(use.device, contained_by_id(use.contained), Device)

    def _with_code(self, ingredient: MedicationIngredient, contained: _Contained) -> MedicationIngredient:
        if ingredient.item_codeable_concept is not None or ingredient.item_reference is None:
            return ingredient
        item: Substance | Medication | None = self._find(ingredient.item_reference, contained, Substance)
        item = item or self._find(ingredient.item_reference, contained, Medication)
        if item is None or item.code is None:
            return ingredient
        return msgspec.structs.replace(ingredient, item_codeable_concept=item.code)

    def _find(self, reference: Reference | None, contained: _Contained, view: type[R]) -> R | None:
        text = None if reference is None else reference.reference
        if text is None:
            return None
        if text.startswith("#"):
            name, raw = contained.get(text[1:], ("", Raw()))
            return try_decode(raw, view) if name == view.__name__ else None
        found = self.linked.get(text.strip()) or self.linked.get(parse_reference(text).key or "")
        return found if isinstance(found, view) else None
