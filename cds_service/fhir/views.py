"""Typed views of FHIR R4 resources, holding only the elements that the service reads.

Each view is a frozen `msgspec.Struct`: attributes are the FHIR element names in snake case (`valueQuantity` is
`value_quantity`), every element is optional (absent is `None`, an absent list is `()`), and elements that are not named
here are ignored. Dates stay text, as sent (see `dates`); numbers are `decimal.Decimal` with the digits that were sent.
Element meanings: https://hl7.org/fhir/R4/.

`contained` resources stay undecoded (`msgspec.Raw`), so that an odd one cannot spoil the resource around it; so do a
Patient's extensions and links (see `persons`).
"""

from decimal import Decimal

from msgspec import Raw, Struct, field

# No measurement comes near this; larger ones only serve to overflow whatever computes with them.
_LARGEST_EXPONENT = 100


class Element(Struct, frozen=True, rename="camel", gc=False):
    """Base of every view: frozen, camel-case on the wire, unknown elements ignored."""


class BackboneElement(Element, frozen=True):
    """An element that may carry modifiers: `modifiers` says what follows where it does."""

    modifier_extension: tuple[Raw, ...] = ()


class CodeValue(Element, frozen=True):
    """A Coding of which nothing but its code is read."""

    code: str | None = None


class CodingExtension(Element, frozen=True):
    url: str | None = None
    value_coding: CodeValue | None = None


class Coding(Element, frozen=True):
    """`extension` may say how sure it is (see `certainty`)."""

    system: str | None = None
    version: str | None = None
    code: str | None = None
    display: str | None = None
    extension: tuple[CodingExtension, ...] = ()


class AbsenceExtension(Element, frozen=True):
    """An extension of which no more is read than what it is: the reason why a value is absent, or another."""

    url: str | None = None


class AbsentElement(Element, frozen=True):
    """What stands in place of a primitive value, or beside it (FHIR's `_value`)."""

    extension: tuple[AbsenceExtension, ...] = ()


