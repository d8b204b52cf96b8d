"""The JSONLogic engines that the benchmark measures beside ours: fixed versions, in an environment of their own.

Each stands in a folder of its own under `benchmarks/.venv/`, never in the service's environment: two of them even share
a module name (`benchmarks.installing`).
"""

import importlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.installing import NoPeerError, python_folder

Call = Callable[[], Any]
"""One evaluation of one rule over one patient's data, with everything prepared that can be."""
Prepare = Callable[[Any, Mapping[str, Any]], Call]


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine, ready for use. `prepare` binds a rule and data; what it does is not measured, its result is."""

    name: str
    version: str
    prepare: Prepare


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
    folder = python_folder(package)
    try:
        module = _imported(module_name, folder)
    except Exception as problem:
        raise NoPeerError(f"{package} can't be imported: {problem}") from problem
    found = importlib.metadata.distributions(name=package, path=[str(folder)])
    version = next((each.version for each in found), "unknown")
    return Peer(package, version, adapter(module))


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
