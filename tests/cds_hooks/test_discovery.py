"""`GET /cds-services`, requirement by requirement."""

from collections.abc import Iterator
from typing import Any

from starlette.testclient import TestClient


def test_it_is_an_object_with_a_list_of_services(client: TestClient) -> None:
    response = client.get("/cds-services")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["services"]


def test_the_one_service_says_what_it_is(client: TestClient) -> None:
    (service,) = client.get("/cds-services").json()["services"]
    assert service["id"] == "clinical-trial-match"
    assert service["hook"] == "patient-view"
    assert {"title", "description", "usageRequirements", "prefetch"} <= set(service)


def test_what_it_needs_is_said_for_people(client: TestClient) -> None:
    (service,) = client.get("/cds-services").json()["services"]
    assert "FHIR R4" in service["usageRequirements"]
    assert "patient/Patient.read" in service["usageRequirements"]
    assert "patient/Condition.read" in service["usageRequirements"]


def test_nothing_in_it_is_null_or_empty(client: TestClient) -> None:
    values = list(_values(client.get("/cds-services").json()))
    assert values
    assert not [value for value in values if value in (None, "", [], {})]


def test_the_service_is_where_it_says(client: TestClient) -> None:
    (service,) = client.get("/cds-services").json()["services"]
    assert client.post(f"/cds-services/{service['id']}", json={}).status_code == 400


def _values(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _values(child)
