"""A service as its command starts it, and what strangers do to it over sockets of their own."""

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.waiting import HANG, SETTINGS, until

ROOT = Path(__file__).resolve().parents[2]
HOOK = "/cds-services/clinical-trial-match"
REQUEST = (ROOT / "fhir_samples" / "requests" / "patient-view-sle.json").read_bytes()


@dataclass(frozen=True)
class Served:
    """A service with one worker."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str) -> int:
        """The status of the answer; 0 where there is none."""
        return self._ask("GET", path)

    def hook(self) -> int:
        return self._ask("POST", HOOK, REQUEST)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"})
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0

    def open(self, sent: bytes = b"") -> socket.socket:
        """A connection on which `sent` was sent."""
        stranger = socket.create_connection(("127.0.0.1", self.port), timeout=HANG)
        stranger.sendall(sent)
        return stranger

    @property
    def memory(self) -> int:
        """Bytes in memory."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    @property
    def connections(self) -> int:
        """Sockets that it has open, those that it listens on included."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        found = 0
        for file in folder.iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                found += str(file.readlink()).startswith("socket:")
        return found


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """A service with these settings, once it answers. What is not set gives up nothing (`tests.waiting`)."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment |= {
        "CDS_PORT": str(port),
        "CDS_STATE_DIR": str(folder),
        "CDS_WORKBENCH": "false",
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cds_service.cli", "serve"],
            cwd=ROOT,
            env={**environment, **SETTINGS, **settings},
            stdout=output,
            stderr=output,
        )
    service = Served(port, process, log)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        return service.get("/readyz") == 200

    try:
        until(answers, str(log))
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(HANG)


def everything(stranger: socket.socket) -> bytes:
    """What still comes on a connection, to its end."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := stranger.recv(65_536):
            received += part
    return received


def flood(stranger: socket.socket, part: bytes, number: int) -> bytes:
    """What is answered to `part`, sent `number` times or as often as it is taken."""
    with contextlib.suppress(ConnectionError):
        for _ in range(number):
            stranger.sendall(part)
    return everything(stranger)


def dribble(stranger: socket.socket, part: bytes) -> bytes:
    """What is answered to `part`, sent again and again with pauses until the connection ends."""
    with contextlib.suppress(ConnectionError):
        while not select.select([stranger], [], [], 0.02)[0]:
            stranger.sendall(part)
    return everything(stranger)


def is_open(stranger: socket.socket) -> bool:
    """Whether nothing has come, not even the end."""
    return not select.select([stranger], [], [], 0)[0]
