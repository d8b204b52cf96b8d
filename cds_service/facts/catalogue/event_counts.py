"""How many events of a fact began within so long: two relapses in the last 12 months."""

from typing import ClassVar, Literal

from pydantic import Field

from cds_service.facts.catalogue.fact_definition import (
    FactDefinition,
    FactType,
    Lookup,
    Misfit,
    NumberUnit,
    unknown_parts,
)
from cds_service.facts.catalogue.spec_fields import FactName, Period


class CountFact(FactDefinition):
    """A number of events: how many of the fact `of` began within so long before the day that is asked about, the first
    day of that time included."""

    is_computed: ClassVar[bool] = True
    counts_entries: ClassVar[bool] = True
    is_dated: ClassVar[bool] = False
    minimum: ClassVar[int] = 0

    kind: Literal["count"]
    of: FactName = Field(description="The fact whose events are counted.")
    within: Period = Field(description="How far back: an event counts by the day it began on.")

    def references(self) -> tuple[str, ...]:
        return (self.of,)

    @property
    def computed_from(self) -> tuple[str, ...]:
        return (f"{self.of}.history",)

    def rule_type(self, known: Lookup) -> FactType:
        return "number"

    def number_unit(self, known: Lookup) -> NumberUnit:
        return NumberUnit("1")

    @property
    def made_from(self) -> str:
        return f"{self.of}, those that began within {self.within.words()}"

    @property
    def page_words(self) -> tuple[str, ...]:
        return (
            f"count: how many of `{self.of}` began within {self.within.words()}; records of one day are one event"
            ", and so are those of one course of a drug",
            "what may be one, or may have begun then, makes only the upper end higher",
            f"nothing on record: 0, where `{self.of}` is presumed absent",
        )

    def misfit(self, known: Lookup) -> Misfit | None:
        counted = known(self.of)
        is_list = counted is not None and counted.type == "events"
        return None if is_list else unknown_parts([f"{self.of}, which is no list of events"])
