"""docs/settings.md is what the code says, and docs/safety.md names nothing that there is not."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.cli.settings_page import settings_page
from cds_service.server import Metrics
from cds_service.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = ["docs/safety.md", "docs/site.md", "docs/upgrading.md", "docs/decisions/0009-store.md"]


def test_the_page_on_settings_is_current() -> None:
    told = "write it again: cds-service settings > docs/settings.md"
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page(), told


def test_every_setting_has_a_heading_and_no_secret_a_value() -> None:
    page = settings_page()
    assert re.findall(r"^## `CDS_(\w+)`$", page, flags=re.MULTILINE) == [n.upper() for n in Settings.model_fields]
    for name in ("DATABASE_URL", "HASH_KEY"):
        section = page.partition(f"## `CDS_{name}`")[2].partition("\n## ")[0]
        assert "Default: not set." in section


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_command_metric_and_page_that_it_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert {name.removeprefix("CDS_").lower() for name in re.findall(r"CDS_[A-Z_]+", text)} <= set(
        Settings.model_fields
    )
    metrics = {f"{family.name}_total" for family in Metrics([], [], []).registry.collect()}
    assert set(re.findall(r"cds_\w+_total", text)) <= metrics
    for command in re.findall(r"cds-service ([a-z]+(?: [a-z]+)?)", text):
        words = command.split()
        while CliRunner().invoke(app, [*words, "--help"]).exit_code:
            words.pop()
            assert words, command
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
    for target in re.findall(r"`((?:docs|tests)/[\w/.-]+)`", text):
        assert (ROOT / target).exists(), target
