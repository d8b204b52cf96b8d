"""The service as processes of its own, on a day that does not change, and requests to it.

They give up nothing because the machine is busy (`tests.waiting`).
"""

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.manifests import ROOT
from tests.ports import free_port
from tests.waiting import DEADLINES, HANG, SETTINGS, until

SAMPLES = ROOT / "fhir_samples" / "requests"
HOOK = "/cds-services/clinical-trial-match"
FEEDBACK = f"{HOOK}/feedback"
DAY = "2026-11-24"
"""For which the sample patients are made; later they grow up and their results grow old."""
HASH_KEY = "0123456789abcdef0123456789abcdef"

_PROGRAM = """
import datetime, importlib, json, sys, uvicorn
from cds_service.app import create_app
from cds_service.settings import load_settings
for name, seconds in json.loads(sys.argv[2]).items():
    module, _, constant = name.rpartition(".")
    setattr(importlib.import_module(module), constant, seconds)
day, settings = datetime.date.fromisoformat(sys.argv[1]), load_settings()
app = create_app(settings, clock=lambda: day)
uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False, timeout_keep_alive=600)
"""


@dataclass(frozen=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def trials(self) -> set[str]:
        """The trials that its cards name."""
        return {card["source"]["topic"]["code"] for card in self.json()["cards"]}


@dataclass(frozen=True)
class Service:
    """One process of the service."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return ask(http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG), method, path, body, headers)

    def stop(self) -> None:
        """As a service manager does: it finishes what it has begun."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(HANG)


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own. Raises OSError where there is none."""
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.read())


def https(port: int, certificate: Path) -> http.client.HTTPSConnection:
    """A connection that trusts this certificate alone."""
    context = ssl.create_default_context(cafile=str(certificate))
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=HANG, context=context)


def sample(name: str) -> bytes:
    return (SAMPLES / f"patient-view-{name}.json").read_bytes()


@contextlib.contextmanager
def running(
    folder: Path, *, python: str = sys.executable, path: Path | None = ROOT, day: str = DAY, **settings: str
) -> Iterator[Service]:
    """A service, once it is ready. `path` is where its code lies; None for what is installed beside `python`."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CDS_", "PYTHON", "PROMETHEUS_"))}
    environment |= {"CDS_PORT": str(port), "CDS_STATE_DIR": str(folder), "CDS_RULES_RELOAD": "false"}
    environment |= {**SETTINGS, **settings}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    # Not from the repository: what runs must not find its code by chance.
    flags = ["-P"] if path is not None else ["-I"]
    log = folder / f"service-{port}.log"
    with log.open("wb") as output:
        command = [python, *flags, "-c", _PROGRAM, day, json.dumps(DEADLINES)]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    service = Service(port, process, log)
    try:
        wait_until_ready(service)
        yield service
    finally:
        if process.poll() is None:
            service.stop()


def wait_until_ready(service: Service) -> None:
    def ready() -> bool:
        assert service.process.poll() is None, service.log.read_text()
        with contextlib.suppress(OSError):
            answer = service.ask("GET", "/readyz")
            return answer.status == 200 and answer.json()["database"] == "available"
        return False

    until(ready, str(service.log))
