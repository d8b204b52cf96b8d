"""Pruning while the service serves: short transactions, and whoever writes comes in between."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, func, select

from cds_service.store import (
    MOST_DELETED,
    Database,
    RuleSet,
    database_address,
    decisions,
    feedback,
    metadata,
    prune,
    rule_sets,
    served_cards,
)

MANY = 2 * MOST_DELETED + 17


@pytest.fixture
def years(database: Database, make: SimpleNamespace) -> Database:
    """Many old decisions with two cards and three items of feedback each, under two sets of rules, and one of today."""
    old = make.now - timedelta(days=800)
    rules = [RuleSet.of({"trial.json": digit * 64}) for digit in "ab"]

    def rows(number: int, when: Any = old) -> Any:
        cards = (make.card(number), make.card(number + 1_000_000))
        return make.rows(number, answered_at=when, rules=rules[number % 2], cards=cards)

    make.serve(database, *[rows(number) for number in range(MANY)])
    for outcome in ("a", "b", "c"):
        make.say(database, *[make.item(number, comment=outcome) for number in range(MANY)], at=old)
    make.serve(database, rows(MANY + MANY % 2, make.now))
    make.say(database, make.item(MANY + MANY % 2))
    return database


def counted(database: Database) -> dict[str, int]:
    with database.transaction(writes=False) as connection:
        tables = (decisions, served_cards, feedback, rule_sets)
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


@pytest.fixture
def deleted(years: Database) -> list[int]:
    """How many rows each transaction has deleted."""
    rows: list[int] = []

    def begin(_connection: Any) -> None:
        rows.append(0)

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("DELETE"):
            rows[-1] += cursor.rowcount

    event.listen(years.engine(), "begin", begin)
    event.listen(years.engine(), "after_cursor_execute", note)
    return rows


def test_no_transaction_deletes_more_than_a_batch(years: Database, deleted: list[int], make: SimpleNamespace) -> None:
    gone = prune(years, make.now - timedelta(days=730), lambda: None)
    assert gone == {"served_cards": 2 * MANY, "decisions": MANY, "feedback": 3 * MANY}
    assert counted(years) == {"served_cards": 2, "decisions": 1, "feedback": 1, "rule_sets": 1}
    assert max(deleted) == MOST_DELETED
    assert sum(deleted) == 6 * MANY + 1


def test_whoever_writes_comes_in_between(
    years: Database, opened: Callable[[], Database], make: SimpleNamespace
) -> None:
    other, number = opened(), [5_000_000]

    def somebody_else() -> None:
        number[0] += 1
        assert make.say(other, make.item(number[0])) == 1

    prune(years, make.now - timedelta(days=730), somebody_else)
    assert number[0] - 5_000_000 >= 6 * MANY // MOST_DELETED - 3, "after each full batch"
    assert counted(years)["feedback"] == 1 + number[0] - 5_000_000


def test_one_that_ends_halfway_leaves_no_card_without_its_decision(years: Database, make: SimpleNamespace) -> None:
    left = [3]

    def give_up() -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    before = make.now - timedelta(days=730)
    with pytest.raises(KeyboardInterrupt):
        prune(years, before, give_up)
    orphans = select(func.count()).where(served_cards.c.decision.not_in(select(decisions.c.id)))
    with years.transaction(writes=False) as connection:
        assert connection.execute(orphans).scalar_one() == 0
    prune(years, before, lambda: None)
    assert counted(years)["decisions"] == 1


def test_no_query_reads_a_table_as_a_whole(tmp_path: Path) -> None:
    """As SQLite plans it, whose plans don't go by how many rows there are; references are checked by the same index."""
    years = Database(database_address(None, tmp_path))
    plans = {}
    for what, where in {
        "decisions": "answered_at < '2020'",
        "feedback": "received_at < '2020'",
        "served_cards": "decision IN ('a', 'b')",
        "seen_tokens": "expires < '2020'",
    }.items():
        key = {"served_cards": "client, uuid", "seen_tokens": "token"}.get(what, "id")
        inner = f"SELECT {key} FROM {what} WHERE {where} LIMIT 200"
        plans[what] = f"DELETE FROM {what} WHERE ({key}) IN ({inner})"
    plans["a reference"] = "SELECT 1 FROM decisions WHERE rule_set = 'a'"
    with years.transaction(writes=False) as connection:
        for what, statement in plans.items():
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
            assert not [step for step in steps if step[3].startswith("SCAN") and "SUBQUERY" not in step[3]], what
    years.close()


def test_every_table_that_grows_is_pruned_or_swept(database: Database) -> None:
    assert set(metadata.tables) == {"decisions", "served_cards", "feedback", "rule_sets", "seen_tokens"}
