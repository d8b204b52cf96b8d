"""From which dose on a drug treats (`rules/facts/treating-doses.json`), where less of it only prevents."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cds_service.errors import Finding
from cds_service.facts.catalogue import CodeSystems, Key
from cds_service.facts.events.dosage_table import Ratio
from cds_service.facts.events.doses import Dose
from cds_service.facts.words import PhraseIndex, tokens
from cds_service.rule_files import invalid, read_json

_FILE = "facts/treating-doses.json"
_ATC = "http://www.whocc.no/atc"
_Amounts = dict[str, Ratio]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TreatingDose(_Strict):
    """The least that treats an adult, by unit: of a single dose, of a day, and of one tablet or capsule.

    A dose that is stated and less does not tell: it prevents, or treats somebody whose kidneys are weak.
    """

    names: tuple[str, ...] = Field(min_length=1, description="The substance and its brands, as names may have them.")
    atc: tuple[str, ...] = ()
    single: _Amounts = Field(default={}, description="By unit of `dosage.json`: a single dose from this on treats.")
    daily: _Amounts = Field(default={}, description="By unit: so much a day, or more, treats.")
    strength: _Amounts = Field(
        default={}, description="By unit: a product of this strength is made to treat, where no dose is stated."
    )
    source: str = Field(min_length=1, description="Where it says so, such as a label and its section.")

    @model_validator(mode="after")
    def _tells(self) -> "TreatingDose":
        if not self.single and not self.daily:
            raise ValueError("`single`, `daily` or both say from which dose on it treats")
        return self

    def treats(self, doses: Sequence[Dose]) -> bool | None:
        """Whether all of these doses treat. False: one does not, or tells nothing. `None`: none is stated, and the
        product's strength is no amount of one piece (a syringe, a mixture)."""
        stated = [dose for dose in doses if dose.amounts]
        if stated:
            return all(self._is_treating(dose) for dose in stated)
        strengths = {one for dose in doses for one in dose.strengths}
        if not strengths:
            return False
        if len(strengths) > 1:
            return None
        ((number, unit),) = strengths
        return number >= Fraction(self.strength[unit]) if unit in self.strength else None

    def _is_treating(self, dose: Dose) -> bool:
        amounts = {unit: number for number, unit in dose.amounts} if len(dose.amounts) == 1 else {}
        if dose.single is not None:
            amounts["mg"] = dose.single
        for unit, number in amounts.items():
            if unit in self.single and number >= Fraction(self.single[unit]):
                return True
            if unit in self.daily and dose.times is not None and number * dose.times >= Fraction(self.daily[unit]):
                return True
        return False


class TreatingDoseTable(_Strict):
    """`rules/facts/treating-doses.json`."""

    schema_: str = Field(default="", alias="$schema")
    drugs: tuple[TreatingDose, ...] = ()


class TreatingDoses:
    """The table as look-ups."""

    def __init__(self, table: TreatingDoseTable, systems: CodeSystems) -> None:
        self._drugs = table.drugs
        self._by_code = {systems.key(_ATC, code): drug for drug in table.drugs for code in drug.atc}
        by_name: dict[str, set[str]] = {}
        for number, drug in enumerate(table.drugs):
            for name in drug.names:
                by_name.setdefault(name, set()).add(str(number))
        self._names = PhraseIndex(by_name)

    def of(self, key: Key | None, texts: Iterable[str]) -> TreatingDose | None:
        """What treats of a drug, by its code, else by its names; `None`: not listed, or the names are of several."""
        if key is not None and key in self._by_code:
            return self._by_code[key]
        found = {one for text in texts for _, names in self._names.find(tokens(text)) for one in names}
        return self._drugs[int(found.pop())] if len(found) == 1 else None


def load_treating_doses(rules_dir: Path, systems: CodeSystems) -> tuple[TreatingDoses, tuple[Finding, ...]]:
    """`rules_dir/facts/treating-doses.json`, which is not required."""
    path = rules_dir / _FILE
    if not path.is_file():
        return TreatingDoses(TreatingDoseTable(), systems), ()
    content, findings = read_json(path, _FILE)
    try:
        table = TreatingDoseTable() if content is None else TreatingDoseTable.model_validate(content)
    except ValidationError as problem:
        return TreatingDoses(TreatingDoseTable(), systems), (*findings, *invalid(problem, _FILE, TreatingDoseTable))
    return TreatingDoses(table, systems), tuple(findings)
