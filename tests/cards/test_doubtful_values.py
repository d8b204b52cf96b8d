"""A card says why what is on record does not do: nobody can have it, oxygen was given, another method, over perhaps."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards import CardOptions, cards_for
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from tests.cards.small_library import section

Json = dict[str, Any]
AS_OF = date(2026, 11, 24)
SAMPLES = Path(__file__).parents[2] / "fhir_samples" / "patients"


def missing(
    library: Library, sample: str, trial: str, change: Callable[[Json], None], beside: Sequence[Json] = ()
) -> list[str]:
    bundle = json.loads((SAMPLES / sample).read_text(encoding="utf-8"))
    for entry in bundle["entry"]:
        change(entry["resource"])
    bundle["entry"] += [{"resource": resource} for resource in beside]
    found = match(read_bundle(json.dumps(bundle)), library, AS_OF)
    cards = cards_for(found, CardOptions(max_cards=20), "seed")
    return section(next(card for card in cards if card["source"]["topic"]["code"] == trial), "Missing")


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


CREATININE = {"2160-0", "14682-9"}
MDRD = {"coding": [{"system": "http://loinc.org", "code": "33914-3"}]}


def by_mdrd(resource: Json) -> None:
    if any(is_(resource, code) for code in CREATININE):
        resource["code"] = MDRD
        resource["valueQuantity"] = {"value": 62, "unit": "mL/min/1.73m2"}
        resource.pop("referenceRange", None)
        resource["effectiveDateTime"] = "2026-11-20"


def test_an_egfr_by_another_formula_is_named_where_it_does_not_count(library: Library) -> None:
    lines = missing(library, "lupus-both.json", "NCT06676631", by_mdrd)
    [line] = [line for line in lines if "creatinine" in line]
    assert "for eGFR (CKD-EPI) ≥ 30 mL/min/1.73 m²" in line
    assert "eGFR by MDRD 62 mL/min/1.73m² of 2026-11-20 is on record, reported by MDRD" in line


def test_what_counts_goes_before_another_formula(library: Library) -> None:
    beside = {
        "resourceType": "Observation",
        "id": "mdrd",
        "status": "final",
        "code": MDRD,
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": 62, "unit": "mL/min/1.73m2"},
    }
    lines = missing(library, "lupus-both.json", "NCT06676631", lambda _: None, beside=[beside])
    assert not any("MDRD" in line for line in lines)


def test_the_value_that_does_not_do_is_told(library: Library) -> None:
    def change(resource: Json) -> None:
        if is_(resource, "30350-3"):
            resource["effectiveDateTime"] = "2025-11-19"

    [line] = [line for line in missing(library, "sle.json", "NCT07083349", change) if "haemoglobin" in line]
    assert "112 g/L of 2025-11-19 is too old" in line


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "on record without an end, it may be over"),
        ({"verificationStatus": {"coding": [{"code": "provisional"}]}}, "entered but not confirmed"),
    ],
    ids=["on the problem list for longer than effusions last", "not confirmed"],
)
def test_why_an_illness_is_to_be_clarified_is_said_in_plain_words(library: Library, entry: Json, said: str) -> None:
    effusion = {
        "resourceType": "Condition",
        "id": "effusion",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J90"}]},
        "category": [{"coding": [{"code": "problem-list-item"}]}],
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "onsetDateTime": "2025-01-10",
    }
    lines = missing(library, "lupus-both.json", "NCT06676631", lambda _: None, beside=[effusion | entry])
    [line] = [line for line in lines if "effusion" in line]
    assert line == f"Clarify pleural effusion: {said} (2025-01-10)"


def test_what_may_be_excepted_is_told_for_a_trial_that_no_longer_recruits_too(library: Library) -> None:
    """An antibody of an infant of 17 months may be the mother's (NCT07617779, exc-05a)."""
    bundle = json.loads((SAMPLES / "sma-likely.json").read_text(encoding="utf-8"))
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource["birthDate"] = "2025-06-24"
        if is_(resource, "56888-1"):
            resource.pop("valueCodeableConcept", None)
            resource["valueString"] = "Positive"
    [card] = cards_for(match(read_bundle(json.dumps(bundle)), library, AS_OF), CardOptions(max_cards=20), "seed")
    assert "no longer recruits" in card["summary"]
    assert section(card, "To check") == [
        "Under 18 months a HIV antibody may be the mother's: confirm by HIV RNA or DNA"
    ]
