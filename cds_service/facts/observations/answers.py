"""What one observation (or component) says, for each way in which FHIR can say it."""

from operator import attrgetter

from msgspec import Struct

from cds_service.facts.dates import period_text
from cds_service.facts.fact import Reason
from cds_service.facts.intervals import plain
from cds_service.facts.observations.observations import ObservationOrComponent
from cds_service.fhir import AbsenceExtension, CodeableConcept, Period, Quantity, Range, Ratio

_SHOWN = 120
_ABSENT_SYSTEMS = ("data-absent-reason", "NullFlavor", "2.16.840.1.113883.5.1008")
"""https://hl7.org/fhir/R4/valueset-data-absent-reason.html, and what CDA has in its place."""
VALUES = (
    "value_quantity",
    "value_codeable_concept",
    "value_string",
    "value_boolean",
    "value_integer",
    "value_range",
    "value_ratio",
    "value_date_time",
    "value_period",
    "value_time",
    "value_sampled_data",
)
_VALUES_OF = attrgetter(*VALUES)
_NO_OTHER = (None,) * (len(VALUES) - 1)
_QUANTITY = VALUES[:1]
_NONE: tuple[str, ...] = ()


class Unreadable(Struct, frozen=True, gc=False):
    """A value that is there but does not say anything definite, and why.

    `yields`: it does not even try to answer, so that another one of the same time does (the index beside a result).
    """

    reason: Reason
    note: str = ""
    yields: bool = False


NOT_UNDERSTOOD = Unreadable("value_not_understood")
LESS_THAN_ASKED = Unreadable("value_not_understood", "does not say all that is asked")
UNIT_NOT_UNDERSTOOD = Unreadable("unit_not_understood")
NO_REFERENCE_RANGE = Unreadable("no_reference_range")


def values_of(saying: ObservationOrComponent) -> tuple[str, ...]:
    """Which value elements are there: FHIR allows one at most."""
    values = _VALUES_OF(saying)
    if values[1:] == _NO_OTHER:  # nearly always
        return _NONE if values[0] is None else _QUANTITY
    return tuple([name for name, value in zip(VALUES, values, strict=True) if value is not None])


def has_value(saying: ObservationOrComponent) -> bool:
    """Whether there is a value at all, understood or not. Blank text is none, nor is the reason why it is absent, as an
    extension of the value or as its code."""
    quantity = saying.value_quantity
    if quantity is not None and quantity.value is not None:  # nearly always
        return True
    return any(not _is_absent(getattr(saying, name)) for name in values_of(saying))


def _is_absent(value: object) -> bool:
    match value:
        case Quantity():
            beside = () if value.value_element is None else value.value_element.extension
            return value.value is None and value.comparator is None and _tells_absence((*beside, *value.extension))
        case CodeableConcept(text=None):
            absent = [(coding.system or "").strip().endswith(_ABSENT_SYSTEMS) for coding in value.coding]
            return all(absent) if absent else _tells_absence(value.extension)
        case str():
            return not value.strip()
    return False


def _tells_absence(extensions: tuple[AbsenceExtension, ...]) -> bool:
    return any((extension.url or "").endswith("/data-absent-reason") for extension in extensions)


def shown(saying: ObservationOrComponent) -> tuple[str, str]:
    """The raw value and unit as evidence shows them."""
    names = values_of(saying)
    if not names:
        return "; ".join(filter(None, (concept_text(item) for item in saying.interpretation)))[:_SHOWN], ""
    value = getattr(saying, names[0])
    if isinstance(value, Quantity):
        return quantity_text(value)
    if isinstance(value, Range):
        low, high = (quantity_text(end) if end is not None else ("", "") for end in (value.low, value.high))
        return f"{low[0]} to {high[0]}".strip()[:_SHOWN], low[1] or high[1]
    if isinstance(value, Ratio):
        above, below = (
            quantity_text(end) if end is not None else ("?", "") for end in (value.numerator, value.denominator)
        )
        units = "/".join(filter(None, (above[1], below[1])))
        return f"{above[0]}:{below[0]}"[:_SHOWN], units
    if isinstance(value, CodeableConcept):
        return concept_text(value)[:_SHOWN], ""
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    if isinstance(value, str | int):
        return str(value)[:_SHOWN], ""
    return (period_text(value)[:_SHOWN] if isinstance(value, Period) else ""), ""


def quantity_text(quantity: Quantity) -> tuple[str, str]:
    value = "" if quantity.value is None else plain(quantity.value)
    return f"{quantity.comparator or ''}{value}"[:_SHOWN], (quantity.unit or quantity.code or "")[:_SHOWN]


def concept_text(concept: CodeableConcept) -> str:
    """What a concept says in words, else its code."""
    for text in (concept.text, *(coding.display for coding in concept.coding), *(c.code for c in concept.coding)):
        if text:
            return text
    return ""
