"""The rule language as JSON Schema definitions: operators with their meaning, names of facts, units."""

from typing import Any

from cds_service.durations import UNITS
from cds_service.logic import EVENT_FIELDS, Vocabulary
from cds_service.logic.check import MANY, OPERATORS, Operator

_RULE = {"$ref": "#/$defs/rule"}


def rule_definitions(vocabulary: Vocabulary) -> dict[str, Any]:
    """`rule`, `name` and `unit`, to stand among a schema's `$defs`.

    `name` lists every fact of the vocabulary and every field of a record, `unit` every unit that some fact accepts.
    """
    operators = {name: _operator(name, operator) for name, operator in OPERATORS.items()}
    return {
        "rule": {
            "description": "JSONLogic as docs/rule-language.md has it.",
            "anyOf": [
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": False,
                    "properties": operators,
                },
                {"type": ["boolean", "null", "number", "string"]},
                {"type": "array", "items": {"type": ["number", "string"]}},
            ],
        },
        "name": {
            "description": "A fact of rules/facts, or inside some, all and none a field of the record.",
            "enum": [*EVENT_FIELDS, *vocabulary.names()],
        },
        "unit": {"description": "A UCUM unit that some fact accepts.", "enum": units(vocabulary)},
    }


def units(vocabulary: Vocabulary) -> list[str]:
    """Every unit that can be written in a rule."""
    return sorted({*UNITS, *(unit for fact in vocabulary.facts.values() for unit in (*fact.factors, fact.unit))})


def _operator(name: str, operator: Operator) -> dict[str, Any]:
    meaning = {"description": operator.meaning}
    if name == "var":
        listed = {"type": "array", "minItems": 1, "maxItems": 1, "items": {"$ref": "#/$defs/name"}}
        return {**meaning, "anyOf": [{"$ref": "#/$defs/name"}, listed]}
    if name == "quantity":
        pair = [{"type": "number"}, {"$ref": "#/$defs/unit"}]
        return {**meaning, "type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2}
    most = {} if operator.most == MANY else {"maxItems": operator.most}
    listed = {"type": "array", "minItems": operator.least, **most, "items": _RULE}
    # One argument may stand without its list.
    alone = [{"$ref": "#/$defs/rule"}] if operator.least == 1 else []
    return {**meaning, "anyOf": [listed, *alone]} if alone else {**meaning, **listed}
