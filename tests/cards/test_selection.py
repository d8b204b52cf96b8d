"""Which trials get a card, and in which order."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.cards import CardOptions, NearMiss, Selection, TrialReading, select
from cds_service.trials import TrialResult
from tests.cards.results import result
from tests.cards.small_library import AS_OF

PASSED = {"completion": "2026-11-23"}
TO_COME = {"completion": "2026-11-24"}


def shown(*results: TrialResult, options: CardOptions | None = None, **more: Any) -> list[tuple[str, str]]:
    selection = select(results, options or CardOptions(), AS_OF, **more)
    return [(choice.result.trial.id, choice.kind) for choice in selection.shown]


@pytest.mark.parametrize(
    ("status", "dates", "kind"),
    [
        ("recruiting", {}, "fits"),
        ("enrolling_by_invitation", {}, "fits"),
        ("not_yet_recruiting", {}, "fits"),
        ("recruiting", TO_COME, "fits"),
        ("recruiting", PASSED, "closed"),
        ("not_yet_recruiting", PASSED, "closed"),
        ("active_not_recruiting", {}, "closed"),
        ("unknown", {}, "closed"),
        ("completed", {}, None),
        ("terminated", {}, None),
        ("withdrawn", {}, None),
        ("suspended", {}, None),
    ],
)
def test_what_a_status_comes_to(status: str, dates: dict[str, str], kind: str | None) -> None:
    one = result("NCT00000001", status=status, dates=dates)
    assert shown(one) == ([("NCT00000001", kind)] if kind else [])
    hidden = shown(one, options=CardOptions(closed_trials="hide"))
    assert hidden == ([("NCT00000001", "fits")] if kind == "fits" else [])


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_only_an_active_trial_is_shown(state: str) -> None:
    assert shown(result("NCT00000001", state=state)) == []


@pytest.mark.parametrize(
    ("gate", "outcomes", "fits"),
    [
        ("pass", ["pass", "review"], True),
        ("pass", ["pass", "unknown"], True),
        ("pass", ["fail", "pass"], False),
        ("unknown", ["pass"], False),
        ("fail", ["pass"], False),
    ],
)
def test_only_a_trial_that_fits_or_may_fit_is_shown(gate: Any, outcomes: Any, fits: bool) -> None:
    assert bool(shown(result("NCT00000001", outcomes, gate))) is fits


# Each row: better first.
ORDERS: list[tuple[str, Callable[[], list[TrialResult]]]] = [
    ("likely before possibly", lambda: [result("NCT00000009"), result("NCT00000001", ["unknown"])]),
    ("fewer unknowns first", lambda: [result("NCT00000009", ["unknown"]), result("NCT00000001", ["unknown"] * 2)]),
    (
        "open and doubtful before closed and certain",
        lambda: [
            result("NCT00000009", ["unknown"] * 3),
            result("NCT00000001", status="active_not_recruiting"),
        ],
    ),
    ("recruiting before not yet", lambda: [result("NCT00000009"), result("NCT00000001", status="not_yet_recruiting")]),
    ("else by number", lambda: [result("NCT00000001"), result("NCT00000009")]),
]


@pytest.mark.parametrize(("rule", "ranked"), ORDERS, ids=[rule for rule, _ in ORDERS])
def test_order(rule: str, ranked: Callable[[], list[TrialResult]]) -> None:
    best_first = ranked()
    for given in (best_first, best_first[::-1]):
        assert [id for id, _ in shown(*given)] == [r.trial.id for r in best_first]


def near(result: TrialResult) -> dict[str, NearMiss]:
    return {result.trial.id: NearMiss(TrialReading(result, None, ()), (), ())}


def test_near_misses_come_last() -> None:
    miss, closed = result("NCT00000001", ["fail"]), result("NCT00000002", status="active_not_recruiting")
    assert shown(miss, closed, near=near(miss)) == [("NCT00000002", "closed"), ("NCT00000001", "near_miss")]


def test_what_is_beyond_the_cap_is_left_out_and_said() -> None:
    results = [result(f"NCT0000000{n}") for n in range(1, 8)]
    selection: Selection = select(results, CardOptions(max_cards=5), AS_OF)
    assert [c.result.trial.id for c in selection.left_out] == ["NCT00000006", "NCT00000007"]


@pytest.mark.parametrize(("least", "kept"), [(0, True), (2, True), (3, False)])
def test_a_trial_needs_the_least_number_of_decided_criteria(least: int, kept: bool) -> None:
    # The gate and one criterion are decided; what a person reviews is not computed.
    one = result("NCT00000001", ["pass", "unknown", "review"])
    assert bool(shown(one, options=CardOptions(min_decided=least))) is kept


def test_a_suppressed_trial_is_neither_shown_nor_called_left_out() -> None:
    results = [result(f"NCT0000000{n}") for n in (1, 2, 3)]
    selection = select(results, CardOptions(max_cards=1), AS_OF, suppressed={"NCT00000001", "NCT00000003"})
    assert [c.result.trial.id for c in selection.shown] == ["NCT00000002"]
    assert selection.left_out == ()


def test_a_card_is_not_repeated_until_it_would_say_something_else() -> None:
    before, after = result("NCT00000001", ["unknown", "unknown"]), result("NCT00000001", ["pass", "unknown"])
    [choice] = select([before], CardOptions(), AS_OF).shown
    assert shown(before, already_shown={choice.key}) == []
    assert shown(after, already_shown={choice.key}) == [("NCT00000001", "fits")]
