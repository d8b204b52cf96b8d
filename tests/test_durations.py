"""One duration everywhere: how it is read, counted and said, and that the fact sheet and the criterion agree on it."""

import json
import re
import tempfile
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.durations import (
    PATTERN,
    Duration,
    TimeUnit,
    completed_months,
    completion,
    in_words,
    range_in_words,
    shortest,
)
from cds_service.explanation import explain, fact_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library, check_library, load_library
from cds_service.matching import match
from cds_service.rule_tools.docs import RulesReference
from tests.cards.small_library import FACTS, VALUESETS, bundle, condition, criterion, lab, put, trial
from tests.facts.small_rules import write_rules

HB = {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}


@pytest.mark.parametrize(
    ("text", "months", "days", "words", "iso"),
    [
        ("P14D", 0, 14, "14 days", "P14D"),
        ("P1D", 0, 1, "1 day", "P1D"),
        ("P2W", 0, 14, "14 days", "P14D"),
        ("P1M", 1, 0, "1 month", "P1M"),
        ("P3M", 3, 0, "3 months", "P3M"),
        ("P18M", 18, 0, "18 months", "P18M"),
        ("P1Y", 12, 0, "1 year", "P12M"),
        ("P24M", 24, 0, "2 years", "P24M"),
        ("P1M15D", 1, 15, "1 month and 15 days", "P1M15D"),
        ("P1Y2M3W4D", 14, 25, "14 months and 25 days", "P14M25D"),
        ("P1Y1D", 12, 1, "1 year and 1 day", "P12M1D"),
        ("P0Y0M7D", 0, 7, "7 days", "P7D"),
        ("P9999Y", 119_988, 0, "9999 years", "P119988M"),
    ],
)
def test_what_is_read(text: str, months: int, days: int, words: str, iso: str) -> None:
    duration = Duration.parse(text)
    assert duration == Duration(months, days)
    assert (duration.words(), str(duration)) == (words, iso)
    assert re.fullmatch(PATTERN, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ": it is empty"),
        ("P", ": it is empty"),
        ("P0D", ": it lasts no time at all"),
        ("P0Y0M", ": it lasts no time at all"),
        ("PT12H", ": it has no time of day"),
        ("P1DT12H", ": it has no time of day"),
        ("P-1D", ": it has no sign"),
        ("-P1D", ": it has no sign"),
        ("P1.5Y", ": it has no fractions"),
        ("P0,5M", ": it has no fractions"),
        ("14D", ": write 'P14D'"),
        ("90 days", ": write 'P90D'"),
        ("0 days", ""),
        ("P15D1M", ""),
        ("P1M1M", ""),
        ("p1d", ": write 'P1D'"),
        ("P1D ", ": write 'P1D'"),
        ("P1D\n", ": write 'P1D'"),
        ("P١D", ""),
        ("P100000D", ""),
    ],
)
def test_what_is_refused_and_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as P90D") as refused:
        Duration.parse(text)
    assert str(refused.value).endswith(f"P1M15D{why}")
    assert not re.search(PATTERN.replace("$", r"\Z"), text)


@pytest.mark.parametrize(
    ("day", "text", "before"),
    [
        ("2026-05-31", "P3M", "2026-02-28"),
        ("2024-05-31", "P3M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2023-02-28"),
        ("2025-02-28", "P1Y", "2024-02-28"),
        ("2024-02-29", "P4Y", "2020-02-29"),
        ("2026-03-31", "P1M", "2026-02-28"),
        ("2026-03-31", "P1M15D", "2026-02-13"),
        ("2024-03-31", "P1M15D", "2024-02-14"),
        ("2026-01-15", "P1M15D", "2025-11-30"),
        ("2026-03-31", "P45D", "2026-02-14"),
        ("0001-01-20", "P1M", "0001-01-01"),
        ("0001-01-20", "P30D", "0001-01-01"),
    ],
)
def test_how_far_back_it_reaches(day: str, text: str, before: str) -> None:
    assert Duration.parse(text).before(date.fromisoformat(day)).isoformat() == before


