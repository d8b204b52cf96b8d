"""FHIR R4 JSON to typed views of one patient's record, tolerant resource by resource.

`read_bundle` reads a whole record from one document; `RecordBuilder` collects it from CDS Hooks prefetch values. Both
give a `Record`, which says besides what was sent how far it can be relied on to be everything."""

from cds_service.fhir.assemble import Found, decode_entries
from cds_service.fhir.bundle import read_document
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.certainty import Certainty, lettered_certainty, stated_certainty
from cds_service.fhir.damaged_json import isolated
from cds_service.fhir.dates import ALWAYS, DateError, DateRange, is_odd, parse_date, parse_period, parse_timing
from cds_service.fhir.decode import UndecodedResource, UnreadableResource, decode_resource, resource_type
from cds_service.fhir.headers import HeaderBundle
from cds_service.fhir.issue_codes import ISSUE_CODES
from cds_service.fhir.other_types import CARRIERS, NOTHING_FOLLOWS, READ_IN_PART, TypeEntry, table_of_types
from cds_service.fhir.patients import Patients
from cds_service.fhir.persons import birth_sexes
from cds_service.fhir.prefetch import KeyReport, KeyState, MixedPatients, RecordBuilder
from cds_service.fhir.read import read_bundle
from cds_service.fhir.reading import ParsedDocument
from cds_service.fhir.record import Gap, Record
from cds_service.fhir.references import ReferenceKind, Target, parse_reference, resolve
from cds_service.fhir.repeated_keys import repeated_keys
from cds_service.fhir.resource_types import RESOURCE_TYPES, ResourceType, is_material, types_of_events
from cds_service.fhir.scan import ObservationFilter
from cds_service.fhir.sections import ListedSection
from cds_service.fhir.several import of_patient, patients_in
from cds_service.fhir.statuses import codes_of, is_empty, is_void, misread, word_of
from cds_service.fhir.views import (
    AbsenceExtension,
    AllergyIntolerance,
    CodeableConcept,
    CodeValue,
    Coding,
    Condition,
    Device,
    DeviceUseStatement,
    DiagnosticReport,
    Dosage,
    Encounter,
    EncounterDiagnosis,
    Immunization,
    Medication,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Observation,
    ObservationComponent,
    Patient,
    Period,
    Procedure,
    Quantity,
    Range,
    Ratio,
    Reference,
    ReferenceRange,
    ResearchSubject,
    Resource,
    Timing,
    TimingRepeat,
)

__all__ = [
    "ALWAYS",
    "CARRIERS",
    "ISSUE_CODES",
    "NOTHING_FOLLOWS",
    "READ_IN_PART",
    "RESOURCE_TYPES",
    "AbsenceExtension",
    "AllergyIntolerance",
    "Certainty",
    "CodeValue",
    "CodeableConcept",
    "Coding",
    "Condition",
    "DateError",
    "DateRange",
    "Device",
    "DeviceUseStatement",
    "DiagnosticReport",
    "Dosage",
    "Encounter",
    "EncounterDiagnosis",
    "Found",
    "Gap",
    "HeaderBundle",
    "Immunization",
    "IncompleteResource",
    "KeyReport",
    "KeyState",
    "ListedSection",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationUse",
    "MixedPatients",
    "Observation",
    "ObservationComponent",
    "ObservationFilter",
    "ParsedDocument",
    "Patient",
    "Patients",
    "Period",
    "Procedure",
    "Quantity",
    "Range",
    "Ratio",
    "Record",
    "RecordBuilder",
    "Reference",
    "ReferenceKind",
    "ReferenceRange",
    "ResearchSubject",
    "Resource",
    "ResourceType",
    "Target",
    "Timing",
    "TimingRepeat",
    "TypeEntry",
    "UndecodedResource",
    "UnreadableResource",
    "birth_sexes",
    "codes_of",
    "decode_entries",
    "decode_resource",
    "is_empty",
    "is_material",
    "is_odd",
    "is_void",
    "isolated",
    "lettered_certainty",
    "misread",
    "of_patient",
    "parse_date",
    "parse_period",
    "parse_reference",
    "parse_timing",
    "patients_in",
    "read_bundle",
    "read_document",
    "repeated_keys",
    "resolve",
    "resource_type",
    "stated_certainty",
    "table_of_types",
    "types_of_events",
    "word_of",
]
