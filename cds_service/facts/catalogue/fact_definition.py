"""What the definitions of all facts share: strict keys, codes, and what a kind of fact is in the eyes of a rule.

Each kind answers these questions itself (`FactDefinition`), so that whoever asks need not know which kinds there are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from cds_service.durations import Duration
from cds_service.facts.catalogue.spec_fields import Absence, EventResource, FactName
from cds_service.facts.intervals import Factor

FactType = Literal["number", "result", "boolean", "sex", "age", "date", "events", "logic"]
Part = Literal["", "x_uln", "x_lln", "active", "history"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Code(Model):
    """A code of a code system; `display` is for the reader and never compared."""

    system: str = Field(min_length=1)
    code: str = Field(min_length=1)
    display: str = ""


class NumberUnit(NamedTuple):
    """The canonical unit ("1" without dimension, `None` of what is no number) and the units that a rule may write."""

    unit: str | None = None
    units: Mapping[str, Factor] = MappingProxyType({})


class KnownFact(Protocol):
    """What a kind may ask of another fact, or of a part of one, by its name."""

    @property
    def kind(self) -> str: ...
    @property
    def resource(self) -> EventResource | None: ...
    @property
    def type(self) -> FactType: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def units(self) -> Mapping[str, Factor]: ...
    @property
    def fresh_for(self) -> Duration | None: ...


Lookup = Callable[[str], KnownFact | None]
"""What the catalogue says of a name; `None` where it has no such fact."""


class Misfit(NamedTuple):
    """Why a fact can't be made of the facts that it names: a code of `rules check`, and the reason in words."""

    code: str
    message: str


def unknown_parts(parts: Iterable[str]) -> Misfit | None:
    """What is wrong with a fact that refers to these, each with what it is not; nothing where there are none."""
    told = ", ".join(parts)
    return Misfit("fact-unknown-part", f"refers to {told}") if told else None


class FactDefinition(Model, ABC):
    """What every fact has. `name` is how rules speak of it; `title` how cards do."""

    name: FactName
    title: str = Field(min_length=1)
    description: str = ""

    rule_parts: ClassVar[tuple[Part, ...]] = ()
    """The parts of it that a rule may name: `x_uln` of `lab.alt.x_uln`."""
    is_computed: ClassVar[bool] = False
    """Whether its value is always made of other facts, which have the evidence."""
    counts_entries: ClassVar[bool] = False
    """Whether it rests on some entries of the fact that it is made of, and not on all that is known of that."""
    is_dated: ClassVar[bool] = True
    """Whether its evidence has an age, so that a criterion may have a `lookback`."""

    def references(self) -> tuple[str, ...]:
        """Names of the facts that this one is made of."""
        return ()

    @property
    def computed_from(self) -> tuple[str, ...]:
        """The facts that are shown beside it where its value is computed."""
        return ()

    @abstractmethod
    def rule_type(self, known: Lookup) -> FactType:
        """What a rule may do with it."""

    def number_unit(self, known: Lookup) -> NumberUnit:
        """The unit of a number."""
        return NumberUnit()

    def freshness(self, known: Lookup) -> Duration | None:
        """How long its evidence counts; `None`: for ever."""
        return None

    @property
    def when_absent(self) -> Absence:
        """What it is where nothing is on record."""
        return "unknown"

    @property
    def made_from(self) -> str:
        """What `rules show` says that it is read from, where that is neither codes nor value sets."""
        return ", ".join(self.references())

    @property
    def page_words(self) -> tuple[str, ...]:
        """What `docs/facts.md` says of it where its own keys are all there is to say."""
        return ()

    def misfit(self, known: Lookup) -> Misfit | None:
        """Why it can't be made of the facts that it names, which there are; `None` where it can."""
        return None
