"""The prefetch templates: which FHIR queries the loaded rules need, under stable keys.

Only the search subset that clients support: each parameter once, the patient's id as the one token, no date bound.
https://cds-hooks.hl7.org/2.0/#prefetch-template
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

_PATIENT = "{{context.patientId}}"

PATIENT = "patient"
CONDITIONS = "conditions"
_OBSERVATIONS = "observations"

# The keys every site has set up, whatever rules are loaded: some clients do not read discovery, and a person there
# types the keys in once.
_ALWAYS = {
    CONDITIONS: "Condition",
    _OBSERVATIONS: "Observation",
    "medicationRequests": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "procedures": "Procedure",
    "immunizations": "Immunization",
    "allergies": "AllergyIntolerance",
}
_WHERE_NEEDED = {
    "devices": "Device",
    "researchSubjects": "ResearchSubject",
}
KEYS: Mapping[str, str] = {PATIENT: "Patient", **_ALWAYS, **_WHERE_NEEDED}
"""Prefetch key: the resource type that it holds. `observations` may be followed by `observations2`, `observations3` …"""
