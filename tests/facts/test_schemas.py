"""The JSON Schemas accept the project's own files and refuse what the loader refuses."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cds_service.facts import fact_schemas
from cds_service.terminology.check import ReviewedNames
from tests.facts.small_rules import FACTS, quantity

RULES = Path(__file__).parents[2] / "rules" / "facts"
SCHEMAS = {**fact_schemas(), "reviewed-names.schema.json": ReviewedNames.model_json_schema(by_alias=True)}


def schema_of(path: Path) -> dict[str, Any]:
    return SCHEMAS[f"{path.stem}.schema.json" if f"{path.stem}.schema.json" in SCHEMAS else "facts.schema.json"]


@pytest.mark.parametrize("path", sorted(RULES.glob("*.json")), ids=lambda path: path.stem)
def test_the_projects_own_files_are_valid(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema_of(path))


def test_every_schema_is_one() -> None:
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_small_rules_are_valid() -> None:
    jsonschema.validate({"facts": FACTS}, SCHEMAS["facts.schema.json"])


@pytest.mark.parametrize(
    "change",
    [
        {"unti": "g/L"},
        {"kind": "number"},
        {"name": "Hb"},
        {"fresh_for": "90 days"},
        {"units": {"g/L": "one"}},
        {"codes": []},
    ],
)
def test_a_fault_is_refused(change: dict[str, Any]) -> None:
    fact = quantity("lab.hb", "718-7", "g/L", {"g/L": "1"}) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"facts": [fact]}, SCHEMAS["facts.schema.json"])
