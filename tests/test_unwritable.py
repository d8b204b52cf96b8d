"""Folders and files that the service may not write, or not even see: it says so plainly, and cards go on.

Run as root, as in CI, the service gives up root's right to pass over permissions (CAP_DAC_OVERRIDE and
CAP_DAC_READ_SEARCH, capabilities(7)); another user has none to give up.
"""

import contextlib
import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service.settings import default_rules_dir
from cds_service.store import Database, database_address
from tests.test_faults import Service
from tests.waiting import until

pytestmark = pytest.mark.slow

KEY = {"CDS_HASH_KEY": "k" * 64}
FILE = "cds-service.sqlite3"
TRIAL = "NCT07083349"
_DROP_FROM_BOUNDING_SET = 24  # PR_CAPBSET_DROP of linux/prctl.h
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


def give_up() -> None:
    """From the next program on: permissions bind it."""
    if os.geteuid() == 0:
        for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            if ctypes.CDLL(None, use_errno=True).prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start the service with a state folder that has a database, after `chmod` of what `modes` names in it."""
    started: list[Service] = []
    folder = tmp_path / "state"
    folder.mkdir()
    logs = tmp_path / "logs"
    logs.mkdir()

    def start_it(**settings: str) -> Service:
        started.append(Service(logs, before=give_up, **{"CDS_STATE_DIR": str(folder), **settings}))
        return started[-1]

    yield start_it
    for path in (folder, folder / FILE, tmp_path / "rules"):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o700)
    for service in started:
        service.client.close()
        if service.process.poll() is None:
            service.process.terminate()
            service.process.wait()


@pytest.fixture
def state(tmp_path: Path, start: Any) -> Path:
    """The state folder, with a database and no key."""
    folder = tmp_path / "state"
    database = Database(database_address(None, folder))
    database.ping()
    database.close()
    return folder


CASES = {
    "the folder may not be written": ("", 0o500, "its folder may not be written"),
    "the folder may not be entered": ("", 0o000, "its folder may not be written"),
    "the file may not be written": (FILE, 0o400, "the file may not be written"),
    "the file may not be read": (FILE, 0o000, "the file may not be written"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_starts_and_shows_cards_keeps_no_feedback_and_says_why(
    start: Callable[..., Service], state: Path, case: str
) -> None:
    name, mode, words = CASES[case]
    (state / name).chmod(mode)
    service = start(**KEY)
    service.wait()
    assert service.ask().json()["cards"]
    assert service.tell("lost") == 503
    ready = service.client.get("/readyz").json()
    assert (ready["status"], ready["database"]) == ("degraded", "unavailable")
    assert words in ready["database_trouble"]
    assert words in service.log.read_text()
    (state / name).chmod(0o700)
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    assert service.tell("kept") == 200


def test_a_folder_that_may_not_be_entered_any_more_while_it_serves_is_told_and_used_again(
    start: Callable[..., Service], state: Path
) -> None:
    service = start(**KEY)
    service.wait()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    assert service.tell("before") == 200
    state.chmod(0o000)
    assert service.tell("lost") == 503
    assert service.client.get("/readyz").json()["database"] == "unavailable"
    assert service.ask().json()["cards"]
    state.chmod(0o700)
    assert service.tell("after") == 200


def test_without_a_key_that_it_may_read_it_does_not_start_and_says_what_to_set(
    start: Callable[..., Service], state: Path
) -> None:
    """With a key of its own every patient would be somebody else."""
    (state / "hash.key").write_text("k" * 64)
    (state / "hash.key").chmod(0o000)
    service = start()
    assert service.process.wait() != 0
    assert "hash.key: Permission denied; set CDS_HASH_KEY or CDS_STATE_DIR" in " ".join(service.log.read_text().split())


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_rules_dir(), tmp_path / "rules"))


def test_rules_that_may_only_be_read_are_enough(start: Callable[..., Service], rules: Path) -> None:
    for path in (*rules.rglob("*"), rules):
        path.chmod(0o500 if path.is_dir() else 0o400)
    service = start(CDS_RULES_DIR=str(rules), **KEY)
    service.wait()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    assert service.ask().json()["cards"]
    for path in (rules, *(path for path in rules.rglob("*") if path.is_dir())):
        path.chmod(0o700)


@pytest.mark.parametrize("name", ["", "facts", f"trials/{TRIAL}"])
def test_rules_that_may_not_be_read_any_more_leave_those_before_in_use(
    start: Callable[..., Service], rules: Path, name: str
) -> None:
    service = start(CDS_RULES_DIR=str(rules), **KEY)
    service.wait()
    before = service.ask().json()
    digest = service.client.get("/version").json()["rule_set"]
    (rules / name).chmod(0o000)
    until(lambda: service.client.get("/version").json()["rules_rejected"] is not None, "it is told")
    assert service.ask().json() == before
    assert service.tell("kept") == 200
    assert service.client.get("/version").json()["rule_set"] == digest
    (rules / name).chmod(0o700)
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")


def test_rules_that_may_not_be_read_at_the_start_stop_it_and_it_says_which(
    start: Callable[..., Service], rules: Path
) -> None:
    rules.chmod(0o000)
    service = start(CDS_RULES_DIR=str(rules), **KEY)
    assert service.process.wait() != 0
    assert str(rules) in service.log.read_text().replace("\n", "")
    rules.chmod(0o700)
