"""The discovery document: https://cds-hooks.hl7.org/2.0/#discovery."""

from collections.abc import Mapping
from typing import Any

from cds_service.cds_hooks.prefetch import scopes
from cds_service.cds_hooks.service import SERVICES, Service


def discovery(templates: Mapping[str, str]) -> dict[str, Any]:
    """The answer to `GET /cds-services`, with `templates` (prefetch key: FHIR query) as each service's prefetch."""
    return {"services": [_entry(service, templates) for service in SERVICES]}


def _entry(service: Service, templates: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": service.id,
        "hook": service.hook,
        "title": service.title,
        "description": service.description,
        "usageRequirements": (
            "FHIR R4. The keys `patient` and `conditions` are required; each of the others that is missing "
            f"leaves more criteria open. Scopes: {' '.join(scopes(templates))}"
        ),
        "prefetch": dict(templates),
        # CDS Hooks 3.0 recommends naming what is implemented; to a client of 2.0 these are unknown fields.
        "version": "2.0.0",
        "hookVersion": service.hook_version,
    }
