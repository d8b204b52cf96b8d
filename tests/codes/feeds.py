"""Small invented feeds."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cds_service.facts import FactReaders
from cds_service.feed import UnreadPlace
from cds_service.fhir import read_document
from cds_service.terminology.seen import SightingCounts, SightingTable, Survey, table_of

SNOMED, LOINC, LOCAL = "http://snomed.info/sct", "http://loinc.org", "urn:oid:1.2.3.4"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
Entry = dict[str, Any]


def concept(*codings: tuple[str, str, str] | tuple[str, str], text: str | None = None) -> Entry:
    """A CodeableConcept of codings (system, code, display)."""
    names = ("system", "code", "display")
    found: Entry = {"coding": [dict(zip(names, coding, strict=False)) for coding in codings]} if codings else {}
    return found if text is None else {**found, "text": text}


def entry(kind: str, patient: str = "p1", **elements: Any) -> Entry:
    """An entry of a patient's; an Observation is final."""
    subject = "patient" if kind in {"AllergyIntolerance", "Immunization"} else "subject"
    status = {"status": "final"} if kind == "Observation" else {}
    return {"resourceType": kind, subject: {"reference": f"Patient/{patient}"}, **status, **elements}


def condition(code: Entry, patient: str = "p1") -> Entry:
    return entry("Condition", patient, code=code)


def observation(code: Entry, patient: str = "p1", **value: Any) -> Entry:
    return entry("Observation", patient, code=code, **value)


def lines(entries: Iterable[Entry]) -> str:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in entries) + "\n"


def write(path: Path, entries: Iterable[Entry]) -> Path:
    path.write_text(lines(entries), encoding="utf-8")
    return path


def counted(knowledge: FactReaders, entries: Iterable[Entry], enough: int = 1, **options: int) -> SightingCounts:
    """What a feed of these entries holds, one document each."""
    survey = Survey(knowledge, enough, _no_problem, **options)
    for one in entries:
        survey.add(read_document(json.dumps(one)))
    return survey.finish()


def table(knowledge: FactReaders, entries: Iterable[Entry], enough: int = 1) -> SightingTable:
    return table_of(counted(knowledge, entries, enough), knowledge)


def _no_problem(problem: UnreadPlace) -> None:
    raise AssertionError(problem)
