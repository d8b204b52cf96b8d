"""Reasons for which a clinician may set a card aside.

The first ones are from the standard list that CDS Hooks clients know
(http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes); the rest are about trials.
"""

NON_ADHERENCE = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN_REASONS = "urn:cds-service:override-reasons"

OVERRIDE_REASONS: tuple[dict[str, str], ...] = (
    {"system": NON_ADHERENCE, "code": "patient-ineligible", "display": "Patient is not eligible"},
    {"system": NON_ADHERENCE, "code": "patient-refuses", "display": "Patient declined"},
    {"system": OWN_REASONS, "code": "not-interested-in-research", "display": "Patient is not interested in research"},
    {"system": OWN_REASONS, "code": "already-enrolled", "display": "Already enrolled in this or another trial"},
    {"system": NON_ADHERENCE, "code": "need-more-info", "display": "More information needed"},
    {"system": NON_ADHERENCE, "code": "limited-time", "display": "No time now"},
)

_LASTING = frozenset(
    {
        (NON_ADHERENCE, "patient-ineligible"),
        (NON_ADHERENCE, "patient-refuses"),
        (OWN_REASONS, "not-interested-in-research"),
        (OWN_REASONS, "already-enrolled"),
    }
)


def is_lasting(system: str, code: str) -> bool:
    """Whether a reason is about the patient and the trial, not about the moment: the card need not come back soon."""
    return (system, code) in _LASTING
