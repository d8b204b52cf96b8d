"""A service of its own for the browser tests, and the browser: Debian's Chromium, never one that is downloaded."""

import contextlib
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.waiting import HANG, SETTINGS, until

ROOT = Path(__file__).parents[2]
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Service:
    """A running service with a rules folder that may be written to."""

    address: str
    rules: Path

    @property
    def workbench(self) -> str:
        return f"{self.address}/workbench"

    def trial(self, trial_id: str = "NCT07083349", name: str = "trial.json") -> Path:
        return self.rules / "trials" / trial_id / name


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[Service]:
    """Start one with a copy of the rules in `folder`, wait until it answers, and stop it."""
    rules = folder / "rules"
    shutil.copytree(ROOT / "rules", rules)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {
        "CDS_PORT": str(port),
        "CDS_RULES_DIR": str(rules),
        "CDS_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        **SETTINGS,
        **settings,
    }
    log = (folder / "service.log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "cds_service.cli", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", process, folder / "service.log")
        yield Service(f"http://127.0.0.1:{port}", rules)
    finally:
        process.terminate()
        process.wait(timeout=HANG)
        log.close()


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, f"the service did not come up:\n{log.read_text(encoding='utf-8')}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=HANG):
            return True
        return False

    until(answers, address)
