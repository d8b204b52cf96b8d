"""The schema is made, kept current and taken back by migrations alone, by whoever comes first."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text

from cds_service.store import (
    Database,
    StoreUnavailable,
    database_address,
    find_decisions,
    metadata,
    open_engine,
    schema,
)
from tests.postgres import Postgres


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_the_last_revision_is_the_one_that_alembic_follows_the_others_to() -> None:
    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    config.set_main_option("path_separator", "os")
    assert schema.head() == ScriptDirectory.from_config(config).get_current_head()


def test_an_empty_database_gets_the_tables_that_the_code_works_with(engine: Engine) -> None:
    assert schema.upgrade(engine) == schema.head()
    assert tables(engine) == {*metadata.tables, "alembic_version"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_current_database_is_left_alone(engine: Engine) -> None:
    schema.upgrade(engine)
    assert schema.upgrade(engine) == schema.head()


def test_it_goes_down_to_nothing_and_up_again(engine: Engine) -> None:
    schema.upgrade(engine)
    assert schema.downgrade(engine, "base") == "base"
    assert tables(engine) == {"alembic_version"}
    assert schema.upgrade(engine) == schema.head()


def test_a_target_that_there_is_not_changes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    with pytest.raises(CommandError):
        schema.downgrade(engine, "nowhere")
    assert tables(engine) == {*metadata.tables, "alembic_version"}


def test_a_database_of_a_later_version_is_used_as_it_is(engine: Engine, database: Database) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert schema.upgrade(engine) == "9999"
    database.ping()


def test_workers_that_start_at_once_migrate_once(opened: Callable[[], Database]) -> None:
    databases = [opened() for _ in range(8)]
    start, failures = threading.Barrier(8), []

    def work(database: Database) -> None:
        start.wait()
        try:
            database.ping()
        except StoreUnavailable as problem:
            failures.append(problem.cause)

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert tables(databases[0].engine()) == {*metadata.tables, "alembic_version"}


def test_a_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    database = Database(database_address(None, tmp_path))
    with database.transaction(writes=True) as connection:
        connection.execute(text("DELETE FROM feedback"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert "cds-service.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_role_that_may_not_change_the_schema_works_once_it_is_there(
    postgres: Postgres, new_postgres_url: Callable[[], str]
) -> None:
    address = new_postgres_url()
    name = address.rpartition("%3D")[2]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE ROLE cds_service LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {name} TO cds_service")
    service = Database(database_address(postgres.url(name, "cds_service"), Path()))
    with pytest.raises(StoreUnavailable):
        service.ping()
    assert not service.available

    owner = open_engine(database_address(address, Path()))
    schema.upgrade(owner)
    with owner.begin() as connection:
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO cds_service"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {name} TO cds_service"))
    service.ping()
    assert service.available
    service.close()
    owner.dispose()


BEFORE_HOOKS = """
    INSERT INTO decisions (id, hook_instance, answered_at, latency_ms, client, patient, as_of, rule_set,
        service_version, language_version, engine_version, options, verdicts, cards, input_digest, response_digest)
    VALUES (:id, 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea', '2026-05-15 09:30:00', 1.5, '', 'p', '2026-05-15', :rules,
        '0.1.0', '1.0', 'datalogic-py 5', '{}', '{}', '[]', 'i', 'r')
"""
"""As a worker writes it that does not know the column for the hook."""


def hooks_of(database: Database) -> dict[str, str | None]:
    """The hook of each decision by its id, as replay reads it."""
    with database.transaction(writes=False) as connection:
        ids = connection.execute(text("SELECT id FROM decisions")).scalars().all()
        return {id: find_decisions(connection, id)[0].decision.hook for id in ids}


def test_how_a_record_was_read_comes_and_goes_and_nothing_else(
    engine: Engine, database: Database, make: SimpleNamespace
) -> None:
    """0002 to 0003 with rows of both, a worker of the version before beside, and back."""
    told = {"reading": 2, "site_digest": "5" * 64, "unread": 3}
    make.serve(database, make.rows(1, **told), make.rows(2, reading=2))
    mine, other = make.decision(1), make.decision(2)
    with engine.begin() as connection:
        connection.execute(text(BEFORE_HOOKS), {"id": "beside", "rules": mine.rules.digest})

    def read(id: str) -> tuple[int | None, str | None, int | None]:
        with database.transaction(writes=False) as connection:
            found = find_decisions(connection, id)[0].decision
        return found.reading, found.site_digest, found.unread

    assert [read(id) for id in (mine.id, other.id, "beside")] == [
        (2, "5" * 64, 3),
        (2, None, None),
        (None, None, None),
    ]
    everything = counted(engine)
    assert schema.downgrade(engine, "0002") == "0002"
    assert not {"reading", "site_digest", "unread"} & {c["name"] for c in inspect(engine).get_columns("decisions")}
    assert counted(engine) == everything
    assert schema.upgrade(engine) == schema.head()
    assert [read(id) for id in (mine.id, "beside")] == [(None, None, None)] * 2
    make.serve(database, make.rows(3, **told))
    assert read(make.decision(3).id) == (2, "5" * 64, 3)


def counted(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        names = ("rule_sets", "decisions", "served_cards", "feedback")
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_the_hook_of_a_decision_comes_and_goes_and_nothing_else(
    engine: Engine, database: Database, make: SimpleNamespace
) -> None:
    """0001 to 0002 with rows of both, a worker of the version before beside, and back."""
    start = make.decision(1, hook="encounter-start")
    make.serve(database, make.rows(1, hook="encounter-start"), make.rows(2))
    make.say(database, make.item(1), make.item(2))
    with engine.begin() as connection:
        connection.execute(text(BEFORE_HOOKS), {"id": "beside", "rules": start.rules.digest})
    patient_view = make.decision(2).id
    assert hooks_of(database) == {start.id: "encounter-start", patient_view: "patient-view", "beside": None}
    everything = counted(engine)
    assert everything == {"rule_sets": 1, "decisions": 3, "served_cards": 2, "feedback": 2}

    assert schema.downgrade(engine, "0001") == "0001"
    assert counted(engine) == everything
    assert "hook" not in {column["name"] for column in inspect(engine).get_columns("decisions")}
    with engine.begin() as connection:
        connection.execute(text(BEFORE_HOOKS), {"id": "before", "rules": start.rules.digest})

    assert schema.upgrade(engine) == schema.head()
    assert counted(engine) == {**everything, "decisions": 4}
    assert hooks_of(database) == {start.id: None, patient_view: None, "beside": None, "before": None}
    make.serve(database, make.rows(3, hook="encounter-start"))
    assert hooks_of(database)[make.decision(3).id] == "encounter-start"
