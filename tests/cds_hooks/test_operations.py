"""What those who run the service ask it."""

import os
import re

import pytest
from starlette.testclient import TestClient

from cds_service import __version__
from cds_service.app import app_from_environment
from cds_service.cds_hooks import SERVICES, Service
from cds_service.errors import RulesError
from cds_service.library import Library
from cds_service.settings import BindError


def test_it_is_alive_and_ready(client: TestClient, library: Library) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["trials"]) == ("ok", len(library.trials))


def test_it_says_which_rules_it_runs(client: TestClient) -> None:
    answer = client.get("/version").json()
    assert answer["version"] == __version__
    (rules,) = [rules for rules in answer["rules"] if rules["id"] == "NCT07083349"]
    assert set(rules) == {"id", "rules_version", "digest", "state"}
    assert re.fullmatch(r"[0-9a-f]{64}", rules["digest"])
    assert rules["state"] == "active"


def test_the_root_points_to_discovery(client: TestClient) -> None:
    assert client.get("/").json()["discovery"] == "/cds-services"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
def test_the_documentation_holds_a_request_to_try(client: TestClient, service: Service) -> None:
    hook = client.get("/openapi.json").json()["paths"][service.path]["post"]
    example = hook["requestBody"]["content"]["application/json"]["example"]
    response = client.post(service.path, json=example)
    assert response.status_code == 200
    assert response.json()["cards"]
    assert set(hook["responses"]) == {"200", "400", "401", "403", "412", "413", "415", "500", "503"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("CDS_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_a_worker_takes_its_settings_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CDS_CORS_ORIGINS", "https://sandbox.example.org")
    with TestClient(app_from_environment()) as client:
        response = client.get("/healthz", headers={"Origin": "https://sandbox.example.org"})
    assert response.headers["access-control-allow-origin"] == "https://sandbox.example.org"


def test_a_worker_does_not_start_on_an_open_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CDS_HOST", "0.0.0.0")
    with pytest.raises(BindError):
        app_from_environment()


def test_a_worker_does_not_start_without_rules(environment: pytest.MonkeyPatch, tmp_path: object) -> None:
    environment.setenv("CDS_RULES_DIR", f"{tmp_path}/nowhere")
    with pytest.raises(RulesError):
        app_from_environment()