@pytest.mark.parametrize(
    ("day", "text", "after"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-01-31", "P1M15D", "2026-03-15"),
        ("2026-12-15", "P1M", "2027-01-15"),
        ("9999-12-01", "P1M", "9999-12-31"),
        ("9999-12-01", "P31D", "9999-12-31"),
    ],
)
def test_how_far_ahead_it_reaches(day: str, text: str, after: str) -> None:
    assert Duration.parse(text).after(date.fromisoformat(day)).isoformat() == after


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ("P30D", "P30D", True),
        ("P30D", "P31D", True),
        ("P31D", "P30D", False),
        ("P28D", "P1M", True),
        ("P29D", "P1M", None),
        ("P31D", "P1M", None),
        ("P32D", "P1M", False),
        ("P1M", "P27D", False),
        ("P1M", "P31D", True),
        ("P90D", "P3M", None),
        ("P89D", "P3M", True),
        ("P3M", "P92D", True),
        ("P365D", "P1Y", True),
        ("P366D", "P1Y", None),
        ("P1Y", "P365D", None),
        ("P1Y", "P366D", True),
        ("P2W", "P1M15D", True),
        ("P1M15D", "P1M14D", False),
        ("P1M15D", "P2M", True),
        ("P2M", "P1M15D", False),
        ("P1M40D", "P2M", False),
        ("P1M29D", "P2M", None),
    ],
)
def test_whether_one_is_never_longer_than_another(one: str, other: str, fits: bool | None) -> None:
    assert Duration.parse(one).fits(Duration.parse(other)) is fits


@pytest.mark.parametrize(
    ("each", "least"),
    [
        ((), None),
        (("P90D",), "P90D"),
        (("P1Y", "P90D"), "P90D"),
        (("P1M15D", "P1M", "P1Y"), "P1M"),
        (("P90D", "P3M"), "P89D"),
        (("P30D", "P1M"), "P28D"),
    ],
)
def test_the_shortest_is_never_longer_than_any(each: tuple[str, ...], least: str | None) -> None:
    found = shortest(map(Duration.parse, each))
    assert found == (None if least is None else Duration.parse(least))


def test_a_length_as_it_was_written() -> None:
    assert [in_words(1, "wk"), in_words(4, "wk"), in_words(24, "mo"), in_words(0, "d")] == [
        "1 week",
        "4 weeks",
        "24 months",
        "0 days",
    ]


days = st.dates(date(1890, 1, 1), date(2110, 12, 31))
durations = st.builds(Duration, st.integers(0, 30), st.integers(0, 800)).filter(lambda d: d.months or d.days)


@given(durations, days)
def test_what_it_spans_lies_within_its_bounds(duration: Duration, day: date) -> None:
    fewest, most = duration.bounds()
    assert fewest <= duration.span(day) <= most
    assert Duration.parse(str(duration)) == duration


@given(durations, durations, days)
def test_the_order_holds_on_every_day(one: Duration, other: Duration, day: date) -> None:
    fits = one.fits(other)
    assert fits is None or fits is (one.span(day) <= other.span(day))
    least = shortest([one, other])
    assert least is not None
    assert least.span(day) <= min(one.span(day), other.span(day))


@given(days, st.integers(0, 1_500))
def test_an_age_is_complete_on_its_day_and_not_before(birth: date, months: int) -> None:
    day = completion(birth, months)
    assert day is not None
    assert completed_months(birth, day) == months
    assert months == 0 or completed_months(birth, day - timedelta(days=1)) == months - 1


# The fact sheet, explain and the criterion read the same evidence; on the last day of a limit it counts, a day later it
# does not. `oldest` is reckoned here by hand.
BOUNDARIES = [
    ("P1M15D", "2026-03-31", "2026-02-13"),
    ("P1M15D", "2024-03-31", "2024-02-14"),
    ("P1M15D", "2026-05-31", "2026-04-15"),
    ("P1M15D", "2026-01-01", "2025-11-16"),
    ("P1M15D", "2024-02-29", "2024-01-14"),
    ("P1M", "2026-03-31", "2026-02-28"),
    ("P1M", "2024-03-30", "2024-02-29"),
    ("P1M", "2026-03-28", "2026-02-28"),
    ("P1M", "2026-12-31", "2026-11-30"),
    ("P45D", "2026-03-31", "2026-02-14"),
    ("P45D", "2024-03-31", "2024-02-15"),
    ("P45D", "2024-02-29", "2024-01-15"),
    ("P1Y", "2024-02-29", "2023-02-28"),
    ("P1Y", "2025-02-28", "2024-02-28"),
    ("P1Y", "2025-03-01", "2024-03-01"),
    ("P1Y", "2026-12-31", "2025-12-31"),
]


