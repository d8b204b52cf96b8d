"""The fact sheet: the document for the rules, and the entries for people."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.facts import FactReaders, FactSheet, build_sheet
from cds_service.facts.catalogue import ISSUE_CODES
from tests.facts.conftest import AS_OF
from tests.facts.records import Json, condition, lab, observation, patient, procedure, quantity, record, request

MAX = 1.7976931348623157e308


def test_the_document_is_nested_by_the_dots_of_the_names(sheet: Callable[..., FactSheet]) -> None:
    ranged = lab("1742-6", 120, "U/L", referenceRange=[{"low": quantity(10, "U/L"), "high": quantity(40, "U/L")}])
    document = sheet(ranged, lab("718-7", 8.0, "g/dL")).document("closed")
    assert document["lab"]["hemoglobin"] == {"lo": 80.0, "hi": 80.0, "age": 12}
    assert document["lab"]["alt"] == {
        "lo": 120.0,
        "hi": 120.0,
        "age": 12,
        "x_uln": {"lo": 3.0, "hi": 3.0, "age": 12},
        "x_lln": {"lo": 12.0, "hi": 12.0, "age": 12},
    }
    assert "creatinine" not in document["lab"], "what is unknown is not there"
    assert "grown" not in document.get("derived", {}), "a definition is logic"


def test_the_document_is_plain_json(sheet: Callable[..., FactSheet]) -> None:
    everything = sheet(lab("718-7", 8.0, "g/dL", comparator="<"), condition(), request(), procedure())
    for world in ("closed", "open"):
        document = everything.document(world)  # type: ignore[arg-type]
        assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_events_in_the_document(node: Callable[..., dict[str, Any]]) -> None:
    held = condition(onsetDateTime="2026-05-02")
    assert node("condition.sle", held) == {
        "items": [
            {
                "sure": True,
                "active": {"is": True},
                "days_since_start": {"lo": 30, "hi": 30},
                "days_since_end": {"lo": 0, "hi": 0},
                "days_since_course_start": {"lo": 30, "hi": 30},
            }
        ],
        "whole": True,
        "any": {"is": True},
        "active": {"is": True},
        "history": {"is": True},
    }
    assert node("condition.sle", held, world="open")["whole"] is False
    nothing = {"items": [], "any": {"is": False}, "active": {"is": False}, "history": {"is": False}, "whole": True}
    assert node("condition.sle") == nothing
    assert node("condition.sle", world="open") == {"items": [], "whole": False}


def test_two_records_that_say_the_same_are_one_item(node: Callable[..., dict[str, Any]]) -> None:
    twice = [condition(id="a"), condition(id="b")]
    assert len(node("condition.sle", *twice)["items"]) == 1


def test_only_what_is_asked_for_is_built(knowledge: FactReaders) -> None:
    built = build_sheet(record(lab("718-7", 90, "g/L")), knowledge, AS_OF, {"lab.alt.x_uln", "kidney.egfr"})
    assert set(built) == {
        "lab.alt",
        "kidney.egfr",
        "lab.egfr",
        "derived.egfr",
        "lab.creatinine",
        "patient.age",
        "patient.sex",
    }
    with pytest.raises(KeyError):
        built["lab.hemoglobin"]
    assert built.describe("lab.hemoglobin") == []


DESCRIBED: list[tuple[str, list[Json], int | None, list[Json]]] = [
    (
        "lab.hemoglobin",
        [lab("718-7", 8.0, "g/dL", id="h")],
        90,
        [{"value": 80, "unit": "g/L", "date": "2026-05-20", "source": "Observation/h", "reason": None}],
    ),
    (
        "lab.hemoglobin",
        [lab("718-7", 8.0, "g/dL", id="h")],
        7,
        [{"value": None, "unit": "g/L", "date": "2026-05-20", "source": "Observation/h", "reason": "too_old"}],
    ),
    ("lab.hemoglobin", [], 7, [{"value": None, "date": None, "source": None, "reason": "no_result"}]),
    (
        "lab.platelets",
        [lab("777-3", 5, "K/uL", comparator="<", id="p")],
        None,
        [{"value": "<5", "unit": "10*9/L", "source": "Observation/p", "reason": None}],
    ),
    (
        "lab.hemoglobin",
        [lab("718-7", 8.0, id="h")],
        None,
        [{"value": None, "source": "Observation/h", "reason": "unit_not_understood"}],
    ),
    (
        "lab.alt.x_uln",
        [lab("1742-6", 120, "U/L", id="a")],
        None,
        [{"name": "lab.alt.x_uln", "value": None, "source": "Observation/a", "reason": "no_reference_range"}],
    ),
    (
        "condition.sle",
        [
            condition(id="c", onsetDateTime="2021-01-01"),
            condition(id="d", onsetDateTime="2020-01-01", clinical="resolved"),
        ],
        None,
        [
            {"value": "current", "date": "2021-01-01", "source": "Condition/c", "reason": None},
            {"value": "past", "date": "2020-01-01", "source": "Condition/d", "reason": None},
        ],
    ),
    (
        "condition.sle",
        [condition(id="c", clinical="remission")],
        None,
        [{"value": "not active", "source": "Condition/c"}],
    ),
    (
        "condition.sle",
        [condition(None, id="c", code={"text": "SLE?"})],
        None,
        [{"value": None, "source": "Condition/c", "reason": "uncoded_mention"}],
    ),
    ("condition.sle", [], None, [{"value": False, "source": None, "reason": None}]),
    ("condition.sle.history", [condition("161567008", id="c")], None, [{"value": "past", "source": "Condition/c"}]),
    ("condition.sle", [condition("161567008", id="c")], None, [{"value": False, "source": None, "reason": None}]),
    ("patient.age", [], None, [{"value": 45, "unit": "a", "source": "Patient/p"}]),
    ("date.onset", [observation("65222-2", id="o", valueDateTime="2026-05-02")], None, [{"value": 30, "unit": "d"}]),
    ("score.nyha", [], None, [{"value": 0, "source": None, "reason": None}]),
    (
        "derived.bmi",
        [lab("29463-7", 81, "kg", id="w"), lab("8302-2", 180, "cm", "2020-01-01", id="h")],
        90,
        [
            {"name": "derived.bmi", "value": 25, "date": "2020-01-01", "source": "Observation/w, Observation/h"},
            {"name": "vital.body_weight", "value": 81, "source": "Observation/w"},
            {"name": "vital.body_height", "value": 180, "source": "Observation/h"},
        ],
    ),
    (
        "body.bmi",
        [lab("29463-7", 81, "kg", id="w")],
        90,
        [{"name": "body.bmi", "value": None, "source": None, "reason": "no_result"}],
    ),
    ("derived.grown", [], None, [{"name": "patient.age", "value": 45}]),
    ("no.such_fact", [], None, []),
]


@pytest.mark.parametrize(("name", "held", "limit", "expected"), DESCRIBED)
def test_describe(
    name: str, held: list[Json], limit: int | None, expected: list[Json], sheet: Callable[..., FactSheet]
) -> None:
    entries = sheet(*held).describe(name, limit)
    assert [{key: entry[key] for key in wanted} for entry, wanted in zip(entries, expected, strict=True)] == expected
    for entry in entries:
        assert entry.keys() >= {"name", "value", "unit", "date", "source", "reason"}


def test_raw_value_and_code_stand_beside_the_canonical_value(sheet: Callable[..., FactSheet]) -> None:
    (entry,) = sheet(lab("718-7", 8.0, "g/dL")).describe("lab.hemoglobin")
    assert entry["raw"] == {"value": "8", "unit": "g/dL"}
    assert entry["code"]["code"] == "718-7"


def test_the_whole_sheet_tells_every_fact(sheet: Callable[..., FactSheet], knowledge: FactReaders) -> None:
    entries = sheet().as_json()
    defined = {name for name, spec in knowledge.catalogue.facts.items() if spec.kind == "defined"}
    assert {entry["name"] for entry in entries} == set(knowledge.catalogue.facts) - defined
    json.dumps(entries, allow_nan=False)


def test_what_is_not_understood_is_an_issue_that_quotes_nothing(sheet: Callable[..., FactSheet]) -> None:
    secret = "patient says 1234"
    issues = sheet(observation("718-7", id="h", valueString=secret), lab("1742-6", 5, "secret/unit", id="a")).issues
    assert {(issue.code, issue.resource) for issue in issues} == {
        ("value_not_understood", "Observation/h"),
        ("unit_not_understood", "Observation/a"),
    }
    assert {issue.code for issue in issues} <= ISSUE_CODES.keys()
    assert not any("secret" in issue.message or "1234" in issue.message for issue in issues)
    assert sheet(lab("718-7", 90, "g/L")).issues == ()


def test_death_is_told(sheet: Callable[..., FactSheet]) -> None:
    assert sheet(about=patient(deceasedBoolean=True)).deceased
    assert not sheet().deceased
