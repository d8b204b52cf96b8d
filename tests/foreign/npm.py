"""Packages of the npm registry that tests run, outside the repository and its locks: exact versions, no scripts."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import HANG

NEEDS_NODE = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="there is no Node.js with npm on this machine"
)


def installed(name: str, packages: list[str]) -> Path:
    """The folder of that name that has these packages (`name@version`) in its `node_modules`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cds-service-tests"
    folder = cache / name
    folder.mkdir(parents=True, exist_ok=True)
    # One process of the test run installs, and the others wait for it.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").is_file():
            (folder / "package.json").write_text('{"private": true, "type": "module"}')
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *packages]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANG, check=False)
            assert done.returncode == 0, done.stderr
            (folder / "installed").touch()
    return folder
