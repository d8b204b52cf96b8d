"""Servers as real processes: ours as its command starts it, and a HealthChain service from its own environment."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installing import PEERS, NoPeerError, python_folder
from cds_service.cds_hooks import service_for

ROOT = Path(__file__).resolve().parents[1]
_SECONDS_TO_START = 300.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server to start, and where its hook will be."""

    name: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Server(Wanted):
    """A running server; `pid` is the process that answers."""

    pid: int

    def resident_mb(self) -> float:
        """Resident memory of the process, in MB."""
        return resident_mb(self.pid)


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process of this machine, in MB (10^6 bytes)."""
    return _memory(pid, "VmRSS:")


def peak_mb(pid: int | str = "self") -> float:
    """The most resident memory that a process has had, in MB (10^6 bytes)."""
    return _memory(pid, "VmHWM:")


def _memory(pid: int | str, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(name))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


@contextmanager
def our_service(**settings: str) -> Iterator[Server]:
    """`cds-service serve` with default settings but for `settings`, one worker, and a state folder of its own."""
    with tempfile.TemporaryDirectory(prefix="cds-bench-") as state:
        environment = {"CDS_STATE_DIR": state, **settings}
        command = [sys.executable, "-m", "cds_service.cli", "serve"]
        port = _free_port()
        environment |= {"CDS_PORT": str(port), "PYTHONPATH": str(ROOT)}
        wanted = Wanted("cds_service", port, service_for("patient-view").path)
        with _running(wanted, command, environment, Path(state)) as server:
            yield server


@contextmanager
def healthchain_service(*, as_fhir: bool = False) -> Iterator[Server]:
    """The service of `peers/healthchain/` under uvicorn, one worker, without access log. Raises NoPeerError."""
    folder = python_folder("healthchain")
    with tempfile.TemporaryDirectory(prefix="healthchain-bench-") as state:
        environment = {
            "PYTHONPATH": os.pathsep.join((str(folder), str(PEERS / "healthchain"))),
            "READ_AS_FHIR": "1" if as_fhir else "0",
        }
        wanted = Wanted("HealthChain", _free_port(), "/cds/cds-services/three-criteria")
        # -S: without the site-packages of the environment that the benchmark runs in.
        command = [sys.executable, "-S", *_uvicorn("service:app", wanted.port)]
        with _running(wanted, command, environment, Path(state)) as server:
            yield server


@contextmanager
def bare_server(application: str) -> Iterator[Server]:
    """One of the applications of `benchmarks.bare_server`, under uvicorn as our own service is."""
    with tempfile.TemporaryDirectory(prefix="bare-bench-") as state:
        wanted = Wanted("a bare server", _free_port(), "/")
        command = [sys.executable, *_uvicorn(f"benchmarks.bare_server:{application}", wanted.port)]
        with _running(wanted, command, {"PYTHONPATH": str(ROOT)}, Path(state)) as server:
            yield server


def _uvicorn(application: str, port: int) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return ["-m", "uvicorn", application, *options]


@contextmanager
def _running(wanted: Wanted, command: Sequence[str], settings: Mapping[str, str], folder: Path) -> Iterator[Server]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PYTHON"))}
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=inherited | settings, stdout=out, stderr=subprocess.STDOUT)
    try:
        if not _comes_up(process, wanted.port):
            if process.poll() is None:
                raise NoPeerError(f"{wanted.name} was not up after {_SECONDS_TO_START:.0f} s")
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise NoPeerError(f"{wanted.name} did not start: {' '.join(last)}")
        yield Server(wanted.name, wanted.port, wanted.path, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _comes_up(process: "subprocess.Popen[bytes]", port: int) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
