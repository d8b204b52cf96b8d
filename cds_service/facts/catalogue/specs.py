"""The entries of the fact catalogue (`rules/facts/*.json`) as pydantic models, one per kind of fact.

`docs/facts.md` and `rules/schema/facts.schema.json` describe the keys to rule authors; here they are checked.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from cds_service.durations import PATTERN, Duration
from cds_service.facts.intervals import Factor, is_sane
from cds_service.rule_files import WholeNumber, YesNo

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def _fact_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError("a fact's name is lower-case words joined by dots, such as lab.hemoglobin")
    return name


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a number, or a decimal as text")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("a number, or a decimal as text") from error
    if not is_sane(number):
        raise ValueError("a number of a possible magnitude")
    return number


def _factor(value: Any) -> Factor:
    pair = value if isinstance(value, list | tuple) else (value, value)
    if len(pair) != 2:
        raise ValueError("a factor, or a pair [least, greatest]")
    low, high = _decimal(pair[0]), _decimal(pair[1])
    if not 0 < low <= high:
        raise ValueError("a factor is above 0, and the least comes first")
    return low, high


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError("a duration such as P90D")
    return Duration.parse(value)


def _bounds(value: Any) -> tuple[Decimal, Decimal]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("a pair [least, greatest]")
    low, high = _decimal(value[0]), _decimal(value[1])
    if low > high:
        raise ValueError("the least comes first")
    return low, high


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_NAMES = {"type": "string", "pattern": f"^{_NAME.pattern}$"}
FactName = Annotated[str, AfterValidator(_fact_name), WithJsonSchema(_NAMES)]
FactNames = Annotated[
    tuple[FactName, ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [_NAMES, {"type": "array", "items": _NAMES}]}),
]
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"}]}
Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema(_NUMBER)]
UnitFactor = Annotated[
    Factor,
    BeforeValidator(_factor),
    WithJsonSchema({"anyOf": [*_NUMBER["anyOf"], {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}]}),
]
Bounds = Annotated[
    tuple[Decimal, Decimal],
    BeforeValidator(_bounds),
    WithJsonSchema({"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}),
]
Period = Annotated[
    Duration,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]
Result = Literal["positive", "negative", "indeterminate"]
Absence = Literal["unknown", "presumed_absent"]
EventResource = Literal[
    "Condition",
    "Medication",
    "Procedure",
    "Immunization",
    "AllergyIntolerance",
    "Device",
    "ResearchSubject",
]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Code(Model):
    """A code of a code system; `display` is for the reader and never compared."""

    system: str = Field(min_length=1)
    code: str = Field(min_length=1)
    display: str = ""


class ObservedCode(Code):
    """The code of an observation. `scale`: its number is the logarithm of the amount. `units` count with it alone."""

    scale: Literal["log10"] | None = None
    units: dict[str, UnitFactor] = Field(default_factory=dict)


class ScoreAnswer(Code):
    value: Number


class ResultAnswer(Code):
    value: Result
    alone: bool = Field(
        default=False,
        description="That the code says of itself which test it answers: it counts as the code of an observation or of "
        "a condition, too.",
    )


class Where(Model):
    """Another component of the same observation, by its code, and what it has to say."""

    code: Code
    value: tuple[Code, ...] = ()
    text: tuple[str, ...] = ()


class Component(Model):
    """A component that counts only beside another one: the copy number of *this* gene."""

    code: Code
    where: Where
    text_hints: tuple[str, ...] = ()


class Variant(Model):
    """An observation that is a positive finding when its components say so, whatever it is called.

    The first condition in `where` says what it is about (the gene). One that speaks of the others too, but does not say
    what is asked, is no finding; and because of it none is presumed absent.
    """

    codes: tuple[Code, ...] = Field(min_length=1)
    where: tuple[Where, ...] = Field(min_length=1)


class Presumed(Model):
    """The value in a closed world where there is no evidence at all and none of the events `without` is on record."""

    value: Number
    without: FactNames


class Unsettled(Model):
    """Treatments that raise a value: within so long of one it says only that the value without it is no higher."""

    events: FactNames = Field(min_length=1)
    within: Period


class BorneOut(Model):
    """A result that bears a disease out from this value on, in the unit of the result's fact."""

    fact: FactName
    limit: Number = Field(alias="from")


