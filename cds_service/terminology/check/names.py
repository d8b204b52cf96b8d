"""What a code's name says against its value set: that something is not so, or that it is of another kind."""

import re
from collections.abc import Iterable, Mapping

# "Due to absent T cells" is a disease; so is a disease "without" something, or due to a "negative" germ.
_NEGATED = re.compile(
    r"\bnot (?:done|performed|carried out|given|administered|indicated|required|needed)\b"
    r"|\babsence of\b|(?<!due to )\babsent\b|\bdeclined\b|\brefus(?:ed|al)\b|\bden(?:ied|ies)\b"
    r"|\bno (?:known )?(?:personal |family |past )?history of\b|\bno evidence of\b|\bdoes not have\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"\(([^()]+)\)\s*$")
_TAGS = frozenset(
    {
        *("disorder", "finding", "situation", "event", "procedure", "regime/therapy", "substance", "product"),
        *("medicinal product", "medicinal product form", "clinical drug", "real clinical drug", "product name"),
        *("packaged clinical drug", "real medicinal product", "physical object", "body structure", "cell", "organism"),
        *("morphologic abnormality", "observable entity", "qualifier value", "cell structure", "specimen", "person"),
        *("record artifact", "staging scale", "assessment scale", "tumor staging", "social concept", "occupation"),
        *("ethnic group", "environment", "physical force", "attribute", "context-dependent category", "dose form"),
    }
)
"""Semantic tags of SNOMED CT (Editorial Guide, "Fully Specified Name"). Another text in brackets is none."""

_DRUG = frozenset(tag for tag in _TAGS if "product" in tag or "clinical drug" in tag) | {"substance"}
_OF_KIND: Mapping[str, frozenset[str]] = {
    "Condition": frozenset({"disorder", "finding", "situation", "event"}),
    "Procedure": frozenset({"procedure", "regime/therapy"}),
    "Medication": _DRUG,
    "Immunization": _DRUG | {"procedure"},
    # An allergy is recorded by what it is to, or as a disorder or a finding of its own.
    "AllergyIntolerance": _DRUG | {"disorder", "finding", "situation"},
    "Device": frozenset({"physical object", "product"}),
}
_PAST = frozenset({"situation"})
"""Besides, in a set of what once was: "History of … (situation)"."""


def negated(name: str) -> str:
    """The words by which a name says that something is not there, or was not done; empty where there are none."""
    found = _NEGATED.search(name)
    return "" if found is None else found[0]


def foreign_tag(name: str, kinds: Iterable[tuple[str, bool]]) -> str:
    """The semantic tag of a name, where none of the kinds that its sets are read for has it; empty otherwise. A kind is
    that of the resource, and whether the set is of what once was."""
    found = _TAG.search(name)
    tag = found[1].casefold() if found is not None else ""
    if tag not in _TAGS:
        return ""
    wanted = [_OF_KIND[kind] | (_PAST if past else frozenset()) for kind, past in kinds if kind in _OF_KIND]
    return tag if wanted and not any(tag in one for one in wanted) else ""
