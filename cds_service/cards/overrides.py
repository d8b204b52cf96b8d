"""Why a clinician may set a card aside.

The first ones are from the standard list that CDS Hooks clients know
(http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes); the rest are about trials.
"""

STANDARD = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN = "urn:cds-service:override-reasons"

OVERRIDE_REASONS: tuple[dict[str, str], ...] = (
    {"system": STANDARD, "code": "patient-ineligible", "display": "Patient is not eligible"},
    {"system": STANDARD, "code": "patient-refuses", "display": "Patient declined"},
    {"system": OWN, "code": "not-interested-in-research", "display": "Patient is not interested in research"},
    {"system": OWN, "code": "already-enrolled", "display": "Already enrolled in this or another trial"},
    {"system": STANDARD, "code": "need-more-info", "display": "More information needed"},
    {"system": STANDARD, "code": "limited-time", "display": "No time now"},
)

_LASTING = frozenset(
    {
        (STANDARD, "patient-ineligible"),
        (STANDARD, "patient-refuses"),
        (OWN, "not-interested-in-research"),
        (OWN, "already-enrolled"),
    }
)


def is_lasting(system: str, code: str) -> bool:
    """Whether a reason is about the patient and the trial, not about the moment: the card need not come back soon."""
    return (system, code) in _LASTING
