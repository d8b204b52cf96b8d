"""docs/integration.md says all there is to say of clients, tokens and failures, and what it shows works."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from cds_service.cds_hooks import SERVICES
from cds_service.cds_hooks.trust import CardChoices, Client, Reason, load_clients
from cds_service.server import configured_clients
from cds_service.settings import Settings

ROOT = Path(__file__).parents[2]
# The package has a function of the same name.
fetch = import_module("cds_service.cds_hooks.fallback.fetch")
PAGE = (ROOT / "docs" / "integration.md").read_text()
MODULES = ("fetch", "plan", "queries")
SECURITY = (ROOT / "SECURITY.md").read_text()


def table_of(start: str) -> set[str]:
    """What stands in code in the first column of the table that begins after `start`."""
    rows = PAGE.partition(start)[2].strip().partition("\n\n")[0].splitlines()[2:]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_the_clients_file_in_it_can_be_used(tmp_path: Path) -> None:
    [block] = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "clients.json"
    path.write_text(block)
    clients = configured_clients(Settings(clients_file=path, public_url="https://cds.example.org"))
    assert clients is not None
    assert [client.id for client in clients] == ["general-hospital", "county-north"]


def test_every_key_of_a_client_is_in_its_table() -> None:
    assert table_of("\n  ]\n}\n```\n") == set(Client.model_fields)
    assert all(f"`{name}`" in PAGE for name in CardChoices.model_fields)


def test_every_service_has_its_addresses_in_the_first_table_and_a_line_to_try_it_with() -> None:
    first = PAGE.partition("| what | value |")[2].partition("\n\n")[0]
    for service in SERVICES:
        assert f"| hook `{service.hook}` | `POST {service.path}` |" in first
        assert f"`POST {service.feedback_path}`" in first
        line = f'curl -s $cds/{service.id} -H "Authorization: Bearer $(sign $cds/{service.id})"'
        assert (
            f"{line} \\\n  -H 'Content-Type: application/json' -d @fhir_samples/requests/{service.hook}-sle.json"
            in PAGE
        )


def test_every_reason_for_401_is_in_its_table() -> None:
    assert table_of("and its `reason`:") == set(get_args(Reason))


def test_every_way_in_which_a_query_fails_is_in_its_table() -> None:
    # By name: the package exports a function `fetch`, which hides the module.
    fetch, plan, queries = (import_module(f"cds_service.cds_hooks.fallback.{name}") for name in MODULES)
    source = Path(str(fetch.__file__)).read_text() + Path(str(plan.__file__)).read_text()
    words = {*re.findall(r'_Failed\("([^"]+)"\)', source), *fetch._WORDS.values(), fetch._TOO_LATE, plan._NOT_ALLOWED}
    words.add(queries.ELSEWHERE)
    assert words | {"status …", "status 401", "status 403"} == table_of("under `fetched` for other keys:")


@pytest.mark.parametrize(
    "name", ["CDS_CLIENTS_FILE", "CDS_PUBLIC_URL", "CDS_TOKEN_LEEWAY", "CDS_FHIR_TIMEOUT", "CDS_CORS_ORIGINS"]
)
def test_its_settings_exist_and_are_explained(name: str) -> None:
    assert name in PAGE
    assert name.removeprefix("CDS_").lower() in Settings.model_fields


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(r"\bCDS_[A-Z_]+\b", PAGE + SECURITY))
    assert {name.removeprefix("CDS_").lower() for name in named} <= Settings.model_fields.keys()


def test_every_file_that_is_named_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).is_file()] == []
    tests = re.findall(r"`(?:tests/cds_hooks/)?(test_\w+\.py)`", SECURITY)
    assert tests
    assert [name for name in tests if not (ROOT / "tests" / "cds_hooks" / name).is_file()] == []


def test_the_clients_file_to_try_with_can_be_used(tmp_path: Path) -> None:
    [text] = re.findall(r"<<'END'\n(.*?)\nEND", PAGE, flags=re.DOTALL)
    entry = json.loads(text)["clients"][0]
    assert entry["jwks_file"] in PAGE.partition("new-key")[2]
    path = tmp_path / "clients.json"
    path.write_text(text)
    with pytest.raises(Exception, match=re.escape(entry["jwks_file"])):
        load_clients(path)
