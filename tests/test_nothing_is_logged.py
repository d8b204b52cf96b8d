"""No log of a running service holds what a client sent, on any path: everything that it writes is searched for markers.

The service is a process of its own at the most talkative level, so that what libraries write is searched too.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cds_hooks.charts import request
from tests.cds_hooks.conftest import bundle, lupus, patient
from tests.cds_hooks.servers import Asked, Says, serving
from tests.cds_hooks.tokens import DISCOVERY, HOOK, client, clients_file, raw_token
from tests.cds_hooks.tokens import token as signed
from tests.ports import free_port
from tests.waiting import HANG, SETTINGS, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
TOKEN, PATIENT, NAME = "MARKERTOKEN", "MARKERPATIENT", "MARKERNAME"
MARKED = f"token={TOKEN}&patient={PATIENT}&name={NAME}"
# A fault of the service's own that quotes what was sent, as faults do.
_FAULTY = """
import cds_service.cds_hooks.endpoint as endpoint
parse = endpoint.parse_request
def parsing(body, service):
    if b"FAULT" in body:
        raise RuntimeError(body.decode("latin-1"))
    return parse(body, service)
endpoint.parse_request = parsing
from cds_service.cli import app
app(["serve"])
"""


class Talk:
    """Connections to a running service. Each call gives the answer's status, or 0 where there is none."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.statuses: list[int] = []

    def raw(self, data: bytes, more: bytes = b"", *, ends: bool = False) -> int:
        """Send bytes, `more` once there is an answer, and nothing after that. `ends`: say so before any answer."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=HANG) as talk:
            talk.sendall(data)
            if ends:
                talk.shutdown(socket.SHUT_WR)
            got = talk.recv(65_536)
            with suppress(OSError):  # what is no request may be cut off once it is answered
                if more and got:
                    talk.sendall(more)
                if not ends:
                    talk.shutdown(socket.SHUT_WR)
                while talk.recv(65_536):
                    pass
        status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/") else 0
        self.statuses.append(status)
        return status

    def http(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """Send a request with the markers in its query and in fields of its header."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        mark = "&" if "?" in path else "?"
        fields = {
            "Host": f"127.0.0.1:{self._port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Authorization": f"Bearer {TOKEN}",
            "Cookie": f"session={TOKEN}; cds_workbench={TOKEN}",
            "Referer": f"https://ehr.example/{PATIENT}?{MARKED}",
            "User-Agent": NAME,
            "X-Request-Id": PATIENT,
            "Connection": "close",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return self.raw(f"{method} {path}{mark}{MARKED} HTTP/1.1\r\n{head}\r\n".encode() + content)

    def upgrade(self, path: str, more: bytes = b"", **headers: str) -> int:
        """Ask for a WebSocket."""
        fields = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec_WebSocket_Protocol": TOKEN,
            **headers,
        }
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        mark = "&" if "?" in path else "?"
        start = (
            f"GET {path}{mark}{MARKED} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        )
        return self.raw(f"{start}{head}\r\n".encode(), more)


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[tuple[Talk, Callable[[], str]]]:
    """A service, and what reads all that it has written; after the block that is everything."""
    port, log = free_port(), folder / "service.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {
        "CDS_PORT": str(port),
        "CDS_LOG_LEVEL": "debug",
        "CDS_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        **SETTINGS,
        **settings,
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", _FAULTY], cwd=ROOT, env=environment, stdout=written, stderr=written
        )

        def listens() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            until(listens, "the service")
            yield Talk(port), lambda: log.read_text(encoding="utf-8")
        finally:
            process.terminate()
            process.wait(timeout=HANG)


def marked_request(server: str, **fields: Any) -> dict[str, Any]:
    """A hook request whose every part is marked."""
    person = patient(id=PATIENT, name=[{"family": NAME}], identifier=[{"system": "urn:x", "value": PATIENT}])
    ill = lupus(id=PATIENT, subject={"reference": f"Patient/{PATIENT}", "display": NAME}, note=[{"text": NAME}])
    odd = lupus(id=PATIENT, subject=ill["subject"], onsetDateTime=[NAME])
    values = {"patient": person, "conditions": bundle(ill, odd), NAME: {"resourceType": NAME}}
    return {**request(server, values, PATIENT, TOKEN), NAME: NAME, **fields}


