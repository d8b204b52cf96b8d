"""Ingredients, dose form and brand out of RxNorm's names, for whoever has a list of names and no relations.

A clinical drug's name is "quantity ingredient strength / ingredient strength dose form [brand]" (RxNorm technical
documentation, section 5, "Normalized names"): "0.5 ML adalimumab 80 MG/ML Prefilled Syringe [Humira]".
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cds_service.terminology.sources.rxnorm_words import FORMS, OF_A_FORM, ROUTES, SALTS

_BIOSIMILAR = re.compile(r"-[a-z]{4}$")
"""The four letters that the FDA adds to the name of a biological (Nonproprietary Naming of Biological Products)."""
_BRAND = re.compile(r"\s*\[(?P<brand>[^\[\]]+)\]$")
_QUANTITY = re.compile(r"^(?:[0-9][0-9.]* (?:ML|HR|ACTUAT|MG|GM|DAY|UNT)(?:, | Dose | ))+(?=\S)", re.IGNORECASE)
_HOW_MUCH = re.compile(r"[0-9][0-9.]* [A-Za-z]+")
"""Stands in brackets before a drug of a pack: "2 (480 ML) (...)"."""
_STRENGTH = re.compile(
    r" (?P<amount>[0-9][0-9.,]*) (?P<unit>%|(?:(?:MG|MCG|GM|UNT|MEQ|ML|MMOL|MOL|CELLS|VECTOR-GENOMES|IR|BAU|AMB|PFU|"
    r"MCI|PNU|AU|ORGANISMS|TCID50|ACTUAT)(?:/(?:MG|MCG|GM|ML|HR|DAY|ACTUAT|UNT|CM2|CM))?))(?= |$)",
    re.IGNORECASE,
)


class Drug(NamedTuple):
    """What a name tells. `ingredients`: in small letters, as precise as the name is. `kind`: RxNorm's term type where
    the shape of the name is that of one (SCD, SBD, SCDC, SBDC, SCDF, SBDF, SCDG, GPCK, BPCK), else ""."""

    ingredients: frozenset[str]
    forms: frozenset[str]
    brand: str | None
    kind: str

    @property
    def routes(self) -> frozenset[str]:
        """The names of dose form groups that say a route."""
        return frozenset(group for form in self.forms for group in (route_of(form),) if group)


def drug_of(name: str) -> Drug:
    """Take a name apart. A bare name ("adalimumab", "Humira") is an ingredient or a brand: its kind is ""."""
    name = " ".join(name.split())
    brand = _BRAND.search(name)
    rest = name[: brand.start()] if brand else name
    called = brand["brand"] if brand else None
    if rest.startswith("{"):
        drugs = [drug_of(inside) for inside in _contents(rest)]
        ingredients = frozenset(one for drug in drugs for one in drug.ingredients)
        forms = frozenset(one for drug in drugs for one in drug.forms)
        return Drug(ingredients, forms, called, "BPCK" if brand else "GPCK")
    rest = _QUANTITY.sub("", rest)
    *first, last = rest.split(" / ")
    strong = any(_STRENGTH.search(part) for part in (*first, last))
    words, form = _formed(last)
    ingredients = frozenset(_ingredient(part) for part in (*first, words)) - {""}
    kind = _kind(strong=strong, form=form, branded=brand is not None)
    return Drug(ingredients, frozenset({form} if form else ()), called, kind)


def names_of(precise: str) -> frozenset[str]:
    """The ingredients that a precise one may be a salt of, itself first: "metformin" of "metformin hydrochloride"."""
    found = {precise, _BIOSIMILAR.sub("", precise)}
    words = precise.split(" ")
    while len(words) > 1 and words[-1].strip(",") in SALTS:
        words = words[:-1]
        name = " ".join(words).rstrip(",")
        # "sodium chloride" is no salt of an ingredient "sodium".
        found |= set() if name in SALTS else {name}
    return frozenset(found)


def route_of(form: str) -> str | None:
    """The dose form group that says the route of a dose form."""
    return next((group for words, group in ROUTES if re.search(rf"\b(?:{words})\b", form)), None)


def _kind(*, strong: bool, form: str, branded: bool) -> str:
    if form and (form.endswith(" Product") or form == "Pill"):
        return "" if strong or branded else "SCDG"
    kind = {(True, True): "SCD", (True, False): "SCDC", (False, True): "SCDF"}.get((strong, bool(form)), "")
    return kind.replace("SC", "SB", 1) if branded else kind


def _formed(last: str) -> tuple[str, str]:
    """The last ingredient with its strength, and the dose form behind it."""
    strengths = list(_STRENGTH.finditer(last))
    if strengths:
        return last[: strengths[-1].end()], last[strengths[-1].end() :].strip()
    words = last.split(" ")
    if words[-1] not in FORMS:
        return last, ""
    start = len(words)
    while start > 1 and words[start - 1] in OF_A_FORM:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _ingredient(part: str) -> str:
    strength = _STRENGTH.search(part)
    return (part[: strength.start()] if strength else part).strip().lower()


def _contents(pack: str) -> Iterator[str]:
    """The drugs of "{7 (drug) / 21 (350 ML) (drug) } Pack": what stands in the outer brackets, quantities aside."""
    depth, start = 0, 0
    for index, letter in enumerate(pack):
        if letter == "(":
            depth += 1
            start = index + 1 if depth == 1 else start
        elif letter == ")":
            depth -= 1
            inside = pack[start:index]
            if depth == 0 and not _HOW_MUCH.fullmatch(inside):
                yield inside
