"""A client in a browser may read every answer of the service, refusals and failures included."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"
ORIGIN = "https://sandbox.example.org"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


def broken_clock() -> Any:
    raise RuntimeError


@pytest.fixture
def browser(library: Library) -> Iterator[TestClient]:
    """A service that allows ORIGIN and fails wherever it needs the day."""
    settings = Settings(cors_origins=(ORIGIN,), max_body_bytes=4_000, log_level="error")
    with TestClient(create_app(settings, library, broken_clock), headers={"Origin": ORIGIN}) as client:
        yield client


def test_the_preflight_of_an_allowed_origin_needs_no_token(browser: TestClient) -> None:
    response = browser.options(URL, headers=PREFLIGHT)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed


def test_another_origin_is_refused_with_an_outcome(browser: TestClient) -> None:
    response = browser.options(URL, headers={**PREFLIGHT, "Origin": "https://elsewhere.example.org"})
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("status", [200, 400, 404, 405, 412, 413, 415, 500])
def test_every_answer_can_be_read_by_an_allowed_origin(
    browser: TestClient, hook_request: Callable[..., Any], status: int
) -> None:
    response = {
        200: lambda: browser.get("/cds-services"),
        400: lambda: browser.post(URL, json={}),
        404: lambda: browser.post("/cds-services/x", json={}),
        405: lambda: browser.get(URL),
        412: lambda: browser.post(URL, json={**hook_request(), "prefetch": {}}),
        413: lambda: browser.post(URL, content=b" " * 4_001, headers={"Content-Type": "application/json"}),
        415: lambda: browser.post(URL, content=b"", headers={"Content-Type": "text/plain"}),
        500: lambda: browser.post(URL, json=hook_request()),
    }[status]()
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in response.headers["vary"].lower()


def test_by_default_no_origin_is_allowed(client: TestClient) -> None:
    response = client.get("/cds-services", headers={"Origin": ORIGIN})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