Bound = Number | Literal["upper_limit", "lower_limit"]
Operator = Literal["<", "<=", ">=", ">"]


class ReadNumber(Model):
    """How a result that is a bare number is read: by a number, or by a limit of its own reference range.

    `lower_limit` counts only where the range has no upper one: of a competitive assay, in which a low number is
    positive, that alone tells the direction.
    """

    positive: tuple[Operator, Bound]
    negative: tuple[Operator, Bound]


class FactDefinition(Model):
    """What every fact has. `name` is how rules speak of it; `title` how cards do."""

    name: FactName
    title: str = Field(min_length=1)
    description: str = ""

    def references(self) -> tuple[str, ...]:
        """Names of the facts that this one is made of."""
        return ()


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


class Numeric(ObservedFact):
    minimum: Number | None = Decimal(0)
    undetected: Number | None = None
    presumed: Presumed | None = None

    def references(self) -> tuple[str, ...]:
        return () if self.presumed is None else self.presumed.without


class Differential(Model):
    """An absolute count, where none is reported, from the count of all cells and a share of them in per cent."""

    count: FactName
    percent: FactName


class AtMostBeside(Model):
    """The value is only an upper bound where, at the same moment, one of the facts `beside` is above its number.

    A text among `not_when` says that it is not (room air).
    """

    reason: Literal["on_oxygen"]
    beside: dict[FactName, Number] = Field(min_length=1)
    not_when: tuple[str, ...] = ()

    def says_none(self, text: str) -> bool:
        return text.strip().casefold() in {one.casefold() for one in self.not_when}


class QuantityFact(Numeric):
    """A number with a unit. All of these are in the fact's own unit, ends included:

    `plausible`: where a value of a living person may lie, with its reason; `zero` says that 0 may be one besides.
    `normal`: where most healthy people's values lie, for the table of what a slip of the unit does. `plausible_limit`:
    where a limit of normal may lie.
    """

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


class DateFact(ObservedFact):
    kind: Literal["date"]
    else_onset_of: FactName | None = None

    def references(self) -> tuple[str, ...]:
        return () if self.else_onset_of is None else (self.else_onset_of,)


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

    @property
    def valuesets(self) -> tuple[str, ...]:
        return tuple([name for name in (self.valueset, self.history, self.hints) if name is not None])


class PatientFact(FactDefinition):
    kind: Literal["patient"]

    @model_validator(mode="after")
    def _is_known(self) -> "PatientFact":
        if self.name not in {"patient.age", "patient.sex", "patient.deceased"}:
            raise ValueError("the patient facts are patient.age, patient.sex and patient.deceased")
        return self


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


class DefinedFact(FactDefinition):
    """JSONLogic over other facts, put in place of the name when a rule is loaded; nothing is computed here."""

    kind: Literal["defined"]
    logic: Any
    parts: tuple[FactName, ...] = ()

    def references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.parts, *_variables(self.logic)]))


FORMULA_PARTS: dict[str, tuple[str, ...]] = {
    "bmi": ("kg", "cm"),
    "ckd_epi_2021": ("umol/L", "age", "sex"),
    "cockcroft_gault": ("umol/L", "kg", "age", "sex"),
    "upcr": ("mg/L", "mmol/L"),
}
"""What the parts of each formula must be, in this order: a number in that unit, the age or the sex."""

FactSpec = (
    QuantityFact | ScoreFact | TiterFact | ResultFact | DateFact | EventsFact | PatientFact | DerivedFact | DefinedFact
)
"""Any entry of the catalogue."""


class FactFile(Model):
    """A file of the catalogue."""

    schema_: str = Field(default="", alias="$schema")
    facts: tuple[Annotated[FactSpec, Field(discriminator="kind")], ...]


MODELS: dict[str, type[FactSpec]] = {
    "quantity": QuantityFact,
    "score": ScoreFact,
    "titer": TiterFact,
    "result": ResultFact,
    "date": DateFact,
    "events": EventsFact,
    "patient": PatientFact,
    "derived": DerivedFact,
    "defined": DefinedFact,
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
