"""Facts that are made of others: by a formula, by a choice among alternatives, or by a rule."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from cds_service.durations import Duration, shortest
from cds_service.facts.catalogue.fact_definition import (
    Code,
    FactDefinition,
    FactType,
    Lookup,
    Misfit,
    Model,
    NumberUnit,
)
from cds_service.facts.catalogue.spec_fields import Bounds, FactName, Period

Formula = Literal[
    "ckd_epi_2021", "cockcroft_gault", "bmi", "upcr", "first_known", "either_test", "both_parts", "confirmed_test"
]  # fmt: skip


class SubstituteFact(Model):
    """What is on record in place of what is asked, and in which words that is told: `reported by MDRD, …`."""

    fact: FactName
    note: str = Field(min_length=1)


class DerivedFact(FactDefinition):
    """A fact that is computed from others: by a formula from `parts`, or by choosing among the alternatives `of`.

    `instead` never counts: where nothing else is on record, it is told as the reason.
    """

    is_computed: ClassVar[bool] = True

    kind: Literal["derived"]
    formula: Formula
    unit: str | None = None
    display_unit: str = ""
    parts: tuple[FactName, ...] = ()
    of: tuple[FactName, ...] = ()
    plausible: Bounds | None = None
    instead: tuple[SubstituteFact, ...] = ()
    fresh_for: Period | None = None
    order: Code | None = None

    @model_validator(mode="after")
    def _has_its_parts(self) -> "DerivedFact":
        chooses = self.formula in {"first_known", "either_test", "both_parts", "confirmed_test"}
        if chooses != bool(self.of):
            raise ValueError("`of` is for first_known, either_test, both_parts and confirmed_test, which need it")
        if not chooses and not self.parts:
            raise ValueError("`parts` lists the facts that the formula reads")
        if self.instead and self.formula != "first_known":
            raise ValueError("`instead` is for first_known")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The facts of which it has its value."""
        return self.of or self.parts

    def references(self) -> tuple[str, ...]:
        return (*self.sources, *(other.fact for other in self.instead))

    @property
    def made_from(self) -> str:
        return f"{self.formula.replace('_', ' ')} of {', '.join(self.references())}"

    @property
    def computed_from(self) -> tuple[str, ...]:
        return self.parts

    def rule_type(self, known: Lookup) -> FactType:
        if self.formula == "first_known":
            first = known(self.of[0])
            return "number" if first is None else first.type
        return "result" if self.formula in {"either_test", "both_parts", "confirmed_test"} else "number"

    def number_unit(self, known: Lookup) -> NumberUnit:
        if self.rule_type(known) != "number":
            return NumberUnit()
        alternatives = [one for one in map(known, self.of) if one is not None]
        units = next((one.units for one in alternatives if one.units), NumberUnit().units)
        first = next((one.unit for one in alternatives), "1")
        return NumberUnit(self.unit or first, units)

    def freshness(self, known: Lookup) -> Duration | None:
        if self.fresh_for is not None:
            return self.fresh_for
        # What is computed goes stale with the part that does so first.
        parts = [one for one in map(known, self.references()) if one is not None]
        return shortest(one.fresh_for for one in parts if one.fresh_for is not None)

    def misfit(self, known: Lookup) -> Misfit | None:
        """Whether the parts are those that the formula reads, in the units it is written for."""
        wanted = FORMULA_PARTS.get(self.formula)
        entries = map(known, self.parts)
        if wanted is None or wanted == tuple((one.unit or one.type) if one is not None else "" for one in entries):
            return None
        return Misfit("fact-formula-parts", f"{self.formula} reads, in this order: {', '.join(wanted)}")


class DefinedFact(FactDefinition):
    """JSONLogic over other facts, put in place of the name when a rule is loaded; nothing is computed here."""

    kind: Literal["defined"]
    logic: Any
    parts: tuple[FactName, ...] = ()

    def references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.parts, *_variables(self.logic)]))

    @property
    def made_from(self) -> str:
        return f"defined by {', '.join(self.references())}"

    def rule_type(self, known: Lookup) -> FactType:
        return "logic"


FORMULA_PARTS: dict[str, tuple[str, ...]] = {
    "bmi": ("kg", "cm"),
    "ckd_epi_2021": ("umol/L", "age", "sex"),
    "cockcroft_gault": ("umol/L", "kg", "age", "sex"),
    "upcr": ("mg/L", "mmol/L"),
}


def _variables(logic: Any) -> Iterator[str]:
    if isinstance(logic, dict):
        for operator, argument in logic.items():
            if operator == "var":
                name = argument[0] if isinstance(argument, list) and argument else argument
                if isinstance(name, str) and "." in name:
                    yield name
            else:
                yield from _variables(argument)
    elif isinstance(logic, list):
        for item in logic:
            yield from _variables(item)
