"""A card says of the record what the record says, and names only those gaps that matter to its trial."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cds_service.cards import CardOptions, cards_for
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from tests.cards.small_library import AS_OF, bundle, card_of, condition, criterion, lab, section, trial

Small = Callable[..., Library]
LUPUS = "Systemic lupus erythematosus since 2019-03-04 on record (SNOMED CT 55464009)"
EVERYTHING: list[Any] = [
    {"var": "condition.stroke"},
    {"var": "procedure.surgery"},
    {"var": "medication.biologic"},
    {"<": [{"var": "lab.hemoglobin"}, {"quantity": [9, "g/L"]}]},
]
SLE, STROKE = {"var": "condition.sle"}, {"var": "condition.stroke"}
NAMED = {"coding": [{"system": "http://snomed.info/sct", "code": "230690007", "display": "Cerebrovascular accident"}]}
SAME = {"coding": [{"system": "http://snomed.info/sct", "code": "230690007", "display": "Stroke (disorder)"}]}
FINE = {"coding": [{"system": "http://snomed.info/sct", "code": "230690007", "display": "Stroke, embolic"}]}


@pytest.mark.parametrize(
    ("criterion_text", "rule", "records", "why"),
    [
        # The criterion's sentence says more than the record.
        ("Refractory lupus nephritis", SLE, [], LUPUS),
        ("Recent stroke", STROKE, [condition("230690007")], "Stroke on record (SNOMED CT 230690007)"),
        ("Recent stroke", STROKE, [condition("230690007", code=NAMED)], "Stroke on record (Cerebrovascular accident)"),
        ("Recent stroke", STROKE, [condition("230690007", code=SAME)], "Stroke on record"),
        ("Recent stroke", STROKE, [condition("230690007", code=FINE)], "Stroke on record"),
        ("Either", {"or": [SLE, STROKE]}, [], LUPUS),
        ("Both", {"and": [SLE, STROKE]}, [condition("230690007", code=SAME)],
         "Systemic lupus erythematosus since 2019-03-04 and stroke on record (SNOMED CT 55464009)"),
        ("Anaemia and lupus", {"and": [SLE, {"<": [{"var": "lab.hemoglobin"}, {"quantity": [12, "g/dL"]}]}]},
         [lab("718-7", 95, "g/L")],
         "Systemic lupus erythematosus since 2019-03-04 and haemoglobin 95 g/L on record (SNOMED CT 55464009)"),
        ("Never a stroke", {"and": [SLE, {"!": [{"var": "condition.stroke.history"}]}]}, [],
         f"{LUPUS}; nothing on record of stroke"),
        ("A woman with lupus", {"and": [SLE, {"==": [{"var": "patient.sex"}, "female"]}]}, [],
         LUPUS),
        ("A woman", {"==": [{"var": "patient.sex"}, "female"]}, [], "Female on record"),
        ("Once a stroke", {"var": "condition.stroke.history"},
         [condition("230690007", "2020-01-01", code=SAME, abatementDateTime="2020-03-01")],
         "Stroke (past), 2020-01-01 on record"),
    ],
)  # fmt: skip
def test_why_names_what_is_on_record_and_not_the_criterion(
    small: Small, criterion_text: str, rule: Any, records: list[Any], why: str
) -> None:
    gate = criterion("inc-01", rule, gate=True, text=criterion_text)
    library = small({**trial("NCT00000001"), "criteria": [gate]})
    card = card_of(library, *records)
    assert f"**Why:** {why}; all 1 computed criteria pass.\n" in card["detail"]
    assert criterion_text not in card["detail"]


def test_a_condition_in_the_evidence_has_the_words_of_the_record(small: Small) -> None:
    stroke = criterion("inc-02", STROKE)
    card = card_of(small(trial("NCT00000001", stroke)), condition("230690007", "2020-01-01", code=NAMED))
    assert "Stroke (Cerebrovascular accident) since 2020-01-01" in section(card, "Evidence")


@pytest.mark.parametrize(
    ("rule", "not_sent", "said"),
    [
        ({"var": "condition.stroke"}, ["Procedure", "Immunization"], None),
        ({"var": "condition.stroke"}, ["Condition"], "conditions were not sent"),
        ({"var": "procedure.surgery"}, ["Procedure", "MedicationStatement"], "procedures were not sent"),
        # What a fact is computed from counts as well.
        ({"<": [{"var": "kidney.clearance"}, {"quantity": [9, "mL/min"]}]}, ["Observation"],
         "observations were not sent"),
        ({"var": "medication.biologic"}, ["MedicationRequest", "Procedure"], "medication requests were not sent"),
    ],
)  # fmt: skip
def test_a_card_names_only_what_its_own_trial_would_have_read(
    small: Small, rule: Any, not_sent: list[str], said: str | None
) -> None:
    record = read_bundle(json.dumps(bundle()))
    gaps: Any = dict.fromkeys(not_sent, "not_supplied")
    record = replace(record, whole=record.whole - gaps.keys(), gaps=gaps)
    # Another trial of the same library reads everything.
    other = trial("NCT00000002", *(criterion(f"exc-{n:02}", r) for n, r in enumerate(EVERYTHING, 1)))
    library = small(trial("NCT00000001", criterion("exc-01", rule)), other)
    own, others = cards_for(match(record, library, AS_OF), CardOptions(), "seed")
    if own["source"]["topic"]["code"] != "NCT00000001":
        own, others = others, own
    assert own["detail"].rpartition("The record came incomplete: ")[2] == f"{said}." if said else True
    assert ("The record came incomplete" in own["detail"]) is (said is not None)
    assert "The record came incomplete" in others["detail"]
