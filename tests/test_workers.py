"""Several workers come up on a machine that has no time for them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner

from cds_service.cli import app
from tests.waiting import HANG, until

ROOT = Path(__file__).parents[1]
BUSY_LOOPS = 6


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Six processes that do nothing but compute."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@pytest.mark.slow
def test_two_workers_come_up_beside_six_busy_loops_and_both_serve(busy_machine: None, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"CDS_PORT": str(port), "CDS_WORKERS": "2", "CDS_STATE_DIR": str(tmp_path)}
    log = tmp_path / "service.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "cds_service.cli", "serve"]
        service = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        said = wait_for_workers(service, log, count=2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=HANG) as answer:
            assert answer.status == 200
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=HANG)
    assert not [line for line in said if "died" in line or "failed" in line]


def wait_for_workers(service: "subprocess.Popen[bytes]", log: Path, count: int) -> list[str]:
    """What was logged until so many workers have started to serve. Each says who it is, and then that it is ready."""
    said: list[str] = []

    def are_up() -> bool:
        text = log.read_text()
        assert service.poll() is None, text
        said[:] = [json.loads(line)["event"] for line in text.splitlines() if line.startswith("{")]
        started = {number for line in said for number in re.findall(r"^Started server process \[(\d+)\]$", line)}
        return len(started) >= count and said.count("Application startup complete.") >= count

    until(are_up, f"workers: {log}")
    return said


@pytest.mark.parametrize(("setting", "seconds"), [({}, 60), ({"CDS_WORKER_SECONDS": "600"}, 600)])
def test_a_worker_has_time_to_answer_its_supervisor(
    setting: dict[str, str], seconds: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: given.update(options))
    # What serve sets for its workers alone.
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    environment = {"CDS_WORKERS": "2", "CDS_STATE_DIR": str(tmp_path), **setting}
    result = CliRunner().invoke(app, ["serve"], env=environment)
    assert result.exit_code == 0, result.output
    assert (given["workers"], given["timeout_worker_healthcheck"]) == (2, seconds)
