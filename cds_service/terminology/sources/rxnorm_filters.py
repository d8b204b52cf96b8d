"""RxNorm's filters under the names that value sets give them: https://hl7.org/fhir/R4/rxnorm.html and two more."""

from collections.abc import Callable, Iterable

from cds_service.terminology.sources.names import matcher
from cds_service.terminology.sources.source import Condition

HAS_INGREDIENT = "has_ingredient"
HAS_FORM = "has_form"
"""By the name of the dose form: "Oral Tablet"."""
HAS_ROUTE = "has_route"
"""By the name of a dose form group: "Oral Product", or "Oral" for short."""
TTY = "TTY"

_GROUP = " Product"


def bare_code(value: str) -> str:
    """FHIR writes a concept as a filter's value with "CUI:" before it."""
    return value.strip().removeprefix("CUI:")


def any_fits(fits: Callable[[str], bool]) -> Callable[[Iterable[str]], bool]:
    """Whether one of several names fits."""
    return lambda names: any(map(fits, names))


def routes_fit(condition: Condition) -> Callable[[Iterable[str]], bool]:
    """Whether one of several dose form groups is what a filter asks for, with or without "Product" at its end."""
    fits = matcher(condition)
    return lambda names: any(fits(name) or fits(name.removesuffix(_GROUP)) for name in names)
