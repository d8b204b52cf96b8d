"""How long answers, and health checks beside them, take while a worker computes (docs/decisions/0013-threads.md).

    PYTHONPATH=. python benchmarks/event_loop.py [--threads 1 2 4] [--switch 0.005 0.0005]

For each number of threads and switch interval a service is started with one worker. Clients keep one connection each
and ask again as soon as they are answered; beside them `/healthz` is asked a hundred times a second.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import uvicorn

from cds_service.app import app_from_environment
from cds_service.cds_hooks import routes, service_for

SAMPLE = Path(__file__).parents[1] / "fhir_samples" / "requests" / "patient-view-sle.json"
SIZES = (11_000, 211_000, 1_200_000, 12_000_000)
CLIENTS = (1, 8, 32)
COLUMNS = (
    *("threads", "switch", "body", "clients", "answers/s", "CPU"),
    *("half within", "99 % within", "healthz, half", "healthz, 99 %", "p99/p50", "refused"),
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def body_of(size: int) -> bytes:
    """The sample request with more observations, like its own but of what no rule asks for, up to about `size` bytes.

    So it is with large charts: most of what they hold is about something else.
    """
    request = json.loads(SAMPLE.read_text())
    entries = request["prefetch"]["observations"]["entry"]
    copies = [entry["resource"] for entry in entries]
    length, number = len(json.dumps(request)), 0
    while length < size:
        code = {"coding": [{"system": "http://loinc.org", "code": f"{90_000 + number % 500}-0"}]}
        again = {**copies[number % len(copies)], "id": f"more-{number}", "code": code}
        length += len(json.dumps(again)) + len('{"resource": }, ')
        entries.append({"resource": again})
        number += 1
    return json.dumps(request).encode()


def message(body: bytes) -> bytes:
    """The request as it goes over the wire."""
    path = service_for("patient-view").path
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def serving(threads: int, switch: float) -> Iterator[tuple[int, int]]:
    """A service in a process of its own: its port and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"CDS_STATE_DIR": folder, "CDS_LOG_LEVEL": "error", "CDS_WORKBENCH": "false"}
        command = [sys.executable, __file__, "--serve", str(port), "--threads", str(threads), "--switch", str(switch)]
        with subprocess.Popen(command, env={**os.environ, **settings}) as process:
            try:
                _wait_for(port)
                yield port, process.pid
            finally:
                process.terminate()


def _wait_for(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def serve(port: int, threads: int, switch: float) -> None:
    """What the process of `serving` runs."""
    routes._THREADS = threads
    app = app_from_environment()
    sys.setswitchinterval(switch)
    uvicorn.run(app, port=port, log_level="error", access_log=False)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**20))

    async def ask(self, sent: bytes) -> float | None:
        """Seconds to the end of the answer; None for another one than 200."""
        began = time.perf_counter()
        self._writer.write(sent)
        await self._writer.drain()
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        await self._reader.readexactly(int(length[1]) if length else 0)
        return time.perf_counter() - began if b" 200 " in head.partition(b"\r\n")[0] else None

    def close(self) -> None:
        self._writer.close()


async def measure(port: int, sent: bytes, clients: int, seconds: float) -> tuple[list[float], list[float], int]:
    """Times of answers and of health checks, and how many were refused; such a one counts as the whole time."""
    until, refused = time.perf_counter() + seconds, 0

    async def again(message: bytes, pause: float) -> list[float]:
        nonlocal refused
        client, times = await Client.connect(port), []
        while time.perf_counter() < until or not times:
            taken = await client.ask(message)
            refused += taken is None
            times.append(seconds if taken is None else taken)
            await asyncio.sleep(pause)
        client.close()
        return times

    *answers, health = await asyncio.gather(*(again(sent, 0) for _ in range(clients)), again(HEALTH, 0.01))
    return [one for times in answers for one in times], health, refused


def processor_seconds(pid: int) -> float:
    """What a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(times: list[float], part: float) -> float:
    """In milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--switch", type=float, nargs="+", default=[0.0005])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each row")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        serve(given.serve, given.threads[0], given.switch[0])
        return
    _line(*COLUMNS)
    _line(*("---" for _ in COLUMNS))
    messages = {size: message(body_of(size)) for size in given.sizes}
    for threads, switch in product(given.threads, given.switch):
        with serving(threads, switch) as (port, pid):
            for size, sent in messages.items():
                asyncio.run(measure(port, sent, 1, 0.5))
                for clients in given.clients:
                    before, began = processor_seconds(pid), time.perf_counter()
                    answers, health, refused = asyncio.run(measure(port, sent, clients, given.seconds))
                    rate = (len(answers) - refused) / (time.perf_counter() - began)
                    used = (processor_seconds(pid) - before) / len(answers) * 1000
                    half, most = percentile(answers, 0.5), percentile(answers, 0.99)
                    times = (used, half, most, percentile(health, 0.5), percentile(health, 0.99))
                    row = (threads, switch, f"{size // 1000} kB", clients, f"{rate:.0f}")
                    _line(*row, *(f"{one:.1f} ms" for one in times), f"{most / half:.1f}", refused)


def _line(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
