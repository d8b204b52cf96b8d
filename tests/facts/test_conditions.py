"""Conditions and allergies: has it, has it actively, ever had it; what is a hint, what never counts (design.md, 4a)."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.facts.fact import Fact
from tests.facts.records import SUBJECT, Json, concept, condition, patient, quantity, verified
from tests.facts.small_rules import ICD10, ICD10CM, RXNORM, SNOMED

YES, NO, OPEN = True, False, None
MAX = 1.7976931348623157e308

# case -> the record, then `condition.sle`, `.active` and `.history` in a closed world (None: unknown)
CASES: dict[str, tuple[list[Json], tuple[bool | None, bool | None, bool | None]]] = {
    "nothing on record": ([], (NO, NO, NO)),
    "another disease": ([condition("38341003")], (NO, NO, NO)),
    "active": ([condition()], (YES, YES, YES)),
    "relapse": ([condition(clinical="relapse")], (YES, YES, YES)),
    "recurrence": ([condition(clinical="recurrence")], (YES, YES, YES)),
    "without clinicalStatus": ([condition(clinical=None)], (YES, YES, YES)),
    "remission is still there": ([condition(clinical="remission")], (YES, NO, YES)),
    "inactive is still there": ([condition(clinical="inactive")], (YES, NO, YES)),
    "resolved is not": ([condition(clinical="resolved")], (NO, NO, YES)),
    "abated is not": ([condition(abatementDateTime="2025-01-01")], (NO, NO, YES)),
    "abated at an unreadable date is not": ([condition(abatementDateTime="long ago")], (NO, NO, YES)),
    "abatement in the future has not come": ([condition(abatementDateTime="2026-12-01")], (YES, YES, YES)),
    "an abatement in words may say anything": ([condition(abatementString="ongoing")], (OPEN, OPEN, YES)),
    "a clinicalStatus that FHIR does not know": ([condition(clinical="dormant")], (OPEN, OPEN, OPEN)),
    "contradictory clinicalStatus": (
        [condition(clinicalStatus={"coding": [{"code": "active"}, {"code": "resolved"}]}, clinical=None)],
        (OPEN, OPEN, YES),
    ),
    "confirmed": ([condition(**verified("confirmed"))], (YES, YES, YES)),
    "unconfirmed is a hint": ([condition(**verified("unconfirmed"))], (OPEN, OPEN, OPEN)),
    "provisional is a hint": ([condition(**verified("provisional"))], (OPEN, OPEN, OPEN)),
    "differential is a hint": ([condition(**verified("differential"))], (OPEN, OPEN, OPEN)),
    "an unknown verificationStatus is a hint": ([condition(**verified("hm"))], (OPEN, OPEN, OPEN)),
    "refuted never counts": ([condition(**verified("refuted"))], (NO, NO, NO)),
    "entered in error never counts": ([condition(**verified("entered-in-error"))], (NO, NO, NO)),
    "a resolved hint leaves open only whether it ever was": (
        [condition(clinical="resolved", **verified("provisional"))],
        (NO, NO, OPEN),
    ),
    "a hint beside a certain entry": ([condition(), condition(**verified("provisional"))], (YES, YES, YES)),
    "text alone is a hint": ([condition(None, code={"text": "Systemic lupus, since 2015"})], (OPEN, OPEN, OPEN)),
    "a display alone is a hint": (
        [condition(None, code={"coding": [{"display": "Systemic lupus erythematosus"}]})],
        (OPEN, OPEN, OPEN),
    ),
    "a site's code with words is a hint": (
        [condition(None, code=concept("L1", "urn:site", display="SLE"))],
        (OPEN, OPEN, OPEN),
    ),
    "whole words only": ([condition(None, code={"text": "Sleep apnoea"})], (NO, NO, NO)),
    "words beside the code of another disease name it": (
        [condition(None, code=concept("I10", ICD10, text="hypertension and systemic lupus"))],
        (OPEN, OPEN, OPEN),
    ),
    "words beside a judged code that are not understood": (
        [condition(None, code=concept("I10", ICD10, text="Bluthochdruck"))],
        (NO, NO, NO),
    ),
    "words beside a code that no table has": (
        [condition(None, code=concept("1234567", SNOMED, text="Bluthochdruck"))],
        (OPEN, OPEN, OPEN),
    ),
    "a history code counts as history only": ([condition("161567008")], (NO, NO, YES)),
    "a history code beside one of the disease": (
        [condition(None, code={"coding": [{"system": SNOMED, "code": c} for c in ("161567008", "55464009")]})],
        (OPEN, OPEN, YES),
    ),
    "an entry without any code may be anything": ([condition(None)], (OPEN, OPEN, OPEN)),
    "a site's code without words may be anything": ([condition("L1", "urn:site")], (OPEN, OPEN, OPEN)),
    "an entry in error without any code is nothing": ([condition(None, **verified("entered-in-error"))], (NO, NO, NO)),
    "it has not begun yet": ([condition(onsetDateTime="2026-12-01")], (NO, NO, NO)),
    "recorded only later, onset unknown": ([condition(recordedDate="2026-12-01")], (OPEN, OPEN, OPEN)),
    "a malformed entry of the disease": ([condition(onsetDateTime=2015)], (OPEN, OPEN, OPEN)),
    "a malformed entry of another disease": ([condition("38341003", onsetDateTime=2015)], (NO, NO, NO)),
    "a malformed entry without readable code": ([condition(None, code=7)], (OPEN, OPEN, OPEN)),
}


@pytest.mark.parametrize("case", CASES)
def test_has_it_active_and_ever(case: str, node: Callable[..., dict[str, Any]]) -> None:
    resources, expected = CASES[case]
    assert answers(node("condition.sle", *resources)) == expected
    # In an open world what is true stays true, and nothing is ever false.
    opened = tuple(True if answer else None for answer in expected)
    assert answers(node("condition.sle", *resources, world="open")) == opened


def answers(node: dict[str, Any]) -> tuple[bool | None, ...]:
    return tuple(node.get(word, {}).get("is") for word in ("any", "active", "history"))


@pytest.mark.parametrize(
    ("system", "code", "counts"),
    [
        (ICD10, "M32", True),
        (ICD10, "M32.1", True),
        (ICD10CM, "M32.14", True),
        (ICD10CM, "M3214", True),
        (ICD10, "m32.1+", True),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "M32.1", True),
        ("urn:oid:2.16.840.1.113883.6.90", "M32.14", True),
        ("http://snomed.info/sct/900000000000207008/version/20260101", "55464009", True),
        (ICD10, "M3", None),
        (ICD10, "M33", False),
    ],
)
def test_codes_of_the_disease(system: str, code: str, counts: bool | None, node: Callable[..., dict[str, Any]]) -> None:
    assert node("condition.sle", condition(code, system)).get("any", {}).get("is") is counts


def test_a_broader_code_is_a_hint(fact: Callable[..., Fact]) -> None:
    events = fact("condition.als", condition("37340000")).value
    assert [item.hint for item in events.items] == ["unconfirmed"]  # type: ignore[union-attr]


# what the entry says of time, days since start and days since end; as of 1 June 2026
TIMES: list[tuple[Json, tuple[float, float], tuple[float, float], str]] = [
    ({"onsetDateTime": "2026-05-02"}, (30, 30), (0, 0), "a day"),
    ({"onsetDateTime": "2026-05-02T23:00:00-05:00"}, (29, 29), (0, 0), "the day in the site's zone, UTC"),
    ({"onsetDateTime": "2026-05"}, (1, 31), (0, 0), "a month"),
    ({"onsetDateTime": "2026"}, (0, 151), (0, 0), "a year, up to today"),
    ({"onsetPeriod": {"start": "2026-05-02", "end": "2026-05-12"}}, (20, 30), (0, 0), "began at some time within"),
    ({"onsetPeriod": {"start": "2026-05-02"}}, (0, 30), (0, 0), "began at some time since"),
    ({"onsetAge": quantity(45, code="a")}, (0, 351), (0, 0), "at 45 years of age, from 15 June 2025 on"),
    ({"onsetAge": quantity(551, code="mo")}, (0, 17), (0, 0), "at 551 months of age, from 15 May 2026 on"),
    ({"onsetRange": {"low": quantity(44, "a"), "high": quantity(44, "a")}}, (352, 716), (0, 0), "at 44"),
    ({"onsetAge": quantity(45, code="lustrum")}, (0, MAX), (0, 0), "an unknown unit"),
    ({"onsetString": "as a child"}, (0, MAX), (0, 0), "words"),
    ({}, (0, MAX), (0, 0), "nothing"),
    ({"recordedDate": "2026-05-02"}, (30, MAX), (0, 0), "not later than it was recorded"),
    ({"onsetDateTime": "2026-05-02", "abatementDateTime": "2026-05-22"}, (30, 30), (10, 10), "over"),
    ({"onsetDateTime": "2026-05-02", "abatementDateTime": "2026"}, (30, 30), (0, 151), "over at some time this year"),
    ({"onsetDateTime": "2026-05-22", "abatementDateTime": "2026-05-02"}, (0, MAX), (0, MAX), "cannot be"),
    ({"onsetDateTime": "2026-05-02", "clinicalStatus": concept("resolved")}, (30, 30), (0, 30), "resolved since"),
    ({"onsetDateTime": "2026-05-02", "clinicalStatus": concept("remission")}, (30, 30), (0, 30), "quiet since"),
    ({"onsetDateTime": "0000-01-01"}, (0, MAX), (0, 0), "no year 0"),
    ({"onsetDateTime": "9999-12-31T25:00"}, (0, MAX), (0, 0), "no such hour"),
]  # fmt: skip


@pytest.mark.parametrize(("says", "start", "end", "why"), TIMES)
def test_times(
    says: Json, start: tuple[float, float], end: tuple[float, float], why: str, node: Callable[..., dict[str, Any]]
) -> None:
    (item,) = node("condition.sle", condition(clinical=None, **says))["items"]
    assert (item["days_since_start"]["lo"], item["days_since_start"]["hi"]) == start, why
    assert (item["days_since_end"]["lo"], item["days_since_end"]["hi"]) == end, why


def test_an_age_needs_a_birth_date(node: Callable[..., dict[str, Any]]) -> None:
    held = condition(onsetAge=quantity(45, code="a"))
    (item,) = node("condition.sle", held, about=patient(birthDate=None))["items"]
    assert item["days_since_start"]["hi"] == MAX


def test_a_history_code_tells_no_dates_but_that_it_was_before(node: Callable[..., dict[str, Any]]) -> None:
    (item,) = node("condition.sle", condition("161567008", recordedDate="2026-05-02"))["items"]
    assert item["sure"] is True
    assert item["active"] == {"is": False}
    assert item["days_since_start"] == {"lo": 30, "hi": MAX}
    assert item["days_since_end"] == {"lo": 0, "hi": MAX}


def allergy(code: str | None = "8640", /, clinical: str | None = "active", **elements: Any) -> Json:
    found: Json = {"resourceType": "AllergyIntolerance", "id": "a", "patient": SUBJECT, **elements}
    if code is not None:
        found["code"] = concept(code, RXNORM)
    if clinical is not None:
        found["clinicalStatus"] = concept(clinical)
    return found


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (allergy(), (YES, YES, YES)),
        (allergy(clinical=None), (YES, YES, YES)),
        (allergy(clinical="inactive"), (NO, NO, YES)),
        (allergy(clinical="resolved"), (NO, NO, YES)),
        (allergy(**verified("unconfirmed")), (OPEN, OPEN, OPEN)),
        (allergy(**verified("refuted")), (NO, NO, NO)),
        (allergy("1191"), (NO, NO, NO)),
        (allergy("1191", reaction=[{"substance": concept("8640", RXNORM)}]), (YES, YES, YES)),
        (allergy(None, code={"text": "Prednisone"}), (OPEN, OPEN, OPEN)),
        (allergy(None), (OPEN, OPEN, OPEN)),
    ],
)
def test_allergies(resource: Json, expected: tuple[bool | None, ...], node: Callable[..., dict[str, Any]]) -> None:
    assert answers(node("allergy.glucocorticoid", resource)) == expected
