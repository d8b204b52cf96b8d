"""The image's recipe, the systemd unit and the environment file of a plain server."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cds_service.settings import Settings
from tests.deploy.manifests import DEPLOY, ROOT
from tests.waiting import HANG

UNIT = DEPLOY / "systemd" / "cds-service.service"
DOCKERFILE = DEPLOY / "Dockerfile"


def test_hadolint_has_nothing_to_say_against_the_dockerfile() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: make deploy-tools")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_the_image_copies_reaches_the_build() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in allowed, name


def test_the_image_installs_by_hash_only() -> None:
    installs = [line for line in DOCKERFILE.read_text().splitlines() if "install" in line and "-r " in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with programs that exist."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    program = shutil.which("true")
    text = re.sub(r"/opt/cds-service/bin/cds-service", str(program), UNIT.read_text())
    path = tmp_path / "cds-service.service"
    path.write_text(text)
    return path


def test_systemd_understands_the_unit(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, check=False, text=True, timeout=HANG
    )
    assert "cds-service" not in done.stderr, done.stderr
    assert done.returncode == 0


def test_the_unit_is_confined(unit: Path) -> None:
    """systemd's own measure, from 0 (closed) to 10; a unit without any of it has 9.6."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=HANG)
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip("this systemd-analyze cannot look at a unit file")
    assert done.returncode == 0, done.stdout[-300:]


def test_the_example_environment_makes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DEPLOY / "systemd" / "cds-service.env.example").read_text().splitlines()
    for line in (line for line in lines if line.startswith("CDS_")):
        name, value = line.split("=", 1)
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.workers == 2
    assert settings.public_url == "https://cds.example.org"
