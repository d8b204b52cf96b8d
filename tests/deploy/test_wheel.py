"""The wheel, installed in an empty environment outside the repository, serves the five trials."""

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT
from tests.deploy.running import DAY, HOOK, running, sample

pytestmark = pytest.mark.slow
LOCKED = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
FIVE = {
    "sle-likely": "NCT07083349",
    "lupus-nephritis": "NCT06676631",
    "aml-likely": "NCT06027853",
    "als-likely": "NCT06598202",
    "sma-likely": "NCT07617779",
}


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed (the dependency group build)")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the locked packages and the wheel."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("elsewhere")
    python = folder / "bin" / "python"
    run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, "--clear", folder, cwd=folder)
    command = [uv, "pip", "install", "--quiet", "--python", str(python)]
    try:
        run(*command, *LOCKED, "-r", ROOT / "requirements.lock", cwd=folder)
    except AssertionError as problem:
        if "Failed to fetch" in str(problem):
            pytest.skip("no package index can be reached")
        raise
    [wheel] = archives.glob("*.whl")
    run(*command, "--no-deps", "--no-index", wheel, cwd=folder)
    run(uv, "pip", "check", "--quiet", "--python", python, cwd=folder)
    return python


def test_the_wheel_carries_rules_and_samples_and_nothing_of_tests(archives: Path) -> None:
    [wheel] = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("rules", "fhir_samples"):
        kept = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.json")}
        assert {f"cds_service/_data/{name}" for name in kept} <= set(names)
    assert [name for name in names if not name.startswith("cds_service")] == []


def test_the_sdist_makes_the_same_wheel(archives: Path, tmp_path: Path) -> None:
    [sdist] = archives.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=source)
    [again], [wheel] = (tmp_path / "dist").glob("*.whl"), archives.glob("*.whl")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())
    assert (source / "deploy" / "compose.yaml").is_file()


def test_it_serves_the_five_trials(installed: Path, tmp_path: Path) -> None:
    with running(tmp_path, python=str(installed), path=None) as service:
        version = service.ask("GET", "/version").json()
        assert {trial["id"] for trial in version["rules"]} == set(FIVE.values())
        for story, trial in FIVE.items():
            assert trial in service.ask("POST", HOOK, sample(story)).trials, story


def test_its_rules_are_the_repositorys(installed: Path, tmp_path: Path) -> None:
    command = installed.with_name("cds-service")
    packaged = run(command, "rules", "digest", cwd=tmp_path)
    assert packaged == run(command, "rules", "digest", ROOT / "rules", cwd=tmp_path)


def test_its_command_answers_for_a_bundle(installed: Path, tmp_path: Path) -> None:
    bundle = ROOT / "fhir_samples" / "patients" / "sle.json"
    command = installed.with_name("cds-service")
    assert "NCT07083349" in run(command, "match", "--bundle", bundle, "--as-of", DAY, cwd=tmp_path)
