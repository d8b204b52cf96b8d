"""The fact catalogue as the words that a rule may use."""

from cds_service.facts.catalogue import Catalogue, FactEntry
from cds_service.logic import FactType, Vocabulary
from cds_service.logic.words import title_of

RESULT_CODES = frozenset({"positive", "negative"})
SEX_CODES = frozenset({"male", "female"})


def vocabulary_of(catalogue: Catalogue) -> Vocabulary:
    """Every fact and part of a fact in the catalogue with its type, and the catalogue's definitions."""
    facts: dict[str, FactType] = {}
    definitions = {}
    titles = {}
    for name in catalogue.names():
        entry = catalogue.lookup(name)
        if entry is None:
            continue
        if entry.type == "logic":
            definitions[name] = entry.spec.logic  # type: ignore[union-attr]
            titles[name] = entry.title
        elif entry.type == "date":
            since = f"time since {title_of(name, {name: entry.title})}"
            facts[f"{name}.days_since"] = FactType("elapsed", since, unit="d")
        else:
            facts[name] = _type(entry)
    return Vocabulary(facts, definitions, titles)


def titles_of(catalogue: Catalogue) -> dict[str, str]:
    """What plain words call each fact."""
    titles = {spec.name: spec.title for spec in catalogue}
    dates = {
        f"{spec.name}.days_since": f"time since {title_of(spec.name, titles)}"
        for spec in catalogue
        if spec.kind == "date"
    }
    return titles | dates


def _type(entry: FactEntry) -> FactType:
    limit = entry.fresh_for
    match entry.type:
        case "number":
            # A unit whose factor is an interval can be read from a record, but no single limit can be written in it.
            factors = {unit: low for unit, (low, high) in entry.units.items() if low == high}
            return FactType(
                "number", _title(entry), entry.unit or "1", factors, fresh_for=limit, dated=entry.spec.is_dated
            )
        case "result":
            return FactType("code", entry.title, values=RESULT_CODES, fresh_for=limit, dated=True)
        case "sex":
            return FactType("code", entry.title, values=SEX_CODES)
        case "age":
            return FactType("age", entry.title, unit="a")
        case "events":
            return FactType("events", entry.title)
        case _:
            dated = entry.kind == "boolean"
            return FactType("boolean", _title(entry), fresh_for=limit if dated else None, dated=dated)


def _title(entry: FactEntry) -> str:
    suffix = {"x_uln": " × ULN", "x_lln": " × LLN", "active": ", active", "history": ", ever"}.get(entry.part, "")
    return entry.title + suffix
