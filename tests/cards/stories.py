"""Sample patients, as they are or with something changed, matched on the day for which their tables hold."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import Match, match

AS_OF = date(2026, 11, 24)
SAMPLES = Path(__file__).parents[2] / "fhir_samples" / "patients"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"

Json = dict[str, Any]


class Story:
    """A sample's Bundle, changed step by step."""

    def __init__(self, sample: str) -> None:
        self.bundle: Json = json.loads((SAMPLES / f"{sample}.json").read_text())
        self.patient_id = next(r["id"] for r in self.resources() if r["resourceType"] == "Patient")

    def resources(self) -> list[Json]:
        return [entry["resource"] for entry in self.bundle["entry"]]

    def observation(self, code: str) -> Json:
        """The one observation with a LOINC code."""
        [found] = [r for r in self.resources() if code in _codes(r.get("code")) and r["resourceType"] == "Observation"]
        return found

    def value(self, code: str, value: float) -> "Story":
        """Another number for an observation, in the unit that it has."""
        self.observation(code)["valueQuantity"]["value"] = value
        return self

    def dated(self, code: str, day: str) -> "Story":
        """Another day for an observation."""
        self.observation(code)["effectiveDateTime"] = day
        return self

    def without(self, *codes: str) -> "Story":
        """Without the resources that carry one of the codes."""
        self.bundle["entry"] = [
            entry for entry in self.bundle["entry"] if not {*codes} & _codes(_concept(entry["resource"]))
        ]
        return self

    def only(self, *types: str) -> "Story":
        """Without the resources of any other type."""
        self.bundle["entry"] = [e for e in self.bundle["entry"] if e["resource"]["resourceType"] in types]
        return self

    def add(self, type: str, **elements: Any) -> "Story":
        """One more resource about the patient."""
        subject = "patient" if type in ("Immunization", "AllergyIntolerance") else "subject"
        number = len(self.bundle["entry"])
        resource = {
            "resourceType": type,
            "id": f"added-{number}",
            subject: {"reference": f"Patient/{self.patient_id}"},
            **elements,
        }
        self.bundle["entry"].append({"resource": resource})
        return self

    def drug(self, code: str, display: str, start: str, end: str | None = None) -> "Story":
        """One more drug, over a period."""
        period = {"start": start} if end is None else {"start": start, "end": end}
        return self.add(
            "MedicationStatement",
            status="active" if end is None else "completed",
            medicationCodeableConcept={"coding": [{"system": RXNORM, "code": code, "display": display}]},
            effectivePeriod=period,
        )

    def matched(self, library: Library, as_of: date = AS_OF) -> Match:
        return match(read_bundle(json.dumps(self.bundle)), library, as_of)


def _concept(resource: Json) -> Json:
    return resource.get("code") or resource.get("medicationCodeableConcept") or {}


def _codes(concept: Json | None) -> set[str]:
    return {coding.get("code", "") for coding in (concept or {}).get("coding", ())}


def _spoilt(sample: str, **elements: Any) -> Story:
    """A sample whose only Condition has these elements instead."""
    story = Story(sample)
    [condition] = [resource for resource in story.resources() if resource["resourceType"] == "Condition"]
    condition.update(elements)
    return story


def _infliximab(sample: str, day: str) -> Story:
    return Story(sample).drug("191831", "infliximab", day, day)


STORIES: dict[str, Callable[[], Story]] = {
    # The washout after a biologic is four weeks, or three half-lives: of infliximab 28.5 days at most.
    "near-washout": lambda: _infliximab("sle-likely", "2026-11-05"),
    "near-platelets": lambda: Story("sle-likely").value("777-3", 44),
    # Both, and there is no antinuclear antibody titre.
    "near-both": lambda: _infliximab("sle-likely", "2026-11-10").value("777-3", 44).without("5048-4"),
    # The diagnosis is named by an entry that cannot be read for certain.
    "unread-onset": lambda: _spoilt("sle-likely", onsetDateTime=2016),
    "unread-status": lambda: _spoilt("sma-likely", verificationStatus={"text": "confiroed"}),
}
"""Patients who fit a trial soon, or of whom it is not known; names of golden files."""
