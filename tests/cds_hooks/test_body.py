"""What may be sent as a body, and how much of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings

URL = "/cds-services/clinical-trial-match"
LIMIT = 4_000
JSON: dict[str, Any] = {"Content-Type": "application/json"}


@pytest.fixture
def strict(library: Library) -> Iterator[TestClient]:
    """A client of a service that takes bodies of LIMIT bytes."""
    with TestClient(create_app(Settings(max_body_bytes=LIMIT, log_level="error"), library)) as client:
        yield client


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/fhir+json",
        "application/fhir+json; charset=utf-8",
        "application/json+fhir",
        "Application/JSON; Charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;version=1",
    ],
)
def test_json_is_read(client: TestClient, hook_request: Callable[[], Any], content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = client.post(URL, content=json.dumps(hook_request()).encode(), headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("header", "value", "said"),
    [
        ("Content-Type", "text/plain", "Content-Type must be application/json"),
        ("Content-Type", "application/x-www-form-urlencoded", "Content-Type must be application/json"),
        ("Content-Type", "application/fhir+xml", "Content-Type must be application/json"),
        ("Content-Type", "application/json; charset=iso-8859-1", "The character set must be UTF-8"),
        ("Content-Encoding", "deflate", "Content-Encoding is not supported: send the body as it is or in gzip."),
        ("Content-Encoding", "br", "Content-Encoding is not supported"),
        ("Content-Encoding", "gzip, gzip", "Content-Encoding is not supported"),
    ],
)
def test_what_is_not_json_is_415(client: TestClient, header: str, value: str, said: str) -> None:
    response = client.post(URL, content=b"{}", headers={"Content-Type": "application/json", header: value})
    assert response.status_code == 415
    assert response.json()["issue"][0]["diagnostics"].startswith(said)


def test_a_body_of_just_the_limit_is_read(strict: TestClient) -> None:
    assert strict.post(URL, content=b"{}".ljust(LIMIT), headers=JSON).status_code == 400


@pytest.mark.parametrize("sent", ["announced", "streamed"])
def test_a_larger_body_is_413(strict: TestClient, sent: str) -> None:
    content = b"{}".ljust(LIMIT + 1)
    response = strict.post(
        URL, content=content if sent == "announced" else iter([content[:LIMIT], content[LIMIT:]]), headers=JSON
    )
    assert response.status_code == 413
    assert response.json()["issue"] == [
        {"severity": "error", "code": "too-long", "diagnostics": f"The body is larger than {LIMIT} bytes."}
    ]
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "1e3", "many", "٣"])
def test_an_odd_content_length_is_not_believed(strict: TestClient, length: str) -> None:
    response = strict.post(URL, content=b"{}", headers={**JSON, "Content-Length": length.encode()})
    assert response.status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"hook": "\xff"}', b'{"a":' * 50_000])
def test_a_body_that_is_no_json_object_is_400(client: TestClient, body: bytes) -> None:
    response = client.post(URL, content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(("length", "status"), [("9" * 5_000, 413), ("9" * 19, 413), ("-1", 400), ("one", 400)])
def test_a_length_that_cannot_be_is_refused_before_anything_is_read(
    strict: TestClient, length: str, status: int
) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": length}
    response = strict.post(URL, content=iter([b"{}"]), headers=headers)
    assert response.status_code == status
    assert response.json()["resourceType"] == "OperationOutcome"
