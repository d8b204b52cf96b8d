"""What a trial file may hold. The JSON Schema that editors use is generated from these models."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from cds_service.durations import PATTERN, Duration
from cds_service.rule_files import Day, WholeNumber, YesNo
from cds_service.wire import AddressProblem, parse_address

Text = Annotated[str, Field(min_length=1, max_length=2_000)]
CriterionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,9}-[0-9]{2}[a-z]?$")]


def _address(text: str) -> str:
    try:
        parse_address(text)
    except AddressProblem as problem:
        raise ValueError(str(problem)) from problem
    return text


def _duration(text: str) -> str:
    Duration.parse(text)
    return text


IsoDuration = Annotated[str, AfterValidator(_duration), WithJsonSchema({"type": "string", "pattern": PATTERN})]
SourceGap = Annotated[str, Field(max_length=200, pattern=r"^\S(.*\S)?$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Status = Literal[
    "not_yet_recruiting",
    "recruiting",
    "enrolling_by_invitation",
    "active_not_recruiting",
    "completed",
    "suspended",
    "terminated",
    "withdrawn",
    "unknown",
]
Kind = Literal["inclusion", "exclusion"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSpan(_File):
    """A stretch of the source text, in code points of its file: from `start` up to, not including, `end`."""

    start: Annotated[WholeNumber, Field(ge=0)]
    end: Annotated[WholeNumber, Field(ge=1)]

    @model_validator(mode="after")
    def _has_a_length(self) -> "SourceSpan":
        if self.start >= self.end:
            raise ValueError("'end' comes after 'start'")
        return self


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, dict | SourceSpan) else value


_PLACE = {"type": "integer", "minimum": 0}
_SPAN = {
    "type": "object",
    "properties": {"start": _PLACE, "end": _PLACE},
    "required": ["start", "end"],
    "additionalProperties": False,
}
_SPANS_SCHEMA = {"anyOf": [_SPAN, {"type": "array", "items": _SPAN}]}
Spans = Annotated[
    tuple[SourceSpan, ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema(_SPANS_SCHEMA),
]


class SourceText(SourceSpan):
    """The text that the trial was written from: the SHA-256 of its file, and where what it asks of patients stands."""

    sha256: Sha256


class SourcedGap(_File):
    """A source gap with the clauses of the source that show it, or that no criterion takes up."""

    text: SourceGap
    source: Spans = ()


_GAP_TEXT = TypeAdapter(SourceGap)
_GAP_SCHEMA = _GAP_TEXT.json_schema()


def _gap(value: Any) -> str | SourcedGap:
    """A gap as a sentence, or as an object with its clauses. What is wrong is told at the place of the gap."""
    try:
        return SourcedGap.model_validate(value) if isinstance(value, dict) else _GAP_TEXT.validate_python(value)
    except ValidationError as problem:
        raise ValueError(problem.errors()[0]["msg"]) from problem


Gap = Annotated[
    str | SourcedGap,
    PlainValidator(_gap),
    WithJsonSchema(
        {
            "anyOf": [
                _GAP_SCHEMA,
                {
                    "type": "object",
                    "properties": {"text": _GAP_SCHEMA, "source": _SPANS_SCHEMA},
                    "required": ["text"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class CriterionException(_File):
    """What a criterion's source excepts: where the logic fails and `when` may hold, the outcome is unknown."""

    when: Any = Field(default=None, description="JSONLogic: what is excepted. Left out where no record can show it.")
    text: Text = Field(description="What a person must judge where the logic fails; it stands under To check.")

    @property
    def has_when(self) -> bool:
        """Whether a rule says what is excepted; without one every fail may be."""
        return "when" in self.model_fields_set


