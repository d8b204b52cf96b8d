"""The service as processes, with its database cut off, frozen or full, and its workers killed in the middle of work."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from cds_service.store import Database, database_address, decisions, feedback
from tests.ports import free_port
from tests.postgres import Postgres
from tests.waiting import HANG, SETTINGS, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
HOOK = "/cds-services/clinical-trial-match"
REQUEST = (ROOT / "fhir_samples" / "requests" / "patient-view-sle.json").read_bytes()
JSON = {"Content-Type": "application/json"}


class Service:
    """A running service. Its log goes to a file, so that no pipe can fill up."""

    def __init__(
        self, folder: Path, largest_file: int | None = None, before: Callable[[], None] = lambda: None, **settings: str
    ) -> None:
        """`before` is called in the process before the service is."""
        self.port = free_port()
        self.folder = folder
        self.log = folder / "log"
        self.address = database_address(settings.get("CDS_DATABASE_URL"), folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
        environment |= {"CDS_PORT": str(self.port), "CDS_STATE_DIR": str(folder), **SETTINGS, **settings}

        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
            before()

        # A log file would be limited as well.
        with Path(os.devnull if largest_file else self.log).open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cds_service.cli", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                preexec_fn=limit,  # noqa: PLW1509 - the test holds no lock that a child could wait for
            )
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=HANG)

    def wait(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx2.TransportError):
                return self.client.get("/readyz").status_code == 200
            return False

        until(ready, "the service")

    def workers(self) -> list[int]:
        """The processes that answer, without their parent and multiprocessing's own helper."""
        # Wide, or a long path of the interpreter pushes what is looked for out of the line.
        children = ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(self.process.pid)]
        listed = subprocess.run(children, capture_output=True, text=True, check=False).stdout
        return [int(line.split()[0]) for line in listed.splitlines() if "spawn_main" in line]

    def both_workers(self) -> list[int]:
        """The two processes that answer, once there are two."""
        looks: list[list[int]] = []

        def there_are_two() -> bool:
            looks.append(self.workers())
            return len(looks[-1]) == 2

        until(there_are_two, "both workers")
        return looks[-1]

    def ask(self) -> httpx2.Response:
        return self.client.post(HOOK, content=REQUEST, headers=JSON)

    def tell(self, card: str, comment: str = "") -> int:
        """The status, or 0 where the connection broke before there was one."""
        item: dict[str, Any] = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-05-15T09:30:00Z"}
        if comment:
            item["overrideReason"] = {"userComment": comment}
        try:
            return self.client.post(f"{HOOK}/feedback", json={"feedback": [item]}).status_code
        except httpx2.TransportError:
            return 0

    def kept(self) -> set[str]:
        """The cards that feedback is kept of."""
        database = Database(self.address)
        with database.transaction(writes=False) as connection:
            found = set(connection.execute(select(feedback.c.card)).scalars())
        database.close()
        return found

    def logged(self) -> int:
        database = Database(self.address)
        with database.transaction(writes=False) as connection:
            found = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        database.close()
        return found

    def metric(self, line: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return next((float(each.rpartition(" ")[2]) for each in lines if each.startswith(line + " ")), 0.0)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(timeout=HANG)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def start_it(**settings: Any) -> Service:
        started.append(Service(tmp_path, **settings))
        started[-1].wait()
        return started[-1]

    yield start_it
    for service in started:
        service.client.close()
        if service.process.poll() is None:
            # Workers whose parent is killed would go on without it.
            service.process.terminate()
            service.process.wait(timeout=HANG)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_was_acknowledged_survives_workers_that_are_killed(
    start: Callable[..., Service], backend: str, request: pytest.FixtureRequest
) -> None:
    settings = {"CDS_WORKERS": "2", "CDS_LOG_LEVEL": "warning"}
    if backend == "postgresql":
        settings["CDS_DATABASE_URL"] = request.getfixturevalue("new_postgres_url")()
    service = start(**settings)
    acknowledged: list[str] = []
    stop = threading.Event()

    def talk(_number: int) -> None:
        while not stop.is_set():
            card = str(uuid4())
            if service.tell(card) == 200:
                acknowledged.append(card)

    with ThreadPoolExecutor(6) as threads:
        talking = [threads.submit(talk, n) for n in range(6)]
        killed = 0
        try:
            for enough in (40, 120):
                until(lambda enough=enough: len(acknowledged) >= enough)
                for pid in service.both_workers():
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                count = len(acknowledged)
                until(lambda count=count: len(acknowledged) > count + 20)
        finally:
            stop.set()
        for each in talking:
            each.result()
    assert killed == 4
    assert len(acknowledged) >= 140
    assert set(acknowledged) <= service.kept()
    assert service.ask().status_code == 200


def test_what_was_acknowledged_survives_the_whole_service_being_killed(start: Callable[..., Service]) -> None:
    service = start()
    acknowledged: list[str] = []

    def talk(_number: int) -> None:
        for _ in range(200):
            card = str(uuid4())
            status = service.tell(card)
            if status == 200:
                acknowledged.append(card)
            elif status == 0:
                return

    with ThreadPoolExecutor(4) as threads:
        talking = [threads.submit(talk, n) for n in range(4)]
        until(lambda: len(acknowledged) >= 50)
        service.process.kill()
        for each in talking:
            each.result()
    service.process.wait(timeout=HANG)
    assert set(acknowledged) <= service.kept()


def test_cards_are_shown_while_the_database_is_gone_and_the_log_catches_up(
    start: Callable[..., Service], postgres: Postgres, new_postgres_url: Callable[[], str]
) -> None:
    service = start(CDS_DATABASE_URL=new_postgres_url())
    assert service.ask().json()["cards"]
    postgres.stop()
    try:
        for _ in range(10):
            answer = service.ask()
            assert answer.status_code == 200
            assert answer.json()["cards"]
        assert service.tell("lost") == 503
        ready = service.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert service.metric("cds_database_available") == 0
    finally:
        postgres.start()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    assert service.tell("kept") == 200
    until(lambda: service.metric("cds_decisions_queued") == 0)
    assert service.kept() == {"kept"}
    assert service.logged() == 11


def test_no_answer_waits_for_a_database_that_hangs(
    start: Callable[..., Service], postgres: Postgres, new_postgres_url: Callable[[], str]
) -> None:
    service = start(CDS_DATABASE_URL=new_postgres_url())
    failures = 'cds_database_failures_total{what="suppression"}'
    assert service.ask().json()["cards"]
    before = service.metric(failures)
    postgres.freeze()
    try:
        # It says nothing until this is over, so whoever waited for it would get no answer here. How little one of
        # them waits, and that the next ones do not even ask, is in tests/store/test_suppression.py.
        assert all(service.ask().json()["cards"] for _ in range(10))
        assert service.metric(failures) == before + 10
    finally:
        postgres.thaw()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")


def test_it_starts_without_its_database_and_uses_it_once_it_is_there(
    start: Callable[..., Service], postgres: Postgres, new_postgres_url: Callable[[], str]
) -> None:
    url = new_postgres_url()
    postgres.stop()
    try:
        service = start(CDS_DATABASE_URL=url)
        assert service.ask().json()["cards"]
        assert service.tell("lost") == 503
    finally:
        postgres.start()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    assert service.tell("kept") == 200
    until(lambda: service.metric("cds_decisions_queued") == 0)
    assert (service.kept(), service.logged()) == ({"kept"}, 1)


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_kept_and_cards_are_shown(
    start: Callable[..., Service],
) -> None:
    """No file of the service may grow beyond some 400 kB, which to SQLite is a disk that is full."""
    service = start(largest_file=400_000)
    answers = {}
    for number in range(200):
        answers[f"card-{number}"] = service.tell(f"card-{number}", "x" * 5_000)
        if list(answers.values()).count(503) >= 3:
            break
    assert {200, 503} == set(answers.values())
    assert service.ask().json()["cards"]
    service.end()
    assert {card for card, status in answers.items() if status == 200} <= service.kept()


def test_a_database_file_that_is_unlinked_loses_nothing_that_was_acknowledged(start: Callable[..., Service]) -> None:
    """Two workers; the file goes in the middle of feedback, and is put back as it was."""
    service = start(CDS_WORKERS="2", CDS_LOG_LEVEL="warning")
    file = service.folder / "cds-service.sqlite3"
    away = service.folder / "away"
    acknowledged: list[str] = []
    refused: list[str] = []
    stop = threading.Event()

    def talk(_number: int) -> None:
        while not stop.is_set():
            card = str(uuid4())
            status = service.tell(card)
            assert status in (200, 503)
            (acknowledged if status == 200 else refused).append(card)

    with ThreadPoolExecutor(4) as threads:
        talking = [threads.submit(talk, n) for n in range(4)]
        try:
            until(lambda: len(acknowledged) > 40)
            file.rename(away)
            until(lambda: len(refused) > 40)
            ready = service.client.get("/readyz").json()
            assert (ready["status"], ready["database"]) == ("degraded", "unavailable")
            assert "the file is gone" in ready["database_trouble"]
            assert service.ask().json()["cards"]
            assert not file.exists()
            count = len(acknowledged)
            away.rename(file)
            until(lambda: len(acknowledged) > count + 40)
        finally:
            stop.set()
        for each in talking:
            each.result()
    until(lambda: service.client.get("/readyz").json()["status"] == "ok")
    service.end()
    assert set(acknowledged) <= service.kept()


def test_a_service_that_is_ended_writes_its_log_to_the_end(start: Callable[..., Service]) -> None:
    service = start()
    statuses = [service.ask().status_code for _ in range(40)]
    assert service.end() in (0, -signal.SIGTERM)
    assert statuses == [200] * 40
    assert service.logged() == 40
    assert "Traceback" not in service.log.read_text()


def test_eight_floods_on_two_workers_lose_nothing_and_break_nothing(start: Callable[..., Service]) -> None:
    service = start(CDS_WORKERS="2", CDS_MAX_CONCURRENT="3", CDS_LOG_LEVEL="warning")

    def flood(number: int) -> list[int]:
        found = []
        for n in range(25):
            found.append(service.tell(f"{number}-{n}") if n % 5 == 0 else service.ask().status_code)
        return found

    with ThreadPoolExecutor(8) as threads:
        statuses = [status for found in threads.map(flood, range(8)) for status in found]
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 20
    hooks = service.metric(f'cds_requests_total{{route="{HOOK}",status="200"}}')
    told = service.metric(f'cds_requests_total{{route="{HOOK}/feedback",status="200"}}')
    assert hooks + told == statuses.count(200), "both workers' numbers are told by each"
    assert len(service.kept()) == told
    service.end()
    assert service.logged() == hooks
