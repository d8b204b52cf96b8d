"""What a release says of itself: licences that are allowed, and an audit that does not call silence a clean result."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.deploy.manifests import DEPLOY, ROOT

LOCK = ROOT / "requirements.lock"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"release_{name}", DEPLOY / "release" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


licences, audit = script("licences"), script("audit")


def test_every_locked_package_has_a_licence_that_is_allowed() -> None:
    found = licences.packages(LOCK, Path(sys.executable))
    assert len(found) > 30
    assert [(p.name, p.licence) for p in found if p.why is None] == []


def test_the_licence_page_lists_what_is_locked() -> None:
    page = (ROOT / "docs" / "licences.md").read_text()
    listed = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")} - {"package"}
    # What is for another system alone is in the lock file and not on the page.
    assert listed <= set(licences.locked(LOCK.read_text()))
    assert {p.name for p in licences.packages(LOCK, Path(sys.executable))} <= listed


@pytest.mark.parametrize(
    ("name", "licence", "allowed"),
    [
        ("a", "MIT", True),
        ("a", "MIT AND BSD-3-Clause", True),
        ("a", "GPL-3.0-only OR MIT", True),
        ("a", "MIT AND GPL-3.0-only", False),
        ("a", "GPL-3.0-only", False),
        ("a", "LGPL-3.0-only", False),
        ("psycopg", "LGPL-3.0-only", True),
        ("psycopg", "GPL-3.0-only", False),
        ("a", "not stated", False),
    ],
)
def test_only_what_is_on_the_list_is_allowed(name: str, licence: str, allowed: bool) -> None:
    assert (licences.Package(name, "1", licence).why is not None) is allowed


@pytest.mark.parametrize(
    ("dependencies", "passes", "said"),
    [
        ([{"name": "a", "version": "1", "skip_reason": "not found"}], True, "skipped"),
        ([{"name": "a", "version": "1", "vulns": []}], True, "1 packages audited"),
        ([{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}], False, "PYSEC-1"),
    ],
)
def test_an_audit_says_what_it_saw(dependencies: list[dict[str, Any]], passes: bool, said: str) -> None:
    passed, lines = audit.report("a.lock", dependencies)
    assert passed is passes
    assert said in "\n".join(lines)


def test_an_index_that_tells_nothing_is_no_clean_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped = [{"name": "a", "version": "1", "skip_reason": "not found"}]
    monkeypatch.setattr(audit, "audit", lambda _: json.loads(json.dumps(skipped)))
    assert audit.main(["a.lock"]) == 0
    assert "none of it was audited" in capsys.readouterr().out


@pytest.mark.slow
def test_the_bill_is_about_the_service_and_its_packages() -> None:
    """CycloneDX of this environment; `make release` makes it of one that holds nothing else."""
    if not Path(sys.executable).with_name("cyclonedx-py").exists():
        pytest.skip("cyclonedx-bom is not installed: make deploy-tools")
    document = script("bill").bill(sys.executable)
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "cds-service"
    names = {component["name"].lower() for component in document["components"]}
    assert {"fastapi", "datalogic-py", "sqlalchemy"} <= names
