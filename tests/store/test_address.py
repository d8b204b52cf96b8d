"""Which database the settings mean; what is refused before the service starts."""

from pathlib import Path

import pytest

from cds_service.store import Database, StoreError, StoreUnavailable, database_address, make_state_dir


def test_by_default_it_is_a_file_in_the_state_folder(tmp_path: Path) -> None:
    url = database_address(None, tmp_path)
    assert (url.get_backend_name(), url.database) == ("sqlite", f"{tmp_path}/cds-service.sqlite3")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_by_the_driver_that_is_installed(scheme: str, tmp_path: Path) -> None:
    url = database_address(f"{scheme}://cds:secret@db.example/cds?sslmode=verify-full", tmp_path)
    assert url.drivername == "postgresql+psycopg"
    assert (url.password, url.host, url.query["sslmode"]) == ("secret", "db.example", "verify-full")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mysql://cds:secret@db/cds", "mysql is not supported"),
        ("postgresql+asyncpg://cds:secret@db/cds", "is not supported"),
        ("secret", "no SQLAlchemy URL"),
        ("postgresql://cds:secret@db:port/cds", "no SQLAlchemy URL"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_what_cannot_be_used_is_refused_without_showing_it(given: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        database_address(given, tmp_path)
    assert "secret" not in str(caught.value)


def test_a_file_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such folder"):
        Database(database_address(f"sqlite:///{tmp_path}/nowhere/x.sqlite3", tmp_path))


def test_the_state_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "state"
    make_state_dir(folder)
    make_state_dir(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="set CDS_STATE_DIR"):
        make_state_dir(tmp_path / "file" / "state")


@pytest.mark.parametrize("kind", ["no database", "a folder"])
def test_a_file_that_is_no_database_is_an_outage_and_no_crash(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "cds-service.sqlite3"
    if kind == "a folder":
        file.mkdir()
    else:
        file.write_bytes(b"this is no database, and long enough for it to be noticed" * 100)
    database = Database(database_address(None, tmp_path))
    with pytest.raises(StoreUnavailable):
        database.ping()
    assert not database.available
    database.close()
