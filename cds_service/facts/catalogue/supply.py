"""Which FHIR resource types rules rest on: what has to be supplied for them, and what is missing where it is not."""

from collections.abc import Iterable

from cds_service.facts.catalogue.catalogue import Catalogue
from cds_service.facts.catalogue.specs import EventsFact, Observed

_DRUGS = ("MedicationRequest", "MedicationStatement")


def types_read(catalogue: Catalogue, facts: Iterable[str]) -> frozenset[str]:
    """The resource types that these facts, and all that they are made of, are read from; the Patient is one always."""
    found = {"Patient"}
    for name in catalogue.closure(facts):
        match catalogue.facts[name]:
            case EventsFact(resource="Medication"):
                found.update(_DRUGS)
            case EventsFact(resource=resource):
                found.add(resource)
            case Observed():
                found.add("Observation")
    return frozenset(found)
