"""What the definition of an observed fact has inside: coded answers, components, variants, and how a number is read."""

from typing import Literal

from pydantic import Field

from cds_service.facts.catalogue.fact_definition import Code, Model
from cds_service.facts.catalogue.spec_fields import (
    Bound,
    FactName,
    FactNames,
    Number,
    Operator,
    Period,
    Result,
    UnitFactor,
)


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


class ReadNumber(Model):
    """How a result that is a bare number is read: by a number, or by a limit of its own reference range.

    `lower_limit` counts only where the range has no upper one: of a competitive assay, in which a low number is
    positive, that alone tells the direction.
    """

    positive: tuple[Operator, Bound]
    negative: tuple[Operator, Bound]


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