def hooks(talk: Talk, server: str) -> None:
    """Every kind of answer that the hooks have."""
    whole = marked_request(server)
    bodies = [
        whole,
        {**whole, "prefetch": None},
        {**whole, "prefetch": {"patient": whole["prefetch"]["patient"]}},
        {**whole, "prefetch": {"patient": f"<html>{NAME}", "conditions": NAME}},
        {**whole, "context": {"userId": NAME, "patientId": f"other-{PATIENT}"}},
        {**whole, "hookInstance": NAME},
        {**whole, "fhirServer": f"http://{NAME}["},
        {**whole, "fhirServer": f"https://{NAME}.example/{TOKEN}"},
        {**whole, "fhirServer": f"https://{NAME}.example/{TOKEN}", "prefetch": {NAME: NAME}},
        {**whole, "fhirAuthorization": TOKEN},
        {**whole, "hook": NAME},
        {**whole, "FAULT": NAME},
        [NAME],
        f'{{"{NAME}'.encode(),
        NAME.encode() + b"\xff",
        b'{"a":' * 5_000,
    ]
    for body in bodies:
        for path in (HOOK, f"{HOOK}-encounter-start"):
            talk.http("POST", path, body)
    for headers in ({"Content_Type": NAME}, {"Content_Encoding": TOKEN}, {"Origin": f"http://{NAME}["}):
        talk.http("POST", HOOK, whole, **headers)
    said = {"card": PATIENT, "outcome": "overridden", "outcomeTimestamp": "2026-05-15T09:30:00Z"}
    reason = {"overrideReason": {"reason": {"code": NAME, "system": NAME}, "userComment": NAME}}
    for feedback in ({"feedback": [{**said, **reason}]}, {"feedback": [{**said, "outcome": NAME}]}, {"feedback": NAME}):
        talk.http("POST", f"{HOOK}/feedback", feedback)


def routes(talk: Talk) -> None:
    """Every route there is, by every method, and some that there are not."""
    paths = ["/", "/healthz", "/readyz", "/metrics", "/version", "/docs", "/redoc", "/openapi.json", DISCOVERY, HOOK]
    paths += [f"{HOOK}/feedback", f"{DISCOVERY}/{NAME}", f"{DISCOVERY}/{NAME}/feedback", f"/{NAME}/{PATIENT}"]
    paths += [f"/%2e%2e/{NAME}", f"//{NAME}", f"/{NAME}%00", "/workbench", "/cds-services/"]
    for path in paths:
        for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD", NAME):
            talk.http(method, path, {"a": NAME} if method in ("POST", "PUT") else None)
    talk.http("OPTIONS", HOOK, Origin=f"https://{NAME}.example", Access_Control_Request_Method="POST")


def bad_protocol(talk: Talk) -> None:
    """What is no HTTP, or not quite."""
    line, host = f"GET /{PATIENT}?{MARKED}", f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
    for text in (
        f"{NAME}\r\n\r\n",
        f"{line}\r\n\r\n",
        f"{line} HTTP/9.9\r\n{host}\r\n",
        f"{line} {TOKEN} HTTP/1.1\r\n{host}\r\n",
        f"{line} HTTP/1.1\r\n{TOKEN}\r\n\r\n",
        f"{line} HTTP/1.1\r\n{host}Content-Length: {NAME}\r\n\r\n",
        f"{line} HTTP/1.1\r\n{host}Content-Length: {'9' * 5_000}\r\n\r\n{NAME}",
        f"POST {HOOK}?{MARKED} HTTP/1.1\r\n{host}Content-Length: {'9' * 18}\r\n\r\n{NAME}",
        f"{line} HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{NAME}",
        f"{line} HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n{NAME}\r\n{NAME}\r\n0\r\n\r\n",
        f"POST {HOOK}?{MARKED} HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n5\r\n{NAME}",
        f"POST {HOOK}?{MARKED} HTTP/1.1\r\n{host}Content-Length: 5000\r\n\r\n{NAME}",
        f"{line} HTTP/1.1\r\n{host}{NAME}: \x00\r\n\r\n",
        f"{line} HTTP/1.1\r\n{host}Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: {TOKEN}\r\n\r\n",
        f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{NAME}",
        f"CONNECT {NAME}:443 HTTP/1.1\r\n{host}\r\n",
        f"\x16\x03\x01{NAME}",
    ):
        talk.raw(text.encode("latin-1"), ends=True)


def upgrades(talk: Talk, *paths: str) -> None:
    """WebSockets, asked for well and not so well, and what is no frame of one."""
    for path in ("/", HOOK, f"/{NAME}/{PATIENT}", *paths):
        talk.upgrade(path, NAME.encode())
        talk.upgrade(path, Sec_WebSocket_Version=NAME)
        talk.upgrade(path, Sec_WebSocket_Key=TOKEN)
        talk.upgrade(path, Origin=f"https://{NAME}.example")
        talk.upgrade(path, Upgrade=NAME)