@lru_cache(maxsize=64)
def library(fresh_for: str, lookback: str | None) -> Library:
    """The small rules with haemoglobin fresh for so long, and a criterion on it."""
    own = {} if lookback is None else {"lookback": lookback}
    with tempfile.TemporaryDirectory() as folder:
        facts = [f | {"fresh_for": fresh_for} if f["name"] == "lab.hemoglobin" else f for f in FACTS]
        rules = write_rules(Path(folder), facts, VALUESETS)
        content = trial("NCT00000001", criterion("inc-02", HB, **own))
        put(rules / "trials" / content["id"] / "trial.json", content)
        return load_library(rules)


def readings(found: Library, as_of: date, day: date) -> dict[str, Any]:
    """Why a haemoglobin of that day is unknown (None: it counts): by the fact sheet, by explain, by the criterion."""
    record = read_bundle(json.dumps(bundle(condition("55464009"), lab("718-7", 90, "g/L", day.isoformat()))))
    [fact] = fact_sheet(record, found, as_of, ["lab.hemoglobin"])["facts"]
    [told] = explain(match(record, found, as_of))["trials"]
    [read] = [c for c in told["criteria"] if c["id"] == "inc-02"]
    [evidence] = read["facts"]
    return {
        "sheet": fact["reason"],
        "explain": evidence["reason"],
        "criterion": {"pass": None, "unknown": "too_old"}[read["outcome"]],
    }


@pytest.mark.parametrize("place", ["catalogue", "criterion"])
@pytest.mark.parametrize(("text", "as_of", "oldest"), BOUNDARIES)
def test_the_boundary_day_counts_and_the_day_before_is_too_old(text: str, as_of: str, oldest: str, place: str) -> None:
    found = library(text, None) if place == "catalogue" else library("P3D", text)
    told = ("sheet", "explain", "criterion") if place == "catalogue" else ("explain", "criterion")
    last, today = date.fromisoformat(oldest), date.fromisoformat(as_of)
    for day, expected in ((last, None), (last - timedelta(days=1), "too_old")):
        read = readings(found, today, day)
        assert {one: read[one] for one in told} == dict.fromkeys(told, expected)


LIMITS = ("P1D", "P30D", "P45D", "P90D", "P1M", "P1M15D", "P2M1D", "P3M", "P1Y", "P1Y1M1W1D", "P13M")


@given(st.sampled_from(LIMITS), st.dates(date(2023, 1, 1), date(2029, 1, 1)), st.integers(-3, 3))
def test_the_fact_sheet_and_the_criterion_agree(text: str, as_of: date, near: int) -> None:
    day = min(as_of, Duration.parse(text).before(as_of) + timedelta(days=near))
    read = readings(library(text, None), as_of, day)
    assert set(read.values()) == {None if near >= 0 else "too_old"}


def test_a_limit_is_said_as_it_is(tmp_path: Path) -> None:
    found = RulesReference(library("P1M15D", "P1M10D"), write_rules(tmp_path, FACTS, VALUESETS))
    assert found.fact("lab.hemoglobin").fresh_for == "1 month and 15 days"
    [_, told] = found.trial(found.library.compiled.trials[0]).criteria
    assert told.lookback == "1 month and 10 days"


@pytest.mark.parametrize("lookback", ["P0D", "PT12H", "P1.5M", "-P1D", "", "P15D1M"])
def test_a_criterions_limit_that_is_none_is_refused_at_its_place(tmp_path: Path, lookback: str) -> None:
    rules = write_rules(tmp_path, FACTS, VALUESETS)
    content = trial("NCT00000001", criterion("inc-02", HB, lookback=lookback))
    put(rules / "trials" / content["id"] / "trial.json", content)
    _, findings = check_library(rules)
    [finding] = [f for f in findings if f.severity == "error"]
    assert (finding.code, finding.pointer) == ("bad-value", "/criteria/1/lookback")
    assert "is not a duration such as P90D" in finding.message


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (1, 1, "d", "1 day"),
        (2, 2, "wk", "2 weeks"),
        (1, 1, "mo", "1 month"),
        (0, 1, "mo", "0 to 1 month"),
        (14, 15, "mo", "14 to 15 months"),
        (1, 1, "a", "1 year"),
        (0, 0, "a", "0 years"),
    ],
)
def test_one_of_something_is_not_many(low: int, high: int, unit: TimeUnit, said: str) -> None:
    assert range_in_words(low, high, unit) == said
