"""What a ConceptMap says of a code and its target, in the words of FHIR R4 and R5, as what may follow from it.

| R4 `equivalence` | R5 `relationship` | relation | a code of the site is |
|---|---|---|---|
| equal, equivalent | equivalent | `same` | the target, and nothing else |
| wider, subsumes | source-is-narrower-than-target | `kind` | a kind of the target, and perhaps more than that |
| narrower, specializes, inexact, relatedto | source-is-broader-than-target, related-to | `perhaps` | perhaps it |
| unmatched, disjoint | not-related-to | `none` | no more than it was: unread |

R4 speaks of the target ("the target mapping is wider than the source"), R5 of the source. `none` says what a code is
not and leaves open what it is, so nothing is ruled out by it: a code that is not lupus nephritis may still be lupus.
Sources: https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html,
https://hl7.org/fhir/R5/valueset-concept-map-relationship.html.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

Relation = Literal["same", "kind", "perhaps", "none"]

EQUIVALENCE: Mapping[str, Relation] = {
    "equal": "same",
    "equivalent": "same",
    "wider": "kind",
    "subsumes": "kind",
    "narrower": "perhaps",
    "specializes": "perhaps",
    "inexact": "perhaps",
    "relatedto": "perhaps",
    "unmatched": "none",
    "disjoint": "none",
}
RELATIONSHIP: Mapping[str, Relation] = {
    "equivalent": "same",
    "source-is-narrower-than-target": "kind",
    "source-is-broader-than-target": "perhaps",
    "related-to": "perhaps",
    "not-related-to": "none",
}
IMPLIED = frozenset[Relation]({"same", "kind"})
"""Where a code counts as its target."""

_ORDER: tuple[Relation, ...] = ("none", "perhaps", "kind", "same")


def relation_of(equivalence: str | None, relationship: str | None) -> Relation | None:
    """The relation by the words that are given, the weaker of two; None where none is, or one that FHIR has not."""
    said = [EQUIVALENCE.get(equivalence)] if equivalence is not None else []
    said += [RELATIONSHIP.get(relationship)] if relationship is not None else []
    known = [one for one in said if one is not None]
    return weakest(known) if known and len(known) == len(said) else None


def weakest(relations: Iterable[Relation]) -> Relation:
    """Of several relations the one of which the least follows."""
    return min(relations, key=_ORDER.index)
