"""Peers are fixed by version and hash, come from whatever registry the machine uses, and stay out of the service."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import installing, peer_engines
from benchmarks.installing import NoPeerError

ROOT = Path(__file__).parents[2]
PYTHON = sorted(installing.PEERS.glob("*.txt"))
NODE = sorted(installing.PEERS.glob("*/package-lock.json"))


def failing(*_: Any, **__: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], 1, "", "looking\nno such package\n")


def test_these_are_the_peers() -> None:
    assert {path.stem for path in PYTHON} == {*peer_engines.PEERS, "healthchain"}
    assert [path.parent.name for path in NODE] == ["cql"]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.stem)
def test_python_packages_have_versions_and_hashes_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert f"{path.stem}==" in text
    assert "://" not in text
    assert all(re.match(r"[\w.-]+==\S+|    --hash=sha256:[0-9a-f]{64}", line) for line in text.splitlines())


@pytest.mark.parametrize("path", NODE, ids=lambda path: path.parent.name)
def test_node_packages_have_versions_and_hashes_and_no_address(path: Path) -> None:
    lock, wanted = (json.loads((path.parent / name).read_bytes()) for name in (path.name, "package.json"))
    assert all(re.fullmatch(r"[\d.]+", version) for version in wanted["dependencies"].values())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    for each in packages.values():
        assert each["integrity"].startswith("sha512-")
        assert "resolved" not in each
        assert "://" not in json.dumps({key: value for key, value in each.items() if key != "funding"})


def test_nothing_of_the_peers_is_a_dependency_of_the_service() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        names = {line.partition("==")[0] for line in lock.read_text(encoding="utf-8").splitlines()}
        assert names.isdisjoint({"healthchain", *peer_engines.PEERS, "matplotlib"})


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "HOME", tmp_path)
    monkeypatch.setattr(installing.subprocess, "run", failing)
    monkeypatch.setattr(installing.shutil, "which", lambda _: "/usr/bin/true")
    with pytest.raises(NoPeerError, match="healthchain could not be installed: no such package"):
        installing.python_folder("healthchain")
    with pytest.raises(NoPeerError, match="cql could not be installed: no such package"):
        installing.node_folder("cql")
    monkeypatch.setattr(installing.shutil, "which", lambda _: None)
    with pytest.raises(NoPeerError, match=r"Node\.js"):
        installing.node_folder("cql")
