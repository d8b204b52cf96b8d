"""What a release of a code system has to answer so that value sets can be compiled from it."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

Operator = Literal["=", "is-a", "descendent-of", "is-not-a", "in", "regex"]
"""Of FHIR's filter operators (https://hl7.org/fhir/R4/valueset-filter-operator.html) those that are read here."""


class FilterCondition(NamedTuple):
    """One FHIR filter: the codes of which `property` relates to `value` as `op` says. `in` has commas in `value`."""

    property: str
    op: Operator
    value: str


class Concept(NamedTuple):
    """A code as its system writes it, with its name there; `active` is false for one that the release retired."""

    code: str
    display: str
    active: bool = True


class Release(NamedTuple):
    """A code system as it stands in a source: the version as the system itself writes it."""

    system: str
    version: str


class UnsupportedFilterError(Exception):
    """A source cannot answer a filter: `reason` says what it lacks, in words for the person who compiles."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SourceError(Exception):
    """A release cannot be read: cut off, of another layout, refused by its server. `where` is the file or address."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.problem = where, problem


class Source(Protocol):
    """A release, or several, that a user is licensed for. It is read once, when opened, which raises SourceError."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """The code systems that it holds, by their canonical names."""

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The active codes that meet all conditions, in code order.

        Raises UnsupportedFilterError for a property or an operator that the release cannot answer, and
        LookupError for a root (`is-a`, `descendent-of`) that it does not hold.
        """

    def concept(self, system: str, code: str) -> Concept | None:
        """A code of the release, retired ones too; None for one that it does not hold."""


@runtime_checkable
class PartialSource(Protocol):
    """A source that holds some codes of a system, told by their names: what it does not say of a code is not known, so
    that it adds to an expansion and takes out only what it says is retired."""

    def undecided(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The active codes of which it does not tell whether they meet all conditions."""
