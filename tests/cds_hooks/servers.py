"""A real HTTP server in a thread, whose answers a test writes: other people's servers, sound and otherwise."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import HANG


@dataclass
class Asked:
    """A request as it came: the path with its query, the headers by lower-case name, and what was posted."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Says:
    """What to answer: a status, headers, and a body, after `wait` seconds; `dribble` puts that many between bytes.

    `cut`: end the connection in the middle of the body, `drop`: before any of the answer, `hold`: say nothing until
    the server ends. A body that is not bytes or text is sent as JSON.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    dribble: float = 0
    cut: bool = False
    drop: bool = False
    hold: bool = False


@dataclass
class Server:
    """A running server: `url` has no path. `asked` are the requests so far, in the order met."""

    url: str
    asked: list[Asked]

    @property
    def paths(self) -> list[str]:
        """The paths asked for, without their queries."""
        return [one.path.partition("?")[0] for one in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Says]) -> Iterator[Server]:
    """A server on a free port of this machine that answers each request with what `answer` says."""
    asked: list[Asked] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are written one after the other: with the algorithm the body waits for the head's receipt.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Asked(self.path, headers, self.rfile.read(int(headers.get("content-length", "0"))))
            asked.append(one)
            try:
                self._send(answer(one))
            except OSError:  # whoever asked has given up
                self.close_connection = True

        def _send(self, says: Says) -> None:
            body = says.body.encode() if isinstance(says.body, str) else says.body
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            ended.wait(HANG if says.hold else says.wait)
            if says.drop or says.hold:
                self.close_connection = True
                return
            self.send_response(says.status)
            headers = {"Content-Type": "application/fhir+json", "Content-Length": str(len(body)), **says.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if says.cut:
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            elif says.dribble:
                for byte in body:
                    if ended.wait(says.dribble):
                        return
                    self.wfile.write(bytes([byte]))
            else:
                self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    class Listening(ThreadingHTTPServer):
        # Of more connections at once than fit here the system turns the last away, for a second.
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of a client that has gone: what the tests read is the log of the service."""
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    server = Listening(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # Threads that still write to somebody who has gone are not waited for.
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
