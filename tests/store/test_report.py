"""Per trial: cards served, accepted, overridden and why; and what is deleted when it is old."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from cds_service.store import NO_REASON, Database, FeedbackReport, feedback_report, metadata, prune


@pytest.fixture
def month(database: Database, make: SimpleNamespace) -> Database:
    """Five cards of two trials, and what became of them."""
    trials = ["NCT1", "NCT1", "NCT1", "NCT1", "NCT2"]
    for number, trial in enumerate(trials, 1):
        served = make.now - timedelta(days=40 if number == 1 else 1)
        make.serve(database, make.rows(number, answered_at=served, cards=(make.card(number, trial=trial),)))
    later = make.now + timedelta(minutes=1)
    make.say(database, make.item(1), make.item(1, outcome_at=later, suggestions=("s",)))
    make.say(database, make.item(2, "overridden", reasons=make.because("patient-refuses"), comment="said no [bold]"))
    make.say(database, make.item(3, "overridden"))
    make.say(database, make.item(3, "accepted", outcome_at=later))
    make.say(database, make.item(9, "overridden", reasons=make.because("limited-time")))
    return database


def report(database: Database, since: int | None, make: SimpleNamespace) -> FeedbackReport:
    with database.transaction(writes=False) as connection:
        return feedback_report(connection, None if since is None else make.now - timedelta(days=since))


def test_each_card_counts_once_under_an_outcome(month: Database, make: SimpleNamespace) -> None:
    found = report(month, None, make)
    first, second = found.trials["NCT1"], found.trials["NCT2"]
    assert (first.served, first.accepted, first.overridden, first.unanswered) == (4, 2, 2, 1)
    assert first.reasons == {"patient-refuses": 1, NO_REASON: 1}
    assert first.comments == ["said no [bold]"]
    assert (second.served, second.unanswered) == (1, 1)


def test_cards_that_are_not_in_the_log_are_told_apart(month: Database, make: SimpleNamespace) -> None:
    unknown = report(month, None, make).unknown
    assert (unknown.served, unknown.overridden, unknown.reasons) == (0, 1, {"limited-time": 1})


def test_it_can_be_about_the_last_days(month: Database, make: SimpleNamespace) -> None:
    first = report(month, 30, make).trials["NCT1"]
    assert (first.served, first.accepted, first.overridden, first.unanswered) == (3, 1, 2, 1)


def test_as_json_it_holds_the_same(month: Database, make: SimpleNamespace) -> None:
    document = report(month, None, make).as_json()
    assert [trial["id"] for trial in document["trials"]] == ["NCT1", "NCT2"]
    assert document["trials"][0]["reasons"] == {"patient-refuses": 1, NO_REASON: 1}
    assert document["unknown_cards"]["overridden"] == 1


def test_an_empty_log_is_an_empty_report(database: Database, make: SimpleNamespace) -> None:
    assert report(database, None, make).trials == {}


def test_pruning_deletes_what_is_old_and_nothing_else(month: Database, make: SimpleNamespace) -> None:
    gone = prune(month, make.now - timedelta(days=30), lambda: None)
    assert gone == {"served_cards": 1, "decisions": 1, "feedback": 0}
    gone = prune(month, make.now + timedelta(days=1), lambda: None)
    with month.transaction(writes=False) as connection:
        left = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }
    assert gone == {"served_cards": 4, "decisions": 4, "feedback": 6}
    assert set(left.values()) == {0}
