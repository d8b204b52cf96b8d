"""`cds-service prefetch | clients | token`: what an integrator works with before and while an EHR is connected."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cds_hooks import prefetch_templates
from cds_service.cds_hooks.trust import MemoryReplayGuard
from cds_service.cli import app
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.tokens import client, clients_file, key_set

PUBLIC = "https://cds.example.org"


def run(*words: str, **environment: str) -> str:
    """What a command that succeeds prints."""
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(*words: str, **environment: str) -> str:
    """What a command that cannot be carried out says."""
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_the_prefetch_table_is_what_discovery_says(library: Library) -> None:
    templates = prefetch_templates(library.catalogue, library.facts_read)
    printed = json.loads(run("prefetch", "--format", "json"))
    assert printed["prefetch"] == templates
    assert "patient/Condition.read" in printed["scopes"]
    lines = run("prefetch").splitlines()
    table = dict(line.split(maxsplit=1) for line in lines[: lines.index("")])
    assert table == templates, "each query on one line, to be copied as it stands"
    assert lines[-1] == f"Scopes: {' '.join(printed['scopes'])}"


def test_a_client_with_keys_of_its_own_gets_its_table(tmp_path: Path) -> None:
    aliases = {"ProblemList": "conditions", "Labs": "observations", "Vitals": "observations"}
    file = clients_file(tmp_path, client(prefetch_aliases=aliases))
    environment = {"CDS_CLIENTS_FILE": str(file), "CDS_PUBLIC_URL": PUBLIC}
    keys = json.loads(run("prefetch", "--client", "ehr", "--format", "json", **environment))["prefetch"]
    assert keys["ProblemList"] == "Condition?patient={{context.patientId}}"
    assert {"patient", "Labs"} <= keys.keys()
    assert not {"conditions", "observations"} & keys.keys()
    assert "Known: ehr." in refusal("prefetch", "--client", "emr", **environment)
    assert "Known: none." in refusal("prefetch", "--client", "ehr")
    assert "json or text" in refusal("prefetch", "--format", "xml")


def test_the_clients_file_is_checked_and_listed(tmp_path: Path) -> None:
    file = clients_file(tmp_path, client(tenants=["a", "b"], fhir_servers=["https://ehr.example.org/fhir"]))
    printed = run("clients", CDS_CLIENTS_FILE=str(file), CDS_PUBLIC_URL=PUBLIC)
    assert "https://ehr.example.org\n" in printed
    assert "2 given" in printed
    assert "a, b" in printed
    assert "CDS_CLIENTS_FILE is not set" in refusal("clients")
    file.write_text('{"clients": [{"id": "ehr"}]}')
    assert f"{file}:/clients/0/issuer: " in refusal("clients", CDS_CLIENTS_FILE=str(file))


def test_a_key_with_null_members_is_listed_and_an_odd_one_told_with_its_place(tmp_path: Path) -> None:
    sound = key_set()["keys"][0]
    file = clients_file(tmp_path, client(jwks={"keys": [{**sound, "key_ops": None}]}))
    assert "1 given" in run("clients", CDS_CLIENTS_FILE=str(file), CDS_PUBLIC_URL=PUBLIC)
    file = clients_file(tmp_path, client(jwks={"keys": [sound, {**sound, "key_ops": 5}]}))
    assert f"{file}:/clients/0/jwks/keys/1: " in refusal("clients", CDS_CLIENTS_FILE=str(file), CDS_PUBLIC_URL=PUBLIC)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_token_made_by_the_command_is_let_through(tmp_path: Path, algorithm: str) -> None:
    key = tmp_path / "client.pem"
    keys = json.loads(run("token", "new-key", str(key), "--algorithm", algorithm, "--kid", "try/1"))
    assert key.stat().st_mode & 0o077 == 0, "for its owner alone"
    issuer = "https://try.example.org"
    signed = run(
        *("token", "sign", "--key", str(key), "--kid", "try/1", "--issuer", issuer),
        *("--audience", f"{PUBLIC}/cds-services", "--tenant", "north"),
    )
    file = clients_file(tmp_path, client(issuer=issuer, jwks=keys, tenants=["north"]))
    guard = MemoryReplayGuard(lambda: datetime.now(UTC))
    settings = Settings(clients_file=file, public_url=PUBLIC)
    with TestClient(create_app(settings, replay_guard=guard)) as http:
        response = http.get("/cds-services", headers={"Authorization": f"Bearer {signed.strip()}"})
    assert response.status_code == 200


def test_a_key_is_never_overwritten_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    key = tmp_path / "client.pem"
    key.write_text("precious")
    assert "File exists" in refusal("token", "new-key", str(key))
    assert key.read_text() == "precious"
    assert "ES384 or RS384" in refusal("token", "new-key", str(tmp_path / "b.pem"), "--algorithm", "HS256")
    sign = ("token", "sign", "--kid", "k", "--issuer", "i", "--audience", "a", "--key")
    assert "holds no private key" in refusal(*sign, str(key))
    assert "No such file" in refusal(*sign, str(tmp_path / "nowhere.pem"))


def test_the_service_does_not_start_with_a_clients_file_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    file.write_text('{"clients": []}')
    assert "nobody could call" in refusal("serve", CDS_CLIENTS_FILE=str(file), CDS_PUBLIC_URL=PUBLIC)
