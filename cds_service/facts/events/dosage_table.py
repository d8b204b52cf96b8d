"""`rules/facts/dosage.json`: how dosages say when a drug is taken, for how long and how much of it."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import Code
from cds_service.rule_files import invalid, is_there, read_json

_FILE = "facts/dosage.json"
ByLanguage = dict[str, tuple[str, ...]]


def _ratio(text: str) -> str:
    try:
        is_positive = Fraction(text) > 0
    except (ValueError, ZeroDivisionError):
        is_positive = False
    if not is_positive:
        raise ValueError("a number above 0 as text, such as 1000, 0.001 or 1/7")
    return text


Ratio = Annotated[str, AfterValidator(_ratio)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AsNeeded(_Strict):
    codes: tuple[Code, ...] = Field(default=(), description="Instructions that say that it is not taken regularly.")
    words: ByLanguage = Field(default={}, description="By language: words that say so.")


class LastsWords(_Strict):
    before: ByLanguage = Field(default={}, description="What stands before a length: `for` 5 days.")
    after: ByLanguage = Field(default={}, description="What stands after a length: 5 day `course`.")


class Amount(_Strict):
    words: tuple[str, ...] = Field(min_length=1, description="How the unit is written.")
    mg: Ratio | None = Field(default=None, description="How many milligrams it is, where it is a mass.")


class DosageTable(_Strict):
    """`rules/facts/dosage.json`. None of it is required: what is not listed is not understood."""

    schema_: str = Field(default="", alias="$schema")
    as_needed: AsNeeded = AsNeeded()
    lasts: LastsWords = LastsWords()
    amounts: dict[str, Amount] = Field(
        default={}, description="The units of a dose; `{count}` is a tablet, capsule or another piece."
    )
    times_a_day: dict[Ratio, tuple[str, ...]] = Field(
        default={}, description="Words for how often it is taken, by the number of times in a day."
    )
    no_names: tuple[str, ...] = Field(default=(), description="Words in a drug's name that do not name the drug.")


def load_dosage(rules_dir: Path) -> tuple[DosageTable, tuple[Finding, ...]]:
    """`rules_dir/facts/dosage.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return DosageTable(), ()
    content, findings = read_json(path, _FILE)
    try:
        return (DosageTable() if content is None else DosageTable.model_validate(content)), tuple(findings)
    except ValidationError as problem:
        return DosageTable(), (*findings, *invalid(problem, _FILE, DosageTable))


def every(words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The words of all languages."""
    return (word for listed in words.values() for word in listed)
