"""What the filters of every release have in common: how a value is compared with what a filter asks for."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from cds_service.terminology.sources import filters
from cds_service.terminology.sources.source import Concept, FilterCondition, UnsupportedFilterError

CODE = "code"
DISPLAY = "display"
CONCEPT = "concept"
IS_A = ("is-a", "descendent-of", "is-not-a")


def asked(condition: FilterCondition) -> tuple[str, ...]:
    """The values that `=` or `in` asks for. Raises UnsupportedFilterError for another operator."""
    if condition.op not in ("=", "in"):
        raise unsupported(condition)
    return filters.asked(condition)


def matcher(condition: FilterCondition) -> Callable[[str], bool]:
    """Whether a value is what `=`, `in` or `regex` asks for, case and all. A regex has to fit the whole value.

    As FHIR's own regexes do (https://hl7.org/fhir/R4/datatypes.html: "regexes are ... anchored"). Raises
    UnsupportedFilterError for another operator, and for a regex that is none.
    """
    if condition.op != "regex":
        return frozenset(asked(condition)).__contains__
    return filters.compiled(condition.value).matches


def unsupported(condition: FilterCondition, why: str = "") -> UnsupportedFilterError:
    """The error for a filter that a release cannot answer."""
    return UnsupportedFilterError(
        f"the filter {condition.property} {condition.op} cannot be answered" + (f": {why}" if why else "")
    )


def in_order(concepts: Iterable[Concept]) -> Iterator[Concept]:
    """The active ones in code order."""
    return iter(sorted((one for one in concepts if one.active), key=lambda one: one.code))


def code_or_display(condition: FilterCondition) -> Callable[[Concept], bool] | None:
    """The test for a filter on the code or its name; None for a filter on something else."""
    if condition.property == CODE and condition.op not in IS_A:
        fits = matcher(condition)
        return lambda one: fits(one.code)
    if condition.property == DISPLAY:
        fits = matcher(condition)
        return lambda one: fits(one.display)
    return None


def holds(system: str, own: Sequence[str]) -> None:
    """Raise LookupError where a release does not hold the code system that is asked for."""
    if system not in own:
        raise LookupError(f"{system} is not in this release: it holds {', '.join(own)}")
