"""Which trials get a card, and in which order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cds_service.cards import (
    CardOptions,
    CardSelection,
    Home,
    NearMiss,
    TrialView,
    may_be_near,
    may_be_unread,
    select,
)
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
    (
        "recruiting and doubtful before not yet and certain",
        lambda: [result("NCT00000009", ["unknown"] * 3), result("NCT00000001", status="not_yet_recruiting")],
    ),
    (
        "who will recruit before who no longer does",
        lambda: [
            result("NCT00000009", ["unknown"], status="not_yet_recruiting"),
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


HERE, ABROAD = {"sites": [{"name": "Charité", "country": "DE"}]}, {"sites": [{"name": "Xuanwu", "country": "CN"}]}
BOTH: dict[str, Any] = {"sites": [*ABROAD["sites"], *HERE["sites"]]}
UNSAID: dict[str, Any] = {"sites": [{"name": "A hospital"}]}
COUNTRY_ONLY: dict[str, Any] = {"countries": ["CN"]}


@pytest.mark.parametrize(
    ("fields", "distance", "hidden"),
    [
        (HERE, 0, False),
        (BOTH, 0, False),
        ({"countries": ["FR", "DE"]}, 0, False),
        ({"countries": ["DE"], **ABROAD}, 0, False),
        # What the registry does not say is no reason to hide a trial.
        ({}, 1, False),
        (UNSAID, 1, False),
        ({"sites": [*ABROAD["sites"], *UNSAID["sites"]]}, 1, False),
        (ABROAD, 2, True),
        (COUNTRY_ONLY, 2, True),
    ],
)
def test_how_far_a_trial_is_from_a_clinic_in_germany(fields: dict[str, Any], distance: int, hidden: bool) -> None:
    one = result("NCT00000001", **fields)
    assert Home("DE").distance(one.trial) == distance
    assert Home(None).distance(one.trial) == 0
    for foreign in ("behind", "hide"):
        found = shown(one, options=CardOptions(country="DE", foreign_trials=foreign))
        assert bool(found) is not (hidden and foreign == "hide")
    # Where the country is not known nothing is abroad.
    assert shown(one, options=CardOptions(foreign_trials="hide")) == [("NCT00000001", "fits")]


# Each row: better first, for a clinic in Germany; without a country by what follows.
BY_COUNTRY: list[tuple[str, list[TrialResult], bool]] = [
    ("here and doubtful before abroad and certain",
     [result("NCT00000009", ["unknown"], **HERE), result("NCT00000001", **ABROAD)], False),
    ("here before not known, before abroad",
     [result("NCT00000009", **HERE), result("NCT00000005"), result("NCT00000001", **ABROAD)], False),
    ("recruiting abroad before not yet recruiting here",
     [result("NCT00000009", **ABROAD), result("NCT00000001", status="not_yet_recruiting", **HERE)], True),
    ("among closed ones too",
     [result("NCT00000009", status="active_not_recruiting", **HERE),
      result("NCT00000001", status="active_not_recruiting", **ABROAD)], False),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "best_first", "anywhere"), BY_COUNTRY, ids=[rule for rule, *_ in BY_COUNTRY])
def test_order_in_a_country(rule: str, best_first: list[TrialResult], anywhere: bool) -> None:
    ids = [r.trial.id for r in best_first]
    for given in (best_first, best_first[::-1]):
        assert [id for id, _ in shown(*given, options=CardOptions(country="DE"))] == ids
        assert ([id for id, _ in shown(*given)] == ids) is anywhere


@pytest.mark.parametrize("kind", ["near_miss", "unread"])
def test_a_trial_abroad_is_hidden_whatever_its_card_would_say(kind: str) -> None:
    miss, options = result("NCT00000001", ["fail"], **ABROAD), CardOptions(near_miss=True, country="DE")
    doubtful = result("NCT00000001", gate="unknown", **ABROAD)
    asked = may_be_near if kind == "near_miss" else may_be_unread
    one = miss if kind == "near_miss" else doubtful
    assert asked(one, options, AS_OF)
    assert not asked(one, replace(options, foreign_trials="hide"), AS_OF)


def near(result: TrialResult) -> dict[str, NearMiss]:
    return {result.trial.id: NearMiss(TrialView(result, None, ()), (), ())}


def test_near_misses_come_last() -> None:
    miss, closed = result("NCT00000001", ["fail"]), result("NCT00000002", status="active_not_recruiting")
    assert shown(miss, closed, near=near(miss)) == [("NCT00000002", "closed"), ("NCT00000001", "near_miss")]


def test_what_is_beyond_the_cap_is_left_out_and_said() -> None:
    results = [result(f"NCT0000000{n}") for n in range(1, 8)]
    selection: CardSelection = select(results, CardOptions(max_cards=5), AS_OF)
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
