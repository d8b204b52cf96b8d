"""docs/authoring.md: what it tells a new author to do does what it says."""

import re
from pathlib import Path

from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")


def test_every_setting_that_it_names_exists() -> None:
    named = {name.removeprefix("CDS_").lower() for name in re.findall(r"CDS_[A-Z_]+", PAGE)}
    assert named <= set(Settings.model_fields)
    assert {"workbench", "workbench_edit", "workbench_password", "rules_reload"} <= named


def test_every_command_that_it_names_exists() -> None:
    told = CliRunner().invoke(app, ["rules", "--help"]).output
    for command in set(re.findall(r"cds-service rules ([a-z]+)", PAGE)):
        assert re.search(rf"\b{command}\b", told)


def test_the_line_to_change_is_in_the_trial() -> None:
    [line] = re.findall(r"`(\{\">=\".*?\]\})`", PAGE)
    assert line in (ROOT / "rules" / "trials" / "NCT07083349" / "trial.json").read_text(encoding="utf-8")


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists()
