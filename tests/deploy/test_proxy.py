"""Two servers behind nginx with TLS, clients' tokens and one PostgreSQL, asked as an EHR asks them."""

import contextlib
import datetime
import ipaddress
import json
import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import SERVICES
from cds_service.settings import Settings
from tests.cds_hooks.tokens import PUBLIC, bearer, client, clients_file, token
from tests.deploy.manifests import DEPLOY
from tests.deploy.running import (
    DAY,
    FEEDBACK,
    HASH_KEY,
    HOOK,
    SAMPLES,
    Answer,
    Service,
    ask,
    https,
    running,
    sample,
)
from tests.ports import free_port
from tests.waiting import HANG, until

pytestmark = pytest.mark.slow
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
STORIES = sorted(path.stem.removeprefix("patient-view-") for path in SAMPLES.glob("patient-view-*.json"))


@dataclass(frozen=True)
class Site:
    """What is behind the public address, and the way there."""

    port: int
    certificate: Path
    servers: list[Service]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        return ask(https(self.port, self.certificate), method, path, body, headers)

    def hook(self, body: bytes, **claims: Any) -> Answer:
        return self.ask("POST", HOOK, body, **fresh(HOOK, **claims))


def fresh(path: str, **claims: Any) -> dict[str, str]:
    """The header with a token that is good now, and for as long as the service allows about."""
    now = int(time.time())
    return bearer(token(path, **{"iat": now, "exp": now + 3_000, **claims}))


@pytest.fixture(scope="module")
def site(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not os.access(NGINX, os.X_OK):
        pytest.skip("nginx is not on this machine (Debian's package nginx-light)")
    folder = tmp_path_factory.mktemp("site")
    with psycopg.connect(postgres.url("public"), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA site")
    settings = {
        "CDS_CLIENTS_FILE": str(clients_file(folder, client(tenants=["north"]))),
        "CDS_PUBLIC_URL": PUBLIC,
        "CDS_DATABASE_URL": postgres.url("site"),
        "CDS_HASH_KEY": HASH_KEY,
    }
    with ExitStack() as stack:
        servers = [stack.enter_context(running(folder, **settings)) for _ in range(2)]
        certificate = make_certificate(folder)
        port = free_port()
        stack.callback(start_nginx(folder, port, [server.port for server in servers], certificate))
        yield Site(port, certificate, servers)


def make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cds.example.org")])
    today = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("cds.example.org"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "cds.example.org.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cds.example.org.key").write_bytes(key.private_bytes(*pem))
    return path


def start_nginx(folder: Path, port: int, servers: list[int], certificate: Path) -> Callable[[], None]:
    """nginx with the example's configuration; only addresses and paths are this machine's. Gives what stops it."""
    text = (DEPLOY / "nginx" / "cds-service.conf").read_text()
    first, second = servers
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{first}").replace("127.0.0.1:8002", f"127.0.0.1:{second}")
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
        "listen 80;", f"listen 127.0.0.1:{free_port()};"
    )
    # A busy machine is no server that is away.
    text = re.sub(r"(proxy_connect_timeout|proxy_read_timeout|client_body_timeout) \d+s", r"\1 600s", text)
    text = text.replace("/etc/nginx/tls/", f"{folder}/").replace("/var/log/nginx/", f"{folder}/")
    (folder / "site.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}\nworker_processes 1;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\n{paths}\ninclude {folder}/site.conf;\n}}\n"
    )
    command = [NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    checked = subprocess.run([*command, "-t"], capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        with contextlib.suppress(OSError):
            return ask(https(port, certificate), "GET", "/").status > 0
        return False

    def stop() -> None:
        process.terminate()
        process.wait(HANG)

    until(listens, "nginx")
    return stop


def test_discovery_asks_for_a_token(site: Site) -> None:
    assert site.ask("GET", "/cds-services").status == 401
    answer = site.ask("GET", "/cds-services", **fresh("/cds-services", tenant="north"))
    assert [service["id"] for service in answer.json()["services"]] == [service.id for service in SERVICES]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One process without a proxy, clients or PostgreSQL."""
    settings = Settings(state_dir=tmp_path_factory.mktemp("alone"), rules_reload=False)
    with TestClient(create_app(settings, clock=lambda: datetime.date.fromisoformat(DAY))) as client:
        yield client


def without_ids(node: Any) -> Any:
    """An answer without the UUIDs of its cards and suggestions."""
    if isinstance(node, dict):
        return {name: without_ids(value) for name, value in node.items() if name != "uuid"}
    return [without_ids(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("story", STORIES)
def test_each_sample_gets_the_answer_that_one_process_gives(site: Site, alone: TestClient, story: str) -> None:
    expected = alone.post(HOOK, content=sample(story), headers={"Content-Type": "application/json"})
    answer = site.hook(sample(story), tenant="north")
    assert answer.status == expected.status_code == 200
    # Their ids are another client's.
    assert without_ids(answer.json()) == without_ids(expected.json())


def test_a_token_counts_once_on_all_servers(site: Site) -> None:
    headers = fresh(HOOK, tenant="north")
    assert site.ask("POST", HOOK, sample("healthy"), **headers).status == 200
    assert site.ask("POST", HOOK, sample("healthy"), **headers).status == 401
    assert [server.ask("POST", HOOK, sample("healthy"), headers).status for server in site.servers] == [401, 401]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example.org" + HOOK},
        {"iss": "https://nobody.example.org"},
        {"tenant": "south"},
        {"exp": 1},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_token_that_does_not_hold_is_refused(site: Site, claims: dict[str, Any]) -> None:
    assert site.hook(sample("healthy"), **{"tenant": "north", **claims}).status == 401


def test_a_broken_request_is_told_so(site: Site) -> None:
    answer = site.hook(b"{", tenant="north")
    assert answer.status == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_body_that_is_too_large_is_refused_by_the_service(site: Site) -> None:
    answer = site.hook(b"x" * 20_000_001, tenant="north")
    assert answer.status == 413
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/", "/metrics", "/readyz", "/version", "/docs", "/openapi.json", "/cds-servicesx"])
def test_what_is_for_operators_stays_inside(site: Site, path: str) -> None:
    assert site.ask("GET", path).status == 404


def test_feedback_to_one_server_is_known_to_the_other(site: Site) -> None:
    """A patient who declined on one server is not asked again by the other."""
    request = json.loads(sample("sma-likely"))
    first, second = site.servers

    def hook(server: Service) -> Answer:
        request["hookInstance"] = str(uuid.uuid4())
        return server.ask("POST", HOOK, json.dumps(request).encode(), fresh(HOOK, tenant="north"))

    answer = hook(first)
    [card] = answer.json()["cards"]
    reason = next(r for r in card["overrideReasons"] if r["code"] == "patient-refuses")
    item = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-24T09:00:00Z",
        "overrideReason": {"reason": reason},
    }
    body = json.dumps({"feedback": [item]}).encode()
    assert site.ask("POST", FEEDBACK, body, **fresh(FEEDBACK, tenant="north")).status == 200
    until(lambda: hook(second).trials == set(), "the decision log, which is written beside the answers")
    assert hook(second).trials == set()
    assert hook(first).trials == set()


def test_when_one_server_goes_the_other_answers(site: Site) -> None:
    site.servers[0].stop()
    assert [site.hook(sample("healthy"), tenant="north").status for _ in range(8)] == [200] * 8
    log = (site.certificate.parent / "cds-service.log").read_text()
    assert "Bearer" not in log
    assert HOOK in log
