"""Elimination half-lives of drugs (`rules/facts/half-lives.json`), for washouts that a trial counts in half-lives."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cds_service.errors import Finding
from cds_service.facts.catalogue import CodeSystems, HalfLives, Key
from cds_service.facts.words import PhraseIndex, tokens
from cds_service.rule_files import invalid, is_there, read_json

_FILE = "facts/half-lives.json"
_ATC = "http://www.whocc.no/atc"
_Days = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HalfLife(_Strict):
    """The half-life of one drug in days: the least and the greatest that its label gives as typical of adults."""

    names: tuple[str, ...] = Field(min_length=1, description="The substance, as words of a product's name may have it.")
    atc: tuple[str, ...] = ()
    days: tuple[_Days, _Days]
    source: str = Field(min_length=1, description="Where it says so, such as a label and its section.")

    @model_validator(mode="after")
    def _least_first(self) -> "HalfLife":
        if self.days[0] > self.days[1]:
            raise ValueError("`days` is [least, greatest]")
        return self


class HalfLifeTable(_Strict):
    """`rules/facts/half-lives.json`."""

    schema_: str = Field(default="", alias="$schema")
    drugs: tuple[HalfLife, ...] = ()


class HalfLifeIndex:
    """The table as look-ups."""

    def __init__(self, table: HalfLifeTable, systems: CodeSystems) -> None:
        self._by_code: dict[Key, tuple[float, float]] = {}
        by_name: dict[str, set[str]] = {}
        self._days: dict[str, tuple[float, float]] = {}
        for number, drug in enumerate(table.drugs):
            self._days[str(number)] = drug.days
            self._by_code |= {systems.key(_ATC, code): drug.days for code in drug.atc}
            for name in drug.names:
                by_name.setdefault(name, set()).add(str(number))
        self._names = PhraseIndex(by_name)

    def of(self, key: Key | None, texts: Iterable[str]) -> tuple[float, float] | None:
        """The half-life in days, least and greatest, of a drug by its code, else by its names; `None`: not listed.

        Where the names are those of several drugs, the range holds all of them.
        """
        if key is not None and key in self._by_code:
            return self._by_code[key]
        found = {one for text in texts for _, names in self._names.find(tokens(text)) for one in names}
        if not found:
            return None
        ranges = [self._days[one] for one in found]
        return min(low for low, _ in ranges), max(high for _, high in ranges)


def load_half_lives(rules_dir: Path, systems: CodeSystems) -> tuple[HalfLifeIndex, tuple[Finding, ...]]:
    """`rules_dir/facts/half-lives.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return HalfLifeIndex(HalfLifeTable(), systems), ()
    content, findings = read_json(path, _FILE)
    try:
        table = HalfLifeTable() if content is None else HalfLifeTable.model_validate(content)
    except ValidationError as problem:
        return HalfLifeIndex(HalfLifeTable(), systems), (*findings, *invalid(problem, _FILE, HalfLifeTable))
    return HalfLifeIndex(table, systems), tuple(findings)


def unlisted(spec: HalfLives) -> tuple[float, float]:
    """The half-life of a drug of a fact that has none listed."""
    return 0.0, float(spec.at_most.bounds()[1])
