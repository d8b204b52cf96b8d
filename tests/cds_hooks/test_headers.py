"""Headers that keep an answer from being stored, framed, sniffed or run, on every answer."""

import re
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


def test_the_page_on_the_api_has_all_that_it_loads_from_here(client: TestClient) -> None:
    page = client.get("/docs")
    assert found(page) == EXPECTED
    assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 3
    for path in loaded:
        assert path.startswith("/docs/static/"), path
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("accept", "leads"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "docs"),
        ("*/*", None),
        ("application/json", None),
    ],
)
def test_a_browser_is_led_from_the_root_to_a_page(client: TestClient, accept: str, leads: str | None) -> None:
    answer = client.get("/", headers={"Accept": accept}, follow_redirects=False)
    if leads is None:
        assert answer.json()["discovery"] == "/cds-services"
    else:
        assert (answer.status_code, answer.headers["location"]) == (307, leads)
