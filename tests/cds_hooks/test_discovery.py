"""`GET /cds-services`, requirement by requirement."""

import re
from collections.abc import Iterator
from typing import Any

from starlette.testclient import TestClient

from cds_service.cds_hooks import SERVICES


def test_it_is_an_object_with_a_list_of_services(client: TestClient) -> None:
    response = client.get("/cds-services")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["services"]


def test_an_id_and_a_hook_are_one_service_s_each() -> None:
    assert len({service.id for service in SERVICES}) == len(SERVICES)
    # The decision log knows a service by its hook.
    assert len({service.hook for service in SERVICES}) == len(SERVICES)


def test_all_services_ask_for_the_same_and_have_what_it_takes_to_ask(client: TestClient) -> None:
    prefetch = [service["prefetch"] for service in client.get("/cds-services").json()["services"]]
    assert prefetch[0]["patient"] == "Patient/{{context.patientId}}"
    assert all(templates == prefetch[0] for templates in prefetch)
    tokens = set(re.findall(r"\{\{context\.(\w+)\}\}", str(prefetch)))
    for service in SERVICES:
        assert tokens <= {field.name for field in service.required}, service.id


def test_what_each_needs_is_said_for_people(client: TestClient) -> None:
    for service in client.get("/cds-services").json()["services"]:
        assert "FHIR R4" in service["usageRequirements"]
        assert "patient/Patient.read" in service["usageRequirements"]
        assert "patient/Condition.read" in service["usageRequirements"]


def test_nothing_in_it_is_null_or_empty(client: TestClient) -> None:
    values = list(_values(client.get("/cds-services").json()))
    assert values
    assert not [value for value in values if value in (None, "", [], {})]


def test_each_service_is_where_it_says(client: TestClient) -> None:
    for service in client.get("/cds-services").json()["services"]:
        assert client.post(f"/cds-services/{service['id']}", json={}).status_code == 400
        assert client.post(f"/cds-services/{service['id']}/feedback", json={}).status_code == 400


def _values(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _values(child)
