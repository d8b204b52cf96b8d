"""The scopes that a token has, compared with those that the queries need.

SMART App Launch writes them `patient/Observation.read` (version 1) or `patient/Observation.rs` (version 2):
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html. Other forms, such as Epic's, can't be compared.
"""

import re
from collections.abc import Sequence

from cds_service.doctor.report import Scopes

_SMART = re.compile(r"(patient|user|system)/(?P<type>\*|[A-Za-z]+)\.(?P<may>read|write|\*|[cruds]+)(\?\S*)?")


def compared(needed: Sequence[str], given: object) -> Scopes:
    """`given`: the `scope` of `fhirAuthorization` as it was sent, whatever that is."""
    words = given.split() if isinstance(given, str) else []
    smart = [found for word in words if (found := _SMART.fullmatch(word))]
    if not smart:
        return Scopes(tuple(needed))
    reads = {found["type"] for found in smart if _may_read(found["may"])}
    missing = () if "*" in reads else tuple(one for one in needed if one[len("patient/") : -len(".read")] not in reads)
    return Scopes(tuple(needed), missing)


def _may_read(may: str) -> bool:
    """Version 2 needs both: `r` to read the Patient, `s` to search for the others."""
    return may in {"read", "*"} or {"r", "s"} <= set(may)
