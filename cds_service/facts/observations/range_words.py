"""What laboratories write about a reference range and beside a result (`rules/facts/ranges.json`)."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.intervals import Interval, parse_interval
from cds_service.fhir import CodeableConcept
from cds_service.rule_files import invalid, is_there, read_json

Flag = Literal["high", "low", "normal", "abnormal"]
FLAGS: tuple[Flag, ...] = ("high", "low", "normal", "abnormal")

_LONGEST = 200
_BRACKETED = re.compile(r"\((.*)\)|\[(.*)\]", re.DOTALL)
_WAVES = str.maketrans("~∼〜−", "----")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Meaning(_Strict):
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class _Flags(_Strict):
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()
    abnormal: tuple[str, ...] = ()


class RangeTable(_Strict):
    """`rules/facts/ranges.json`.

    `normal` and `other` say what a range is one of; a word counts at the beginning of a word, in Chinese anywhere.
    `below`, `up_to`, `above`, `at_least` stand before a limit in a text. `placeholders` are texts that say nothing.
    `flags` are interpretations that say where the value lies against its own range.
    """

    schema_: str = Field(default="", alias="$schema")
    normal: _Meaning = _Meaning()
    other: _Meaning = _Meaning()
    below: tuple[str, ...] = ()
    up_to: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    at_least: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    flags: _Flags = _Flags()


class RangeWords:
    """The table, as look-ups."""

    def __init__(self, table: RangeTable) -> None:
        self._codes = {"normal": _folded(table.normal.codes), "other": _folded(table.other.codes)}
        self._says = {"normal": _pattern(table.normal.words), "other": _pattern(table.other.words)}
        self._placeholders = _folded(table.placeholders)
        signs = {"<": table.below, "<=": table.up_to, ">": table.above, ">=": table.at_least}
        self._signs = {fold_range(word): sign for sign, listed in signs.items() for word in listed}
        # The longest first: "less than or equal to" is not "less than".
        written = "|".join(map(re.escape, sorted(self._signs, key=len, reverse=True)))
        self._sign = re.compile(rf"({written or '(?!)'})\s*(?=[0-9])")
        self._flags: dict[str, Flag] = {
            text: flag for flag in FLAGS for text in _folded(getattr(table.flags, flag))
        }  # fmt: skip

    def is_normal(self, concept: CodeableConcept | None, text: str | None) -> bool | None:
        """Whether a range of this type, with this text, is one of normal; `None` where that cannot be told."""
        if text is not None and self._says["other"].search(fold_range(text)):
            return False
        if concept is None or not (concept.coding or concept.text):
            return True
        # The codings of one concept are translations of each other.
        codes = {fold_range(coding.code) for coding in concept.coding if coding.code}
        said = [fold_range(one) for one in (concept.text, *(coding.display for coding in concept.coding)) if one]
        if codes & self._codes["other"] or any(map(self._says["other"].search, said)):
            return False
        return True if codes & self._codes["normal"] or any(map(self._says["normal"].search, said)) else None

    def says_nothing(self, text: str) -> bool:
        """Whether a text stands there only because something has to."""
        return fold_range(text) in self._placeholders

    def parse(self, text: str) -> tuple[Interval, str] | None:
        """A plain range in words and the unit behind it: `0 - 40`, `≤40`, `bis 40 U/L`; `None` for anything else."""
        if len(text) > _LONGEST:
            return None
        plain = fold_range(text, case=False)
        bracketed = _BRACKETED.fullmatch(plain)
        if bracketed is not None:
            plain = (bracketed[1] or bracketed[2] or "").strip()
        start = self._sign.match(plain.casefold())
        if start is not None and len(plain.casefold()) == len(plain):
            plain = self._signs[start[1]] + plain[start.end() :]
        found = parse_interval(plain)
        return None if found is None or found[0].is_point else found

    def flags(self, concepts: Iterable[CodeableConcept]) -> set[Flag]:
        """Where interpretations say that the value lies against its own range."""
        found: set[Flag] = set()
        for concept in concepts:
            codes = [coding.code for coding in concept.coding if coding.code]
            for text in codes or [concept.text or ""]:
                flag = self._flags.get(fold_range(text))
                if flag is not None:
                    found.add(flag)
        return found


def fold_range(text: str, *, case: bool = True) -> str:
    """Without what typists vary: full-width forms, dashes, blanks at the ends, and case."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).translate(_WAVES).strip()
    return folded.casefold() if case else folded


def load_range_words(rules_dir: Path) -> tuple[RangeWords, tuple[Finding, ...]]:
    """`rules_dir/facts/ranges.json`; without it no type of a range is understood, and no flag."""
    path = rules_dir / "facts" / "ranges.json"
    if not is_there(path):
        return NO_WORDS, ()
    name = path.relative_to(rules_dir).as_posix()
    content, findings = read_json(path, name)
    try:
        table = RangeTable() if content is None else RangeTable.model_validate(content)
    except ValidationError as problem:
        table = RangeTable()
        findings += invalid(problem, name, RangeTable)
    return RangeWords(table), tuple(findings)


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold_range, texts))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    parts = [re.escape(fold_range(word)) for word in words]
    # A Latin word from its beginning ("therap" is in "Therapiebereich"); Chinese has no blanks between words.
    return re.compile("|".join(rf"\b{part}" if part.isascii() else part for part in parts) or r"(?!)")


NO_WORDS = RangeWords(RangeTable())
