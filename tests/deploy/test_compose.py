"""deploy/compose.yaml: sound, and closed to other machines."""

from typing import Any

import pytest
import yaml

from tests.deploy.manifests import compose

SERVICES: dict[str, Any] = compose()["services"]


def test_it_is_sound_by_the_compose_specification() -> None:
    spec = pytest.importorskip("compose_spec", reason="compose-spec is not installed: make deploy-tools")
    parsed = spec.PyCompose.from_yaml(yaml.safe_dump(compose()))
    parsed.validate()
    broken = compose()
    broken["services"]["cds"]["portz"] = 1
    with pytest.raises(Exception, match="portz"):
        spec.PyCompose.from_yaml(yaml.safe_dump(broken)).validate()


@pytest.mark.parametrize("name", SERVICES)
def test_no_port_is_open_to_other_machines(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["deploy"]["resources"]["limits"]["memory"]


def test_the_database_has_no_way_out() -> None:
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert compose()["networks"]["inside"]["internal"]


def test_the_service_waits_for_its_schema() -> None:
    assert SERVICES["cds"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["environment"] == SERVICES["cds"]["environment"]


def test_no_password_is_written_down() -> None:
    given = compose(POSTGRES_PASSWORD="secret", CDS_HASH_KEY="secret", GRAFANA_PASSWORD="secret")["services"]
    assert given["postgres"]["environment"]["POSTGRES_PASSWORD"] == "secret"
    assert given["cds"]["environment"]["CDS_HASH_KEY"] == "secret"
    assert given["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "secret"


def test_without_a_clients_file_it_has_to_be_said() -> None:
    assert SERVICES["cds"]["environment"]["CDS_CLIENTS_FILE"] == "/etc/cds-service/clients.json"
    assert (
        SERVICES["cds"]["environment"]["CDS_INSECURE_NO_AUTH"] is False
        or SERVICES["cds"]["environment"]["CDS_INSECURE_NO_AUTH"] == "false"
    )
    open_to_all = compose(CDS_CLIENTS_FILE="", CDS_INSECURE_NO_AUTH="true")["services"]["cds"]["environment"]
    assert not open_to_all["CDS_CLIENTS_FILE"]
