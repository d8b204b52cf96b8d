"""A version that is being replaced and its successor on one database: nothing is lost, and each reads the other's rows.

The older version stands here as the statements that it sent (b23e86f, schema 0002), so this test stays what it is when
the tables change. Both programs were run beside each other too, in both orders: docs/upgrading.md.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import json
from sqlalchemy import Connection, Engine, text

from cds_service.store import (
    CardQuestion,
    Database,
    Policy,
    SeenTokens,
    database_address,
    feedback_report,
    find_decisions,
    held_back,
    open_engine,
    prune,
    schema,
)
from tests.waiting import HANG

OLD = "0002"
MANY = 60
AGAIN = "ON CONFLICT DO NOTHING"
RULES = f"INSERT INTO rule_sets (digest, files) VALUES (:digest, :files) {AGAIN}"
DECISION = f"""
    INSERT INTO decisions (id, hook_instance, answered_at, latency_ms, client, patient, as_of, rule_set,
        service_version, language_version, engine_version, options, verdicts, cards, input_digest, response_digest,
        hook)
    VALUES (:id, :instance, :at, 12.5, 'ehr', :patient, '2026-05-15', :digest, '0.1.0', '1.0', 'datalogic-py 5.9.0',
        '{{}}', '{{"NCT2": "likely_eligible"}}', :cards, 'i', 'r', 'patient-view') {AGAIN}
"""
CARD = f"""
    INSERT INTO served_cards (client, uuid, decision, served_at, trial, card_key, patient, encounter, suggestions)
    VALUES ('ehr', :card, :id, :at, 'NCT2', 'NCT2@1', :patient, NULL, '{{}}') {AGAIN}
"""
FEEDBACK = f"""
    INSERT INTO feedback (item, client, card, outcome, outcome_at, received_at, suggestions, reasons, comment)
    VALUES (:item, 'ehr', :card, 'accepted', :at, :at, '[]', '[]', NULL) {AGAIN}
"""
TOKEN = f"INSERT INTO seen_tokens (token, issuer, expires) VALUES (:token, 'iss', :at) {AGAIN}"
WHAT_IT_READS = (
    "SELECT uuid, trial, card_key, suggestions FROM served_cards WHERE patient = 'p' AND client = 'ehr'",
    "SELECT outcome, suggestions, reasons, comment, received_at FROM feedback ORDER BY outcome_at, id",
    """SELECT d.id, hook_instance, answered_at, latency_ms, client, patient, as_of, rule_set, service_version,
        language_version, engine_version, options, verdicts, cards, input_digest, response_digest, hook, files
        FROM decisions d JOIN rule_sets r ON r.digest = d.rule_set""",
    "SELECT token, issuer, expires FROM seen_tokens",
)
PATIENT = "p" * 64


def values(number: int, digest: str) -> dict[str, Any]:
    return {
        "id": f"44444444-0000-4000-8000-{number:012}",
        "instance": f"55555555-0000-4000-8000-{number:012}",
        "card": f"66666666-0000-4000-8000-{number:012}",
        "cards": f'["66666666-0000-4000-8000-{number:012}"]',
        "item": f"{number:064}",
        "token": f"{number:064}",
        "digest": digest,
        "files": json.encode({"trials/NCT1/trial.json": "a" * 64}).decode(),
        "patient": PATIENT,
        "at": "2026-05-15 09:30:00",
    }


def write_as_before(connection: Connection, number: int, digest: str) -> None:
    for statement in (RULES, DECISION, CARD, FEEDBACK, TOKEN):
        connection.execute(text(statement), values(number, digest))


@pytest.fixture
def before(url: str) -> Any:
    """The older version's connections."""
    engine = open_engine(database_address(url, Path()))
    yield engine
    engine.dispose()


def older_worker(engine: Engine, digest: str, failed: list[Exception]) -> threading.Thread:
    """Answers, and takes feedback, `MANY` times."""

    def run() -> None:
        try:
            for number in range(MANY):
                with engine.connect().execution_options(cds_writes=True) as connection, connection.begin():
                    write_as_before(connection, number, digest)
        except Exception as error:
            failed.append(error)

    return threading.Thread(target=run)


@pytest.mark.parametrize("first", ["the older one", "the newer one"])
def test_both_write_at_once_whoever_was_first_and_nothing_is_lost(
    opened: Callable[[], Database], before: Engine, make: SimpleNamespace, first: str
) -> None:
    digest = make.decision(1).rules.digest
    if first == "the older one":
        schema.upgrade(before)
        schema.downgrade(before, OLD)
    else:
        opened().ping()
    failed: list[Exception] = []
    older = older_worker(before, digest, failed)
    older.start()
    database = opened()
    for number in range(MANY):
        make.serve(database, make.rows(number, reading=2, unread=1))
        assert make.say(database, make.item(number)) == 1
    older.join()
    assert failed == []
    with before.connect() as connection:
        assert schema.revision(connection) == schema.head()
        for statement in WHAT_IT_READS:
            connection.execute(text(statement)).all()
        for table in ("decisions", "served_cards", "feedback"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 2 * MANY


def test_the_newer_one_goes_by_what_the_older_one_wrote(
    database: Database, before: Engine, make: SimpleNamespace
) -> None:
    database.ping()
    now, digest = make.now, make.decision(1).rules.digest
    with before.connect().execution_options(cds_writes=True) as connection, connection.begin():
        write_as_before(connection, 1, digest)
    with database.transaction(writes=False) as connection:
        question = CardQuestion("ehr", PATIENT, None, Policy(180, once_per_encounter=False))
        assert held_back(connection, question, now, lambda _system, _code: True).trials == {"NCT2"}
        assert feedback_report(connection).trials["NCT2"].accepted == 1
        [found] = find_decisions(connection, values(1, "")["id"])
        told = found.decision
    assert (told.hook, told.reading, told.unread, len(told.cards)) == ("patient-view", None, None, 1)
    guard = SeenTokens(database, lambda: now, lambda: None)
    assert guard.forget_expired() == 0
    assert guard.first_time("iss", "1", now + timedelta(minutes=5))
    guard.close()
    gone = prune(database, now + timedelta(days=1), lambda: None)
    assert gone == {"served_cards": 1, "decisions": 1, "feedback": 1}


def test_a_migration_that_waits_for_the_older_one_waits_for_a_transaction_and_no_more(
    opened: Callable[[], Database], before: Engine, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer one starts while the older one is in the middle of a transaction, and gets its turn after it."""
    schema.upgrade(before)
    schema.downgrade(before, OLD)
    waiting, database, migrate = threading.Event(), opened(), schema.upgrade

    def starting(engine: Engine) -> str:
        waiting.set()
        return migrate(engine)

    monkeypatch.setattr(schema, "upgrade", starting)
    newer = threading.Thread(target=database.ping)
    with before.connect().execution_options(cds_writes=True) as connection, connection.begin():
        write_as_before(connection, 1, make.decision(1).rules.digest)
        newer.start()
        assert waiting.wait(HANG)
        write_as_before(connection, 2, make.decision(1).rules.digest)
    newer.join()
    assert database.available
    with database.transaction(writes=False) as connection:
        assert connection.execute(text("SELECT count(*) FROM decisions")).scalar_one() == 2
