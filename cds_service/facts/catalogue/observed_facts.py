"""Facts that an Observation tells: quantities, scores, titres, results and dates."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from cds_service.durations import Duration
from cds_service.facts.catalogue.fact_definition import (
    Code,
    FactDefinition,
    FactType,
    Lookup,
    Misfit,
    NumberUnit,
    Part,
    unknown_parts,
)
from cds_service.facts.catalogue.observed_parts import (
    AtMostBeside,
    Component,
    Differential,
    ObservedCode,
    Presumed,
    ReadNumber,
    ResultAnswer,
    ScoreAnswer,
    Unsettled,
    Variant,
)
from cds_service.facts.catalogue.spec_fields import Bounds, FactName, Number, Period, UnitFactor
from cds_service.rule_files import YesNo


class ObservedFact(FactDefinition):
    """A fact that an Observation (or a component of one) tells."""

    codes: tuple[ObservedCode, ...] = ()
    hint_codes: tuple[Code, ...] = Field(
        default=(),
        description="Codes that only may mean it, as they leave the specimen or the test open. Where nothing else is "
        "on record the fact is unknown because of them; they never count beside another.",
    )
    fresh_for: Period | None = None
    order: Code | None = None
    absence: Literal["unknown"] = "unknown"

    @property
    def observation_codes(self) -> tuple[Code, ...]:
        """The codes of observations that tell it or may tell it, the usual ones first."""
        return (*self.codes, *self.hint_codes)

    def freshness(self, known: Lookup) -> Duration | None:
        return self.fresh_for


class Numeric(ObservedFact):
    minimum: Number | None = Decimal(0)
    undetected: Number | None = None
    presumed: Presumed | None = None

    def references(self) -> tuple[str, ...]:
        return () if self.presumed is None else self.presumed.without

    def rule_type(self, known: Lookup) -> FactType:
        return "number"

    def number_unit(self, known: Lookup) -> NumberUnit:
        return NumberUnit("1")


class QuantityFact(Numeric):
    """A number with a unit. All of these are in the fact's own unit, ends included:

    `plausible`: where a value of a living person may lie, with its reason; `zero` says that 0 may be one besides.
    `normal`: where most healthy people's values lie, for the table of what a slip of the unit does. `plausible_limit`:
    where a limit of normal may lie.
    """

    rule_parts: ClassVar[tuple[Part, ...]] = ("x_uln", "x_lln")

    kind: Literal["quantity"]
    codes: tuple[ObservedCode, ...] = Field(min_length=1)
    unit: str = Field(min_length=1)
    display_unit: str = ""
    units: dict[str, UnitFactor] = Field(default_factory=dict)
    molar_mass: Number | None = None
    logarithmic: YesNo = Field(default=False, description="Whether its units are read on a scale of log₁₀ too.")
    unit_when_missing: str | None = None
    fresh_for_child: Period | None = None
    plausible: Bounds | None = None
    plausible_reason: str = ""
    plausible_limit: Bounds | None = None
    zero: YesNo = False
    normal: Bounds | None = None
    differential: Differential | None = None
    at_most: AtMostBeside | None = None
    unsettled_by: Unsettled | None = None
    of_day: Literal["lowest", "highest"] | None = Field(
        default=None, description="Of several values of the newest day this one counts, whichever was the last."
    )

    @model_validator(mode="after")
    def _lists_its_own_unit(self) -> "QuantityFact":
        if self.unit != "1" and self.units.get(self.unit) != (Decimal(1), Decimal(1)):
            raise ValueError(f"`units` must list the fact's own unit {self.unit!r} with the factor 1")
        if self.unit_when_missing is not None and self.unit_when_missing not in self.units:
            raise ValueError("`unit_when_missing` must be one of `units`")
        return self

    @property
    def companions(self) -> tuple[str, ...]:
        """The facts that are looked at beside this one, at whatever time."""
        return () if self.at_most is None else tuple(self.at_most.beside)

    @property
    def measured_parts(self) -> tuple[str, ...]:
        """The quantities that it is made of, or that are looked at beside it."""
        parts = () if self.differential is None else (self.differential.count, self.differential.percent)
        return (*parts, *self.companions)

    def references(self) -> tuple[str, ...]:
        unsettled = () if self.unsettled_by is None else self.unsettled_by.events
        return (*super().references(), *self.measured_parts, *unsettled)

    @property
    def computed_from(self) -> tuple[str, ...]:
        """The count and the share of it from which an absolute count is made."""
        parts = self.differential
        return () if parts is None else (parts.count, parts.percent)

    def number_unit(self, known: Lookup) -> NumberUnit:
        return NumberUnit(self.unit, self.units)

    def misfit(self, known: Lookup) -> Misfit | None:
        others = [name for name in self.measured_parts if (one := known(name)) is None or one.kind != "quantity"]
        return unknown_parts(f"{name}, which is no quantity" for name in others)


class ScoreFact(Numeric):
    kind: Literal["score"]
    values: tuple[ScoreAnswer, ...] = ()
    component: Component | None = None

    @property
    def observation_codes(self) -> tuple[Code, ...]:
        return (
            super().observation_codes if self.component is None else (*super().observation_codes, self.component.code)
        )


class TiterFact(Numeric):
    kind: Literal["titer"]
    codes: tuple[ObservedCode, ...] = Field(min_length=1)


class ResultFact(ObservedFact):
    kind: Literal["result"]
    values: tuple[ResultAnswer, ...] = ()
    names: dict[str, tuple[Annotated[str, Field(pattern=r"\S")], ...]] = Field(
        default={}, description="By language: what an answer may call it, as in `Negative for HBsAg`."
    )
    read_number: ReadNumber | None = None
    variant: Variant | None = None
    presumed: Literal["positive", "negative"] | None = Field(
        default=None, description="What counts in a closed world where there is no evidence at all."
    )
    lasting: Literal["positive", "negative"] | None = Field(
        default=None, description="The answer that does not go stale."
    )

    @property
    def observation_codes(self) -> tuple[Code, ...]:
        alone = tuple([answer for answer in self.values if answer.alone])
        return (*super().observation_codes, *alone, *(() if self.variant is None else self.variant.codes))

    def rule_type(self, known: Lookup) -> FactType:
        return "result"


class DateFact(ObservedFact):
    kind: Literal["date"]
    else_onset_of: FactName | None = None

    def references(self) -> tuple[str, ...]:
        return () if self.else_onset_of is None else (self.else_onset_of,)

    def rule_type(self, known: Lookup) -> FactType:
        return "date"

    def misfit(self, known: Lookup) -> Misfit | None:
        if self.else_onset_of is None:
            return None
        other = known(self.else_onset_of)
        is_condition = other is not None and other.resource == "Condition"
        return None if is_condition else unknown_parts([f"{self.else_onset_of}, which is no condition"])
