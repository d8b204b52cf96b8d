"""RxNorm's filters under the names that value sets give them: https://hl7.org/fhir/R4/rxnorm.html and two more."""

from collections.abc import Iterable

from cds_service.terminology.sources.names import asked, matcher
from cds_service.terminology.sources.source import FilterCondition

HAS_INGREDIENT = "has_ingredient"
HAS_FORM = "has_form"
"""By the name of the dose form: "Oral Tablet". (A relation of RxNorm from an ingredient to its salts has this name,
too; `has_ingredient` follows it.)"""
HAS_ROUTE = "has_route"
"""By the name of a dose form group: "Oral Product", or "Oral" for short."""
TTY = "TTY"

_GROUP = " Product"


def bare_code(value: str) -> str:
    """FHIR writes a concept as a filter's value with "CUI:" before it."""
    return value.strip().removeprefix("CUI:")


def fitting(condition: FilterCondition, names: Iterable[str]) -> frozenset[str]:
    """Of the names of dose forms, or of their groups, those that `has_form` or `has_route` asks for.

    Raises LookupError for a name that there is not, and UnsupportedFilterError for another operator.
    """
    fits = matcher(condition)
    short = {name: name.removesuffix(_GROUP) if condition.property == HAS_ROUTE else name for name in names}
    if condition.op != "regex":
        unknown = [one for one in asked(condition) if one not in short and one not in short.values()]
        if unknown:
            raise LookupError(f"{condition.property}: there is no {', '.join(map(repr, unknown))} in this release")
    return frozenset(name for name, less in short.items() if fits(name) or fits(less))
