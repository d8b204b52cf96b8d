"""What is kept between patients changes nobody's cards, and holds nothing of anybody."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards import CardOptions, Nearness, build_cards, card_words, detail, suggestions, trial_views
from cds_service.cards.sections import confirm, incomplete
from cds_service.cards.sections import missing as missing_words
from cds_service.library import Library
from cds_service.matching import Match
from cds_service.trials import TrialExplainer
from tests.cards.random_matches import Made, makings
from tests.cards.small_library import criterion, lab, matched, rituximab, trial
from tests.cards.stories import SAMPLES, STORIES, Story

WIDE = CardOptions(near_miss=True, nearness=Nearness(days=400, share=5))
options = st.sampled_from([CardOptions(), WIDE, CardOptions(max_cards=1), CardOptions(min_decided=2)])
REAL = [
    *(lambda name=name: Story(name) for name in sorted(path.stem for path in SAMPLES.glob("*.json"))),
    *STORIES.values(),
]


def forget(library: Library | None = None) -> None:
    """As after a start, with this library too."""
    for one in () if library is None else library.trials:
        one.explainer._explainers = None
    card_words.prepared_for.cache_clear()
    missing_words.missing_words.cache_clear()
    for kept in (detail._fixed_line, suggestions._draft, trial_views._days, confirm._led, confirm._generic):
        kept.cache_clear()
    incomplete._plural.cache_clear()


def told(match: Match, options: CardOptions, seed: str = "seed") -> str:
    return json.dumps([[card.key, card.body] for card in build_cards(match, options, seed)])


def alone(match: Match, options: CardOptions) -> str:
    forget(match.library)
    return told(match, options)


@given(st.lists(makings, min_size=1, max_size=4), options)
@settings(max_examples=60)
def test_cards_after_other_patients_are_as_after_a_start(patients: list[Made], options: CardOptions) -> None:
    expected = [alone(made.match, options) for made in patients]
    forget(patients[0].match.library)
    for _ in range(2):
        assert [told(made.match, options) for made in patients] == expected


@pytest.mark.parametrize("wide", [False, True])
def test_the_samples_one_after_another(library: Library, wide: bool) -> None:
    chosen = WIDE if wide else CardOptions()
    matches = [story().matched(library) for story in REAL]
    expected = [alone(match, chosen) for match in matches]
    forget(library)
    assert [told(match, chosen) for match in matches] == expected
    assert [told(match, chosen) for match in reversed(matches)] == expected[::-1]


def test_the_samples_at_once(library: Library) -> None:
    matches = [story().matched(library) for story in REAL]
    expected = [alone(match, WIDE) for match in matches]
    forget(library)
    start = threading.Barrier(4)

    def all_of_them(_: int) -> list[str]:
        start.wait()
        return [told(match, WIDE) for match in matches]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(all_of_them, range(4))) == [expected] * 4


def test_nothing_on_record_is_kept(small: Callable[..., Library], monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    kept: list[str] = []
    keep, draft = detail._fixed_line, suggestions._draft
    monkeypatch.setattr(detail, "_fixed_line", lambda style, text: kept.append(text) or keep(style, text))
    monkeypatch.setattr(suggestions, "_draft", lambda *key: kept.append(repr(key)) or draft(*key))
    hb = criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]})
    dna = criterion("inc-03", {"<": [{"var": "lab.hbv_dna"}, {"quantity": [1000, "[IU]/mL"]}]}, review="Ask")
    washout = criterion("exc-01", {"within": [{"var": "medication.biologic"}, {"quantity": [4, "wk"]}]})
    drug = rituximab("2025-02-03", "2025-02-03")
    drug["medicationCodeableConcept"]["coding"][0]["display"] = "Zebraximab"
    old = lab("42595-9", 77.25, "[IU]/mL", "2021-07-13")
    found = matched(small(trial("NCT00000001", hb, dna, washout)), lab("718-7", 123, "g/L", "2026-11-19"), old, drug)
    text = told(found, CardOptions())
    for mark in ("123 g/L", "2026-11-19", "2021-07-13", "pat-1", "sle-1", "2019-03-04"):
        assert mark in text
        assert not any(mark in one for one in kept), mark
    assert any("NCT00000001" in one for one in kept)


class Untouched(tuple[Any, ...]):
    """Criteria that nobody may look at."""

    def __iter__(self) -> Any:
        raise AssertionError("looked at the criteria of a trial without a card")


@pytest.mark.parametrize("verdict", ["not_eligible", "undetermined"])
def test_a_trial_without_a_card_costs_nothing(verdict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(1, ())
    without = tuple(replace(r, verdict=verdict, criteria=Untouched(), cohorts=Untouched()) for r in made.match.trials)
    forget()

    def look(*_: Any) -> NoReturn:
        raise AssertionError("took the rules of a trial without a card apart")

    monkeypatch.setattr(TrialExplainer, "explain", look)
    assert build_cards(replace(made.match, trials=without), CardOptions(min_decided=3), "seed") == ()
