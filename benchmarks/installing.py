"""Peers get environments of their own under `benchmarks/.venv/`, never the service's; versions and hashes are fixed.

`benchmarks/peers/<package>.txt` holds the wheels of a Python package, `benchmarks/peers/<name>/` the package.json and
the lock file of Node packages. Neither names a registry: that is the machine's own setting.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv"
PEERS = HERE / "peers"


class NoPeerError(Exception):
    """A peer that can't be had here, with the reason."""


def python_folder(package: str) -> Path:
    """The folder that holds the package and what it needs; made when there is none for this interpreter and version.

    Raises NoPeerError.
    """
    requirements = PEERS / f"{package}.txt"
    folder = HOME / f"{package}-{sys.implementation.cache_tag}"
    wanted, stamp = requirements.read_text(encoding="utf-8"), folder / ".requirements"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "install", *options, "--upgrade", "--target", str(folder)]
    _run([*command, "-r", str(requirements)], package)
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def node_folder(name: str) -> Path:
    """The folder with the `node_modules` of `peers/<name>/`; made when there is none for that lock file.

    Raises NoPeerError.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoPeerError(f"{name} needs Node.js and npm, which are not on this machine")
    source, folder = PEERS / name, HOME / name
    wanted, stamp = (source / "package-lock.json").read_text(encoding="utf-8"), folder / ".lock"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, folder / file)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--omit-lockfile-registry-resolved"]
    _run(["npm", "ci", *options, "--prefix", str(folder)], name)
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def _run(command: Sequence[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoPeerError(f"{name} could not be installed: {last}")
