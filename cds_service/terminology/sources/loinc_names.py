"""LOINC's axes out of its long common names, for whoever has a list of names and no LOINC table.

A long common name is "component [property] qualifier in system by method --challenge" (LOINC Users' Guide, section
4.2): "Neutrophils [#/volume] in Blood by Automated count". What a name does not tell stays unknown.
"""

import re
from typing import NamedTuple

from cds_service.terminology.sources.loinc_words import COMPONENTS, MEASURED, METHODS, PROPERTIES, SCALES, SYSTEMS

AXES = ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")
"""The axes that names tell, as LOINC's table calls them, in the order of `Axes`."""

DEPRECATED = "Deprecated "
"""Stands before the name of a code that LOINC has withdrawn."""

_COMPONENT_ONLY = "[component] "
_BRACKET = re.compile(r"\[([^\]]+)\]")
_CHALLENGE = re.compile(r"\s*--\s*(?P<words>\S.*)$")
_SCALE_WORD = re.compile(r"\s+(?P<word>Narrative|Nominal|Nom|Ordinal|Ord|Qualitative|Quantitative|Ql|Qn)$")
_SCALE_WORDS = {
    "Narrative": "Nar",
    "Nominal": "Nom",
    "Nom": "Nom",
    "Ordinal": "Ord",
    "Ord": "Ord",
    "Qualitative": "Ord",
    "Quantitative": "Qn",
    "Ql": "Ord",
    "Qn": "Qn",
}
_PLACED = re.compile(r"(?:^|\s)(?:in|of|on)\s+(?P<system>.+?)(?:\s+by\s+(?P<method>.+))?$")
_TIMED = re.compile(r"(?P<hours>[0-9]+) hour (?P<system>.+)")
_ANTIBODY = re.compile(r"(?P<of>.+) (?P<class>Ig[ADEGM](?:[0-9])?(?:[+]Ig[ADEGM])*) Ab\b(?P<rest>.*)")
_SHORT = re.compile(r"(?P<component>.+?)(?: (?P<method>Screen|Confirm|IA)(?: method >[^()]*?)?)?(?P<ql> Ql)? [(]U[)]")
_HUNDRED = re.compile(r"/100 (?P<of>[a-z])")
_DROPPED = re.compile(r"\s*[(]viral load[)]")
_CELLS = re.compile(r"/(?:100 )?(?:leukocytes|cells|erythrocytes|lymphocytes|spermatozoa|blasts)\b", re.IGNORECASE)


class Axes(NamedTuple):
    """LOINC's axes as its table writes them; None where a name does not tell, "" for a method that is none."""

    component: str | None = None
    property: str | None = None
    time: str | None = None
    system: str | None = None
    scale: str | None = None
    method: str | None = None


NOTHING = Axes()


def axes_of(name: str) -> Axes:
    """What a long common name tells; a name that "[component] " stands before tells its component only."""
    name = " ".join(name.replace("\u200b", "").split())
    if name.startswith(_COMPONENT_ONLY):
        return Axes(component=_component(name.removeprefix(_COMPONENT_ONLY)))
    name = name.removeprefix(DEPRECATED)
    short = _SHORT.fullmatch(name)
    if short and short["ql"]:
        return Axes(short["component"], "PrThr", "Pt", "Urine", "Ord", short["method"] or "")
    challenge = _CHALLENGE.search(name)
    rest = name[: challenge.start()] if challenge else name
    scale = _SCALE_WORD.search(rest)
    rest = rest[: scale.start()] if scale else rest
    bracket = next((found for found in _BRACKET.finditer(rest) if found[1].lower() in MEASURED), None)
    axes = _with_property(rest, bracket) if bracket else _without(rest)
    if axes.component is None:
        return NOTHING
    if challenge:
        axes = axes._replace(component=f"{axes.component}^{challenge['words']}")
    if scale:
        return axes._replace(scale=_SCALE_WORDS[scale["word"]])
    return axes._replace(scale=SCALES.get(axes.property or "", axes.scale))


def _with_property(name: str, bracket: re.Match[str]) -> Axes:
    """A name whose property stands in brackets, without its challenge and scale."""
    rest = _DROPPED.sub("", name[bracket.end() :])
    place = _PLACED.search(rest)
    before_place = rest[: place.start()] if place else rest
    qualifier, _, method_without_place = before_place.partition(" by ")
    component = _component(name[: bracket.start()].strip())
    short = _SHORT.fullmatch(component)
    if short and not rest:  # "Pipradrol Confirm (U) [Mass/Vol]"
        return Axes(short["component"], PROPERTIES.get(bracket[1].lower()), "Pt", "Urine", None, short["method"] or "")
    if qualifier.strip():
        component = f"{component}^^{qualifier.strip()}"
    system, time = _system(place["system"]) if place else (None, None)
    method = _method(place["method"] if place else method_without_place)
    return Axes(component, PROPERTIES.get(bracket[1].lower()), time, system, None, method)


def _without(name: str) -> Axes:
    """A name without brackets: a ratio of cells, an organism that was identified, a test's everyday name.

    Such names look like other sentences, so the system has to be one that is known.
    """
    place = _PLACED.search(name)
    if place is None:
        return NOTHING
    system, time = _system(place["system"])
    if system not in SYSTEMS.values():
        return NOTHING
    words = name[: place.start()].strip()
    method = _method(place["method"])
    if words in COMPONENTS:
        component, measured = COMPONENTS[words]
        return Axes(component, measured, time, system, "Qn", method)
    if words.endswith(" identified"):
        return Axes(words, "Prid", time, system, "Nom", method)
    if _CELLS.search(words):
        return Axes(_component(words), "NFr", time, system, None, method)
    return Axes(_component(words), None, time, system, None, method)


def _component(words: str) -> str:
    """As the table writes it today: "Cytomegalovirus Ab.IgM" for "Cytomegalovirus IgM Ab", and "Neutrophils/Leukocytes"
    for what was "Neutrophils/100 leukocytes" once."""
    words = _HUNDRED.sub(lambda found: f"/{found['of'].upper()}", words)
    antibody = _ANTIBODY.fullmatch(words)
    return f"{antibody['of']} Ab.{antibody['class']}{antibody['rest']}" if antibody else words


def _system(words: str) -> tuple[str, str | None]:
    """The system, and the time over which it was collected."""
    timed = _TIMED.fullmatch(words)
    time: str | None = f"{timed['hours']}H" if timed else "Pt"
    words = timed["system"] if timed else words
    if words.endswith(" collected for unspecified duration"):
        words, time = words.removesuffix(" collected for unspecified duration"), None
    words, _, whose = words.partition(" from ")
    system = SYSTEMS.get(words.lower(), words)
    return (f"{system}^{whose}" if whose else system), time


def _method(words: str | None) -> str:
    return METHODS.get(words.lower(), words) if words else ""
