"""A card says why a value that is on record does not do: nobody can have it, or oxygen was given."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.cards import CardOptions, cards_for
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from tests.cards.small_library import section

Json = dict[str, Any]
AS_OF = date(2026, 11, 24)
SAMPLES = Path(__file__).parents[2] / "fhir_samples" / "patients"


def missing(library: Library, sample: str, trial: str, change: Callable[[Json], None]) -> list[str]:
    bundle = json.loads((SAMPLES / sample).read_text(encoding="utf-8"))
    for entry in bundle["entry"]:
        change(entry["resource"])
    found = match(read_bundle(json.dumps(bundle)), library, AS_OF)
    cards = cards_for(found, CardOptions(max_cards=20), "seed")
    return section(next(card for card in cards if f"**Trial:** {trial}" in card["detail"]), "Missing")


def is_(resource: Json, code: str) -> bool:
    return any(coding.get("code") == code for coding in resource.get("code", {}).get("coding", ()))


def test_a_value_that_nobody_has_is_to_be_clarified(library: Library) -> None:
    def change(resource: Json) -> None:
        if is_(resource, "30350-3"):
            resource["valueQuantity"] = {"value": 112, "unit": "g/dL"}

    [line] = [line for line in missing(library, "sle.json", "NCT07083349", change) if "haemoglobin" in line]
    assert line.startswith("Clarify haemoglobin: needs ≥ 80 g/L")
    assert "is not plausible: check its unit" in line


def test_a_saturation_with_oxygen_is_to_be_taken_in_air(library: Library) -> None:
    def change(resource: Json) -> None:
        if is_(resource, "59408-5"):
            flow = {"coding": [{"system": "http://loinc.org", "code": "3151-8"}]}
            resource["component"] = [{"code": flow, "valueQuantity": {"value": 2, "unit": "L/min"}}]

    lines = missing(library, "lupus-both.json", "NCT06676631", change)
    [line] = [line for line in lines if "oxygen saturation" in line]
    assert line.startswith("Record oxygen saturation: needs ≥ 92 %")
    assert "was measured with oxygen" in line
