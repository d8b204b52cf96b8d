"""The resource types that are not read, each with what follows from one: a closed table over all types of FHIR.

`resource_types` has the types that are read. Of the others nearly all restate what is read, are about something else
than what a patient has or was given, or hold no patient at all: nothing follows from one. A few may hold a diagnosis,
a drug or a device that stands nowhere else: one of these makes that kind incomplete, with an issue. That costs
verdicts, so a type is one of the few only where its element certainly can hold such a thing. `docs/facts.md` shows the
table; definitions: https://hl7.org/fhir/R4/resourcelist.html.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.type_names import TYPE_NAMES


class Carrier(NamedTuple):
    """A type that may hold what stands nowhere else.

    `events`: the kind of events (`ResourceType.events`); `element`: where it holds them, as a path of FHIR's names, or
    empty where the resource itself is one; `why`: in a phrase.
    """

    events: str
    element: str
    why: str


CARRIERS: Mapping[str, Carrier] = {
    "AdverseEvent": Carrier(
        "Condition", "event", "what happened to the patient may be a disease that no Condition names"
    ),
    "ClinicalImpression": Carrier(
        "Condition", "finding.itemCodeableConcept", "a finding in place of a reference may be a diagnosis"
    ),
    "DeviceAssociation": Carrier("Device", "", "R5: a device that is implanted in or attached to the patient"),
    "DeviceUsage": Carrier("Device", "", "R5's name for DeviceUseStatement"),
}
"""Types that make a kind incomplete."""

READ_IN_PART: Mapping[str, str] = {
    "Bundle": "what it holds is read",
    "Composition": "of a document: whether its sections are empty, and why",
    "List": "whether it is empty for a reason",
    "OperationOutcome": "whether the server left something out",
    "Parameters": "what it holds is read",
}
"""Types of which only what stands here is read."""

NOTHING_FOLLOWS = "nothing follows"
_NOTHING: Mapping[str, str] = {
    "restates what is read": """
        Account CarePlan CareTeam ChargeItem Claim ClaimResponse Communication DetectedIssue DocumentManifest
        DocumentReference EpisodeOfCare EncounterHistory ExplanationOfBenefit Flag Goal GuidanceResponse Invoice Media
        MeasureReport Provenance QuestionnaireResponse
    """,
    "asks, orders, plans or books; nothing has been found or given yet": """
        Appointment AppointmentResponse CommunicationRequest CoverageEligibilityRequest DeviceRequest
        ImmunizationRecommendation NutritionOrder RequestGroup RequestOrchestration Schedule ServiceRequest Slot
        SupplyRequest Task Transport VisionPrescription
    """,
    "about a risk, a relative or another person, not about what the patient has": """
        FamilyMemberHistory Group Person Practitioner PractitionerRole RelatedPerson RiskAssessment
    """,
    "material, images or raw data; what they show is an Observation or a DiagnosticReport": """
        Binary BiologicallyDerivedProduct BodyStructure GenomicStudy ImagingSelection ImagingStudy MolecularSequence
        Specimen
    """,
    "judges or accompanies what is read": """
        BiologicallyDerivedProductDispense DeviceDispense DeviceMetric ImmunizationEvaluation InventoryReport
        NutritionIntake SupplyDelivery VerificationResult
    """,
    "says nothing of its own kind": "Basic Linkage",
    "administration, money or law": """
        AuditEvent Consent Contract Coverage CoverageEligibilityResponse Endpoint EnrollmentRequest EnrollmentResponse
        HealthcareService InsurancePlan InventoryItem Location Organization OrganizationAffiliation PaymentNotice
        PaymentReconciliation Permission
    """,
    "describes products, studies, knowledge or software, for nobody in particular": """
        ActivityDefinition ActorDefinition AdministrableProductDefinition ArtifactAssessment CapabilityStatement
        CatalogEntry ChargeItemDefinition Citation ClinicalUseDefinition CodeSystem CompartmentDefinition ConceptMap
        ConditionDefinition DeviceDefinition EffectEvidenceSynthesis EventDefinition Evidence EvidenceReport
        EvidenceVariable ExampleScenario FormularyItem GraphDefinition ImplementationGuide Ingredient Library
        ManufacturedItemDefinition Measure MedicationKnowledge MedicinalProduct MedicinalProductAuthorization
        MedicinalProductContraindication MedicinalProductDefinition MedicinalProductIndication
        MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
        MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader NamingSystem
        NutritionProduct ObservationDefinition OperationDefinition PackagedProductDefinition PlanDefinition
        Questionnaire RegulatedAuthorization Requirements ResearchDefinition ResearchElementDefinition ResearchStudy
        RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition StructureMap Subscription
        SubscriptionStatus SubscriptionTopic SubstanceDefinition SubstanceNucleicAcid SubstancePolymer
        SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
        TerminologyCapabilities TestPlan TestReport TestScript ValueSet
    """,
}


class TypeEntry(NamedTuple):
    """A line of the table: what follows from a resource of the type, and why."""

    name: str
    what: str
    why: str


def table_of_types() -> Iterator[TypeEntry]:
    """All resource types, in alphabetical order, and what follows from each. A type that is read is said to be that,
    whatever else stands here of it."""
    nothing = {name: why for why, names in _NOTHING.items() for name in names.split()}
    for name in sorted(TYPE_NAMES):
        row = RESOURCE_TYPES.get(name)
        carrier = CARRIERS.get(name)
        if row is not None:
            yield TypeEntry(name, "read", "" if row.is_used else "nothing rests on it yet")
        elif carrier is not None:
            kind = f"{carrier.events} is incomplete" + (f" where it has `{carrier.element}`" if carrier.element else "")
            yield TypeEntry(name, kind, carrier.why)
        elif name in READ_IN_PART:
            yield TypeEntry(name, "read in part", READ_IN_PART[name])
        else:
            yield TypeEntry(name, NOTHING_FOLLOWS, nothing[name])
