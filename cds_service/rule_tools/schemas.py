"""The JSON Schemas in `rules/schema/`: made from the models that load the files, and from the catalogue's own names.

Editors complete and check with them as one types. They say what a file may look like; what a rule may mean (types,
units, whether it can ever be true) is for `rules check`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.facts import fact_schemas
from cds_service.facts.catalogue import concept_map_schema, value_set_schema
from cds_service.library import Library
from cds_service.rule_tools.cases import CaseFile
from cds_service.rule_tools.rule_schema import rule_definitions
from cds_service.site import SiteSettings
from cds_service.terminology.check import ReviewedNames
from cds_service.trials import Trial

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = "schema"
Schema = dict[str, Any]


def schemas(library: Library) -> dict[str, Schema]:
    """File name to schema, for the files of a rules folder with this catalogue."""
    return {
        "trial.schema.json": trial_schema(library),
        "cases.schema.json": cases_schema(library),
        "valueset.schema.json": {"$schema": DIALECT, **value_set_schema()},
        "conceptmap.schema.json": {"$schema": DIALECT, **concept_map_schema()},
        "reviewed-names.schema.json": {"$schema": DIALECT, **ReviewedNames.model_json_schema(by_alias=True)},
        "site.schema.json": {"$schema": DIALECT, **SiteSettings.model_json_schema(by_alias=True)},
        **fact_schemas(),
    }


def trial_schema(library: Library) -> Schema:
    """`trial.json`, with the rule language and the names that a rule may use."""
    schema = {"$schema": DIALECT, **Trial.model_json_schema(by_alias=True)}
    schema["$defs"] |= rule_definitions(library.compiled.vocabulary)
    criterion = schema["$defs"]["Criterion"]
    for key in ("logic", "screen"):
        described = criterion["properties"][key].get("description", "")
        criterion["properties"][key] = {"description": described, "$ref": "#/$defs/rule"}
    exception = schema["$defs"]["CriterionException"]["properties"]
    exception["when"] = {"description": exception["when"]["description"], "$ref": "#/$defs/rule"}
    criterion["dependentRequired"] = {"exception": ["logic"]}
    criterion["anyOf"] = [{"required": ["logic"]}, {"required": ["review"]}]
    criterion["not"] = {"required": ["logic", "screen"]}
    return schema


def cases_schema(library: Library) -> Schema:
    """`cases.json`, with the names of facts."""
    schema = {"$schema": DIALECT, **CaseFile.model_json_schema(by_alias=True)}
    names = {"enum": sorted({*library.catalogue.names(), *library.compiled.vocabulary.names()})}
    for model in schema["$defs"].values():
        facts = model.get("properties", {}).get("facts")
        if facts is not None:
            facts["propertyNames"] = names
    return schema


def write_schemas(library: Library, rules_dir: Path) -> tuple[str, ...]:
    """Write those schemas under `rules_dir` that are not as they should be; their names."""
    folder = rules_dir / FOLDER
    folder.mkdir(exist_ok=True)
    outdated = outdated_schemas(library, rules_dir)
    made = schemas(library)
    for name in outdated:
        (folder / name).write_text(_text(made[name]), encoding="utf-8")
    return outdated


def outdated_schemas(library: Library, rules_dir: Path) -> tuple[str, ...]:
    """The names of the schemas that are missing or not as they should be."""
    folder = rules_dir / FOLDER
    return tuple(name for name, schema in schemas(library).items() if _read(folder / name) != _text(schema))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
