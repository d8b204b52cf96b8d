"""Why a clinician may set a card aside.

The first four are from the standard list that CDS Hooks clients know; the rest are about trials.
"""

STANDARD = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN = "urn:cds-service:override-reasons"

OVERRIDE_REASONS: tuple[dict[str, str], ...] = (
    {"system": STANDARD, "code": "patient-ineligible", "display": "Patient ineligible"},
    {"system": STANDARD, "code": "patient-refuses", "display": "Patient refuses"},
    {"system": STANDARD, "code": "need-more-info", "display": "Need more information"},
    {"system": STANDARD, "code": "limited-time", "display": "Limited time"},
    {"system": OWN, "code": "already-enrolled", "display": "Already enrolled in this or another trial"},
    {"system": OWN, "code": "not-interested-in-research", "display": "Patient not interested in research"},
)
