"""Feedback is kept once, whole and for good, or not acknowledged."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from cds_service.store import Database, StoreUnavailable, database_address, feedback, record_feedback


def kept(database: Database) -> list[Any]:
    with database.transaction(writes=False) as connection:
        return list(connection.execute(select(feedback).order_by(feedback.c.id)))


def test_an_item_is_kept_with_all_it_says(database: Database, make: SimpleNamespace) -> None:
    reasons = make.because("patient-refuses", "http://example.org")
    item = make.item(outcome="overridden", suggestions=("s",), reasons=reasons, comment="too ill")
    assert make.say(database, item) == 1
    [row] = kept(database)
    assert (row.client, row.card, row.outcome, row.outcome_at) == ("ehr", item.card, "overridden", make.now)
    assert (row.suggestions, row.comment) == (["s"], "too ill")
    assert row.reasons == [{"code": "patient-refuses", "system": "http://example.org", "display": ""}]


def test_the_same_item_counts_once(database: Database, make: SimpleNamespace) -> None:
    assert make.say(database, make.item(), make.item()) == 1
    assert make.say(database, make.item(), at=make.now + timedelta(hours=1)) == 0
    assert len(kept(database)) == 1


@pytest.mark.parametrize(
    "change",
    [{"outcome": "overridden"}, {"outcome_at": "later"}, {"suggestions": ("s",)}, {"comment": "why"}],
    ids=lambda change: next(iter(change)),
)
def test_another_outcome_of_the_same_card_is_another_item(
    database: Database, make: SimpleNamespace, change: dict[str, Any]
) -> None:
    if "outcome_at" in change:
        change = {"outcome_at": make.now + timedelta(seconds=1)}
    assert make.say(database, make.item()) == 1
    assert make.say(database, make.item(**change)) == 1
    assert len(kept(database)) == 2


def test_two_clients_may_say_the_same(database: Database, make: SimpleNamespace) -> None:
    assert make.say(database, make.item()) == 1
    assert make.say(database, make.item(), client="another") == 1


def test_a_card_that_was_never_served_is_kept_too(database: Database, make: SimpleNamespace) -> None:
    assert make.say(database, make.item(card="not a uuid, é 漢")) == 1
    assert kept(database)[0].card == "not a uuid, é 漢"


def test_comments_can_be_left_out_and_still_tell_items_apart(database: Database, make: SimpleNamespace) -> None:
    assert make.say(database, make.item(comment="Jane Doe said no"), keep=False) == 1
    assert make.say(database, make.item(comment="Jane Doe said no"), keep=False) == 0
    assert make.say(database, make.item(comment="never"), keep=False) == 1
    assert [row.comment for row in kept(database)] == [None, None]


def test_the_same_batches_at_once_are_kept_once(opened: Callable[[], Database], make: SimpleNamespace) -> None:
    databases = [opened() for _ in range(8)]
    databases[0].ping()
    batch = [make.item(number) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        orders = [batch if n % 2 else batch[::-1] for n in range(8)]
        new = list(threads.map(lambda pair: make.say(pair[0], *pair[1]), zip(databases, orders, strict=True)))
    assert sum(new) == 40
    assert len(kept(databases[0])) == 40


def test_a_batch_is_kept_whole_or_not_at_all(database: Database, make: SimpleNamespace) -> None:
    make.say(database, make.item(1))
    # No database takes a row without an outcome, and nothing from outside becomes one.
    broken = make.item(3, outcome=None)
    with pytest.raises(StoreUnavailable):
        make.say(database, make.item(2), broken, make.item(4))
    assert len(kept(database)) == 1


def test_what_a_database_would_refuse_blocks_nothing_beside_it(database: Database, make: SimpleNamespace) -> None:
    odd = make.item(3, card="x" * 300 + "\x00", comment="\ud83d", reasons=make.because("\udfff"))
    assert make.say(database, make.item(2), odd, make.item(4)) == 3
    assert make.say(database, make.item(2), odd, make.item(4)) == 0


@pytest.fixture
def statements(database: Database) -> list[str]:
    """The INSERTs of each transaction, as they are sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            sent.append(statement)

    database.ping()
    event.listen(database.engine(), "before_cursor_execute", note)
    return sent


def test_ten_thousand_times_the_same_item_is_one_row_and_one_statement(
    database: Database, make: SimpleNamespace, statements: list[str]
) -> None:
    assert make.say(database, *[make.item() for _ in range(10_000)]) == 1
    assert make.say(database, *[make.item() for _ in range(10_000)]) == 0
    assert (len(kept(database)), len(statements)) == (1, 2)


def test_ten_thousand_items_are_some_statements_and_as_many_rows(
    database: Database, make: SimpleNamespace, statements: list[str]
) -> None:
    batch = [make.item(number) for number in range(10_000)]
    assert make.say(database, *batch[:5_000]) == 5_000
    assert make.say(database, *batch) == 5_000, "half of them were there"
    assert len(kept(database)) == 10_000
    assert len(statements) <= 20


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(tmp_path: Path, make: SimpleNamespace) -> None:
    """With SQLite's own limit of pages, which fails as a full disk does."""
    database = Database(database_address(None, tmp_path))
    make.say(database, make.item(0))
    full = True

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages if full else 1_000_000}")

    event.listen(database.engine(), "checkout", limit)
    batch = [make.item(number, comment="x" * 1_000) for number in range(1, 100)]
    with pytest.raises(StoreUnavailable) as caught:
        make.say(database, *batch)
    assert caught.value.cause == "OperationalError SQLITE_FULL"
    assert len(kept(database)) == 1
    full = False
    assert make.say(database, *batch) == 99
    database.close()


def test_a_failure_tells_neither_values_nor_password(
    database: Database, make: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    database.ping()

    def fail(*_arguments: Any) -> None:
        raise OSError("disk I/O error on SECRET")

    event.listen(database.engine(), "before_cursor_execute", fail)
    with pytest.raises(OSError, match="SECRET"):
        make.say(database, make.item(comment="SECRETCOMMENT"))
    event.remove(database.engine(), "before_cursor_execute", fail)
    assert "SECRETCOMMENT" not in caplog.text


def test_what_is_acknowledged_is_on_the_disk(database: Database, make: SimpleNamespace, url: str) -> None:
    """Seen from the settings that the databases themselves report for the very transaction."""
    found: list[Any] = []

    def ask(connection: Any) -> None:
        question = "PRAGMA synchronous" if url.startswith("sqlite") else "SHOW synchronous_commit"
        found.append(connection.exec_driver_sql(question).scalar())

    database.ping()
    event.listen(database.engine(), "commit", ask)
    record_feedback(database, "ehr", [make.item()], make.now, keep_comments=True)
    assert found == [2 if url.startswith("sqlite") else "on"]
