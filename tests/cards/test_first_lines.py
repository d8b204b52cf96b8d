"""What a clinician reads in ten seconds: the title and the lines above the fold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cards import FOLD, TITLE_LIMIT, CardOptions, cards_for, title, width
from cds_service.library import Library
from cds_service.trials import Trial
from tests.cards.hostile import texts
from tests.cards.small_library import card_of, criterion, matched, section, trial

Small = Callable[..., Library]
HB = criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]})
HBSAG = criterion("inc-03", {"==": [{"var": "result.hbsag"}, "negative"]})
ECOG = criterion("inc-04", {"<=": [{"var": "score.ecog"}, 2]})
BERLIN = {"name": "Charité", "city": "Berlin", "country": "DE", "contacts": [{"name": "A. B.", "phone": "1"}]}
BEIJING = {"name": "Xuanwu", "city": "Beijing", "country": "CN", "contacts": [{"name": "C. D.", "phone": "2"}]}
LONG = "Allogeneic natural killer cells in refractory lupus"


@pytest.mark.parametrize(
    ("criteria", "fields", "expected"),
    [
        ([], {}, "Likely fits: Short NCT00000001 – refer to the study team"),
        ([], {"status": "not_yet_recruiting"}, "Likely fits: Short NCT00000001 – ask whether it is open yet"),
        ([HB], {}, "May fit: Short NCT00000001 – order haemoglobin"),
        ([ECOG], {}, "May fit: Short NCT00000001 – record ECOG"),
        ([HB, ECOG], {}, "May fit: Short NCT00000001 – order haemoglobin (+1 more)"),
        # There is no room for the test's name.
        ([HBSAG, ECOG], {}, "May fit: Short NCT00000001 – get 2 missing results"),
        (
            [],
            {"source_gaps": ["No exclusion criteria"]},
            "May fit: Short NCT00000001 – look up what the registry omits",
        ),
        ([HB], {"source_gaps": ["No exclusion criteria"]}, "May fit: Short NCT00000001 – order haemoglobin (+1 more)"),
        ([], {"status": "active_not_recruiting"}, "Would fit: Short NCT00000001 – no longer recruits"),
        ([HB], {"status": "active_not_recruiting"}, "Might fit: Short NCT00000001 – no longer recruits"),
        ([], {"status": "unknown"}, "Would fit: Short NCT00000001 – ask whether it recruits"),
        ([], {"dates": {"completion": "2026-05-30"}}, "Would fit: Short NCT00000001 – ask whether it still recruits"),
        ([], {"short_title": LONG}, "Likely fits: Allogeneic natural killer cells in… – refer"),
        ([HB], {"short_title": LONG}, "May fit: Allogeneic natural killer cells… – get a missing result"),
    ],
)
def test_the_title_says_verdict_trial_and_what_to_do(
    small: Small, criteria: list[Any], fields: dict[str, Any], expected: str
) -> None:
    assert card_of(small(trial("NCT00000001", *criteria, **fields)))["summary"] == expected


@given(st.one_of(texts, st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=20)), texts)
def test_a_title_has_two_lines_whatever_the_trial_is_called(name: str, step: str) -> None:
    one = Trial.model_validate(trial("NCT00000001", short_title=name[:60] or "x"))
    said = title("May fit later", one, step, "look again on 2026-12-04")
    assert said.startswith("May fit later: ")
    assert width(said) <= TITLE_LIMIT


@pytest.mark.parametrize(
    ("country", "fields", "where", "contact"),
    [
        (None, {"sites": [BEIJING, BERLIN]}, "Beijing, China; 1 other site", "C. D., 2"),
        ("DE", {"sites": [BEIJING, BERLIN]}, "Berlin, Germany; 1 other site", "A. B., 1"),
        ("CN", {"sites": [BEIJING, BERLIN]}, "Beijing, China; 1 other site", "C. D., 2"),
        ("DE", {"sites": [BEIJING]}, "Beijing, China (abroad)", "C. D., 2"),
        ("DE", {"sites": [{"name": "A hospital"}]}, "A hospital", None),
        (None, {"countries": ["CN"]}, "China; no site named", None),
        ("DE", {"countries": ["CN"]}, "China (abroad); no site named", None),
        ("DE", {}, "not known; no site named", None),
    ],
)
def test_where_is_the_nearest_site(
    small: Small, country: str | None, fields: dict[str, Any], where: str, contact: str | None
) -> None:
    found = matched(small(trial("NCT00000001", **fields)))
    [card] = cards_for(found, CardOptions(country=country), "seed")
    assert f"\n\n**Where:** {where}\n\n" in card["detail"]
    [line] = section(card, "Trial")
    assert line.startswith("NCT00000001; ") or contact is None
    assert line.rpartition("; ")[2] == contact if contact else "., " not in line


@pytest.mark.parametrize("fields", [{}, {"status": "active_not_recruiting"}, {"source_gaps": ["Something"]}])
def test_above_the_fold_stand_why_what_next_recruiting_and_where(small: Small, fields: dict[str, Any]) -> None:
    card = card_of(small(trial("NCT00000001", HB, **fields)))
    above, below = card["detail"].split(f"\n\n{FOLD}\n\n")
    assert [line.split(":")[0] for line in above.split("\n\n")] == ["**Why", "**Next", "**Recruiting", "**Where"]
    assert below.startswith("**")
    # The trial's full name stands once on the card.
    assert str(card).count("Trial NCT00000001") == 1


def test_what_why_has_said_is_not_said_again(small: Small) -> None:
    card = card_of(small(trial("NCT00000001", HB)))
    assert card["detail"].count("ystemic lupus erythematosus") == 1
    assert "since 2019-03-04" in card["detail"].split(FOLD)[0]


def test_a_site_hides_trials_abroad(small: Small) -> None:
    found = matched(small(trial("NCT00000001", sites=[BEIJING]), trial("NCT00000002", sites=[BERLIN])))
    options = CardOptions(country="DE")
    told = [[c["source"]["topic"]["code"] for c in cards_for(found, replace(options, foreign_trials=how), "seed")]
            for how in ("behind", "hide")]  # fmt: skip
    assert told == [["NCT00000002", "NCT00000001"], ["NCT00000002"]]
