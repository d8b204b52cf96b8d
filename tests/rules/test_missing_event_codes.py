"""Codes that real feeds carry, as others listed them: each means its fact, or stands below with a reason why not.

The list is not part of the repository; where it isn't there, only the reasons are checked against the rules.
"""

import csv
from pathlib import Path

import pytest

from cds_service.facts.catalogue import ICD9CM_OPERATIONS, EventResource
from cds_service.fhir import CodeableConcept, Coding
from cds_service.library import Library

LISTED = Path(__file__).parents[3] / "shared" / "data" / "missing-codes.tsv"

# fact, code: what it is instead, and why
OTHERWISE = {
    ("condition.malignancy", "188737002"): ("main", "a malignancy; of AML it is a hint, as every myeloid sarcoma is"),
    ("condition.aml", "188737002"): ("hint", "myeloid sarcoma is not counted as AML without AML in the marrow"),
    ("condition.diabetes", "199223000"): ("hint", "it doesn't say whether the diabetes was there before the pregnancy"),
    ("condition.heart_failure", "410431009"): ("hint", "listed as a hint: the failure may be that of the lungs"),
    ("condition.heart_failure", "44088000"): ("hint", "listed as a hint: low output is not always heart failure"),
    ("condition.severe_renal_disease", "236436003"): ("hint", "listed as a hint: the transplant may work"),
    ("procedure.nasogastric_tube", "96.6"): ("hint", "enteral feeding, by whichever tube"),
}
HISTORY = {("condition.hiv", "432218001")}


def listed() -> list[tuple[str, str, str, str]]:
    """Fact, system, code and name of every row about a condition or a procedure."""
    if not LISTED.exists():
        return []
    with LISTED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    found = []
    for row in rows:
        fact = row["fact"].partition(" ")[0].removesuffix(".history")
        if fact.startswith(("condition.", "procedure.")):
            system = ICD9CM_OPERATIONS if row["system"].startswith("ICD-9-CM-3") else row["system"]
            found.append((fact, system, row["code"].partition(" ")[0], row["display"]))
    return found


def role(library: Library, fact: str, system: str, code: str) -> str:
    resource: EventResource = "Procedure" if fact.startswith("procedure.") else "Condition"
    concept = CodeableConcept(coding=(Coding(system=system, code=code),))
    return library.facts.events.codes[resource].read((concept,)).to(fact).role


@pytest.mark.skipif(not LISTED.exists(), reason=f"the list {LISTED.name} is not here")
def test_the_list_is_read_whole() -> None:
    assert len(listed()) == 117


@pytest.mark.parametrize(("fact", "system", "code", "name"), listed())
def test_a_code_that_feeds_carry_means_its_fact(library: Library, fact: str, system: str, code: str, name: str) -> None:
    expected, why = OTHERWISE.get((fact, code), ("history" if (fact, code) in HISTORY else "main", ""))
    assert role(library, fact, system, code) == expected, f"{name} {why}"


@pytest.mark.parametrize(("fact", "code"), OTHERWISE)
def test_a_code_that_is_something_else_is_so_for_its_reason(library: Library, fact: str, code: str) -> None:
    system = ICD9CM_OPERATIONS if "." in code else "http://snomed.info/sct"
    expected, why = OTHERWISE[fact, code]
    assert role(library, fact, system, code) == expected, why
