"""An old and a new version side by side on one database, while requests go on: nothing is lost.

There is one release so far. The new version is a copy of this one with another number and a migration more, which
adds a column, as every migration does.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from cds_service import __version__
from cds_service.store import head
from tests.deploy.manifests import ROOT
from tests.deploy.running import FEEDBACK, HASH_KEY, HOOK, Service, running, sample
from tests.waiting import HANG, until

pytestmark = pytest.mark.slow
NEW = "99.0.0"
MIGRATION = '''"""A column that the old version does not know."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("feedback", sa.Column("newer", sa.Text()))


def downgrade() -> None:
    op.drop_column("feedback", "newer")
'''


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of the new version and the rules it brings."""
    folder = tmp_path_factory.mktemp("newer")
    package = shutil.copytree(
        ROOT / "cds_service", folder / "cds_service", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "rules", folder / "rules")
    top = package / "__init__.py"
    top.write_text(top.read_text().replace(f'"{__version__}"', f'"{NEW}"'))
    (package / "store" / "migrations" / "versions" / "v9999_newer.py").write_text(MIGRATION.format(before=head()))
    return folder


class Traffic(threading.Thread):
    """Charts that are opened and answered one after the other, as through a balancer that is told who is there."""

    def __init__(self, servers: list[Service]) -> None:
        super().__init__(daemon=True)
        self.servers = servers
        self.instances: list[str] = []
        self.cards: list[str] = []
        self.versions: set[str] = set()
        self.faults: list[str] = []
        self._over = threading.Event()

    def run(self) -> None:
        request = json.loads(sample("als-likely"))
        while not self._over.is_set():
            request["hookInstance"] = str(uuid.uuid4())
            answer = self._post(HOOK, request)
            if answer is None:
                continue
            self.instances.append(request["hookInstance"])
            [card] = answer["cards"]
            item = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-11-24T09:00:00Z"}
            if self._post(FEEDBACK, {"feedback": [item]}) is not None:
                self.cards.append(card["uuid"])

    def _post(self, path: str, body: object) -> dict[str, list[dict[str, str]]] | None:
        servers = self.servers
        try:
            answer = servers[len(self.instances) % len(servers)].ask("POST", path, json.dumps(body).encode())
        except OSError as problem:
            self.faults.append(f"{path}: {type(problem).__name__}")
            return None
        if answer.status != 200:
            self.faults.append(f"{path}: {answer.status}")
            return None
        return dict(answer.json())

    def stop(self) -> None:
        self._over.set()
        self.join(HANG)

    def wait_for(self, more: int) -> None:
        target = len(self.cards) + more
        until(lambda: len(self.cards) >= target or self.faults, f"{more} more charts")

    def leave_out(self, server: Service) -> None:
        """As the proxies do while a pod sleeps before it stops (`preStop` in deploy/helm): it gets nothing new.

        A request that finds a server closing its door is lost, and not the server's fault. So what may be on its way
        to this one is waited for: of two more charts the second began after this.
        """
        self.servers = [one for one in self.servers if one is not server]
        self.wait_for(2)


def migrate(code: Path, url: str) -> None:
    """The migration job of the new version."""
    environment = {**os.environ, "PYTHONPATH": str(code), "CDS_DATABASE_URL": url, "CDS_HASH_KEY": HASH_KEY}
    command = [sys.executable, "-P", "-m", "cds_service.cli", "db", "upgrade"]
    done = subprocess.run(command, cwd=code, env=environment, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert "9999" in done.stdout


def test_nothing_is_lost(newer: Path, new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    url = new_postgres_url()
    # The same patient every time: nothing of what was answered before is to be held back.
    settings = {"CDS_DATABASE_URL": url, "CDS_HASH_KEY": HASH_KEY, "CDS_SUPPRESS_DAYS": "0"}
    with running(tmp_path, **settings) as first, running(tmp_path, **settings) as second:
        traffic = Traffic([first, second])
        traffic.start()
        traffic.wait_for(5)
        migrate(newer, url)
        traffic.wait_for(5)
        with running(tmp_path, path=newer, **settings) as third:
            traffic.servers = [third, first, second]
            assert third.ask("GET", "/version").json()["version"] == NEW
            traffic.wait_for(5)
            for old in (first, second):
                traffic.leave_out(old)
                old.stop()
                traffic.wait_for(5)
            traffic.stop()
    assert traffic.faults == []
    with psycopg.connect(url) as connection:
        logged = dict(connection.execute("SELECT hook_instance, service_version FROM decisions").fetchall())
        kept = {card for (card,) in connection.execute("SELECT card FROM feedback").fetchall()}
        served = {card for (card,) in connection.execute("SELECT uuid FROM served_cards").fetchall()}
    assert set(logged) == set(traffic.instances)
    assert set(logged.values()) == {__version__, NEW}
    assert kept == set(traffic.cards)
    assert kept <= served
    assert len(kept) >= 25


def test_the_old_version_starts_again_after_a_roll_back(
    newer: Path, new_postgres_url: Callable[[], str], tmp_path: Path
) -> None:
    url = new_postgres_url()
    migrate(newer, url)
    with running(tmp_path, CDS_DATABASE_URL=url, CDS_HASH_KEY=HASH_KEY) as old:
        assert old.ask("GET", "/version").json()["version"] == __version__
        assert old.ask("POST", HOOK, sample("als-likely")).status == 200
