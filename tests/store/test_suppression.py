"""What a clinician has dealt with is not shown again; a database in trouble shows everything, and in time."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from cds_service.cards import NON_ADHERENCE, OWN_REASONS
from cds_service.server import lasting
from cds_service.store import NOTHING, CardQuestion, Database, Policy, Suppressed, Suppression, dealt_with, held_back
from tests.waiting import HANG

KEY = "NCT1@1/fits/likely_eligible/3"
SIX_MONTHS = Policy(days=180, once_per_encounter=False)


def row(outcome: str, *, card: str = "c", suggestions: tuple[str, ...] = (), code: str = "", system: str = "") -> Any:
    reasons = [{"code": code, "system": system, "display": ""}] if code else []
    served = {"refer-1": "refer", "order-1": "order", "order-2": "order"}
    return {
        "uuid": card,
        "trial": "NCT1",
        "card_key": KEY,
        "served": served,
        "outcome": outcome,
        "suggestions": list(suggestions),
        "reasons": reasons,
    }


TRIAL = Suppressed(frozenset({"NCT1"}))
CARD = Suppressed(cards=frozenset({KEY}))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], NOTHING, id="nothing said"),
        pytest.param([row("accepted", suggestions=("refer-1",))], TRIAL, id="referred"),
        pytest.param([row("accepted")], TRIAL, id="accepted without saying what"),
        pytest.param([row("accepted", suggestions=("elsewhere",))], TRIAL, id="a suggestion that is not ours"),
        pytest.param([row("accepted", suggestions=("order-1", "order-2"))], CARD, id="tests ordered"),
        pytest.param([row("accepted", suggestions=("order-1", "refer-1"))], TRIAL, id="tests and a referral"),
        pytest.param(
            [row("accepted", suggestions=("refer-1",)), row("accepted", suggestions=("order-1",))],
            TRIAL,
            id="a referral, then tests",
        ),
        pytest.param([row("overridden", code="patient-refuses", system=NON_ADHERENCE)], TRIAL, id="declined"),
        pytest.param([row("overridden", code="patient-ineligible", system=NON_ADHERENCE)], TRIAL, id="ineligible"),
        pytest.param([row("overridden", code="already-enrolled", system=OWN_REASONS)], TRIAL, id="enrolled"),
        pytest.param(
            [row("overridden", code="not-interested-in-research", system=OWN_REASONS)], TRIAL, id="not interested"
        ),
        pytest.param([row("overridden", code="patient-refuses")], TRIAL, id="declined, the system left out"),
        pytest.param([row("overridden", code="patient-refuses", system="urn:x")], NOTHING, id="another's code"),
        pytest.param([row("overridden", code="limited-time", system=NON_ADHERENCE)], NOTHING, id="no time"),
        pytest.param([row("overridden")], NOTHING, id="overridden without a reason"),
        pytest.param(
            [row("overridden", code="patient-refuses"), row("overridden", code="limited-time")],
            NOTHING,
            id="of several overrides of one card the last counts",
        ),
        pytest.param(
            [row("overridden", code="patient-refuses"), row("overridden", code="limited-time", card="d")],
            TRIAL,
            id="an override of another card takes nothing back",
        ),
        pytest.param(
            [row("accepted", suggestions=("refer-1",)), row("overridden", code="limited-time")],
            TRIAL,
            id="a referral stays one",
        ),
    ],
)
def test_what_feedback_means_for_showing_a_trial_again(rows: list[Any], expected: Suppressed) -> None:
    assert dealt_with(rows, lasting) == expected


@pytest.fixture
def declined(database: Database, make: SimpleNamespace) -> Database:
    """A database in which the patient of card 1 has declined NCT1."""
    make.serve(database, make.rows(1, encounter="e" * 64))
    make.say(database, make.item(1, outcome="overridden", reasons=make.because("patient-refuses", NON_ADHERENCE)))
    return database


def look(database: Database, make: SimpleNamespace, policy: Policy, after: timedelta = timedelta(), **who: Any) -> Any:
    question = CardQuestion(**{"client": "ehr", "patient": "p" * 64, "encounter": "e" * 64, "policy": policy, **who})
    with database.transaction(writes=False) as connection:
        return held_back(connection, question, make.now + after, lasting)


def test_it_is_held_back_for_that_patient_of_that_client(declined: Database, make: SimpleNamespace) -> None:
    assert look(declined, make, SIX_MONTHS) == TRIAL
    assert look(declined, make, SIX_MONTHS, patient="q" * 64) == NOTHING
    assert look(declined, make, SIX_MONTHS, client="another") == NOTHING


def test_another_clients_feedback_on_the_card_holds_nothing_back(database: Database, make: SimpleNamespace) -> None:
    make.serve(database, make.rows(1))
    make.say(database, make.item(1), client="another")
    assert look(database, make, SIX_MONTHS) == NOTHING


def test_after_the_days_it_comes_back(declined: Database, make: SimpleNamespace) -> None:
    assert look(declined, make, SIX_MONTHS, timedelta(days=180)) == TRIAL
    assert look(declined, make, SIX_MONTHS, timedelta(days=181)) == NOTHING


def test_feedback_that_comes_before_its_card_is_written_counts_as_well(
    database: Database, make: SimpleNamespace
) -> None:
    make.say(database, make.item(1))
    make.serve(database, make.rows(1))
    assert look(database, make, SIX_MONTHS) == TRIAL


def test_an_encounter_repeats_no_card_where_that_is_wanted(declined: Database, make: SimpleNamespace) -> None:
    once = Policy(days=0, once_per_encounter=True)
    assert look(declined, make, once) == CARD
    assert look(declined, make, once, encounter="f" * 64) == NOTHING
    assert look(declined, make, once, encounter=None) == NOTHING


@pytest.fixture
def failures() -> list[None]:
    return []


@pytest.fixture
def suppression(
    database: Database, make: SimpleNamespace, failures: list[None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Suppression]:
    monkeypatch.setattr("cds_service.store.database.PAUSE_SECONDS", HANG)
    found = Suppression(database, lasting, lambda: make.now, lambda: failures.append(None))
    yield found
    found.close()


QUESTION = CardQuestion("ehr", "p" * 64, "e" * 64, SIX_MONTHS)


def test_it_is_looked_up_beside_the_answer(declined: Database, suppression: Suppression, failures: list[None]) -> None:
    assert suppression.result(suppression.ask(QUESTION)) == TRIAL
    assert failures == []


def test_without_a_policy_nothing_is_asked(suppression: Suppression, failures: list[None]) -> None:
    asked = suppression.ask(CardQuestion("ehr", "p", None, Policy(0, once_per_encounter=True)))
    assert asked is None
    assert suppression.result(asked) == NOTHING
    assert failures == []


def test_a_database_that_was_never_reached_holds_nothing_back(suppression: Suppression, failures: list[None]) -> None:
    assert suppression.result(suppression.ask(QUESTION)) == NOTHING
    assert failures == [None]


def test_a_database_that_fails_holds_nothing_back(
    declined: Database, suppression: Suppression, failures: list[None]
) -> None:
    with declined.transaction(writes=True) as connection:
        connection.execute(text("DROP TABLE feedback"))
    assert suppression.result(suppression.ask(QUESTION)) == NOTHING
    assert suppression.ask(QUESTION) is None, "for a while it is not tried again"
    assert failures == [None, None]


def test_a_database_that_hangs_costs_one_answer_its_deadline_and_the_next_ones_nothing(
    declined: Database,
    suppression: Suppression,
    failures: list[None],
    monkeypatch: pytest.MonkeyPatch,
    over: threading.Event,
) -> None:
    def hang(*_arguments: Any) -> Suppressed:
        over.wait(HANG)
        return TRIAL

    monkeypatch.setattr("cds_service.store.suppression.held_back", hang)
    monkeypatch.setattr("cds_service.store.suppression.DEADLINE_SECONDS", 0.05)
    assert suppression.result(suppression.ask(QUESTION)) == NOTHING
    assert [suppression.ask(QUESTION) for _ in range(100)] == [None] * 100, "nobody asks, so nobody waits"
    assert len(failures) == 101
