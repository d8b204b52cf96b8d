"""A package's face is its `__init__`: whoever is outside imports from there, tests too."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cds_service"
FOLDERS = ("cds_service", "tests", "benchmarks", "tools", "deploy")

DIRECT = {
    "cds_service.facts.fact": "plain values; trials and the catalogue must not see FHIR, which the face of facts reads",
    "cds_service.facts.intervals": "the same",
    "cds_service.cds_hooks.trust.signing": "needs cryptography, which a service without clients never loads",
    "cds_service.workbench.mount": "needs NiceGUI, an extra that waits for the first page",
    "cds_service.workbench.desk": "the same",
    "cds_service.workbench.pages": "the same: every page is a module of its own",
    "cds_service.cli": "each command loads what it works with when it is called",
    "cds_service.terminology": "each command loads what it works with when it is called, and each source by its kind",
    "cds_service.store.migrations": "Alembic finds them by their names",
}
"""Modules, and packages with all of theirs, that are named directly, with the reason."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name; a package by its own."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def named_directly(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that a file imports names from though it stands outside of their package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    own = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level or node.module not in known:
            continue
        package = node.module.rpartition(".")[0]
        inside = own == package or own.startswith(f"{package}.")
        is_face = known[node.module].name == "__init__.py"
        private = all(name.name.startswith("_") for name in node.names)
        excused = any(node.module == name or node.module.startswith(f"{name}.") for name in DIRECT)
        if package != "cds_service" and not (inside or is_face or private or excused):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.module}"


def test_whoever_is_outside_of_a_package_imports_from_its_face() -> None:
    known = modules()
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert [line for path in files for line in named_directly(path, known)] == []


def test_each_module_that_is_named_directly_exists() -> None:
    assert DIRECT.keys() <= modules().keys()


def test_few_modules_stand_flat() -> None:
    flat = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    assert flat == [
        "app",
        "as_of",
        "deadline",
        "durations",
        "errors",
        "library",
        "matching",
        "settings",
        "time_zones",
    ]