def pages(talk: Talk) -> None:
    """The pages of the rule author's desk, and what may be uploaded there."""
    for path in ("/", "/trials", f"/trials/{NAME}", f"/patients/{PATIENT}", f"/patients/{PATIENT}/what-if", "/ehr"):
        talk.http("GET", f"/workbench{path}")
    talk.http("GET", "/workbench/trials/NCT07083349")
    talk.http("GET", f"/workbench/_nicegui/{NAME}")
    for content in (NAME.encode(), bundle(patient(id=PATIENT, name=[{"family": NAME}])), {"resourceType": NAME}):
        talk.http("POST", f"/workbench/upload-record?name={NAME}.json", content)
    talk.http("GET", "/workbench/", Origin=f"http://{NAME}[")
    talk.http("GET", "/workbench/", X_Forwarded_Prefix=f"//{NAME}")
    talk.http("GET", "/workbench/", Authorization=f"Basic {NAME}é")


def odd_ehr(asked: Asked) -> Says:
    """A FHIR server whose every answer is marked, and odd in a way of its own."""
    kind = asked.path.removeprefix("/fhir/").partition("?")[0].partition("/")[0]
    answers = {
        "Patient": Says(patient(id=PATIENT, name=[{"family": NAME}])),
        "Condition": Says(bundle(lupus(), link=[{"relation": "next", "url": f"http://{NAME}[{TOKEN}"}])),
        "Observation": Says("", 302, {"Location": f"https://{NAME}.example/{TOKEN}"}),
        "Procedure": Says(f"<html>{NAME}{TOKEN}", 500),
        "Immunization": Says(f'{{"resourceType": "{NAME}"', headers={"X-Trace": TOKEN}),
        "Device": Says(NAME, drop=True),
    }
    return answers.get(kind, Says({"resourceType": "OperationOutcome", "issue": [{"diagnostics": NAME}]}))


def assert_unmarked(logged: str) -> None:
    found = [line for line in logged.splitlines() if any(mark in line for mark in (TOKEN, PATIENT, NAME))]
    assert found == []
    assert "Application shutdown complete." in logged, "it was read to its end"


def test_nothing_of_a_request_is_logged(tmp_path: Path) -> None:
    with (
        serving(odd_ehr) as fhir,
        service(tmp_path, CDS_WORKBENCH="false", CDS_FHIR_SERVERS=f"{fhir.url}/fhir") as (talk, log),
    ):
        hooks(talk, f"{fhir.url}/fhir")
        routes(talk)
        bad_protocol(talk)
        upgrades(talk)
    assert {200, 400, 404, 405, 412, 413, 415, 500} <= set(talk.statuses)
    assert 101 not in talk.statuses, "without the desk there is no WebSocket"
    assert fhir.asked
    assert '"event": "request_failed"' in log()
    assert_unmarked(log())


def test_nothing_of_a_request_to_the_desk_is_logged(tmp_path: Path) -> None:
    pytest.importorskip("nicegui", reason="the workbench is not installed (extra `workbench`)")
    with service(tmp_path, CDS_WORKBENCH="true") as (talk, log):
        pages(talk)
        routes(talk)
        upgrades(
            talk, "/workbench/_nicegui_ws/socket.io/?EIO=4&transport=websocket", "/workbench/", f"/workbench/{NAME}"
        )
        assert talk.http("GET", "/healthz") == 200
    assert {101, 200, 403, 404, 422} <= set(talk.statuses)
    assert_unmarked(log())


def test_nothing_of_a_token_is_logged(tmp_path: Path) -> None:
    wrong = [
        TOKEN,
        f"{TOKEN}.{TOKEN}.{TOKEN}",
        raw_token({"alg": "none", "kid": NAME}, {"iss": NAME}),
        raw_token({"alg": "ES384", "kid": NAME, "jku": NAME}, {"iss": "https://ehr.example.org", "tenant": NAME}),
        raw_token(NAME, TOKEN, PATIENT.encode()),
        signed(DISCOVERY, iss=NAME),
        signed(DISCOVERY, jti=PATIENT, aud=NAME, sub=NAME),
        f"é{TOKEN}",
    ]
    with serving(lambda _asked: Says({"keys": [{"kid": NAME, "key_ops": None}, NAME]})) as keys:
        entry = client(jwks=None, jwks_url=f"{keys.url}/jwks")
        file = clients_file(tmp_path, entry)
        with service(tmp_path, CDS_CLIENTS_FILE=str(file), CDS_PUBLIC_URL="https://cds.example.org") as (talk, log):
            for text in wrong:
                for method, path in (("GET", DISCOVERY), ("POST", HOOK), ("POST", f"{HOOK}/feedback")):
                    body = None if method == "GET" else marked_request("https://ehr.example")
                    assert talk.http(method, path, body, Authorization=f"Bearer {text}") == 401
            hooks(talk, "https://ehr.example")
            upgrades(talk)
    parts = [part for text in wrong for part in text.split(".") if len(part) > 8]
    assert '"event": "client_refused"' in log()
    assert [part for part in parts if part in log()] == []
    assert_unmarked(log())