class CodeableConcept(Element, frozen=True):
    """`extension` may hold the reason why there is nothing else."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None
    extension: tuple[AbsenceExtension, ...] = ()


class Identifier(Element, frozen=True):
    system: str | None = None
    value: str | None = None


class Reference(Element, frozen=True):
    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(Element, frozen=True):
    start: str | None = None
    end: str | None = None


class Quantity(Element, frozen=True):
    """A measured amount; also stands for SimpleQuantity, Age and Duration. `comparator` is one of < <= >= >.

    A `value` sent as a JSON string ("7.2") counts as the number. NaN, infinities and absurd magnitudes do not.
    `value_element` (FHIR's `_value`) and `extension` may hold the reason why there is no value.
    """

    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None
    value_element: AbsentElement | None = field(default=None, name="_value")
    extension: tuple[AbsenceExtension, ...] = ()

    def __post_init__(self) -> None:
        value = self.value
        if value is None:
            return
        if not value.is_finite():
            raise ValueError("`value` is not a finite number")
        if not -_LARGEST_EXPONENT <= value.adjusted() <= _LARGEST_EXPONENT:
            raise ValueError("`value` is far out of any possible range")


class Range(Element, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element, frozen=True):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class TimingRepeat(Element, frozen=True):
    """`frequency` times in each `period` of a `period_unit` (UCUM); `bounds_…` is the length or period of all of it."""

    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None
    bounds_range: Range | None = None
    frequency: Decimal | None = None
    period: Decimal | None = None
    period_unit: str | None = None


class Timing(BackboneElement, frozen=True):
    event: tuple[str, ...] = ()
    repeat: TimingRepeat | None = None
    code: CodeableConcept | None = None


class Meta(Element, frozen=True):
    last_updated: str | None = None
    version_id: str | None = None


class Resource(Element, frozen=True):
    """What every resource may carry. `modifier_extension` is only looked at for being there (see `modifiers`)."""

    id: str | None = None
    meta: Meta | None = None
    implicit_rules: str | None = None
    modifier_extension: tuple[Raw, ...] = ()
    contained: tuple[Raw, ...] = ()


class Patient(Resource, frozen=True, tag="Patient", tag_field="resourceType"):
    identifier: tuple[Identifier, ...] = ()
    birth_date: str | None = None
    gender: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    active: Raw = Raw()
    extension: tuple[Raw, ...] = ()
    link: tuple[Raw, ...] = ()


class ReferenceRange(BackboneElement, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: tuple[CodeableConcept, ...] = ()
    age: Range | None = None
    text: str | None = None


class ObservationComponent(BackboneElement, frozen=True):
    code: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    value_time: str | None = None
    value_sampled_data: dict[str, Raw] | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class Observation(Resource, frozen=True, tag="Observation", tag_field="resourceType"):
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    focus: tuple[Reference, ...] = ()
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    effective_timing: Timing | None = None
    issued: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    value_time: str | None = None
    value_sampled_data: dict[str, Raw] | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()
    body_site: CodeableConcept | None = None
    method: CodeableConcept | None = None
    specimen: Reference | None = None
    has_member: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()
    component: tuple[ObservationComponent, ...] = ()


class ConditionStage(Element, frozen=True):
    summary: CodeableConcept | None = None
    type: CodeableConcept | None = None


class Condition(Resource, frozen=True, tag="Condition", tag_field="resourceType"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    severity: CodeableConcept | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    encounter: Reference | None = None
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: str | None = None
    abatement_date_time: str | None = None
    abatement_age: Quantity | None = None
    abatement_period: Period | None = None
    abatement_range: Range | None = None
    abatement_string: str | None = None
    recorded_date: str | None = None
    stage: tuple[ConditionStage, ...] = ()


class DoseAndRate(Element, frozen=True):
    dose_quantity: Quantity | None = None


class Dosage(BackboneElement, frozen=True):
    """`Dosage` of requests, statements and dispenses, and `MedicationAdministration.dosage` (which has no timing).

    `as_needed` and `as_needed_for` are what R5 has in place of `as_needed_boolean` and `as_needed_codeable_concept`.
    """

    text: str | None = None
    additional_instruction: tuple[CodeableConcept, ...] = ()
    patient_instruction: str | None = None
    timing: Timing | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    as_needed: bool | None = None
    as_needed_for: tuple[CodeableConcept, ...] = ()
    dose_and_rate: tuple[DoseAndRate, ...] = ()
    route: CodeableConcept | None = None
    site: CodeableConcept | None = None
    method: CodeableConcept | None = None


class DispenseRequest(BackboneElement, frozen=True):
    validity_period: Period | None = None
    number_of_repeats_allowed: int | None = None
    expected_supply_duration: Quantity | None = None


class MedicationRequest(Resource, frozen=True, tag="MedicationRequest", tag_field="resourceType"):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None


class MedicationStatement(Resource, frozen=True, tag="MedicationStatement", tag_field="resourceType"):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    dosage: tuple[Dosage, ...] = ()


class MedicationAdministration(Resource, frozen=True, tag="MedicationAdministration", tag_field="resourceType"):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    dosage: Dosage | None = None


class MedicationDispense(Resource, frozen=True, tag="MedicationDispense", tag_field="resourceType"):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    days_supply: Quantity | None = None
    when_prepared: str | None = None
    when_handed_over: str | None = None
    dosage_instruction: tuple[Dosage, ...] = ()


MedicationUse = MedicationRequest | MedicationStatement | MedicationAdministration | MedicationDispense
"""What says that a drug is, was or will be used."""


class MedicationIngredient(BackboneElement, frozen=True):
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    is_active: bool | None = None


class Medication(Resource, frozen=True, tag="Medication", tag_field="resourceType"):
    status: str | None = None
    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    ingredient: tuple[MedicationIngredient, ...] = ()


class Substance(Resource, frozen=True, tag="Substance", tag_field="resourceType"):
    """What a `MedicationIngredient.item_reference` may point to."""

    code: CodeableConcept | None = None


class Procedure(Resource, frozen=True, tag="Procedure", tag_field="resourceType"):
    status: str | None = None
    category: CodeableConcept | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    performed_string: str | None = None
    performed_age: Quantity | None = None
    performed_range: Range | None = None
    body_site: tuple[CodeableConcept, ...] = ()


class Immunization(Resource, frozen=True, tag="Immunization", tag_field="resourceType"):
    status: str | None = None
    vaccine_code: CodeableConcept | None = None
    patient: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_string: str | None = None
    recorded: str | None = None


class AllergyReaction(BackboneElement, frozen=True):
    substance: CodeableConcept | None = None
    manifestation: tuple[CodeableConcept, ...] = ()
    onset: str | None = None
    severity: str | None = None


class AllergyIntolerance(Resource, frozen=True, tag="AllergyIntolerance", tag_field="resourceType"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    type: str | None = None
    category: tuple[str, ...] = ()
    criticality: str | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: str | None = None
    recorded_date: str | None = None
    reaction: tuple[AllergyReaction, ...] = ()


class DiagnosticReport(Resource, frozen=True, tag="DiagnosticReport", tag_field="resourceType"):
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    result: tuple[Reference, ...] = ()
    conclusion: str | None = None
    conclusion_code: tuple[CodeableConcept, ...] = ()


class Device(Resource, frozen=True, tag="Device", tag_field="resourceType"):
    status: str | None = None
    type: CodeableConcept | None = None
    patient: Reference | None = None


class DeviceUseStatement(Resource, frozen=True, tag="DeviceUseStatement", tag_field="resourceType"):
    status: str | None = None
    subject: Reference | None = None
    device: Reference | None = None
    timing_timing: Timing | None = None
    timing_period: Period | None = None
    timing_date_time: str | None = None
    recorded_on: str | None = None


class ResearchSubject(Resource, frozen=True, tag="ResearchSubject", tag_field="resourceType"):
    status: str | None = None
    period: Period | None = None
    study: Reference | None = None
    individual: Reference | None = None


class EncounterDiagnosis(Element, frozen=True):
    condition: Reference | None = None
    use: CodeableConcept | None = None


class Encounter(Resource, frozen=True, tag="Encounter", tag_field="resourceType"):
    status: str | None = None
    class_: Coding | None = field(name="class", default=None)
    type: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    period: Period | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
