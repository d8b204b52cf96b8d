"""An SQLite file that is taken away while it is open: nothing is acknowledged that would be gone with the process."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from cds_service.store import Database, StoreUnavailable, database_address, feedback, schema

FILE = "store.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    return made


@pytest.fixture(params=["path", "uri"])
def opened_file(folder: Path, request: pytest.FixtureRequest, make: SimpleNamespace) -> Iterator[Database]:
    """A database in `folder` with feedback on one card, however its address is written."""
    forms = {"path": f"sqlite:///{folder}/{FILE}", "uri": f"sqlite:///file:{folder}/{FILE}?uri=true&mode=rwc"}
    database = Database(database_address(forms[request.param], Path()))
    assert make.say(database, make.item(0)) == 1
    assert database.available
    yield database
    database.close()


def away(folder: Path) -> Path:
    """Somewhere else on the same disk."""
    other = folder.with_name("away")
    other.mkdir(exist_ok=True)
    return other


def unlink(folder: Path) -> None:
    (folder / FILE).unlink()


def unlink_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def move(folder: Path) -> None:
    (folder / FILE).rename(away(folder) / FILE)


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def rename_folder(folder: Path) -> None:
    folder.rename(folder.with_name("renamed"))


GONE: tuple[Callable[[Path], None], ...] = (unlink, unlink_all, move, remove_folder, rename_folder)


@pytest.mark.parametrize("taken", GONE)
def test_without_its_file_nothing_is_acknowledged_and_it_says_so(
    opened_file: Database, folder: Path, make: SimpleNamespace, taken: Callable[[Path], None]
) -> None:
    taken(folder)
    assert not opened_file.available, "seen at once, not at the next use"
    for number in (1, 2):
        with pytest.raises(StoreUnavailable) as caught:
            make.say(opened_file, make.item(number))
        assert caught.value.cause == "FileGone"
    assert "gone" in opened_file.obstacle
    assert not (folder / FILE).exists(), "no empty database in its place"


def test_a_file_that_comes_back_is_used_with_all_that_was_acknowledged(
    opened_file: Database, folder: Path, make: SimpleNamespace
) -> None:
    move(folder)
    with pytest.raises(StoreUnavailable):
        make.say(opened_file, make.item(1))
    (away(folder) / FILE).rename(folder / FILE)
    assert make.say(opened_file, make.item(1)) == 1
    assert opened_file.available
    assert cards(folder) == [make.item(0).card, make.item(1).card]


def test_a_folder_that_comes_back_is_used_again(opened_file: Database, folder: Path, make: SimpleNamespace) -> None:
    rename_folder(folder)
    with pytest.raises(StoreUnavailable):
        opened_file.ping()
    folder.with_name("renamed").rename(folder)
    assert make.say(opened_file, make.item(1)) == 1
    assert cards(folder) == [make.item(0).card, make.item(1).card]


def test_another_file_in_its_place_is_brought_up_to_date_and_used(
    opened_file: Database, folder: Path, make: SimpleNamespace
) -> None:
    """A backup of an older version that was restored."""
    backup = Database(database_address(f"sqlite:///{away(folder)}/{FILE}", Path()))
    make.say(backup, make.item(7))
    schema.downgrade(backup.engine(), "0001")
    backup.close()
    unlink_all(folder)
    (away(folder) / FILE).rename(folder / FILE)
    assert not opened_file.available
    assert make.say(opened_file, make.item(8)) == 1
    assert opened_file.available
    assert cards(folder) == [make.item(7).card, make.item(8).card]


def test_an_empty_file_in_its_place_is_the_wish_for_a_new_database(
    opened_file: Database, folder: Path, make: SimpleNamespace
) -> None:
    unlink_all(folder)
    (folder / FILE).touch()
    assert make.say(opened_file, make.item(1)) == 1
    assert cards(folder) == [make.item(1).card]


@pytest.mark.parametrize("taken", GONE)
def test_a_file_that_is_taken_in_the_middle_of_a_transaction_is_noticed_before_the_acknowledgement(
    opened_file: Database, folder: Path, taken: Callable[[Path], None]
) -> None:
    def change() -> None:
        with opened_file.transaction(writes=True) as connection:
            connection.execute(text("UPDATE feedback SET outcome = 'overridden'"))
            taken(folder)

    with pytest.raises(StoreUnavailable):
        change()


def test_a_file_that_is_replaced_in_the_middle_of_a_transaction_is_noticed_too(
    opened_file: Database, folder: Path
) -> None:
    (away(folder) / FILE).touch()

    def change() -> None:
        with opened_file.transaction(writes=True) as connection:
            connection.execute(text("UPDATE feedback SET outcome = 'overridden'"))
            (away(folder) / FILE).replace(folder / FILE)

    with pytest.raises(StoreUnavailable) as caught:
        change()
    assert caught.value.cause == "FileReplaced"


def test_a_journal_that_is_unlinked_is_noticed_and_loses_nothing(
    opened_file: Database, folder: Path, make: SimpleNamespace
) -> None:
    """What was acknowledged is in the write-ahead log until SQLite takes it over."""
    (folder / f"{FILE}-wal").unlink()
    with pytest.raises(StoreUnavailable):
        make.say(opened_file, make.item(1))
    assert make.say(opened_file, make.item(2)) == 1
    assert {make.item(0).card, make.item(2).card} <= set(cards(folder))


def test_reading_needs_the_file_too(opened_file: Database, folder: Path) -> None:
    unlink_all(folder)
    with pytest.raises(StoreUnavailable), opened_file.transaction(writes=False) as connection:
        connection.execute(select(feedback))


def test_other_workers_may_close_and_come_back_meanwhile(
    opened_file: Database, folder: Path, make: SimpleNamespace
) -> None:
    """Whoever is last deletes the journal: none of these is a stale one."""
    for number in range(1, 4):
        other = Database(opened_file.url)
        assert make.say(other, make.item(number)) == 1
        other.close()
        assert make.say(opened_file, make.item(number)) == 0
        opened_file.close()
    assert len(cards(folder)) == 4


def cards(folder: Path) -> list[str]:
    """What another process finds in the file."""
    database = Database(database_address(f"sqlite:///{folder}/{FILE}", Path()))
    with database.transaction(writes=False) as connection:
        found = list(connection.execute(select(feedback.c.card).order_by(feedback.c.card)).scalars())
    database.close()
    return found
