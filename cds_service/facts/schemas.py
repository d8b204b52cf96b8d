"""JSON Schemas of the files about facts, made from the models that check them, for editors to use through `$schema`."""

from typing import Any

from pydantic import BaseModel

from cds_service.facts.catalogue import FactFile, JudgedTable, OwnNames, SpellingTable, SystemTable
from cds_service.facts.events import DosageTable, HalfLifeTable, NoInformationTable, RouteTable, TreatingDoseTable
from cds_service.facts.observations import QualitativeTable, RangeTable
from cds_service.facts.words import CueTable, EverydayTable, PhraseFile

_MODELS: dict[str, type[BaseModel]] = {
    "dosage.schema.json": DosageTable,
    "everyday.schema.json": EverydayTable,
    "facts.schema.json": FactFile,
    "half-lives.schema.json": HalfLifeTable,
    "treating-doses.schema.json": TreatingDoseTable,
    "judged.schema.json": JudgedTable,
    "no_information.schema.json": NoInformationTable,
    "own-names.schema.json": OwnNames,
    "phrases.schema.json": PhraseFile,
    "qualitative.schema.json": QualitativeTable,
    "ranges.schema.json": RangeTable,
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
