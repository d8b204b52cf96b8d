"""The statuses that are read, and which of them FHIR R4 knows: any other ("confiroed") says nothing for certain.
Beside them the dates that are not in FHIR's form.

Which element of a type holds a status, and what it may be, stands in the type's row (`resource_types`).
"""

from typing import Any

from cds_service.fhir.dates import is_odd
from cds_service.fhir.resource_types import RESOURCE_TYPES, Codes
from cds_service.fhir.views import CodeableConcept, Resource

_VOID = frozenset({"refuted", "entered-in-error"})


def misread(view: Resource) -> tuple[str, ...]:
    """The elements of a resource that hold a status, and none that FHIR knows; nearly always there is none.

    A status that is not there is another matter: what its absence means depends on the type.
    """
    known = RESOURCE_TYPES[type(view).__name__].statuses
    odd = [name for name, codes in known.items() if _is_odd(getattr(view, name), codes)]
    if not odd:
        return ()
    names = dict(zip(view.__struct_fields__, view.__struct_encode_fields__, strict=True))
    return tuple([names[name] for name in odd])


def odd_dates(view: Resource) -> tuple[str, ...]:
    """The elements of a resource whose date is not in FHIR's form and is read all the same; nearly always none."""
    said = [(name, getattr(view, name)) for name in RESOURCE_TYPES[type(view).__name__].dates]
    odd = [name for name, value in said if value is not None and _holds_odd_date(value)]
    if not odd:
        return ()
    names = dict(zip(view.__struct_fields__, view.__struct_encode_fields__, strict=True))
    return tuple([names[name] for name in odd])


def _holds_odd_date(value: Any) -> bool:
    if isinstance(value, str):
        return is_odd(value)
    return any(isinstance(end, str) and is_odd(end) for end in (value.start, value.end))


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
