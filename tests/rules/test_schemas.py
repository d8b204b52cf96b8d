"""The JSON Schemas in rules/schema: current, named by every file, and every file is valid against its own."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cds_service.library import Library
from cds_service.rule_tools import FOLDER, outdated_schemas, schemas
from cds_service.settings import default_rules_dir

RULES = default_rules_dir()
FILES = sorted(path for path in RULES.rglob("*.json") if path.parent.name not in {FOLDER, "codesystems"})


@pytest.fixture(scope="module")
def made(library: Library) -> dict[str, dict[str, Any]]:
    return schemas(library)


def test_they_are_as_the_models_and_the_catalogue_say(library: Library) -> None:
    assert outdated_schemas(library, RULES) == (), "run `cds-service rules schema`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RULES)))
def test_a_file_names_its_schema_and_is_valid(path: Path, made: dict[str, dict[str, Any]]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    own = f"{path.stem}.schema.json"
    name = {
        "facts": own if own in made else "facts.schema.json",
        "valuesets": "valueset.schema.json",
        "conceptmaps": "conceptmap.schema.json",
    }.get(path.parent.name, own)
    assert (path.parent / content["$schema"]).resolve() == RULES / FOLDER / name
    jsonschema.Draft202012Validator(made[name]).validate(content)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"logic": {"var": "lab.hemoglobine"}}, "logic"),
        ({"logic": {"=>": [{"var": "lab.hemoglobin"}, 5]}}, "logic"),
        ({"logic": {">=": [{"var": "lab.hemoglobin"}, {"quantity": [8, "mg/dl"]}]}}, "logic"),
        ({"logic": {"and": [True], "or": [True]}}, "logic"),
        ({"kind": "include"}, "kind"),
        ({"loockback": "P7D"}, "loockback"),
        ({"id": "inc-1"}, "id"),
        ({"lookback": "7 days"}, "lookback"),
    ],
)
def test_a_fault_in_a_criterion_is_refused(change: dict[str, Any], place: str, made: dict[str, dict[str, Any]]) -> None:
    trial = json.loads((RULES / "trials" / "NCT07083349" / "trial.json").read_text(encoding="utf-8"))
    trial["criteria"][0] |= change
    errors = list(jsonschema.Draft202012Validator(made["trial.schema.json"]).iter_errors(trial))
    assert errors
    assert all(list(error.absolute_path)[:2] == ["criteria", 0] for error in errors)


def test_a_case_about_a_fact_that_there_is_not_is_refused(made: dict[str, dict[str, Any]]) -> None:
    cases = {"as_of": "2026-11-24", "base": {"facts": {"lab.hemoglobine": 5}}}
    assert not jsonschema.Draft202012Validator(made["cases.schema.json"]).is_valid(cases)
