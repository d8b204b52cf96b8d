"""Headers that keep an answer from being stored, framed, sniffed or run, on every answer."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"
EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def broken_clock() -> Any:
    raise RuntimeError


def found(response: Response) -> dict[str, str | None]:
    return {name: response.headers.get(name) for name in EXPECTED}


@pytest.mark.parametrize("path", ["/cds-services", "/healthz", "/metrics", "/openapi.json", "/nowhere"])
def test_every_answer_has_them(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert found(response) == EXPECTED
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_refusals_and_failures_have_them(library: Library, hook_request: Callable[..., Any]) -> None:
    with TestClient(create_app(Settings(log_level="error"), library, broken_clock)) as client:
        responses = [client.post(URL, json={}), client.post(URL, json=hook_request()), client.put(URL)]
    assert [response.status_code for response in responses] == [400, 500, 405]
    assert [found(response) for response in responses] == [EXPECTED] * 3


def test_the_pages_on_the_api_may_load_their_scripts(client: TestClient) -> None:
    response = client.get("/docs")
    assert found(response) == EXPECTED
    assert "content-security-policy" not in response.headers
