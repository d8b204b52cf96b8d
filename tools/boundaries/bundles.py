"""Boundary records as FHIR Bundles in files, with a manifest of what each must come to."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from cds_service.logic.words import words
from cds_service.trials import CompiledTrial
from tools.boundaries.probes import Probe
from tools.boundaries.situation import TRUTH_WORDS

Json = dict[str, Any]
PATIENT = "boundary"
_BASE = "https://example.org/fhir/"
_OWN_PATIENT_ELEMENT = frozenset({"AllergyIntolerance", "Device", "Immunization"})


@dataclass(frozen=True, slots=True)
class BoundaryFile:
    """One Bundle and its line in the manifest. `name` is its path below the trial's folder."""

    name: str
    bundle: Json
    entry: Json


def bundle_of(probe: Probe) -> Json:
    """The record as a collection Bundle. Every resource validates against the R4B models (ValidationError)."""
    patient: Json = {"resourceType": "Patient", "id": PATIENT, **probe.situation.patient}
    resources = [patient]
    for i, content in enumerate(probe.situation.resources):
        kind = content["resourceType"]
        subject = "patient" if kind in _OWN_PATIENT_ELEMENT else "subject"
        reference: Json = {subject: {"reference": f"Patient/{PATIENT}"}}
        resources.append({"resourceType": kind, "id": f"{kind.lower()}-{i + 1}", **content, **reference})
    for resource in resources:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    entries = [{"fullUrl": f"{_BASE}{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def files(probes: Iterable[Probe], titles: Mapping[str, str]) -> Iterator[BoundaryFile]:
    """Each record with its file name and what it must come to."""
    counts: dict[str, int] = {}
    for probe in probes:
        cohort, id = probe.place
        folder = f"{cohort}-{id}" if cohort else id
        counts[folder] = number = counts.get(folder, 0) + 1
        name = f"{folder}/{number:03d}.json"
        entry: Json = {"file": name, "criterion": id}
        if cohort:
            entry["cohort"] = cohort
        entry |= {"pointer": probe.leaf.pointer}
        if probe.leaf.definition:
            entry["definition"] = probe.leaf.definition
        entry |= {
            "leaf": words(probe.leaf.alone(), titles),
            "record": probe.label,
            "leaf_truth": TRUTH_WORDS[probe.truth],
            "expected": probe.outcome,
            "decisive": probe.decisive,
        }
        yield BoundaryFile(name, bundle_of(probe), entry)


def write(out: Path, trial: CompiledTrial, as_of: date, made: Iterable[BoundaryFile], untried: list[Json]) -> int:
    """Write the Bundles and `manifest.json` below `out`; how many Bundles there are."""
    entries = []
    for file in made:
        path = out / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(file.bundle), encoding="utf-8")
        entries.append(file.entry)
    manifest = {
        "trial": trial.id,
        "rules_version": trial.rules_version,
        "as_of": as_of.isoformat(),
        "bundles": entries,
        "untried": untried,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "manifest.json").write_text(_text(manifest), encoding="utf-8")
    return len(entries)


def _text(content: Json) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
