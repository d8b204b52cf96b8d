"""The FHIR resource types that rules rest on, and the gaps where a record lacks them."""

from collections.abc import Iterable

from cds_service.facts.catalogue import Catalogue, EventsFact, ObservedFact
from cds_service.fhir import types_of_events


def types_read(catalogue: Catalogue, facts: Iterable[str]) -> frozenset[str]:
    """The resource types that these facts, and all that they are made of, are read from; the Patient is one always.

    Only those that are asked for: another may come besides, and nobody has to send it.
    """
    found = {"Patient"}
    for name in catalogue.closure(facts):
        match catalogue.facts[name]:
            case EventsFact(resource=kind):
                found.update(row.name for row in types_of_events(kind) if row.asked_for is not None)
            case ObservedFact():
                found.add("Observation")
    return frozenset(found)
