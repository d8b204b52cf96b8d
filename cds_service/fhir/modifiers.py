"""What a `modifierExtension` that is not understood makes unread: the element that it stands on, and nothing else.

Whoever does not understand one must not process the element (https://hl7.org/fhir/R4/extensibility.html): a real one
says "specimen haemolysed", another "this is about the donor". None is understood here.

| on | what follows |
|---|---|
| a resource; a reaction; an ingredient | the resource is malformed |
| the Patient | age and sex are not understood |
| a component | it may be a value that is not understood |
| a reference range | it does not count |
| a dosage or its timing; a dispense request | route and times are not understood; of a dispense request the times |
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from cds_service.fhir.views import (
    AllergyIntolerance,
    CodeableConcept,
    DispenseRequest,
    Dosage,
    Medication,
    Observation,
    ObservationComponent,
    Patient,
    Period,
    ReferenceRange,
    Resource,
    Timing,
    TimingRepeat,
)

NOT_UNDERSTOOD = ""
"""In place of a text that is there and must not be read. It is no date, no sex and no code."""
_DOSAGES = ("dosage_instruction", "dosage")
R = TypeVar("R", bound=Resource)


class UnreadElements(NamedTuple):
    """What is left of a resource. `elements`: those that are not read, in FHIR's names; `codes`: what each component
    among them may be a value of (`None` in it: of anything)."""

    view: Resource
    elements: tuple[str, ...]
    codes: tuple[CodeableConcept | None, ...] = ()


def whole(view: Resource) -> str:
    """The element whose modifier makes a whole resource unread; empty where none does."""
    if view.implicit_rules:
        return "" if isinstance(view, Patient) else "implicitRules"
    if view.modifier_extension:
        return "" if isinstance(view, Patient) else "modifierExtension"
    if isinstance(view, AllergyIntolerance) and any(part.modifier_extension for part in view.reaction):
        return "reaction.modifierExtension"
    if isinstance(view, Medication) and any(part.modifier_extension for part in view.ingredient):
        return "ingredient.modifierExtension"
    return ""


def parts(view: Resource) -> UnreadElements | None:
    """What modifiers on parts of a resource leave of it; `None` where there is none, which is nearly always."""
    read = _READ.get(type(view).__name__)
    return None if read is None else read(view)


def _patient(view: Patient) -> UnreadElements | None:
    if not (view.modifier_extension or view.implicit_rules):
        return None
    gone = {name: NOT_UNDERSTOOD for name in ("birth_date", "gender") if getattr(view, name) is not None}
    return UnreadElements(replace(view, **gone), ("modifierExtension" if view.modifier_extension else "implicitRules",))


def _observation(view: Observation) -> UnreadElements | None:
    elements: list[str] = []
    changes: dict[str, Any] = {}
    codes: list[CodeableConcept | None] = []
    ranges = _sound(view.reference_range)
    if len(ranges) < len(view.reference_range):
        changes["reference_range"] = ranges
        elements.append("referenceRange")
    if view.component:
        components = [part for part in view.component if not part.modifier_extension]
        codes = [part.code for part in view.component if part.modifier_extension]
        inner = [_component(part) for part in components]
        if codes:
            elements.append("component")
        if any(new is not old for new, old in zip(inner, components, strict=True)):
            elements.append("component.referenceRange")
        if len(elements) > len(changes):
            changes["component"] = tuple(inner)
    return UnreadElements(replace(view, **changes), tuple(elements), tuple(codes)) if elements else None


def _component(part: ObservationComponent) -> ObservationComponent:
    ranges = _sound(part.reference_range)
    return part if len(ranges) == len(part.reference_range) else replace(part, reference_range=ranges)


def _sound(ranges: Sequence[ReferenceRange]) -> tuple[ReferenceRange, ...]:
    return tuple([one for one in ranges if not one.modifier_extension])


def _drug(view: Any) -> UnreadElements | None:
    elements: list[str] = []
    changes: dict[str, Any] = {}
    for name in _DOSAGES:
        given = getattr(view, name, None)
        dosages: tuple[Dosage, ...] = (given,) if isinstance(given, Dosage) else given or ()
        read = [_unread_dosage(one) if _is_modified(one) else one for one in dosages]
        if any(new is not old for new, old in zip(read, dosages, strict=True)):
            changes[name] = read[0] if isinstance(given, Dosage) else tuple(read)
            elements.append("dosageInstruction" if name == _DOSAGES[0] else name)
    dispense: DispenseRequest | None = getattr(view, "dispense_request", None)
    if dispense is not None and dispense.modifier_extension:
        changes["dispense_request"] = replace(dispense, validity_period=Period(start=NOT_UNDERSTOOD))
        elements.append("dispenseRequest")
    return UnreadElements(replace(view, **changes), tuple(elements)) if elements else None


def _is_modified(dosage: Dosage) -> bool:
    return bool(dosage.modifier_extension or (dosage.timing is not None and dosage.timing.modifier_extension))


def _unread_dosage(dosage: Dosage) -> Dosage:
    bounds = Period(start=NOT_UNDERSTOOD, end=NOT_UNDERSTOOD)
    return Dosage(
        # Its being there says that the route is not known, whatever form and name of the drug say.
        modifier_extension=dosage.modifier_extension or (dosage.timing or Timing()).modifier_extension,
        timing=Timing(repeat=TimingRepeat(bounds_period=bounds)),
    )


_READ: dict[str, Callable[[Any], UnreadElements | None]] = {
    "Patient": _patient,
    "Observation": _observation,
    **dict.fromkeys(
        ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"), _drug
    ),
}
