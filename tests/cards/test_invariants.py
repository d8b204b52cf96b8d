"""Every answer keeps the rules of CDS Hooks and of the client, whatever the verdicts and the words are."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards import (
    PROFILES,
    CardOptions,
    ClientProfile,
    InvariantError,
    cards_for,
    check_cards,
    check_undetermined,
    invariants,
    referrable,
)
from cds_service.explanation import Undetermined
from cds_service.facts.catalogue import Code
from cds_service.library import Library
from cds_service.trials import TrialResult
from tests.cards.markdown import bare_links, tags
from tests.cards.random_matches import Made, makings
from tests.cards.small_library import LOINC, criterion, lab, matched, trial

Change = Callable[[dict[str, Any]], Any]
STANDARD = PROFILES["standard"]
SITE = ClientProfile(
    name="site",
    detail="plain",
    link_hosts=("clinicaltrials.gov",),
    site_codes_only=True,
    order_codes={f"{LOINC}|718-7": Code(system="urn:site", code="HB1", display="Hb")},
)
options = st.builds(
    CardOptions,
    max_cards=st.integers(1, 6),
    min_decided=st.integers(0, 4),
    closed_trials=st.sampled_from(["inform", "hide"]),
    near_miss=st.booleans(),
    profile=st.sampled_from([*PROFILES.values(), SITE]),
)


@given(makings, options)
@settings(max_examples=200)
def test_whatever_the_verdicts_the_answer_keeps_the_rules(made: Made, options: CardOptions) -> None:
    # `cards_for` checks the invariants itself; what follows is written down a second time, in other words.
    found = made.match
    cards = cards_for(found, options, "seed")
    assert len(cards) <= options.max_cards
    shown = {r.trial.id: r for r in found.trials}
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]
        if options.profile.detail == "markdown":
            assert tags(card["detail"]) <= {"p", "strong", "ul", "li", "hr"}
            assert bare_links(card["detail"]) == []
        result = shown[card["source"]["topic"]["code"]]
        assert result.trial.state == "active"
        if not referrable(result.trial, found.as_of):
            assert "suggestions" not in card
        for suggestion in card.get("suggestions", ()):
            [action] = suggestion["actions"]
            request = ServiceRequest.model_validate(action["resource"])
            assert (request.status, request.subject.reference) == ("draft", "Patient/pat-1")
    assert json.loads(json.dumps(cards)) == cards
    assert '""' not in json.dumps(cards).replace('\\"', "")


@given(makings)
@settings(max_examples=50)
def test_better_verdicts_come_first(made: Made) -> None:
    found = made.match
    order = {"likely_eligible": 0, "possibly_eligible": 1}
    shown = {r.trial.id: r for r in found.trials}
    results = [shown[card["source"]["topic"]["code"]] for card in cards_for(found, CardOptions(), "seed")]

    def rank(r: TrialResult) -> tuple[bool, bool, int]:
        takes = referrable(r.trial, found.as_of)
        return not takes, takes and r.trial.status == "not_yet_recruiting", order[r.verdict]

    ranks = [rank(r) for r in results]
    assert ranks == sorted(ranks)


@pytest.fixture
def card(small: Callable[..., Library]) -> dict[str, Any]:
    """A good card with a referral and an order."""
    rule = {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
    [made] = cards_for(matched(small(trial("NCT00000001", criterion("inc-02", rule)))), CardOptions(), "seed")
    assert len(made["suggestions"]) == 2
    return made


def put(*path: str | int, to: Any) -> Change:
    def change(card: dict[str, Any]) -> None:
        at: Any = card
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return change


def drop(*path: str | int) -> Change:
    def change(card: dict[str, Any]) -> None:
        at: Any = card
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


RESOURCE = ("suggestions", 0, "actions", 0, "resource")
FAULTS: list[tuple[str, Change, str]] = [
    ("no summary", drop("summary"), "required-text"),
    ("a blank summary", put("summary", to="  "), "required-text"),
    ("a summary of 140", put("summary", to="x" * 140), "nothing-over-long"),
    ("a title of three lines", put("summary", to="word " * 14), "title-of-two-lines"),
    ("a summary of two lines", put("summary", to="a\nb"), "one-line-without-control-characters"),
    ("a direction mark in a summary", put("summary", to="a\u202eb"), "one-line-without-control-characters"),
    ("no uuid", drop("uuid"), "uuid-on-everything-that-feedback-names"),
    ("another id than a uuid", put("suggestions", 0, "uuid", to="7"), "uuid-on-everything-that-feedback-names"),
    ("a made-up indicator", put("indicator", to="urgent"), "known-indicator"),
    ("no source", drop("source", "label"), "required-text"),
    ("no topic", drop("source", "topic"), "topic-is-a-static-code"),
    ("a topic with a blank", put("source", "topic", "code", to="NCT 1"), "topic-is-a-static-code"),
    ("HTML", put("detail", to="a <b>b</b>"), "no-html"),
    ("a link", put("detail", to="[a](b)"), "no-links-in-text"),
    ("a bare link", put("detail", to="see www.example.org"), "no-links-in-text"),
    ("an address", put("detail", to="me@example.org"), "no-links-in-text"),
    ("nothing to fold", put("detail", to="**Why:** so"), "one-fold-below-the-first-lines"),
    ("two folds", put("detail", to="a\n\n---\n\nb\n\n---\n\nc"), "one-fold-below-the-first-lines"),
    ("all is folded", put("detail", to="---\n\nb"), "one-fold-below-the-first-lines"),
    ("an endless detail", put("detail", to="word " * 2000), "nothing-over-long"),
    ("no detail", put("detail", to=" \n"), "detail-says-something"),
    ("null", put("source", "url", to=None), "nothing-empty"),
    ("an empty list", put("links", to=[]), "nothing-empty"),
    ("an empty object", put("source", "topic", "extension", to={}), "nothing-empty"),
    ("an unknown field", put("priority", to="high"), "only-known-fields"),
    ("suggestions without behaviour", drop("selectionBehavior"), "any-number-of-suggestions-may-be-taken"),
    ("another behaviour", put("selectionBehavior", to="at-most-one"), "any-number-of-suggestions-may-be-taken"),
    ("a suggestion without action", put("suggestions", 0, "actions", to=[]), "nothing-empty"),
    ("a suggestion without label", drop("suggestions", 0, "label"), "required-text"),
    ("an action that deletes", put(*RESOURCE[:-1], "type", to="delete"), "actions-create-service-requests"),
    ("another resource", put(*RESOURCE, "resourceType", to="Task"), "actions-create-service-requests"),
    ("an order that is no draft", put(*RESOURCE, "status", to="active"), "requests-are-drafts"),
    ("another patient", put(*RESOURCE, "subject", "reference", to="Patient/2"), "requests-are-about-this-patient"),
    ("an app's context", put("links", 0, "appContext", to="x"), "links-are-absolute-and-labelled"),
    ("a SMART link", put("links", 0, "type", to="smart"), "links-are-absolute-and-labelled"),
    ("a script for a link", put("links", 0, "url", to="javascript:x"), "links-lead-where-the-client-goes"),
    ("a reason without display", drop("overrideReasons", 0, "display"), "override-reasons-are-codings"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "change", "invariant"), FAULTS, ids=[fault for fault, *_ in FAULTS])
def test_a_broken_rule_is_named(card: dict[str, Any], fault: str, change: Change, invariant: str) -> None:
    broken = copy.deepcopy(card)
    change(broken)
    check_cards([card], STANDARD, "pat-1", 5)
    with pytest.raises(InvariantError) as raised:
        check_cards([broken], STANDARD, "pat-1", 5)
    assert raised.value.invariant == invariant


inner = st.sampled_from([None, "", "x", '""', "[]", [], {}, 0, False, 1])
values = st.recursive(inner, lambda part: st.one_of(st.lists(part), st.dictionaries(st.sampled_from("abc"), part)))


@given(st.dictionaries(st.sampled_from("abc"), values))
def test_the_quick_look_for_what_is_empty_misses_nothing(card: dict[str, Any]) -> None:
    assert invariants._may_hold_empty(card) or not list(invariants._empty(card, "card"))


def test_two_actions_in_one_suggestion_are_too_many(card: dict[str, Any]) -> None:
    actions = card["suggestions"][0]["actions"]
    actions.append(actions[0])
    with pytest.raises(InvariantError, match="one-action-for-each-suggestion"):
        check_cards([card], STANDARD, "pat-1", 5)


def test_cards_are_of_different_trials_and_have_ids_of_their_own(card: dict[str, Any]) -> None:
    with pytest.raises(InvariantError, match="every-uuid-once"):
        check_cards([card, card], STANDARD, "pat-1", 5)
    other = copy.deepcopy(card)
    other["uuid"] = "00000000-0000-4000-8000-000000000000"
    del other["suggestions"], other["selectionBehavior"]
    with pytest.raises(InvariantError, match="one-card-for-each-trial"):
        check_cards([card, other], STANDARD, "pat-1", 5)


def test_there_are_no_more_cards_than_asked_for(card: dict[str, Any]) -> None:
    with pytest.raises(InvariantError, match="no-more-cards-than-asked-for"):
        check_cards([card], STANDARD, "pat-1", 0)


def test_a_link_that_the_client_does_not_open_is_refused(card: dict[str, Any]) -> None:
    closed = ClientProfile(name="closed", link_hosts=("example.org",))
    with pytest.raises(InvariantError, match="links-lead-where-the-client-goes"):
        check_cards([card], closed, "pat-1", 5)


def test_the_error_quotes_nothing(card: dict[str, Any]) -> None:
    card["summary"] = "Jane Doe " * 30
    with pytest.raises(InvariantError) as raised:
        check_cards([card], STANDARD, "pat-1", 5)
    assert str(raised.value) == "cards[0].summary: nothing-over-long"


def test_no_cards_are_a_good_answer() -> None:
    check_cards([], STANDARD, "pat-1", 5)


def test_a_sound_record_gives_sound_cards(card: dict[str, Any], small: Callable[..., Library]) -> None:
    assert lab("718-7", 1)["status"] == "final"
    check_cards([card], STANDARD, "pat-1", 1)


@pytest.mark.parametrize(
    ("trials", "entries", "invariant"),
    [
        (("NCT00000001",), 1, None),
        (tuple(f"NCT{n:08}" for n in range(30)), 2, None),
        ((), 1, "as-many-trials-as-counted"),
        (("NCT00000001",), 0, "as-many-trials-as-counted"),
        (("NCT00000001", "NCT00000001"), 1, "trials-by-their-ids"),
        (("Jane Roe",), 1, "trials-by-their-ids"),
    ],
)
def test_what_is_told_of_trials_that_were_not_judged(
    trials: tuple[str, ...], entries: int, invariant: str | None
) -> None:
    if invariant is None:
        check_undetermined(Undetermined(trials, entries))
    else:
        with pytest.raises(InvariantError, match=invariant):
            check_undetermined(Undetermined(trials, entries))
    check_undetermined(None)
