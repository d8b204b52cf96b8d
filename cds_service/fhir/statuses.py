"""The statuses that are read, and which of them FHIR R4 knows: any other ("confiroed") says nothing for certain.

Each set is the one that the element is bound to (required) in https://hl7.org/fhir/R4/, by resource type and element.
"""

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.views import CodeableConcept, Resource

Codes = frozenset[str]

_OBSERVATION = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
# medicationrequest-status, medication-statement-status and medication-admin-status together: feeds turn one of these
# resources into another and leave the status as it was, and each of them means the same in all.
_DRUG = frozenset(
    {
        *("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"),
        *("intended", "not-taken", "in-progress", "not-done"),
    }
)
_ON_STUDY = {"on-study", "on-study-intervention", "on-study-observation", "pending-on-study", "follow-up"}

# https://hl7.org/fhir/R4/valueset-NAME.html, NAME as in the comment.
_STATUSES: Mapping[str, Mapping[str, Codes]] = {
    "Condition": {
        # condition-clinical, condition-ver-status
        "clinical_status": frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"}),
        "verification_status": frozenset(
            {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
        ),
    },
    "AllergyIntolerance": {
        # allergyintolerance-clinical, allergyintolerance-verification
        "clinical_status": frozenset({"active", "inactive", "resolved"}),
        "verification_status": frozenset({"unconfirmed", "confirmed", "refuted", "entered-in-error"}),
    },
    "MedicationRequest": {
        "status": _DRUG,
        # medicationrequest-intent
        "intent": frozenset(
            {
                *("proposal", "plan", "order", "original-order", "reflex-order", "filler-order"),
                *("instance-order", "option"),
            }
        ),
    },
    "MedicationStatement": {"status": _DRUG},
    "MedicationAdministration": {"status": _DRUG},
    "Medication": {"status": frozenset({"active", "inactive", "entered-in-error"})},  # medication-status
    "Procedure": {
        # event-status
        "status": frozenset(
            {
                *("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"),
                *("entered-in-error", "unknown"),
            }
        ),
    },
    "Immunization": {"status": frozenset({"completed", "entered-in-error", "not-done"})},  # immunization-status
    "Device": {"status": frozenset({"active", "inactive", "entered-in-error", "unknown"})},  # device-status
    "DeviceUseStatement": {
        # device-statement-status
        "status": frozenset({"active", "completed", "entered-in-error", "intended", "stopped", "on-hold"}),
    },
    "ResearchSubject": {
        # research-subject-status
        "status": frozenset(
            {
                *_ON_STUDY,
                *("candidate", "eligible", "ineligible", "not-registered", "off-study"),
                *("potential-candidate", "screening", "withdrawn"),
            }
        ),
    },
    "Observation": {"status": _OBSERVATION},  # observation-status
    "DiagnosticReport": {"status": _OBSERVATION | {"partial", "appended"}},  # diagnostic-report-status
}

_FHIR_NAMES = {
    "clinical_status": "clinicalStatus",
    "verification_status": "verificationStatus",
}
_VOID = frozenset({"refuted", "entered-in-error"})


def misread(view: Resource) -> tuple[str, ...]:
    """The elements of a resource that hold a status, and none that FHIR knows; nearly always there is none.

    A status that is not there is another matter: what its absence means depends on the type.
    """
    known = _STATUSES.get(type(view).__name__)
    if known is None:
        return ()
    return tuple([_FHIR_NAMES.get(name, name) for name, codes in known.items() if _is_odd(getattr(view, name), codes)])


def word_of(status: str | None) -> str:
    """A status as it is compared; empty where there is none."""
    return "" if status is None else status.strip().casefold()


def codes_of(concept: CodeableConcept | None) -> frozenset[str]:
    """The status words in a status concept: its codes, and its text where it has no code."""
    if concept is None:
        return frozenset()
    codes = {coding.code.strip().casefold() for coding in concept.coding if coding.code}
    return frozenset(codes) if codes else frozenset({(concept.text or "").strip().casefold()} - {""})


def is_empty(concept: CodeableConcept | None) -> bool:
    """Whether a status concept says nothing at all."""
    return concept is None or not (concept.coding or concept.text)


def is_void(verification: CodeableConcept | None) -> bool:
    """Whether a verificationStatus says for certain that the entry does not count, whatever else it holds."""
    said = codes_of(verification)
    return bool(said) and said <= _VOID


def _is_odd(status: Any, codes: Codes) -> bool:
    if not isinstance(status, CodeableConcept):
        return bool(status) and word_of(status) not in codes
    if is_empty(status):
        return False
    if not codes_of(status) & codes:
        return True
    # A site's own code may stand beside FHIR's. What claims to be FHIR's has to be.
    return any(
        coding.code and coding.code.strip().casefold() not in codes and _is_of_fhir(coding.system)
        for coding in status.coding
    )


def _is_of_fhir(system: str | None) -> bool:
    return not system or "hl7.org/" in system.casefold()
