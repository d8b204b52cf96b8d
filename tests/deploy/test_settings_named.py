"""Whatever deploy/ and the run-book say of settings and commands is so."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from cds_service.cli import app
from cds_service.settings import Settings
from tests.deploy.manifests import DEPLOY, OPERATIONS, all_files, compose

SETTINGS = {f"CDS_{name.upper()}" for name in Settings.model_fields}
# Variables of deploy/compose.yaml itself: what to mount, and where to publish.
OF_COMPOSE = {"CDS_IMAGE", "CDS_CLIENTS_SOURCE", "CDS_RULES_SOURCE", "CDS_SITE_SOURCE", "CDS_PUBLISHED_PORT"}


@pytest.mark.parametrize("path", [*all_files(), OPERATIONS], ids=lambda path: path.name)
def test_every_setting_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bCDS_[A-Z_]*[A-Z]\b", path.read_text()))
    assert named - SETTINGS - OF_COMPOSE == set()


def test_variables_of_compose_reach_no_container() -> None:
    for name, service in compose().get("services", {}).items():
        assert not OF_COMPOSE & set(service.get("environment", {})), name


def test_the_example_environments_hold_variables_that_are_used() -> None:
    used = (DEPLOY / "compose.yaml").read_text()
    for name in re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "compose.env.example").read_text(), re.MULTILINE):
        assert f"${{{name}" in used, name


def command(words: list[str]) -> str:
    """The help of a command of cds-service. Raises KeyError for one that does not exist."""
    found = typer.main.get_command(app)
    for word in words:
        found = found.commands[word]  # type: ignore[attr-defined]
    return str(found.help)


@pytest.mark.parametrize("path", [*all_files(), OPERATIONS], ids=lambda path: path.name)
def test_every_command_named_exists(path: Path) -> None:
    groups = {"db", "report", "rules", "site", "token"}
    for first, second in re.findall(r"cds-service,? (\w[\w-]*),?(?: ([a-z][\w-]*))?", _commands(path.read_text())):
        assert command([first, second] if first in groups else [first]), (first, second)


def _commands(text: str) -> str:
    """Only what stands as code: in backquotes, after a prompt, in a list of words, or after a path to the program."""
    code = re.findall(
        r"`(cds-service [^`]+)`|(?:^ {4,}|bin/|-- |run --rm |cds )(cds-service [^\n]+)|\[(cds-service, [^\]]+)\]",
        text,
        re.M,
    )
    return "\n".join(part for found in code for part in found if part)


def test_the_wheels_files_are_named_in_compose_as_they_are() -> None:
    mounts = [volume for service in compose()["services"].values() for volume in service.get("volumes", [])]
    sources = [m["source"] if isinstance(m, dict) else m.split(":")[0] for m in mounts]
    for source in (s for s in sources if s.startswith(".") and not s.endswith("clients.json")):
        assert (DEPLOY / source).exists(), source


def test_grafana_finds_its_data_source_and_dashboards() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert source["uid"] == "prometheus"
    [provider] = yaml.safe_load((folder / "dashboards" / "cds-service.yaml").read_text())["providers"]
    mounts = compose()["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts
