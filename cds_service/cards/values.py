"""Facts and their values as a card prints them: `AST 29 U/L (0.83 × ULN)`, `age 41 years`, `ANA titre 1:160`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cds_service.cards.text import plain
from cds_service.facts.catalogue import Catalogue, Code, DerivedFact, FactSpec
from cds_service.logic.words import limit_of_normal, rounded, title_of
from cds_service.logic.words import unit as printed_unit

_ABBREVIATED = re.compile(r"(?P<long>[^(]+) \((?P<short>[A-Za-z]{2,6})\)(?P<rest>.*)")
_REMARK = re.compile(r", (?:absolute|reported|screening result|status)$")
_SPECIMEN = re.compile(r"(?P<noun>[^,]+), (?P<word>serum|plasma|urine)(?P<rest>(?: \(.*\))?)")
_INVERTED = re.compile(r"(?P<noun>.+), (?P<head>[^,]+ of)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_CHARTED = 40
"""Code points of a value as it was sent."""


@dataclass(frozen=True, slots=True)
class FactLabel:
    """A fact as a rule names it. `base` is the catalogue's fact that it is or is a part of; `spec` is None without one.

    `title` is for the middle of a sentence: `ANA titre`, `haemoglobin`. `kind` is that of the catalogue.
    """

    base: str
    spec: FactSpec | None
    kind: str
    title: str
    unit: str


class Names:
    """Names of the facts of a catalogue on cards. Nothing here is about a patient."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.titles: Mapping[str, str] = {fact.name: short(fact.title) for fact in catalogue}
        self._tests = _tests(catalogue)
        # There are as many names as the catalogue and the rules have.
        self.known = lru_cache(maxsize=None)(self._known)
        self._in_short = lru_cache(maxsize=None)(lambda title: title_of("", {"": short(title)}))

    def _known(self, name: str) -> FactLabel:
        base = self._catalogue.fact_of(name)
        spec = None if base is None else self._catalogue.facts[base]
        entry = self._catalogue.lookup(name)
        return FactLabel(
            base or name,
            spec,
            "" if spec is None else spec.kind,
            title_of(base or name, self.titles),
            "" if entry is None else entry.display_unit,
        )

    def of(self, name: str) -> str:
        """The title of a fact, for the middle of a sentence: `ANA titre`, `haemoglobin`."""
        return self.known(name).title

    def test_title(self, test: Code) -> str:
        """The title of an order for the test: the title of the fact that it measures."""
        return self._tests.get((test.system, test.code), test.display or test.code)

    def test(self, test: Code) -> str:
        """The same in short, for the middle of a sentence."""
        return self._in_short(self.test_title(test))

    def answers(self, measured: str, name: str) -> bool:
        """Whether a measured fact is the named one, a part of it, or one of the tests that it chooses among."""
        known = self.known(name)
        return known.base == measured or (
            isinstance(known.spec, DerivedFact) and any(self.answers(measured, one) for one in known.spec.of)
        )

    def is_titer(self, name: str) -> bool:
        """Whether its numbers are written 1:n."""
        return self.known(name).kind == "titer"

    def unit(self, name: str) -> str:
        """The unit as it is printed; empty where there is none."""
        return self.known(name).unit

    def number(self, name: str, value: Any) -> str:
        """A number with its unit: `2.4 ×10⁹/L`, `< 5 U/L`, `1:80`. `value` is a number, or text for a range."""
        text, known = rounded(value), self.known(name)
        if known.kind == "titer":
            text = _NUMBER.sub(lambda m: f"1:{m[0]}", text)
        return f"{text} {known.unit}".rstrip()


def charted(entry: Mapping[str, Any]) -> str:
    """The value as charted, in the chart's words and unit; empty where it has none."""
    raw = entry.get("raw") or {}
    unit = raw.get("unit")
    return plain(f"{raw.get('value') or ''} {printed_unit(unit) if unit else ''}".strip(), _CHARTED)


def _tests(catalogue: Catalogue) -> dict[tuple[str, str], str]:
    """Each test that can be ordered with the shortest title among the facts that it measures.

    A fact that chooses among tests lends its title where it just leaves out a remark: `Antinuclear antibody` for
    `Antinuclear antibody, screening result`.
    """
    measured: dict[tuple[str, str], list[str]] = {}
    chosen: dict[tuple[str, str], list[str]] = {}
    for fact in catalogue:
        order = getattr(fact, "order", None)
        if order is not None:
            titles = chosen if isinstance(fact, DerivedFact) else measured
            titles.setdefault((order.system, order.code), []).append(fact.title)
    found = {}
    for key in {**measured, **chosen}:
        title = min(measured.get(key) or chosen[key], key=len)
        found[key] = next((t for t in chosen.get(key, ()) if title.startswith(f"{t}, ")), title)
    return found


def short(title: str) -> str:
    """The title as briefly as it can be said.

    `Aspartate aminotransferase (AST)` is `AST`; parentheses that hold anything else, such as a method, stay. `Pregnancy
    test, serum (hCG)` is `Serum pregnancy test (hCG)`, and remarks for authors such as `, reported` go.
    """
    title = _REMARK.sub("", title)
    specimen = _SPECIMEN.fullmatch(title)
    if specimen is not None:
        title = f"{specimen['word'].capitalize()} {title_of('', {'': specimen['noun']})}{specimen['rest']}"
    inverted = _INVERTED.fullmatch(title)
    if inverted is not None:
        title = f"{inverted['head'].capitalize()} {title_of('', {'': inverted['noun']})}"
    found = _ABBREVIATED.fullmatch(title)
    if found is None or found["long"][0].casefold() != found["short"][0].casefold():
        return title
    return f"{found['short']}{found['rest']}"


def multiple(value: Any, limit: str) -> str:
    """A multiple of a limit of normal, such as `0.83 × ULN`."""
    text = str(value)
    return f"{_NUMBER.sub(lambda m: f'{float(m[0]):.2f}', text)} × {limit}"


def is_multiple(name: str) -> tuple[str, str] | None:
    """`lab.alt.x_uln` is (`lab.alt`, `ULN`); None for a fact that is not a multiple of a limit of normal."""
    return limit_of_normal(name)
