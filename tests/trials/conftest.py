"""A patient who fits NCT07083349, to be changed one thing at a time."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import Match, match

AS_OF = date(2026, 11, 24)
ROOT = Path(__file__).parents[2]
LOINC = "http://loinc.org"


class Story:
    """A sample patient whose record a test changes before it is matched."""

    def __init__(self, bundle: dict[str, Any], library: Library) -> None:
        self.bundle = bundle
        self.library = library
        self.subject = {"reference": f"Patient/{self.resources('Patient')[0]['id']}"}

    def resources(self, kind: str) -> list[dict[str, Any]]:
        return [e["resource"] for e in self.bundle["entry"] if e["resource"]["resourceType"] == kind]

    def observation(self, code: str) -> dict[str, Any]:
        [found] = [o for o in self.resources("Observation") if o["code"]["coding"][0]["code"] == code]
        return found

    def without(self, *codes: str) -> "Story":
        """Take out every resource with one of these codes."""

        def kept(resource: dict[str, Any]) -> bool:
            concept = resource.get("code") or resource.get("medicationCodeableConcept") or {}
            return not {c["code"] for c in concept.get("coding", ())} & set(codes)

        self.bundle["entry"] = [e for e in self.bundle["entry"] if kept(e["resource"])]
        return self

    def value(self, code: str, value: float, unit: str | None = None) -> "Story":
        """Change the number of an observation, and its unit."""
        quantity = self.observation(code)["valueQuantity"]
        quantity["value"] = value
        if unit is not None:
            quantity.update(unit=unit, code=unit)
        return self

    def dated(self, code: str, day: str) -> "Story":
        self.observation(code)["effectiveDateTime"] = day
        return self

    def patient(self, **changes: str) -> "Story":
        self.resources("Patient")[0].update(changes)
        return self

    def add(self, kind: str, **elements: Any) -> "Story":
        reference = "patient" if kind in ("Immunization", "AllergyIntolerance") else "subject"
        resource = {
            "resourceType": kind,
            "id": f"added-{len(self.bundle['entry'])}",
            reference: self.subject,
            **elements,
        }
        self.bundle["entry"].append({"resource": resource})
        return self

    def condition(self, system: str, code: str, onset: str | None = None, **elements: Any) -> "Story":
        if onset is not None:
            elements["onsetDateTime"] = onset
        return self.add("Condition", code={"coding": [{"system": system, "code": code}]}, **elements)

    def quantity(self, code: str, value: float, unit: str, day: str = "2026-11-20", **elements: Any) -> "Story":
        return self.add(
            "Observation",
            status="final",
            code={"coding": [{"system": LOINC, "code": code}]},
            effectiveDateTime=day,
            valueQuantity={"value": value, "unit": unit},
            **elements,
        )

    def match(self) -> Match:
        return match(read_bundle(json.dumps(self.bundle)), self.library, AS_OF)

    def outcomes(self, trial: str = "NCT07083349") -> dict[str, str]:
        """Outcome by criterion id."""
        [result] = [r for r in self.match().trials if r.trial.id == trial]
        return {c.criterion.id: c.outcome for c in result.criteria}


@pytest.fixture
def story(library: Library) -> Callable[[str], Story]:
    """Opens a sample patient by the name of its story."""

    def opened(name: str) -> Story:
        bundle = json.loads((ROOT / "fhir_samples" / "patients" / f"{name}.json").read_text())
        return Story(copy.deepcopy(bundle), library)

    return opened
