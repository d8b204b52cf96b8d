"""The schema is made, kept current and taken back by migrations alone, by whoever comes first."""

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text

from cds_service.store import Database, StoreUnavailable, database_address, metadata, open_engine, schema
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
