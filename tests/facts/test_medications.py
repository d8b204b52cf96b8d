"""Drugs: what counts, when it began and ended, since when without a break, and by which route (docs/design.md, 4a)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.facts.records import SUBJECT, Json, concept, request, statement
from tests.facts.small_rules import ATC, RXNORM

MAX = 1.7976931348623157e308
YES, NO, OPEN = True, False, None


def bounds(start: str | None = None, end: str | None = None, **dosage: Any) -> Json:
    period = {key: value for key, value in {"start": start, "end": end}.items() if value is not None}
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}, **dosage}]}


def period(start: str | None = None, end: str | None = None) -> Json:
    return {"effectivePeriod": {key: value for key, value in {"start": start, "end": end}.items() if value is not None}}


def given(date: str, drug: str = "8640", status: str = "completed", **elements: Any) -> Json:
    return {
        "resourceType": "MedicationAdministration",
        "id": f"g{date}{drug}{status}",
        "status": status,
        "medicationCodeableConcept": concept(drug, RXNORM),
        "subject": SUBJECT,
        "effectiveDateTime": date,
        **elements,
    }


def of(reference: str) -> Json:
    return {**request(), "medicationCodeableConcept": None, "medicationReference": {"reference": reference}}


# the record, taken ever, taken now, why; as of 1 June 2026
STATUS: list[tuple[Json, bool | None, bool | None, str]] = [
    (request(), YES, YES, "active without end is current"),
    (request(status="completed"), YES, NO, "completed"),
    (request(status="stopped"), YES, NO, "stopped"),
    (request(status="on-hold"), OPEN, OPEN, "on hold: a hint"),
    (request(status="cancelled"), NO, NO, "never counts"),
    (request(status="draft"), NO, NO, "never counts"),
    (request(status="entered-in-error"), NO, NO, "never counts"),
    (request(status="unknown"), OPEN, OPEN, "a hint"),
    (request(doNotPerform=True), NO, NO, "a prohibition"),
    (request(intent="plan"), OPEN, OPEN, "only planned: a hint"),
    (request(intent="proposal"), OPEN, OPEN, "only proposed: a hint"),
    (request(authored="2026-06-02"), NO, NO, "begins after the day asked about"),
    (request(authored="2026-06-01"), YES, YES, "begins on that day"),
    (request(**bounds("2026-01-01", "2026-05-31")), YES, NO, "ended the day before"),
    (request(**bounds("2026-01-01", "2026-06-01")), YES, YES, "lasts until that day"),
    (request(**bounds("2026-01-01", "2026-06")), YES, YES, "ends on that day or later in the month"),
    (request(**bounds("2026-01-01", "2026")), YES, OPEN, "ends at some time this year"),
    (request(**bounds("2026-01-01", "soon")), YES, OPEN, "an end that cannot be read"),
    (statement(), YES, YES, "a statement"),
    (statement(status="not-taken"), NO, NO, "never counts"),
    (statement(status="intended"), OPEN, OPEN, "intended: a hint"),
    (statement(status="intended", **period("2026-07-01")), NO, NO, "intended for later"),
    (given("2026-05-20"), YES, NO, "given, and over"),
    (given("2026-05-20", status="not-done"), NO, NO, "never counts"),
    (given("2026-05-20", status="in-progress", effectiveDateTime=None, **period("2026-05-20")), YES, YES, "going on"),
    ({**request(), "medicationCodeableConcept": {"text": "Prednisone 20 mg tablets"}}, OPEN, OPEN, "text only: a hint"),
    ({**request(), "medicationCodeableConcept": {"text": "Aspirin"}}, NO, NO, "another drug as text"),
    ({**request("1191")}, NO, NO, "another drug"),
    ({**request(), "medicationCodeableConcept": concept("H02AB06", ATC)}, YES, YES, "ATC by prefix"),
    ({**request(), "medicationCodeableConcept": concept("H02B", ATC)}, NO, NO, "another group"),
    (of("Medication/gone"), OPEN, OPEN, "it may be any drug"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "ever", "now", "why"), STATUS)
def test_what_counts(
    resource: Json, ever: bool | None, now: bool | None, why: str, node: Callable[..., dict[str, Any]]
) -> None:
    found = node("medication.glucocorticoid", resource)
    assert found.get("any", {}).get("is") is ever, why
    assert found.get("active", {}).get("is") is now, why


# the record, days since its start, days since its end, why
TIMES: list[tuple[Json, tuple[float, float], tuple[float, float], str]] = [
    (request(authored="2026-05-02"), (30, 30), (0, 0), "authoredOn"),
    (request(authored="2026-05-02", **bounds("2026-04-22")), (40, 40), (0, 0), "a stated start wins"),
    (request(authored="2026-05-02", **bounds("2026-05-12")), (20, 20), (0, 0), "a stated start wins"),
    (request(authored="2026-05-02", **bounds("2026-05-12", "2026-05-22")), (20, 20), (10, 10), "the matching end"),
    (
        request(
            authored="2026-05-02", dispenseRequest={"validityPeriod": {"start": "2026-04-22", "end": "2026-05-22"}}
        ),
        (40, 40),
        (0, 0),
        "the validity: a start, and no end",
    ),
    (request(authored="2026-05-02", status="completed"), (30, 30), (0, 30), "ended at an unknown time since"),
    (
        request(authored="2026-05-02", status="stopped", **bounds("2026-05-02", "2027-01-01")),
        (30, 30),
        (0, 30),
        "stopped before its end",
    ),
    (request(authored=None), (0, MAX), (0, 0), "no start"),
    (request(authored="2026-05"), (1, 31), (0, 0), "some time in May"),
    (request(authored="2026-05-02", **bounds("?")), (0, MAX), (0, 0), "a stated start that cannot be read"),
    (statement(**period("2026-04-22")), (40, 40), (0, 0), "effectivePeriod"),
    (statement(effectiveDateTime="2026-04-22"), (40, 40), (0, 0), "effectiveDateTime"),
    (statement(dateAsserted="2026-04-22"), (40, MAX), (0, 0), "taken when it was said"),
    (statement(status="completed", **period("2026-04-22", "2026-05-22")), (40, 40), (10, 10), "effectivePeriod"),
    (given("2026-05-22"), (10, 10), (10, 10), "given once"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "start", "end", "why"), TIMES)
def test_times(
    resource: Json,
    start: tuple[float, float],
    end: tuple[float, float],
    why: str,
    node: Callable[..., dict[str, Any]],
) -> None:
    (item,) = node("medication.glucocorticoid", resource)["items"]
    assert (item["days_since_start"]["lo"], item["days_since_start"]["hi"]) == start, why
    assert (item["days_since_end"]["lo"], item["days_since_end"]["hi"]) == end, why


def taken(start: str, end: str | None = None, status: str | None = None) -> Json:
    return statement(status=status or ("active" if end is None else "completed"), **period(start, end))


# the records of one drug, days since the start of the current course, why
COURSES: list[tuple[list[Json], tuple[float, float], str]] = [
    ([taken("2026-05-02")], (30, 30), "one record"),
    ([taken("2026-05-02"), taken("2026-04-02")], (60, 60), "two that are current: the earlier"),
    ([taken("2026-05-02"), taken("2026-03-01", "2026-05-10")], (92, 92), "overlapping"),
    ([taken("2026-05-02"), taken("2026-03-01", "2026-04-18")], (92, 92), "14 days apart: a renewal"),
    ([taken("2026-05-02"), taken("2026-03-01", "2026-04-17")], (30, 30), "15 days apart: a new start"),
    (
        [taken("2026-05-02"), taken("2026-04-01", "2026-05-01"), taken("2026-03-01", "2026-03-31")],
        (92, 92),
        "one renewal after another",
    ),
    ([taken("2026-05-02"), taken("2026-03-01", None, "completed")], (30, 92), "ended at an unknown time"),
    ([taken("2026-05-02"), taken("2026-03-01", "2026-04")], (30, 92), "perhaps 15 days apart, perhaps fewer"),
    (
        [taken("2026-05-02"), {**taken("2026-03-01", "2026-05-10"), "status": "unknown"}],
        (30, 92),
        "the other one is a hint",
    ),
]


@pytest.mark.parametrize(("records", "course", "why"), COURSES)
def test_courses(
    records: list[Json], course: tuple[float, float], why: str, node: Callable[..., dict[str, Any]]
) -> None:
    for order in (records, records[::-1]):
        items = node("medication.glucocorticoid", *order)["items"]
        current = [item for item in items if item.get("active", {}).get("is")]
        assert {(i["days_since_course_start"]["lo"], i["days_since_course_start"]["hi"]) for i in current} == {
            course
        }, why


def by(route: Json | None = None, drug: str = "8640", **elements: Any) -> Json:
    dosage = {"dosageInstruction": [{"route": route}]} if route is not None else {}
    return request(drug, **dosage, **elements)


def medication(code: Json | None = None, form: Json | None = None, ingredient: str | None = None) -> Json:
    inner: Json = {"resourceType": "Medication", "id": "m"}
    inner |= {key: value for key, value in {"code": code, "form": form}.items() if value is not None}
    if ingredient is not None:
        inner["ingredient"] = [{"itemCodeableConcept": concept(ingredient, RXNORM)}]
    return {
        **request(),
        "medicationCodeableConcept": None,
        "medicationReference": {"reference": "#m"},
        "contained": [inner],
    }


# the record, whether it certainly counts as a systemic glucocorticoid, why
ROUTES: list[tuple[Json, bool | None, str]] = [
    (by(), YES, "an ingredient that usually is systemic"),
    (by(concept("26643006")), YES, "by mouth"),
    (by({"text": "PO"}), YES, "an abbreviation"),
    (by({"text": "p.o."}), YES, "an abbreviation"),
    (by(concept("447694001")), NO, "inhaled"),
    (by(concept("6064005")), NO, "on the skin"),
    (by({"text": "oral inhalation"}), NO, "the longer phrase uses up its words"),
    (by({"text": "rectal"}), OPEN, "neither systemic nor not"),
    (by({"text": "as told"}), OPEN, "a route that is not understood need not be the usual one"),
    (request(dosageInstruction=[{"route": concept("26643006")}, {"route": concept("6064005")}]), OPEN, "both"),
    (by(None, "19831"), OPEN, "budesonide: may be either"),
    (by(concept("26643006"), "19831"), YES, "budesonide by mouth"),
    (by(concept("447694001"), "19831"), NO, "budesonide inhaled"),
    (medication(concept("8640", RXNORM), {"text": "Cream"}), NO, "the form says so"),
    (medication(concept("8640", RXNORM), {"text": "Tablet"}), YES, "the form says so"),
    (medication(None, None, "8640"), YES, "by its ingredient"),
    (medication(concept("1191", RXNORM), None, "8640"), OPEN, "the product is known and is another: a hint"),
    (medication({"text": "Hydrocortisone cream"}, None, "5492"), NO, "the name says so"),
    ({**by(), "medicationCodeableConcept": concept("5492", RXNORM, text="hydrocortisone 1 % cream")}, NO, "the name"),
    ({**by(), "medicationCodeableConcept": concept("312615", RXNORM, text="cream?")}, YES, "the code names its form"),
    (request("5492", dosageInstruction=[{"text": "apply cream thinly"}]), NO, "the instruction says so"),
    ({**by(), "medicationCodeableConcept": {"text": "prednisolone ointment"}}, NO, "a hint that is local is none"),
    ({**by(concept("26643006")), "medicationCodeableConcept": {"text": "prednisolone"}}, OPEN, "a text stays a hint"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "counts", "why"), ROUTES)
def test_systemic(resource: Json, counts: bool | None, why: str, node: Callable[..., dict[str, Any]]) -> None:
    assert node("medication.glucocorticoid", resource).get("any", {}).get("is") is counts, why


@pytest.mark.parametrize(
    ("route", "counts"),
    [
        (None, YES),
        (concept("47625008"), YES),
        ({"text": "injection"}, YES),
        (concept("26643006"), NO),
        ({"text": "rectal"}, NO),
    ],
)
def test_intravenous(route: Json | None, counts: bool, node: Callable[..., dict[str, Any]]) -> None:
    assert node("medication.iv_antibiotic", by(route, "2193"))["any"]["is"] is counts


def test_a_referenced_medication_is_followed(node: Callable[..., dict[str, Any]]) -> None:
    use = of("Medication/m")
    drug = {"resourceType": "Medication", "id": "m", "code": concept("8640", RXNORM)}
    assert node("medication.glucocorticoid", use, drug)["any"]["is"] is True


def test_a_medication_entered_in_error_may_be_any_drug(node: Callable[..., dict[str, Any]]) -> None:
    drug = {"resourceType": "Medication", "id": "m", "status": "entered-in-error", "code": concept("1191", RXNORM)}
    assert "any" not in node("medication.glucocorticoid", of("Medication/m"), drug)
