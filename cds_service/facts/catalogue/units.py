"""Units of measure as real feeds spell them, fact by fact: which are understood, and by what factor they convert.

Conversion is never by dimension alone (mmol/mol of HbA1c is no percentage): a unit counts for a fact only if the fact
lists it, or one that is equal to it by UCUM's grammar (`ucum`) once its spelling is understood (`feed_units`).
UCUM: https://ucum.org/ucum.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.feed_units import FeedUnits
from cds_service.facts.catalogue.ucum import UnitForm, canonical
from cds_service.facts.intervals import Factor
from cds_service.rule_files import invalid, is_there, read_json

ONE: Factor = (Decimal(1), Decimal(1))
_UCUM = ("unitsofmeasure.org", "2.16.840.1.113883.6.8", "ucum")
_LONGEST = 60
_MOST_REMEMBERED = 2_000
_ANNOTATION = re.compile(r"\{(?![^{}]*(?:log|lg))[^{}]*\}", re.IGNORECASE)
# An annotation says what was counted and changes nothing, except "per 1.73 m2" and a logarithm.
_WORD_ANNOTATION = re.compile(r"(?<=[A-Za-z%\]0-9])\{(?![^{}]*(?:log|lg))[^{}0-9]*\}", re.IGNORECASE)
_POWER_OF_TEN = re.compile(r"\bx?10e\+?0?([0-9])")


class SpellingTable(BaseModel):
    """`rules/facts/units.json`: each spelling with the UCUM code that it stands for, and the words that units are made
    of, each with its piece of a code."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    spellings: dict[Annotated[str, Field(pattern=r"\S")], str] = {}
    words: dict[Annotated[str, Field(pattern=r"\S")], str] = {}


class Spellings:
    """Spellings of units seen in feeds, each with the UCUM code it stands for (`rules/facts/units.json`).

    `codes` are all UCUM codes in use: such a code means itself and is never taken for another that differs in case
    (g/L of haemoglobin for G/L, which some laboratories write for 10*9/L).
    """

    def __init__(
        self,
        spellings: Mapping[str, str] | None = None,
        codes: Iterable[str] = (),
        words: Mapping[str, str] | None = None,
    ) -> None:
        self.exact: dict[str, str] = dict(spellings or {})
        self.feed = FeedUnits(words or {})
        self.codes = frozenset({*self.exact.values(), *codes})
        self.folded: dict[str, set[str]] = {}
        for raw, ucum in self.exact.items():
            self.folded.setdefault(fold(raw), set()).add(ucum)

    def readings(self, raw: str) -> tuple[str, ...]:
        """What a spelling may stand for: itself, and its UCUM codes."""
        return (raw, *({self.exact[raw]} if raw in self.exact else ()), *sorted(self.folded.get(fold(raw), ())))

    def with_codes(self, codes: Iterable[str]) -> "Spellings":
        """The same spellings, where these codes are in use too."""
        return Spellings(self.exact, {*self.codes, *codes}, self.feed.words)

    def forms(self, raw: str) -> tuple[UnitForm, ...]:
        """What a spelling comes to by UCUM's grammar, as it stands and as feeds mean it."""
        codes = [*self.readings(raw), self.feed.ucum(raw)]
        return tuple(form for form in (canonical(code) for code in codes if code) if form is not None)

    def written_like(self, folded: Iterable[str]) -> frozenset[str]:
        """The spellings in use that may stand for a unit which comes to one of these when it is folded."""
        return frozenset().union(*(self._by_reading.get(text, ()) for text in folded))

    @cached_property
    def _by_reading(self) -> Mapping[str, Set[str]]:
        """Every spelling under all that its readings come to when they are folded, with annotations and without."""
        found: dict[str, set[str]] = {}
        for raw in self.exact:
            readings = self.readings(raw)
            for text in {*readings, *(_WORD_ANNOTATION.sub("", text) for text in readings)}:
                found.setdefault(fold(text), set()).add(raw)
        return found


