"""Each replica says which rules it has, and takes no requests while they are not the expected ones."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cli import app as command
from cds_service.library import Library
from cds_service.settings import Settings, SettingsError, default_rules_dir, load_settings
from tests.waiting import until

OTHER = "ab" * 32


def digest(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["rules", "digest", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.fixture(scope="module")
def own() -> str:
    return digest()


@pytest.fixture
def answer(library: Library) -> Callable[..., Any]:
    """Asks a service with these settings."""

    def ask(path: str = "/readyz", **settings: Any) -> Any:
        with TestClient(create_app(Settings(**settings), library)) as client:
            return client.get(path)

    return ask


def test_the_command_prints_what_the_service_reports(own: str, answer: Callable[..., Any]) -> None:
    assert answer("/version").json()["rule_set"] == own
    assert answer("/readyz").json()["rule_set"] == own


def test_a_copy_of_the_rules_has_the_same_digest_and_a_change_another(own: str, tmp_path: Path) -> None:
    copy = shutil.copytree(default_rules_dir(), tmp_path / "rules")
    assert digest(str(copy)) == own
    trial = next(copy.glob("trials/*/trial.json"))
    trial.write_text(trial.read_text() + "\n")
    assert digest(str(copy)) != own


@pytest.mark.parametrize("expected", [lambda own: (own,), lambda own: (OTHER, own), lambda own: ()])
def test_the_expected_rules_are_ready(
    own: str, answer: Callable[..., Any], expected: Callable[[str], tuple[str, ...]]
) -> None:
    ready = answer(expected_rules=expected(own))
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert "cds_rules_expected 1.0" in answer("/metrics", expected_rules=expected(own)).text


def test_other_rules_are_not_ready_but_alive(own: str, answer: Callable[..., Any]) -> None:
    ready = answer(expected_rules=(OTHER,))
    assert (ready.status_code, ready.json()["status"], ready.json()["rule_set"]) == (503, "unexpected rules", own)
    assert answer("/healthz", expected_rules=(OTHER,)).status_code == 200
    assert "cds_rules_expected 0.0" in answer("/metrics", expected_rules=(OTHER,)).text


@pytest.mark.slow
def test_it_follows_a_link_to_another_version(own: str, tmp_path: Path) -> None:
    """How rules on a volume are changed and rolled back: one link, moved in one step."""
    first, second = (shutil.copytree(default_rules_dir(), tmp_path / name) for name in ("1", "2"))
    trial = next(second.glob("trials/*/trial.json"))
    trial.write_text(trial.read_text() + "\n")
    current = tmp_path / "current"
    current.symlink_to(first.name)
    settings = Settings(rules_dir=current, expected_rules=(own,))
    with TestClient(create_app(settings)) as client:
        assert client.get("/readyz").status_code == 200
        _point(current, second)
        until(lambda: client.get("/readyz").status_code == 503, "the new rules are not expected")
        assert client.get("/readyz").json()["rule_set"] == digest(str(second))
        _point(current, first)
        until(lambda: client.get("/readyz").status_code == 200, "rolled back")


@pytest.mark.slow
def test_a_version_that_cannot_be_used_is_counted_and_the_one_before_goes_on(own: str, tmp_path: Path) -> None:
    rules = shutil.copytree(default_rules_dir(), tmp_path / "rules")
    with TestClient(create_app(Settings(rules_dir=rules, expected_rules=(own,)))) as client:
        assert "cds_rules_rejected 0.0" in client.get("/metrics").text
        next(rules.glob("trials/*/trial.json")).write_text("{")
        until(lambda: "cds_rules_rejected 1.0" in client.get("/metrics").text, "the broken rules")
        assert client.get("/readyz").status_code == 200
        assert client.get("/readyz").json()["rule_set"] == own


def test_a_setting_that_is_no_digest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_EXPECTED_RULES", f"{OTHER}, {OTHER[:-1]}")
    with pytest.raises(SettingsError, match="rules digest"):
        load_settings()


def _point(link: Path, target: Path) -> None:
    draft = link.with_suffix(".new")
    draft.symlink_to(target.name)
    draft.replace(link)
