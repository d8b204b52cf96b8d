"""Whatever value reaches a column, both databases keep it, find it again by it, and read it back."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Column, insert, select

from cds_service.store import (
    CardQuestion,
    Database,
    Policy,
    feedback_report,
    find_decisions,
    held_back,
    metadata,
    prune,
)

NUL, HALF = "north\x00ward", "half \ud83d of a pair"
TEXTS = (
    "",
    " ",
    "x" * 256,
    "x" * 1_000_000,
    "é漢😀" * 100,
    NUL,
    HALF,
    "\x00",
    "\udfff" * 300,
    "'; DROP TABLE feedback",
)
DOCUMENTS = (
    {},
    [],
    {"a": TEXTS[3], NUL: [NUL, {HALF: HALF}]},
    [math.nan, math.inf, -math.inf, 2**63, -(2**70), 10**5_000, 1e308, True, None],
    ["s"] * 100_000,
)
MOMENTS = (
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-12))),
    datetime(2026, 2, 28, 23, 59, 60 - 1, tzinfo=timezone(timedelta(seconds=1))),
)
COUNTS = (0, -1, 2**31 - 1, 2**31, 2**63, 10**30, 10**5_000)
DAYS = (date.min, date.max)
MS = (0.0, -1.0, 1e308, math.inf)

HOSTILE: dict[str, tuple[Any, ...]] = {
    "rule_sets.digest": TEXTS,
    "rule_sets.files": DOCUMENTS,
    "decisions.id": TEXTS,
    "decisions.hook_instance": TEXTS,
    "decisions.answered_at": MOMENTS,
    "decisions.latency_ms": MS,
    "decisions.client": TEXTS,
    "decisions.patient": TEXTS,
    "decisions.as_of": DAYS,
    "decisions.rule_set": (),  # a reference to rule_sets.digest, whose type it has
    "decisions.service_version": TEXTS,
    "decisions.language_version": TEXTS,
    "decisions.engine_version": TEXTS,
    "decisions.options": DOCUMENTS,
    "decisions.verdicts": DOCUMENTS,
    "decisions.cards": DOCUMENTS,
    "decisions.input_digest": TEXTS,
    "decisions.response_digest": TEXTS,
    "decisions.hook": TEXTS,
    "decisions.reading": COUNTS,
    "decisions.site_digest": TEXTS,
    "decisions.unread": COUNTS,
    "served_cards.client": TEXTS,
    "served_cards.uuid": TEXTS,
    "served_cards.decision": (),  # a reference to decisions.id
    "served_cards.served_at": MOMENTS,
    "served_cards.trial": TEXTS,
    "served_cards.card_key": TEXTS,
    "served_cards.patient": TEXTS,
    "served_cards.encounter": TEXTS,
    "served_cards.suggestions": DOCUMENTS,
    "feedback.id": (),  # the database's own number
    "feedback.item": TEXTS,
    "feedback.client": TEXTS,
    "feedback.card": TEXTS,
    "feedback.outcome": TEXTS,
    "feedback.outcome_at": MOMENTS,
    "feedback.received_at": MOMENTS,
    "feedback.suggestions": DOCUMENTS,
    "feedback.reasons": DOCUMENTS,
    "feedback.comment": TEXTS,
    "seen_tokens.token": TEXTS,
    "seen_tokens.issuer": TEXTS,
    "seen_tokens.expires": MOMENTS,
}
COLUMNS = {f"{table.name}.{column.name}": column for table in metadata.sorted_tables for column in table.columns}


def test_no_column_is_left_out() -> None:
    assert set(HOSTILE) == set(COLUMNS)


def test_a_reference_bounds_as_what_it_refers_to() -> None:
    for name in ("decisions.rule_set", "served_cards.decision"):
        [key] = COLUMNS[name].foreign_keys
        assert COLUMNS[name].type is key.column.type


def valid_row(table: str, make: SimpleNamespace) -> dict[str, Any]:
    rows = make.rows(1)
    if table == "feedback":
        row = {"item": "i" * 64, "client": "ehr", "card": "c", "outcome": "accepted", "outcome_at": make.now}
        return {**row, "received_at": make.now, "suggestions": [], "reasons": [], "comment": None}
    return {
        "rule_sets": {"digest": "d" * 64, "files": {}},
        "decisions": dict(rows.decision),
        "served_cards": dict(rows.cards[0]),
        "seen_tokens": {"token": "t" * 64, "issuer": "i", "expires": make.now},
    }[table]


@pytest.mark.parametrize("name", [name for name, values in HOSTILE.items() if values])
def test_whatever_reaches_it_is_kept_and_found(database: Database, make: SimpleNamespace, name: str) -> None:
    column: Column[Any] = COLUMNS[name]
    make.serve(database, make.rows(1, cards=()))
    for value in HOSTILE[name]:
        row = {**valid_row(column.table.name, make), column.name: value}
        if column.name != "id" and "id" in row:
            row["id"] = "another"
        with database.transaction(writes=True) as connection:
            connection.execute(insert(column.table), row)
            query = select(column)
            if HOSTILE[name] is not DOCUMENTS:
                query = query.where(column == value)
            [found] = connection.execute(query.where(_mine(column, row))).scalars().all()
            assert isinstance(found, type(value))
            if isinstance(found, str):
                assert "\x00" not in found
                found.encode()
            connection.rollback()


def _mine(column: Column[Any], row: dict[str, Any]) -> Any:
    key = next(iter(column.table.primary_key.columns))
    return True if key.name not in row else key == row[key.name]


@pytest.mark.parametrize("pair", [("x" * 300, "x" * 301), ("a\x00", "a\ufffd"), (HALF, "half \ufffd of a pair")])
def test_what_differs_stays_two(database: Database, make: SimpleNamespace, pair: tuple[str, str]) -> None:
    assert [make.say(database, make.item(), client=name) for name in (*pair, *pair)] == [1, 1, 0, 0]


def test_what_a_column_can_hold_is_kept_as_it_is(database: Database, make: SimpleNamespace) -> None:
    names = ("ehr/north", "x" * 255, "é漢😀", "tab\tand\nline", "")
    for name in names:
        make.say(database, make.item(), client=name)
    with database.transaction(writes=False) as connection:
        query = select(COLUMNS["feedback.client"]).order_by(COLUMNS["feedback.id"])
        assert tuple(connection.execute(query).scalars()) == names


def test_all_that_reads_goes_on_over_rows_that_were_bounded(database: Database, make: SimpleNamespace) -> None:
    """A feedback report, a look-up for a patient, a decision and a prune, in a session of another time zone."""
    client, late = f"ehr/{NUL}{'x' * 300}", MOMENTS[1]
    make.serve(database, make.rows(1, client=client, answered_at=make.now, verdicts={NUL: HALF}, unread=2**40))
    reasons = make.because(NUL, HALF)
    said = make.item(1, outcome="overridden", outcome_at=late, reasons=reasons, comment=NUL, suggestions=(HALF,))
    assert make.say(database, said, client=client) == 1
    assert make.say(database, said, client=client) == 0
    with database.transaction(writes=False) as connection:
        question = CardQuestion(client, "p" * 64, None, Policy(30, once_per_encounter=False))
        assert held_back(connection, question, make.now, lambda _system, _code: True).trials == {"NCT1"}
        assert feedback_report(connection).trials["NCT1"].overridden == 1
        [found] = find_decisions(connection, make.decision(1).id)
        assert [card.trial for card in found.decision.cards] == ["NCT1"]
        assert find_decisions(connection, NUL) == find_decisions(connection, HALF) == []
    assert prune(database, make.now + timedelta(days=1), lambda: None)["decisions"] == 1