class UnitTable:
    """The units of one fact. `units` maps each UCUM code that it accepts to the factor into its canonical unit.

    A fact without dimension (`unit` "1") also accepts no unit, `1` and annotations such as `{score}`.
    """

    def __init__(
        self, unit: str, units: Mapping[str, Factor], spellings: Spellings, when_missing: str | None = None
    ) -> None:
        self._unit = unit
        self.is_dimensionless = unit == "1"
        self._spellings = spellings
        self._exact: dict[str, Factor] = dict(units)
        if self.is_dimensionless:
            self._exact.setdefault("1", ONE)
        self._when_missing = None if when_missing is None else self._exact.get(when_missing)
        self._folded: dict[str, set[Factor]] = {}
        for ucum, factor in self._exact.items():
            self._folded.setdefault(fold(ucum), set()).add(factor)
        self._remembered: dict[str, Factor | None] = {}

    def factor(self, unit: str | None, code: str | None = None, system: str | None = None) -> Factor | None:
        """The factor into the canonical unit, from a Quantity's `unit`, `code` and `system`; `None`: not understood.

        The UCUM code is preferred. Not understood either: both understood but different; a UCUM code that is not
        listed, whatever the text beside it says.
        """
        code, unit = _text(code), _text(unit)
        if code is None and unit is None:
            return ONE if self.is_dimensionless else self._when_missing
        by_code = None if code is None else self._lookup(code)
        by_unit = None if unit is None else self._lookup(unit)
        if by_code is not None:
            return None if by_unit is not None and by_unit != by_code else by_code
        if code is not None and system is not None and system.strip().casefold().rstrip("/").endswith(_UCUM):
            return None
        return by_unit

    def factor_of_log(self, unit: str | None, code: str | None = None) -> Factor | None:
        """The factor of the unit whose log₁₀ a Quantity gives (`log10 IU/mL`); `None` where it gives none that is
        understood, or says so only in one of `unit` and `code`."""
        said = [text for text in (_text(code), _text(unit)) if text is not None]
        within = [self._spellings.feed.ucum_of_log(text) for text in said]
        found = {None if text is None else self._lookup(text) for text in within}
        return found.pop() if len(found) == 1 else None

    def with_units(self, units: Mapping[str, Factor]) -> "UnitTable":
        """The same table with more units."""
        return UnitTable(self._unit, {**self._exact, **units}, self._spellings)

    def conflicts(self) -> tuple[str, ...]:
        """Spellings in use that stand for two of the fact's units with different factors."""
        # Others have no candidates, or one: a table knows a dozen units, and all tables share hundreds of spellings.
        near = self._spellings.written_like(self._folded)
        return tuple(sorted(raw for raw in near if len(self._candidates(raw)) > 1))

    def _lookup(self, raw: str) -> Factor | None:
        try:
            return self._remembered[raw]
        except KeyError:
            pass
        found = self._exact.get(raw)
        if found is None:
            candidates = self._candidates(raw)
            found = next(iter(candidates)) if len(candidates) == 1 else None
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[raw] = found
        return found

    def _candidates(self, raw: str) -> set[Factor]:
        known = self._spellings.exact.get(raw)
        if known is not None and known in self._exact:
            return {self._exact[known]}
        if self.is_dimensionless and any(_ANNOTATION.fullmatch(text) for text in self._spellings.readings(raw)):
            return {ONE}
        if raw in self._spellings.codes:
            bare = _WORD_ANNOTATION.sub("", raw)
            return {self._exact[bare]} if bare in self._exact else self._equal_to(canonical(raw))
        readings = self._spellings.readings(raw)
        found = {factor for text in readings for factor in self._folded.get(fold(text), ())}
        if found:
            return found
        plain = {_WORD_ANNOTATION.sub("", text) for text in readings}
        found = {factor for text in plain if text for factor in self._folded.get(fold(text), ())}
        return found or {factor for form in self._spellings.forms(raw) for factor in self._equal_to(form)}

    def _equal_to(self, form: UnitForm | None) -> set[Factor]:
        return set() if form is None else self._forms.get(form, set())

    @cached_property
    def _forms(self) -> Mapping[UnitForm, set[Factor]]:
        """The listed units by their canonical form."""
        found: dict[UnitForm, set[Factor]] = {}
        for code, factor in self._exact.items():
            form = canonical(code)
            if form is not None:
                found.setdefault(form, set()).add(factor)
        return found


def fold(raw: str) -> str:
    """A spelling without what typists vary: case, blanks, micro signs, superscripts, `^`, `*`, `x10`, `10e9`."""
    text = unicodedata.normalize("NFKC", raw).replace("μ", "u").replace("×", "x").casefold()
    text = "".join(text.split()).replace("^", "").replace("*", "")
    text = _POWER_OF_TEN.sub(r"10\1", text)
    return text.removeprefix("x") if text.startswith("x10") else text


def load_spellings(rules_dir: Path) -> tuple[Spellings, tuple[Finding, ...]]:
    """`rules_dir/facts/units.json`; without that file only UCUM codes are understood."""
    path = rules_dir / "facts" / "units.json"
    if not is_there(path):
        return Spellings(), ()
    name = path.relative_to(rules_dir).as_posix()
    content, findings = read_json(path, name)
    try:
        table = SpellingTable() if content is None else SpellingTable.model_validate(content)
    except ValidationError as problem:
        table = SpellingTable()
        findings += invalid(problem, name, SpellingTable)
    return Spellings(table.spellings, words=table.words), tuple(findings)


def _text(raw: str | None) -> str | None:
    """The spelling, `None` where there is none; what is too long to be a unit is cut and so never understood."""
    if raw is None:
        return None
    return raw.strip()[:_LONGEST] or None
