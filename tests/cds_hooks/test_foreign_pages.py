"""A service without clients is not called by pages that some browser on its machine shows.

| what a page could do | what it would need |
| --- | --- |
| send a body without a preflight | no type, or that of a form or of plain text; its `Origin` is sent along |
| have its own name resolve to 127.0.0.1 (DNS rebinding) | its own name as `Host` |
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, clients_file, token

FEEDBACK = f"{HOOK}/feedback"
SAID = {"feedback": [{"card": "1", "outcome": "accepted", "outcomeTimestamp": "2026-05-15T09:30:00Z"}]}
Send = Callable[..., Response]


@pytest.fixture
def send(library: Library, tmp_path: Path) -> Send:
    """Send feedback to a service with these settings, with these headers; `None` takes one away."""

    def post(headers: dict[str, str | None], path: str = FEEDBACK, **settings: Any) -> Response:
        given = {"Content-Type": "application/json", **headers}
        with TestClient(create_app(Settings(state_dir=tmp_path, **settings), library)) as client:
            request = client.build_request("POST", path, content=json.dumps(SAID).encode())
            request.headers.update({name: value for name, value in given.items() if value is not None})
            return client.send(request)

    return post


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ("application/fhir+json", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/json+fhir", 200),
        # These need no preflight.
        (None, 415),
        ("", 415),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_says_that_it_is_json(send: Send, content_type: str | None, status: int) -> None:
    assert send({"Content-Type": content_type}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://sandbox.example.org", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
        ("http://testserver.evil.example", 403),
        ("http://localhost:9999", 403),
    ],
)
def test_its_origin_is_this_service_or_is_listed(send: Send, origin: str | None, status: int) -> None:
    response = send({"Origin": origin}, cors_origins=("https://sandbox.example.org",))
    assert response.status_code == status
    if status == 403:
        [issue] = response.json()["issue"]
        assert (issue["code"], "CDS_CORS_ORIGINS" in issue["diagnostics"]) == ("forbidden", True)


def test_any_origin_may_be_allowed(send: Send) -> None:
    assert send({"Origin": "https://evil.example"}, cors_origins=("*",)).status_code == 200


LOOPBACK: dict[str, Any] = {"public_url": PUBLIC, "allowed_hosts": ("cds.internal",)}
CONTAINER: dict[str, Any] = {"host": "0.0.0.0", "hash_key": "0123456789abcdef0123456789abcdef"}


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        (LOOPBACK, "localhost", 200),
        (LOOPBACK, "LOCALHOST:8000", 200),
        (LOOPBACK, "127.0.0.1:8000", 200),
        (LOOPBACK, "[::1]:8000", 200),
        (LOOPBACK, "testserver", 200),  # the address that was called
        (LOOPBACK, "cds.example.org", 200),  # CDS_PUBLIC_URL
        (LOOPBACK, "cds.internal:80", 200),  # CDS_ALLOWED_HOSTS
        (LOOPBACK, "evil.example", 403),
        (LOOPBACK, "evil.example:8000", 403),
        (LOOPBACK, "localhost.evil.example", 403),
        (LOOPBACK, "127.0.0.1.evil.example", 403),
        (LOOPBACK, "10.0.0.7", 403),
        (LOOPBACK, "[", 403),
        (LOOPBACK, "", 403),
        # In a container, what is in front of it lets nobody but the EHR through, under names that are not known here.
        (CONTAINER, "evil.example", 200),
        (CONTAINER | LOOPBACK, "evil.example", 403),
        (CONTAINER | LOOPBACK, "cds.internal", 200),
    ],
)
def test_it_is_called_by_a_name_of_its_own(send: Send, settings: dict[str, Any], host: str, status: int) -> None:
    assert send({"Host": host}, **settings).status_code == status


@pytest.mark.parametrize("path", ["/cds-services", "/healthz", "/metrics", "/version", "/docs", "/nowhere"])
def test_no_path_answers_to_another_name(library: Library, path: str) -> None:
    with TestClient(create_app(Settings(), library), base_url="http://evil.example") as client:
        response = client.get(path)
    assert response.status_code == 403
    assert response.json()["resourceType"] == "OperationOutcome"


def test_the_log_says_why_and_not_who(send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    send({"Host": "secret.example"})
    logged = capsys.readouterr().err
    assert '"reason": "host"' in logged
    assert "secret.example" not in logged


def test_with_clients_the_token_decides_and_no_name(library: Library, tmp_path: Path) -> None:
    settings = Settings(clients_file=clients_file(tmp_path), public_url=PUBLIC, state_dir=tmp_path)
    app = create_app(settings, library, now=lambda: NOW)
    with TestClient(app, base_url="http://behind.proxy.example") as client:
        headers = {"Origin": "https://elsewhere.example"}
        assert client.post(FEEDBACK, json=SAID, headers=headers).status_code == 401
        assert client.post(FEEDBACK, json=SAID, headers=headers | bearer(token(FEEDBACK))).status_code == 200
        assert client.get("/healthz").status_code == 200
