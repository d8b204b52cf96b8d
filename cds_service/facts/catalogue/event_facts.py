"""Facts that are lists of records: conditions, drugs, procedures, vaccinations, allergies, devices, studies."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from cds_service.durations import Duration
from cds_service.facts.catalogue.fact_definition import Code, FactDefinition, FactType, Lookup, Model, Part
from cds_service.facts.catalogue.spec_fields import Absence, EventResource, FactName, Number, Period
from cds_service.rule_files import WholeNumber, YesNo


class BorneOut(Model):
    """A result that bears a disease out from this value on, in the unit of the result's fact."""

    fact: FactName
    limit: Number = Field(alias="from")


class OrderLength(Model):
    """How long an order is meant for that does not say until when; from then on nobody knows whether it is taken."""

    lasts: Period
    words: dict[str, tuple[str, ...]] = Field(
        default={},
        description="By language. Where there are some: only what the drug or its dosage says one of.",
    )
    reason: str = Field(min_length=1)


class HalfLives(Model):
    """That rules may ask how many half-lives have passed. `at_most`: the half-life of a drug that has none listed."""

    at_most: Period
    reason: str = Field(min_length=1)


class EventsFact(FactDefinition):
    """A list of records. The value set `history` has codes that only tell of the past, `hints` has doubtful ones.

    A drug's route settles what only the route leaves open: hints that are in the value set `by_route` too count where
    the `route` fits. Other hints (is this dose a treatment? is this drug one of those meant?) it doesn't settle.

    Of drugs: records that are at most `gap` apart belong to one course, however many they are.
    Of a fact that needs at `least` so many records fewer are none.
    """

    rule_parts: ClassVar[tuple[Part, ...]] = ("active", "history")

    kind: Literal["events"]
    resource: EventResource
    valueset: str | None = None
    history: str | None = None
    hints: str | None = None
    route: str | None = None
    by_route: str | None = None
    hint_category: tuple[Code, ...] = ()
    unrecognised: Literal["hint", "counts"] | None = Field(
        default=None,
        description="What an entry is that neither a code nor words place: `counts` where whatever it is counts (but "
        "for `excepted`), `hint` where one without a known code only may.",
    )
    excepted: str | None = Field(default=None, description="The value set of what never counts.")
    least: Annotated[WholeNumber, Field(ge=2)] | None = None
    borne_out_by: tuple[BorneOut, ...] = ()
    state_of: FactName | None = Field(
        default=None,
        description="The disease of which this is a state: a newer entry of it, by whatever code, that says that it is "
        "not active leaves open whether the state is.",
    )
    absence: Absence = "presumed_absent"
    gap: Period = Duration(days=14)
    course: OrderLength | None = None
    half_lives: HalfLives | None = None
    treats: YesNo = Field(
        default=False,
        description="That only a dose that treats counts: of a drug in treating-doses.json another one is a hint.",
    )

    @model_validator(mode="after")
    def _keeps_what_is_of_drugs_to_drugs(self) -> "EventsFact":
        if self.resource != "Medication" and self.model_fields_set & {"gap", "course", "half_lives", "treats"}:
            raise ValueError("`gap`, `course`, `half_lives` and `treats` are for drugs (`resource`: Medication)")
        if self.gap.exact is None:
            raise ValueError("`gap` is a number of days or weeks")
        return self

    @model_validator(mode="after")
    def _is_a_state_of_a_disease(self) -> "EventsFact":
        if self.state_of is not None and self.resource != "Condition":
            raise ValueError("`state_of` is for conditions")
        return self

    @model_validator(mode="after")
    def _has_a_route_to_count_by(self) -> "EventsFact":
        if self.by_route is not None and (self.route is None or self.hints is None):
            raise ValueError("`by_route` goes with `route` and `hints`")
        return self

    def references(self) -> tuple[str, ...]:
        whole = () if self.state_of is None else (self.state_of,)
        return (*(result.fact for result in self.borne_out_by), *whole)

    def rule_type(self, known: Lookup) -> FactType:
        return "events"

    @property
    def when_absent(self) -> Absence:
        return self.absence

    @property
    def valuesets(self) -> tuple[str, ...]:
        return tuple([name for name in (self.valueset, self.history, self.hints) if name is not None])
