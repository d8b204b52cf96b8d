"""FHIR queries for prefetch that a request lacks (CDS Hooks 2.0, "FHIR Resource Access").

https://cds-hooks.hl7.org/2.0/#fhir-resource-access"""

from cds_service.cds_hooks.fallback.fetch import MOST_PAGES, Fetched, fetch
from cds_service.cds_hooks.fallback.plan import Fallback, Plan, put
from cds_service.cds_hooks.fallback.queries import REQUIRED, Query

__all__ = [
    "MOST_PAGES",
    "REQUIRED",
    "Fallback",
    "Fetched",
    "Plan",
    "Query",
    "fetch",
    "put",
]
