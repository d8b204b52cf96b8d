"""Which misses are near, and what they lack."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cds_service.cards import NEAR, CardOptions, NearMiss, Nearness, TrialViews, cards_for, near_miss
from cds_service.library import Library
from cds_service.matching import Match
from tests.cards.small_library import condition, criterion, lab, matched, rituximab, section, trial

Small = Callable[..., Library]
PLATELETS = {">=": [{"var": "lab.platelets"}, {"quantity": [50, "10*9/L"]}]}
HB = {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
ALT = {"<=": [{"var": "lab.alt.x_uln"}, 3]}
WASHOUT = {"within": [{"var": "medication.biologic"}, {"quantity": [4, "wk"]}]}
STROKE = {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]}
HIV = {"==": [{"var": "result.hiv"}, "positive"]}
LVEF = {">=": [{"var": "vital.lvef"}, {"quantity": [50, "%"]}]}
DNA = {"<": [{"var": "lab.hbv_dna"}, {"quantity": [1000, "[IU]/mL"]}]}
TREATED = {"some": [{"var": "medication.biologic"}, {">=": [{"var": "days_since_start"}, {"quantity": [2, "mo"]}]}]}
HIGH_ALT = {**lab("1742-6", 140, "U/L"), "referenceRange": [{"high": {"value": 40, "unit": "U/L"}}]}


def miss_of(found: Match, nearness: Nearness = NEAR) -> NearMiss | None:
    [result] = found.trials
    assert result.verdict == "not_eligible"
    return near_miss(TrialViews(found), result, nearness)


def said(miss: NearMiss | None) -> Any:
    """The dates to wait for and the tests to repeat; None where it is no near miss."""
    if miss is None:
        return None
    return [str(wait.until) for wait in miss.waits], [repeat.fact for repeat in miss.repeats]


@pytest.mark.parametrize(
    ("case", "criteria", "on_record", "expected"),
    [
        ("a washout", [("exc-01", WASHOUT)], [rituximab("2026-11-05", "2026-11-05")], (["2026-12-04"], [])),
        (
            "a washout in two years",
            [("exc-01", {"within": [{"var": "medication.biologic"}, {"quantity": [3, "a"]}]})],
            [rituximab("2026-01-05", "2026-01-05")],
            None,
        ),
        (
            "a washout that has no end yet",
            [("exc-01", WASHOUT)],
            [{**rituximab("2026-11-05", "2026-11-05"), "status": "active", "effectivePeriod": {"start": "2026-11-05"}}],
            None,
        ),
        (
            "an event that time puts behind",
            [("exc-01", STROKE)],
            [condition("230690007", "2026-06-20", abatementDateTime="2026-07-10")],
            (["2027-01-11"], []),
        ),
        (
            "a diagnosis that time does not turn",
            [("exc-01", {"var": "condition.stroke"})],
            [condition("230690007")],
            None,
        ),
        (
            "a treatment that has to last",
            [("inc-02", TREATED)],
            [rituximab("2026-10-05", "2026-11-20")],
            (["2026-12-05"], []),
        ),
        ("a low count", [("inc-02", PLATELETS)], [lab("777-3", 44, "10*9/L")], ([], ["lab.platelets"])),
        ("a count that is far too low", [("inc-02", PLATELETS)], [lab("777-3", 20, "10*9/L")], None),
        ("a multiple of the limit of normal", [("inc-02", ALT)], [HIGH_ALT], ([], ["lab.alt"])),
        (
            "two low counts",
            [("inc-02", PLATELETS), ("inc-03", HB)],
            [lab("777-3", 44, "10*9/L"), lab("718-7", 78, "g/L")],
            None,
        ),
        (
            "one count that two criteria ask for",
            [("inc-02", PLATELETS), ("inc-03", PLATELETS)],
            [lab("777-3", 44, "10*9/L")],
            ([], ["lab.platelets"]),
        ),
        (
            "a washout and a low count",
            [("exc-01", WASHOUT), ("inc-02", PLATELETS)],
            [rituximab("2026-11-05", "2026-11-05"), lab("777-3", 44, "10*9/L")],
            (["2026-12-04"], ["lab.platelets"]),
        ),
        (
            "either would do, and waiting is certain",
            [("exc-01", {"and": [WASHOUT, {"!": [PLATELETS]}]})],
            [rituximab("2026-11-05", "2026-11-05"), lab("777-3", 44, "10*9/L")],
            (["2026-12-04"], []),
        ),
        ("a positive test", [("exc-01", HIV)], [lab("56888-1", "Positive")], None),
        ("a measurement that nobody can order", [("inc-02", LVEF)], [lab("10230-1", 48, "%")], None),
        ("a test that changes slowly", [("inc-02", DNA)], [lab("42595-9", 1100, "[IU]/mL")], None),
        (
            "something else fails too",
            [("inc-02", PLATELETS), ("exc-01", HIV)],
            [lab("777-3", 44, "10*9/L"), lab("56888-1", "Positive")],
            None,
        ),
        (
            "something else is open",
            [("inc-02", PLATELETS), ("inc-03", HB)],
            [lab("777-3", 44, "10*9/L")],
            ([], ["lab.platelets"]),
        ),
    ],
)
def test_what_is_near(small: Small, case: str, criteria: Any, on_record: Any, expected: Any) -> None:
    found = matched(small(trial("NCT00000001", *(criterion(id, logic) for id, logic in criteria))), *on_record)
    assert said(miss_of(found)) == expected, case


def test_without_the_diagnosis_nothing_is_near(small: Small) -> None:
    other = {"id": "inc-01", "kind": "inclusion", "gate": True, "text": "Stroke", "logic": {"var": "condition.stroke"}}
    content = trial("NCT00000001", criterion("inc-02", PLATELETS)) | {
        "criteria": [other, criterion("inc-02", PLATELETS)]
    }
    assert miss_of(matched(small(content), lab("777-3", 44, "10*9/L"))) is None


def test_the_nearest_cohort_is_taken(small: Small) -> None:
    cohorts = [
        {"id": "A", "title": "A", "criteria": [criterion("inc-11", HB)]},
        {"id": "B", "title": "B", "criteria": [criterion("inc-12", {"var": "condition.stroke"})]},
        {"id": "C", "title": "C", "criteria": []},
    ]
    content = trial("NCT00000001", criterion("inc-02", PLATELETS), cohorts=cohorts)
    miss = miss_of(matched(small(content), lab("777-3", 44, "10*9/L")))
    assert miss is not None
    assert miss.reading.cohort is not None
    assert miss.reading.cohort.cohort.id == "C"


@pytest.mark.parametrize(("days", "near"), [(9, False), (10, True)])
def test_how_long_a_wait_may_be_is_set(small: Small, days: int, near: bool) -> None:
    found = matched(small(trial("NCT00000001", criterion("exc-01", WASHOUT))), rituximab("2026-11-05", "2026-11-05"))
    assert (miss_of(found, Nearness(days, 0.5)) is not None) is near


@pytest.mark.parametrize(("share", "near"), [(0.11, False), (0.12, True)])
def test_how_far_a_value_may_be_is_set(small: Small, share: float, near: bool) -> None:
    found = matched(small(trial("NCT00000001", criterion("inc-02", PLATELETS))), lab("777-3", 44, "10*9/L"))
    assert (miss_of(found, Nearness(90, share)) is not None) is near


def test_the_card_gives_the_date_and_the_value(small: Small) -> None:
    content = trial("NCT00000001", criterion("exc-01", WASHOUT), criterion("inc-02", PLATELETS))
    found = matched(small(content), rituximab("2026-11-05", "2026-11-05"), lab("777-3", 44, "10*9/L"))
    [card] = cards_for(found, CardOptions(near_miss=True), "seed")
    assert card["summary"] == ("May fit later: Short NCT00000001 – look again on 2026-12-04")
    assert "- Biologic within the last 4 weeks (rituximab, 2026-11-05): clears on 2026-12-04\n" in card["detail"]
    assert [s["label"] for s in card["suggestions"]] == ["Repeat: Platelets"]


def test_near_misses_are_not_shown_unless_asked_for(small: Small) -> None:
    found = matched(small(trial("NCT00000001", criterion("inc-02", PLATELETS))), lab("777-3", 44, "10*9/L"))
    assert cards_for(found, CardOptions(), "seed") == []


@pytest.mark.parametrize(
    "fields", [{"status": "active_not_recruiting"}, {"dates": {"completion": "2026-01-01"}}, {"state": "draft"}]
)
def test_a_trial_that_takes_nobody_is_no_near_miss(small: Small, fields: Any) -> None:
    found = matched(small(trial("NCT00000001", criterion("inc-02", PLATELETS), **fields)), lab("777-3", 44, "10*9/L"))
    assert cards_for(found, CardOptions(near_miss=True), "seed") == []


def test_waits_are_over_when_the_last_one_is(small: Small) -> None:
    content = trial("NCT00000001", criterion("exc-01", WASHOUT), criterion("exc-02", STROKE))
    drug, stroke = (
        rituximab("2026-11-05", "2026-11-05"),
        condition("230690007", "2026-06-20", abatementDateTime="2026-07-10"),
    )
    miss = miss_of(matched(small(content), drug, stroke))
    assert miss is not None
    assert miss.until == date(2027, 1, 11)


def test_of_two_limits_the_farther_one_counts(small: Small) -> None:
    stricter = {">=": [{"var": "lab.platelets"}, {"quantity": [60, "10*9/L"]}]}
    content = trial("NCT00000001", criterion("inc-02", stricter), criterion("inc-03", PLATELETS))
    [card] = cards_for(matched(small(content), lab("777-3", 44, "10*9/L")), CardOptions(near_miss=True), "seed")
    assert section(card, "Not yet") == ["Repeat platelets: 44, needs ≥ 60 ×10⁹/L"]


def test_a_multiple_of_the_limit_of_normal_is_said_as_one(small: Small) -> None:
    found = matched(small(trial("NCT00000001", criterion("inc-02", ALT))), HIGH_ALT)
    [card] = cards_for(found, CardOptions(near_miss=True), "seed")
    assert section(card, "Not yet") == ["Repeat ALT: 3.5, needs at most 3 × ULN"]
