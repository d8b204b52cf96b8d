"""The discovery document: https://cds-hooks.hl7.org/2.0/#discovery."""

from collections.abc import Mapping
from typing import Any

from cds_service.cds_hooks.prefetch import scopes

SERVICE_ID = "clinical-trial-match"
HOOK = "patient-view"


def discovery(templates: Mapping[str, str]) -> dict[str, Any]:
    """The answer to `GET /cds-services`, with `templates` (prefetch key: FHIR query) as the service's prefetch."""
    return {
        "services": [
            {
                "id": SERVICE_ID,
                "hook": HOOK,
                "title": "Clinical trials for this patient",
                "description": (
                    "Names the clinical trials that this patient may be eligible for, with what the record shows "
                    "for each, what is still missing, and what a person has to confirm."
                ),
                "usageRequirements": (
                    "FHIR R4. The keys `patient` and `conditions` are required; each of the others that is missing "
                    f"leaves more criteria open. Scopes: {' '.join(scopes(templates))}"
                ),
                "prefetch": dict(templates),
                # CDS Hooks 3.0 recommends naming what is implemented; to a client of 2.0 these are unknown fields.
                "version": "2.0.0",
                "hookVersion": "1.0",
            }
        ]
    }