class Criterion(_File):
    """One criterion of the registry's text.

    `logic` decides; with `review` beside it a person confirms a pass; `review` alone leaves it to a person, and then
    `screen` may show what the record holds without ever deciding. Where the source makes an `exception`, a fail that it
    may cover is unknown.
    """

    id: CriterionId = Field(description="The registry's order: inc-01, exc-06a. Cohorts use ids of their own.")
    kind: Kind
    text: Text = Field(description="The criterion in this project's own words.")
    gate: YesNo = Field(
        default=False, description="The patient must certainly have this for the trial to be mentioned."
    )
    logic: Any = Field(default=None, description="JSONLogic by docs/rule-language.md. An exclusion's logic excludes.")
    review: Text | None = Field(default=None, description="What a person must judge or confirm.")
    exception: CriterionException | None = Field(default=None, description="What the source excepts from a fail.")
    screen: Any = Field(default=None, description="JSONLogic that shows what is on record and never decides.")
    source: Spans = Field(default=(), description="The clauses of the source that this is, as {start, end} or a list.")
    lookback: IsoDuration | None = Field(default=None, description="How old evidence may be, such as P14D or P1M15D.")

    @property
    def has_logic(self) -> bool:
        """Whether a rule decides. A rule may be `null`, which is unknown, so the key's presence counts."""
        return "logic" in self.model_fields_set

    @property
    def has_screen(self) -> bool:
        """Whether a rule shows what is on record."""
        return "screen" in self.model_fields_set

    @model_validator(mode="after")
    def _decided_or_reviewed(self) -> "Criterion":
        if not self.has_logic and self.review is None:
            raise ValueError("a criterion needs 'logic', 'review' or both")
        if self.has_screen and self.has_logic:
            raise ValueError("'screen' belongs to a criterion without 'logic'")
        if self.exception is not None and not self.has_logic:
            raise ValueError("an 'exception' belongs to a criterion with 'logic'")
        if self.gate and (not self.has_logic or self.kind != "inclusion"):
            raise ValueError("a gate is an inclusion criterion with 'logic'")
        return self


class Cohort(_File):
    """A group of the trial with criteria of its own, which come on top of the trial's."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$")]
    title: Text
    criteria: tuple[Criterion, ...] = ()


class Registry(_File):
    """Where the trial is registered, and when that record was last updated."""

    url: Annotated[str, Field(pattern=r"^https://[^\s]+$"), AfterValidator(_address)]
    last_updated: Day | None = None


class Dates(_File):
    """Planned or actual dates as the registry gives them."""

    start: Day | None = None
    completion: Day | None = None


class Contact(_File):
    """A contact that the registry publishes for people who ask about the trial."""

    name: Text
    role: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class Site(_File):
    """A place where the trial runs."""

    name: Text
    city: Text | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    contacts: tuple[Contact, ...] = ()


class Intervention(_File):
    """What the trial gives."""

    name: Text
    type: Text | None = None


class Trial(_File):
    """One `trial.json`."""

    json_schema: str | None = Field(default=None, alias="$schema")
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4,30}$", description="The registry's number, such as NCT07083349.")]
    title: Text
    short_title: Annotated[str, Field(min_length=1, max_length=60)] = Field(
        description="What it gives and in what, in a few words: a card's title has room for about 30 characters of it."
    )
    status: Status
    phase: Text | None = None
    enrollment: Annotated[WholeNumber, Field(ge=0)] | None = None
    sponsor: Text | None = None
    registry: Registry
    dates: Dates = Dates()
    interventions: tuple[Intervention, ...] = ()
    sites: tuple[Site, ...] = ()
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="ISO 3166 codes, for a record that names no site."
    )
    state: Literal["draft", "active", "retired"] = Field(description="Only an active trial may produce cards.")
    rules_version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    notes: Text | None = Field(default=None, description="How the source was read where it is not plain.")
    source: SourceText | None = Field(default=None, description="The text that `source` of a criterion counts in.")
    source_gaps: tuple[Gap, ...] = Field(
        default=(),
        max_length=10,
        json_schema_extra={"uniqueItems": True},
        description="What the source does not say, each in a sentence. A trial with gaps fits possibly at most.",
    )
    criteria: tuple[Criterion, ...]
    cohorts: tuple[Cohort, ...] = ()

    @field_validator("source_gaps")
    @classmethod
    def _each_gap_once(cls, value: tuple[str | SourcedGap, ...]) -> tuple[str | SourcedGap, ...]:
        texts = [gap if isinstance(gap, str) else gap.text for gap in value]
        repeated = next((text for text in texts if texts.count(text) > 1), None)
        if repeated is not None:
            raise ValueError(f"{repeated!r} stands there twice")
        return value

    @property
    def gap_texts(self) -> tuple[str, ...]:
        """What the source does not say, each in a sentence."""
        return tuple([gap if isinstance(gap, str) else gap.text for gap in self.source_gaps])

    def all_criteria(self) -> tuple[Criterion, ...]:
        """The trial's own criteria, then each cohort's."""
        return (*self.criteria, *(c for cohort in self.cohorts for c in cohort.criteria))
