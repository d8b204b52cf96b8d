"""Procedures, immunizations, devices and study participation as events."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.facts.records import SUBJECT, Json, concept, patient, procedure, quantity
from tests.facts.small_rules import CVX

MAX = 1.7976931348623157e308
YES, NO, OPEN = True, False, None
SURGICAL = {"category": concept("387713003")}


def immunization(code: str | None = "141", /, status: str = "completed", **elements: Any) -> Json:
    found: Json = {"resourceType": "Immunization", "id": "i", "status": status, "patient": SUBJECT, **elements}
    return found if code is None else {"vaccineCode": concept(code, CVX), **found}


def device(code: str | None = "14106009", /, **elements: Any) -> Json:
    found: Json = {"resourceType": "Device", "id": "d", "patient": SUBJECT, **elements}
    return found if code is None else {"type": concept(code), **found}


def in_study(status: str, **period: str) -> Json:
    return {"resourceType": "ResearchSubject", "id": "r", "status": status, "individual": SUBJECT, "period": period}


# fact, the record, whether it is on record, why; as of 1 June 2026
ACTS: list[tuple[str, Json, bool | None, str]] = [
    ("procedure.major_surgery", procedure(), YES, "completed"),
    ("procedure.major_surgery", procedure(status="in-progress"), YES, "going on"),
    ("procedure.major_surgery", procedure(status="preparation"), NO, "only prepared"),
    ("procedure.major_surgery", procedure(status="not-done"), NO, "not done"),
    ("procedure.major_surgery", procedure(status="entered-in-error"), NO, "an error"),
    ("procedure.major_surgery", procedure(status="stopped"), OPEN, "how far did it go?"),
    ("procedure.major_surgery", procedure(status="unknown"), OPEN, "unknown"),
    ("procedure.major_surgery", procedure(performedDateTime="2026-06-02"), NO, "planned"),
    ("procedure.major_surgery", procedure("80146002", **SURGICAL), OPEN, "only marked as surgical"),
    ("procedure.major_surgery", procedure("80146002"), NO, "another procedure"),
    ("procedure.major_surgery", procedure(**SURGICAL), YES, "major surgery, and marked as surgical"),
    ("immunization.any", immunization(), YES, "given"),
    ("immunization.any", immunization(status="not-done"), NO, "not given"),
    ("immunization.any", immunization(status="entered-in-error"), NO, "an error"),
    ("immunization.any", immunization(occurrenceDateTime="2026-06-02"), NO, "planned"),
    ("immunization.any", immunization("998"), NO, "a known code that is no vaccine"),
    ("immunization.any", immunization(None, vaccineCode=concept("V1", "urn:site")), YES, "whatever its code is"),
    ("immunization.any", immunization(None, vaccineCode={"text": "Influenza"}), YES, "whatever its words are"),
    ("device.pacemaker", device(), YES, "without status"),
    ("device.pacemaker", device(status="active"), YES, "active"),
    ("device.pacemaker", device(status="inactive"), YES, "once there"),
    ("device.pacemaker", device(status="entered-in-error"), NO, "an error"),
    ("device.pacemaker", device(status="unknown"), OPEN, "unknown"),
    ("device.pacemaker", device(None, type={"text": "Pacemaker, dual chamber"}), OPEN, "text only"),
    ("device.pacemaker", device("53350007"), NO, "another device"),
    ("device.pacemaker", device(None), OPEN, "any device"),
    ("study.any", in_study("on-study"), YES, "on a study"),
    ("study.any", in_study("withdrawn", start="2025-01-01", end="2025-02-01"), YES, "once on a study"),
    ("study.any", in_study("screening"), NO, "only considered"),
    ("study.any", in_study("on-study", start="2026-07-01"), NO, "planned"),
    ("study.any", in_study("lost"), OPEN, "an unknown status"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "resource", "expected", "why"), ACTS)
def test_what_counts(
    name: str, resource: Json, expected: bool | None, why: str, node: Callable[..., dict[str, Any]]
) -> None:
    assert node(name, resource).get("any", {}).get("is") is expected, why
    assert node(name, resource, world="open").get("any", {}).get("is") in ({True} if expected else {None}), why


# fact, the record, days since start, days since end, whether it lasts
TIMES: list[tuple[str, Json, tuple[float, float], tuple[float, float], bool | None]] = [
    ("procedure.major_surgery", procedure(performedDateTime="2026-05-22"), (10, 10), (10, 10), NO),
    ("procedure.major_surgery", procedure(performedDateTime="2026-05"), (1, 31), (1, 31), NO),
    (
        "procedure.major_surgery",
        procedure(performedPeriod={"start": "2026-05-02", "end": "2026-05-22"}),
        (30, 30),
        (10, 10),
        NO,
    ),
    ("procedure.major_surgery", procedure(performedPeriod={"start": "2026-05-02"}), (30, 30), (0, 30), NO),
    (
        "procedure.major_surgery",
        procedure(status="in-progress", performedPeriod={"start": "2026-05-02"}),
        (30, 30),
        (0, 0),
        YES,
    ),
    ("procedure.major_surgery", procedure(performedAge=quantity(45, code="a")), (0, 351), (0, 351), NO),
    ("procedure.major_surgery", procedure(performedString="in spring"), (0, MAX), (0, MAX), NO),
    ("procedure.major_surgery", procedure(), (0, MAX), (0, MAX), NO),
    ("immunization.any", immunization(occurrenceDateTime="2026-05-22"), (10, 10), (10, 10), NO),
    ("immunization.any", immunization(occurrenceString="May", recorded="2026-05-22"), (10, MAX), (0, MAX), NO),
    ("device.pacemaker", device(status="active"), (0, MAX), (0, 0), YES),
    ("device.pacemaker", device(status="inactive"), (0, MAX), (0, MAX), NO),
    ("study.any", in_study("on-study", start="2026-05-02"), (30, 30), (0, 0), YES),
    ("study.any", in_study("off-study", start="2026-05-02", end="2026-05-22"), (30, 30), (10, 10), NO),
]


@pytest.mark.parametrize("case", TIMES)
def test_times(case: tuple[str, Json, Any, Any, bool | None], node: Callable[..., dict[str, Any]]) -> None:
    name, resource, start, end, lasts = case
    (item,) = node(name, resource)["items"]
    assert (item["days_since_start"]["lo"], item["days_since_start"]["hi"]) == start
    assert (item["days_since_end"]["lo"], item["days_since_end"]["hi"]) == end
    assert item.get("active", {}).get("is") is lasts


def test_an_age_needs_a_birth_date(node: Callable[..., dict[str, Any]]) -> None:
    held = procedure(performedAge=quantity(45, code="a"))
    (item,) = node("procedure.major_surgery", held, about=patient(birthDate=None))["items"]
    assert item["days_since_start"]["hi"] == MAX


def test_a_statement_of_use_tells_of_a_device(node: Callable[..., dict[str, Any]]) -> None:
    use = {
        "resourceType": "DeviceUseStatement",
        "id": "u",
        "status": "active",
        "subject": SUBJECT,
        "device": {"reference": "#d"},
        "contained": [{**device(), "patient": None}],
        "timingDateTime": "2026-05-22",
    }
    (item,) = node("device.pacemaker", use)["items"]
    assert item["active"] == {"is": True}
    assert item["days_since_start"] == {"lo": 10, "hi": 10}
