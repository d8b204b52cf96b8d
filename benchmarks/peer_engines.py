"""The JSONLogic engines that the benchmark measures beside ours: fixed versions, in an environment of their own.

Each stands in a folder of its own under `benchmarks/.venv/`, never in the service's environment: two of them even share
a module name. `benchmarks/peers/<package>.txt` holds the versions and the hashes of their wheels.
"""

import importlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv"

Call = Callable[[], Any]
"""One evaluation of one rule over one patient's data, with everything prepared that can be."""
Prepare = Callable[[Any, Mapping[str, Any]], Call]


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine, ready for use. `prepare` binds a rule and data; what it does is not measured, its result is."""

    name: str
    version: str
    prepare: Prepare


class NoPeerError(Exception):
    """An engine that can't be had here, with the reason."""


def python_engine(module: ModuleType) -> Prepare:
    """Pure Python; takes Python objects."""
    apply = module.jsonLogic
    return lambda rule, data: lambda: apply(rule, data)


def rust_engine(module: ModuleType) -> Prepare:
    """Rust; parses rule and data at each call. Texts made beforehand and a bare comparison are its best."""
    apply, is_true = module.apply_serialized, "true".__eq__

    def prepare(rule: Any, data: Mapping[str, Any]) -> Call:
        rule_text, data_text = json.dumps(rule), json.dumps(data)
        return lambda: apply(rule_text, data_text, is_true)

    return prepare


PEERS: Mapping[str, tuple[str, Callable[[ModuleType], Prepare]]] = {
    "panzi-json-logic": ("json_logic", python_engine),
    "json-logic-qubit": ("json_logic", python_engine),
    "jsonlogic-rs": ("jsonlogic_rs", rust_engine),
}
"""Package -> its module and how it is called."""


def peer(package: str) -> Peer:
    """Install (once) and load one engine. Raises NoPeerError."""
    module_name, adapter = PEERS[package]
    folder = _installed(package)
    try:
        module = _imported(module_name, folder)
    except Exception as problem:
        raise NoPeerError(f"{package} can't be imported: {problem}") from problem
    found = importlib.metadata.distributions(name=package, path=[str(folder)])
    version = next((each.version for each in found), "unknown")
    return Peer(package, version, adapter(module))


def _installed(package: str) -> Path:
    """The folder that holds the package and nothing else; made when there is none for this interpreter and version."""
    requirements = HERE / "peers" / f"{package}.txt"
    folder = HOME / f"{package}-{sys.implementation.cache_tag}"
    wanted, stamp = requirements.read_text(encoding="utf-8"), folder / ".requirements"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "install", *options, "--upgrade", "--target", str(folder)]
    done = subprocess.run([*command, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise NoPeerError(f"{package} could not be installed: {last}")
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def _imported(name: str, folder: Path) -> ModuleType:
    """A module of that folder, which another folder's module of the same name must not stand in for."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for loaded in set(sys.modules) - before:
            if str(getattr(sys.modules[loaded], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[loaded]
