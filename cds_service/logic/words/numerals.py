"""Numbers, units and titles as people write them."""

import re
from collections.abc import Mapping

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_UNITS = (
    (re.compile(r"\{1\.73_m2\}"), "1.73 m²"),
    (re.compile(r"\{([^}]*)\}"), r"\1"),
    (re.compile(r"\[i?IU\]|\[iU\]"), "IU"),
    (re.compile(r"\[degF\]"), "°F"),
    (re.compile(r"\[([^]]*)\]"), r"\1"),
    (re.compile(r"\b(?:Cel|degC)\b"), "°C"),
    (re.compile(r"\bdeg\b"), "°"),
    (re.compile(r"\bu(?=(?:g|mol|L|l|m|s|kat|U|IU|Eq|eq)(?![a-zA-Z]))"), "µ"),
    (re.compile(r"(?<=[a-z])\^?2\b"), "²"),
    (re.compile(r"(?<=[a-z])\^?3\b"), "³"),
)
_POWER = re.compile(r"(?:(?<![A-Za-z])[x×*] ?)?(?<![0-9.])10(?:\*\*?|\^|[eE]\+?0?)(-?[0-9]+)")
"""UCUM's `10*9`, and what feeds write for it: `x10^9`, `10E9`."""
_TIMES = {"x_uln": "ULN", "x_lln": "LLN"}


def number(value: float) -> str:
    """The shortest exact decimal: `80`, `0.5`, `1234567`."""
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else repr(value)


def unit(ucum: str) -> str:
    """A unit as people write it, from UCUM or as feeds spell it: `10*9/L` and `x10^9/L` are `×10⁹/L`, `umol/L` is
    `µmol/L`, `mm[Hg]` is `mmHg`, `Cel` is `°C`; nothing for `1`."""
    if ucum == "1":
        return ""
    text = _POWER.sub(lambda m: "×10" + m[1].translate(_SUPERSCRIPT), ucum)
    for pattern, replacement in _UNITS:
        text = pattern.sub(replacement, text)
    return text


def quantity(value: float, ucum: str) -> str:
    """A number with its unit."""
    return f"{number(value)} {unit(ucum)}".rstrip()


def written(text: str) -> str:
    """A number with a UCUM unit as the rule's author wrote it, for print."""
    value, _, ucum = text.partition(" ")
    return f"{value} {unit(ucum)}".rstrip()


def limit_of_normal(name: str) -> tuple[str, str] | None:
    """`lab.alt.x_uln` is (`lab.alt`, `ULN`); None for a fact that is not a multiple of a limit of normal."""
    base, _, last = name.rpartition(".")
    return (base, _TIMES[last]) if last in _TIMES else None


def title_of(name: str, titles: Mapping[str, str]) -> str:
    """A fact's title, set for the middle of a sentence.

    An initial capital goes unless it belongs to the word, and `Bilirubin, total` is `total bilirubin`. A name without
    a title is read as words.
    """
    title = titles.get(name)
    if title is None:
        title = name.rpartition(".")[2].replace("_", " ")
    first = re.split(r"[\W\d_]", title, maxsplit=1)[0]
    if first[1:].islower() and first not in _PROPER:
        title = title[0].lower() + title[1:]
    head, comma, last = title.rpartition(", ")
    return f"{last} {head}" if comma and last in _BEFORE_THE_NOUN else title


_PROPER = frozenset(
    {
        *("Cobb", "Cockcroft", "Crohn", "Cushing", "Epstein", "Gilbert", "Hodgkin", "Kaposi", "Sjögren", "Wilson"),
        *("Aspergillus", "Mycobacterium", "Pneumocystis", "Toxoplasma", "Treponema"),
    }
)
"""First words of titles that keep their capital: people and genera."""
_BEFORE_THE_NOUN = frozenset({"absolute", "active", "any", "current", "direct", "measured", "reported", "total"})
"""Words that catalogues put after a comma and sentences before the noun."""
