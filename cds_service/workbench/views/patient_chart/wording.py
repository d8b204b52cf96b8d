"""What a record says, in the words and signs that people write: concepts, days, amounts, spans."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from cds_service.cards import day_words
from cds_service.facts.observations import shown
from cds_service.fhir import (
    CodeableConcept,
    DateError,
    Observation,
    ObservationComponent,
    Period,
    Quantity,
    Range,
    parse_date,
)
from cds_service.logic.words import unit

_TAG = re.compile(
    r" \((?:disorder|finding|situation|procedure|event|observable entity|substance|product|qualifier value|"
    r"morphologic abnormality|regime/therapy|physical object|clinical drug|person)\)\Z"
)
"""What SNOMED CT puts after a name to say which kind of concept it is."""
_NUMBERLESS = frozenset({"{score}", "{ratio}", "{titer}", "{inr}", "{index}", "{#}", "score"})
"""Units that say no more than that a number is one."""
_DIGITS, _MOST_PLACES = 4, 4
_SPANS = {"a": "years", "mo": "months", "wk": "weeks", "d": "days"}
_LOINC = re.compile(r"(?P<name>.+?) \[[^\]]+\](?: in (?P<specimen>.+?))?(?: by .+)?")
"""A long common name of LOINC (https://loinc.org/kb/users-guide/loinc-database-structure/)."""
_BLOOD = frozenset(
    f"{before}{liquid}"
    for before in ("", "venous ", "capillary ", "arterial ")
    for liquid in ("blood", "serum", "plasma", "serum or plasma", "serum, plasma or blood", "platelet poor plasma")
)
_NOT_ONE_WORD = re.compile(r"[\W_]+")
_UNSPECIFIED = re.compile(r"\W+(?:unspecified|nos)\Z", re.IGNORECASE)


def joined(*parts: str | None, by: str = ", ") -> str:
    """What is there of the parts, in a row."""
    return by.join(part for part in parts if part)


def words_of(concept: CodeableConcept | None) -> str:
    """What the chart calls it: its text, else the name of its first code that has one, else a code."""
    if concept is None:
        return ""
    if concept.text and concept.text.strip():
        return _TAG.sub("", concept.text.strip())
    named = [_TAG.sub("", c.display.strip()) for c in concept.coding if c.display and c.display.strip()]
    return named[0] if named else next((c.code for c in concept.coding if c.code), "")


def all_words(concepts: Iterable[CodeableConcept]) -> str:
    """The words of several concepts in a row."""
    return joined(*map(words_of, concepts))


def folded(words: str) -> str:
    """Words as they are compared: without case, signs and what says that nothing is specified."""
    return _NOT_ONE_WORD.sub(" ", _UNSPECIFIED.sub("", _TAG.sub("", words.strip()))).strip().casefold()


def names_of(concept: CodeableConcept | None) -> frozenset[str]:
    """All by which two entries may be known to be of one thing: its codes, and its words as they are compared."""
    if concept is None:
        return frozenset()
    codes = {f"{_family(c.system)}|{c.code.replace('.', '').strip().upper()}" for c in concept.coding if c.code}
    texts = {folded(text) for text in (concept.text, *(c.display for c in concept.coding)) if text}
    return frozenset(codes | (texts - {""}))


def _family(system: str | None) -> str:
    # A code of three or four signs means the same in ICD-10 and in its clinical modification.
    name = (system or "").strip().rstrip("/").casefold()
    return "icd-10" if "icd-10" in name else name


def result_name(concept: CodeableConcept | None, *, short: bool = True) -> str:
    """What a result is called. LOINC's long name without property, method and blood: `Protein, urine`."""
    words = words_of(concept)
    found = _LOINC.fullmatch(words) if short and concept is not None and not concept.text else None
    if found is None:
        return words
    specimen = (found["specimen"] or "").casefold()
    # Its dots set apart a part of a substance: `Bilirubin.total`.
    name = found["name"].replace(".", ", ")
    return name if specimen in _BLOOD else joined(name, specimen)


def day_of(text: str | None) -> str:
    """The day of a date, as exact as it was written."""
    return day_words(text)


def when(text: str | None) -> datetime:
    """Where a date stands in a list; one that can't be read comes before all others."""
    try:
        return parse_date(text or "").latest
    except DateError:
        return datetime.min.replace(tzinfo=UTC)


def number_of(value: Decimal) -> str:
    """The digits that were sent, so that `2.0` stays `2.0`; four where a computer sent more than anybody writes."""
    exact = f"{value:f}"
    places = len(exact.partition(".")[2])
    if places <= _MOST_PLACES:
        return exact
    leading = value.adjusted()
    return f"{round(value, max(_DIGITS - 1 - leading, 0)):f}"


def amount(quantity: Quantity | None) -> str:
    """Such as `2.4 ×10⁹/L`, `< 5 U/L`."""
    if quantity is None or (quantity.value is None and not quantity.unit):
        return ""
    number = "" if quantity.value is None else number_of(quantity.value)
    sign = {"<=": "≤", ">=": "≥"}.get(quantity.comparator or "", quantity.comparator)
    code = (quantity.unit or quantity.code or "").strip()
    one = code in _SPANS and quantity.value == 1
    return joined(sign, number, printed_unit(code).removesuffix("s") if one else printed_unit(code), by=" ")


def span_of(quantities: Range | None) -> str:
    """Such as `30 to 40 years`."""
    return "" if quantities is None else joined(amount(quantities.low), amount(quantities.high), by=" to ")


def printed_unit(text: str | None) -> str:
    """A unit as people write it; nothing where a number stands for itself."""
    text = (text or "").strip()
    return _SPANS.get(text) or ("" if text.casefold() in _NUMBERLESS else unit(text))


def value_of(result: Observation | ObservationComponent) -> str:
    """The value of a result as the chart gives it; empty where it has none."""
    if result.value_quantity is not None:
        return amount(result.value_quantity)
    if result.value_codeable_concept is not None:
        return words_of(result.value_codeable_concept)
    if result.value_boolean is not None:
        return "yes" if result.value_boolean else "no"
    value, raw = shown(result)
    return joined(day_of(value) if result.value_date_time else value, printed_unit(raw), by=" ")


def period_words(period: Period | None) -> tuple[str, str]:
    """The first and the last day of a period; empty where it has none."""
    return ("", "") if period is None else (day_of(period.start), day_of(period.end))


def lasting(since: str, until: str) -> str:
    """Such as `since 2016-05-12`, `2010 to 2012`, `until 2012`."""
    if since and until:
        return since if since == until else f"{since} to {until}"
    return f"since {since}" if since else f"until {until}" if until else ""
