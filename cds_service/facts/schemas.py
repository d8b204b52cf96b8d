"""JSON Schemas of the files about facts, made from the models that check them, for editors to use through `$schema`."""

from typing import Any

from pydantic import BaseModel

from cds_service.facts.catalogue import FactFile, SpellingTable, SystemTable
from cds_service.facts.events import NoInformationTable, RouteTable
from cds_service.facts.observations import QualitativeTable
from cds_service.facts.words import CueTable

_MODELS: dict[str, type[BaseModel]] = {
    "facts.schema.json": FactFile,
    "no_information.schema.json": NoInformationTable,
    "qualitative.schema.json": QualitativeTable,
    "routes.schema.json": RouteTable,
    "systems.schema.json": SystemTable,
    "units.schema.json": SpellingTable,
    "wording.schema.json": CueTable,
}


def fact_schemas() -> dict[str, dict[str, Any]]:
    """File name in `rules/schema/` to JSON Schema (draft 2020-12)."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}
        for name, model in _MODELS.items()
    }
