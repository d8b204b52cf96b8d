"""Drafts that a person completes: a ConceptMap for the codes and a phrase file for the words that were not understood.

As they are written neither changes anything: no code has a target, and no words stand under a value set that there is.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from cds_service.terminology.seen.nearest import NearestFact
from cds_service.terminology.seen.sighting import Outcome
from cds_service.terminology.seen.table import HIDDEN, CodeLine, SightingTable

TO_DECIDE = "? "
"""Before the value set that the words are nearest to. As long as it stands there, no value set has that name."""

_LOINC = "http://loinc.org"
_TARGETS = {
    "Observation": _LOINC,
    "Immunization": "http://hl7.org/fhir/sid/cvx",
    "Medication": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "MedicationRequest": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "MedicationStatement": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "MedicationAdministration": "http://www.nlm.nih.gov/research/umls/rxnorm",
}
_ELSE = "http://snomed.info/sct"
_ASKED = frozenset[Outcome]({"unread", "unknown_code"})


def concept_map(table: SightingTable) -> dict[str, Any]:
    """A FHIR R4 ConceptMap with every code that was not understood, the most frequent first, without targets.

    The nearest facts stand in the comment of an `unmatched` target, which counts for nothing
    (https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html).
    """
    groups: defaultdict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in _asked(table):
        one = line.sighting
        if not one.system or one.code in {"", HIDDEN}:
            continue
        elements = groups[one.system, _TARGETS.get(one.kind, _ELSE)]
        display = {} if one.words in {"", HIDDEN} else {"display": one.words}
        comment = f"{one.kind}, {line.times} ×. {_comment(line.nearest)}"
        target = [{"equivalence": "unmatched", "comment": comment}]
        elements.setdefault(one.code, {"code": one.code, **display, "target": target})
    return {
        "resourceType": "ConceptMap",
        "status": "draft",
        "description": "Codes that were not understood. Give each a target: its `code`, and `equivalence` equal, "
        "equivalent or wider; narrower or relatedto where it only may be that. Leave out what no trial asks.",
        **({"group": [_group(*key, elements) for key, elements in groups.items()]} if groups else {}),
    }


def phrases(table: SightingTable) -> dict[str, Any]:
    """A phrase file with all words that were not understood and have no code, under `? ` and the nearest value set.

    Language `und` (BCP 47: not determined), `zh` where Chinese characters stand in it.
    """
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in _asked(table):
        one = line.sighting
        if one.outcome != "unread" or (one.system and one.code) or one.words in {"", HIDDEN}:
            continue
        near = line.nearest[0].target if line.nearest else ""
        language = "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in one.words) else "und"
        listed = found[f"{TO_DECIDE}{near}".rstrip()][language]
        if one.words not in listed:
            listed.append(one.words)
    return {"phrases": {set_id: dict(by_language) for set_id, by_language in sorted(found.items())}}


def _group(source: str, target: str, elements: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"source": source, "target": target, "element": list(elements.values())}


def _asked(table: SightingTable) -> Iterable[CodeLine]:
    return (line for line in table.lines if line.sighting.outcome in _ASKED)


def _comment(nearest: Iterable[NearestFact]) -> str:
    said = "; ".join(f"{near.title} ({near.fact}{f', {near.target}' if near.target else ''})" for near in nearest)
    return f"Nearest: {said}" if said else "No fact is near."
