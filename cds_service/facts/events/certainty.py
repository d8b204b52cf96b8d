"""What the letter of sureness beside a German diagnosis (`fhir.certainty`) makes of a match."""

from typing import Literal

from cds_service.facts.catalogue import ICD10, CodeSystems
from cds_service.fhir import Certainty, CodeableConcept, Coding, lettered_certainty, stated_certainty

_Role = Literal["main", "history", "hint", "text", "unread", "by_words", "else"]
_ROLES: dict[Certainty, dict[_Role, _Role]] = {
    "doubted": {"main": "hint", "history": "hint"},
    "past": {"main": "history"},
    "refuted": {},
    "confirmed": {},
}


def certainties(concept: CodeableConcept, systems: CodeSystems) -> tuple[Certainty | None, ...]:
    """For each coding how sure it says to be; empty where none says so, which is nearly always.

    The codings of a concept say the same thing, so what one leaves open the others don't settle: one without a letter
    beside one of `V` is doubted, beside one of `Z` past. Beside one that is ruled out it may be a mistake: doubted.
    """
    own = [_certainty(coding, systems) for coding in concept.coding]
    if not any(own):
        return ()
    said = set(own)
    others: Certainty | None = "doubted" if said & {"doubted", "refuted"} else "past" if "past" in said else None
    return tuple([others if one is None else one for one in own])


def role_of(role: _Role, certainty: Certainty | None) -> _Role | None:
    """The role of a match under a code that is so sure; `None` where it is none."""
    if certainty is None:
        return role
    return None if certainty == "refuted" else _ROLES[certainty].get(role, role)


def _certainty(coding: Coding, systems: CodeSystems) -> Certainty | None:
    if coding.extension:
        stated = stated_certainty(coding)
        if stated is not None:
            return stated
    code = coding.code
    # Few codes end in a letter.
    if not code or not code.rstrip()[-1:].isalpha() or not coding.system:
        return None
    return lettered_certainty(code) if systems.canonical(coding.system) == ICD10 else None
