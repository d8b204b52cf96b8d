"""Absence is presumed only where everything of the kind was supplied and could be read."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds_service.facts import FactReaders, build_sheet
from cds_service.facts.fact import Events
from cds_service.fhir import Record, RecordBuilder
from tests.facts.records import Json, condition, lab, patient, record, request

AS_OF = date(2026, 6, 1)


def without(whole: Record, **gaps: Any) -> Record:
    """The record as it is where these types did not come whole."""
    return replace(whole, whole=whole.whole - gaps.keys(), gaps={**whole.gaps, **gaps})


def any_of(record: Record, name: str, knowledge: FactReaders, world: str = "closed") -> bool | None:
    events = build_sheet(record, knowledge, AS_OF)[name].value
    assert isinstance(events, Events)
    return events.exists(world)  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", ["not_supplied", "incomplete_record"])
def test_a_type_that_is_not_whole_leaves_absence_open(gap: str, knowledge: FactReaders) -> None:
    assert any_of(record(), "condition.sle", knowledge) is False
    part = without(record(), Condition=gap)
    assert any_of(part, "condition.sle", knowledge) is None
    (entry,) = build_sheet(part, knowledge, AS_OF).describe("condition.sle")
    assert entry["reason"] == gap
    assert entry["value"] is None


def test_what_is_on_record_counts_in_part_of_a_record_too(knowledge: FactReaders) -> None:
    assert any_of(without(record(condition()), Condition="incomplete_record"), "condition.sle", knowledge) is True


def test_a_drug_is_absent_only_where_requests_and_statements_are_whole(knowledge: FactReaders) -> None:
    name = "medication.riluzole"
    assert any_of(record(), name, knowledge) is False
    assert any_of(without(record(), MedicationRequest="not_supplied"), name, knowledge) is None
    assert any_of(without(record(), MedicationStatement="not_supplied"), name, knowledge) is None


@pytest.mark.parametrize("type", ["MedicationAdministration", "MedicationDispense"])
def test_what_is_not_asked_for_must_not_have_come_in_part(type: str, knowledge: FactReaders) -> None:
    name = "medication.riluzole"
    assert any_of(without(record(), **{type: "not_supplied"}), name, knowledge) is False
    assert any_of(without(record(), **{type: "incomplete_record"}), name, knowledge) is None


def bundle(*resources: Json, **elements: Any) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": one} for one in resources],
        **elements,
    }


DISPENSE = request("35623", "completed", None, resourceType="MedicationDispense", whenHandedOver="2026-05-20")
PREDNISONE = {**DISPENSE, "medicationCodeableConcept": request()["medicationCodeableConcept"]}
NEXT = [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NOT_SENT = object()

# the value under `medicationDispenses`, whether riluzole is on record, why
OPTIONAL: list[tuple[Any, bool | None, str]] = [
    (NOT_SENT, False, "not sent: nothing follows"),
    (bundle(), False, "sent, and there is none"),
    (None, False, "null: there is none"),
    (bundle(PREDNISONE), False, "sent whole, of another drug"),
    (bundle(DISPENSE), True, "sent whole"),
    (bundle(DISPENSE, link=NEXT), True, "on the first page"),
    (bundle(PREDNISONE, link=NEXT), None, "a next page"),
    (bundle(PREDNISONE, total=2), None, "fewer than its total"),
    (ERROR, None, "an error in place of the answer"),
    (bundle(request()), None, "the answer to another question"),
    (bundle({**DISPENSE, "status": 7, "medicationCodeableConcept": None}), None, "one that cannot be read"),
]


@pytest.mark.parametrize(("value", "on_record", "why"), OPTIONAL)
def test_an_optional_key_counts_where_it_is_sent(
    value: Any, on_record: bool | None, why: str, knowledge: FactReaders
) -> None:
    builder = RecordBuilder("p")
    builder.add("patient", frozenset({"Patient"}), json.dumps(patient()))
    for key, name in (("medicationRequests", "MedicationRequest"), ("medicationStatements", "MedicationStatement")):
        builder.add(key, frozenset({name}), json.dumps(bundle()))
    if value is not NOT_SENT:
        builder.add("medicationDispenses", frozenset({"MedicationDispense"}), json.dumps(value))
    assert any_of(builder.build(), "medication.riluzole", knowledge) is on_record, why


def test_nothing_is_absent_in_an_open_world(knowledge: FactReaders) -> None:
    for name, spec in knowledge.catalogue.facts.items():
        if spec.kind == "events":
            assert any_of(record(), name, knowledge, "open") is None


def test_a_number_has_the_reason_why_it_is_missing(knowledge: FactReaders) -> None:
    assert build_sheet(record(), knowledge, AS_OF)["lab.alt"].reason == "no_result"
    for gap in ("not_supplied", "incomplete_record"):
        assert build_sheet(without(record(), Observation=gap), knowledge, AS_OF)["lab.alt"].reason == gap


# the record besides, the presumed NYHA class, why
PRESUMED: list[tuple[list[Json], bool, str]] = [
    ([], True, "no class and no heart failure on record"),
    ([condition("84114007")], False, "heart failure without a class"),
    ([condition("84114007", clinical="resolved")], False, "heart failure that was"),
    ([condition(None, code={"text": "heart failure?"})], False, "perhaps heart failure"),
    ([lab("88020-3", 2, date="2016-01-01")], False, "a class, however old"),
    ([lab("718-7", 90, "g/L", code=7)], False, "an Observation that may be of anything"),
]


@pytest.mark.parametrize(("resources", "presumed", "why"), PRESUMED)
def test_a_class_is_presumed_only_without_the_disease(
    resources: list[Json], presumed: bool, why: str, node: Callable[..., dict[str, Any]]
) -> None:
    found = node("score.nyha", *resources)
    assert (found == {"lo": 0.0, "hi": 0.0, "age": 0}) is presumed, why
    assert node("score.nyha", *resources, world="open").get("lo") != 0.0


def test_nothing_is_presumed_of_half_a_record(knowledge: FactReaders) -> None:
    for gap in ({"Observation": "not_supplied"}, {"Condition": "not_supplied"}):
        document = build_sheet(without(record(), **gap), knowledge, AS_OF).document("closed")
        assert "nyha" not in document.get("score", {})


def test_a_drug_without_its_name_may_be_any_drug(node: Callable[..., dict[str, Any]]) -> None:
    nameless = {**request(), "medicationCodeableConcept": None}
    assert "any" not in node("medication.riluzole", nameless)
    assert "any" not in node("medication.glucocorticoid", nameless)
    assert node("condition.sle", nameless)["any"] == {"is": False}
