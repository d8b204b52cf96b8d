"""What the editor offers while one types: the schema's keys and choices, operators, facts and units."""

from collections.abc import Mapping
from typing import Any

from cds_service.library import Library
from cds_service.logic.check import OPERATORS
from cds_service.rule_tools import cases_schema, trial_schema
from cds_service.trials import vocabulary_of

Offer = dict[str, str]
"""`label`, and `detail` that says what it is."""


def completions(library: Library) -> dict[str, Any]:
    """`name`, `unit` and `key` are lists of offers; `values` maps a key to the offers for its value."""
    trial, cases = trial_schema(library), cases_schema(library)
    vocabulary = vocabulary_of(library.catalogue)
    titles = {**{name: kind.title for name, kind in vocabulary.facts.items()}, **vocabulary.titles}
    names = [_offer(name, titles.get(name, "field of a record")) for name in trial["$defs"]["name"]["enum"]]
    keys: dict[str, str] = {name: operator.meaning for name, operator in OPERATORS.items()}
    values: dict[str, list[Offer]] = {}
    for schema in (trial, cases):
        definitions = {key: part for key, part in schema["$defs"].items() if key not in {"rule", "name", "unit"}}
        for part in (schema, *definitions.values()):
            for key, described in part.get("properties", {}).items():
                keys.setdefault(key, described.get("description", ""))
                offered = [_offer(text, "") for text in _choices(described)]
                if offered:
                    values[key] = offered
    return {
        "name": names,
        "unit": [_offer(unit, "UCUM unit") for unit in trial["$defs"]["unit"]["enum"]],
        "key": [_offer(key, meaning) for key, meaning in keys.items()] + names,
        "values": values,
    }


def _offer(label: str, detail: str) -> Offer:
    return {"label": label, "detail": detail}


def _choices(described: Mapping[str, Any]) -> list[str]:
    """The texts that a value may be, where they are listed."""
    found = [text for text in described.get("enum", ()) if isinstance(text, str)]
    if described.get("type") == "boolean":
        return []
    for inner in (*described.get("anyOf", ()), described.get("additionalProperties")):
        if isinstance(inner, Mapping):
            found += _choices(inner)
    return found
