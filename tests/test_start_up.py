"""What a start costs, without a clock: which libraries each command imports, and when arguments are refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SLE = str(ROOT / "fhir_samples" / "patients" / "sle.json")
LIBRARIES = {
    "models of FHIR": ("fhir", "fhir.resources", "fhir_core"),
    "web framework": ("fastapi", "starlette", "uvicorn", "uvloop"),
    "database": ("sqlalchemy", "alembic", "psycopg"),
    "rule author's desk": ("nicegui", "socketio"),
    "HTTP client": ("httpx2",),
    "signatures": ("jwt", "cryptography"),
    "log": ("structlog",),
    "metrics": ("prometheus_client",),
    "tables in the terminal": ("rich", "markdown_it", "pygments"),
    "settings": ("pydantic_settings",),
    "rules engine": ("datalogic_py",),
    "test tools": ("pytest", "hypothesis", "schemathesis"),
}
# Runs a command as its process would, and tells afterwards what has been imported.
_SPY = """
import json, os, sys
from cds_service.cli import app
try:
    app(args=json.loads(sys.argv[1]), prog_name="cds-service")
except SystemExit as end:
    code = end.code
print("\\n" + json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
# Prepares the service as a worker process does, up to where it would accept connections.
_WORKER = """
import asyncio, json, sys
from cds_service.app import app_from_environment
app = app_from_environment()
async def start():
    async with app.router.lifespan_context(app):
        print("\\n" + json.dumps([0, sorted(sys.modules)]), file=sys.stderr)
asyncio.run(start())
"""


def imported(code: str, *arguments: str, **settings: str) -> tuple[int, set[str], str]:
    """The exit code, what was imported, and the output of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.rstrip().splitlines()
    # A service may log after it, for one that its database is there, where that took long.
    told = [number for number, line in enumerate(lines) if line.startswith("[")]
    assert told, done.stdout + done.stderr
    status, modules = json.loads(lines.pop(told[-1]))
    return status or 0, set(modules), done.stdout + "\n".join(lines)


def loaded(modules: set[str]) -> set[str]:
    """Which of LIBRARIES are among the modules."""
    return {name for name, parts in LIBRARIES.items() if any(part in modules for part in parts)}


@pytest.mark.parametrize("arguments", [["--help"], ["rules", "--help"], ["match", "--help"], ["serve", "--help"]])
def test_help_imports_no_library_but_that_of_the_command_line(arguments: list[str]) -> None:
    status, modules, output = imported(_SPY, *arguments)
    assert status == 0
    assert "Usage: cds-service" in output
    assert loaded(modules) == set()
    ours = {name for name in modules if name.startswith("cds_service.")}
    assert {name.split(".")[1] for name in ours} <= {"as_of", "cli", "errors", "time_zones"}


def test_a_match_imports_what_reads_records_and_rules_and_no_more() -> None:
    status, modules, output = imported(_SPY, "match", "--bundle", SLE, "--as-of", "2026-11-24")
    assert status == 0
    assert [card["source"]["topic"]["code"] for card in json.loads(output)["cards"]] == ["NCT06676631", "NCT07083349"]
    assert loaded(modules) == {"settings", "rules engine"}
    assert not {"cds_service.app", "cds_service.rule_tools.cases.cases", "cds_service.rule_tools.samples"} & modules


@pytest.mark.parametrize(
    "arguments",
    [
        ["match", "--bundle", "/nowhere.json"],
        ["match", "--bundle", SLE, "--format", "xml"],
        ["explain", "--bundle", "/nowhere.json", "--trial", "NCT00000000"],
        ["explain", "--bundle", SLE, "--format", "xml"],
        ["rules", "test", "--rules", "/nowhere"],
        ["rules", "test", "--samples", "/nowhere"],
        ["rules", "show", "--rules", "/nowhere"],
        ["rules", "boundaries", "NCT07083349", "--rules", "/nowhere"],
        ["rules", "docs", "--rules", "/nowhere"],
        ["rules", "diff", "/nowhere", "rules"],
        ["rules", "diff", "rules", "rules", "--patients", "/nowhere"],
        ["rules", "digest", "/nowhere"],
        ["rules", "schema", "--rules", "/nowhere"],
        ["rules", "check", "--format", "xml"],
        ["prefetch", "--format", "xml"],
        ["report", "feedback", "--format", "xml"],
        ["replay", "--decision", "1", "--request", "/nowhere.json"],
        ["token", "sign", "--key", "/nowhere", "--kid", "1", "--issuer", "i", "--audience", "a"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_refused_before_anything_is_loaded(arguments: list[str]) -> None:
    status, modules, output = imported(_SPY, *arguments)
    assert status == 2
    assert "/nowhere" in output or "--format is json or text" in output or "--format is text, json" in output
    assert loaded(modules) == set()


NEEDED = {"settings", "rules engine", "web framework", "database", "log", "metrics"}


@pytest.mark.parametrize(
    ("settings", "also"),
    [
        pytest.param({}, set(), id="as it comes, the desk included"),
        pytest.param({"CDS_FHIR_SERVERS": "https://fhir.example.org"}, {"HTTP client"}, id="a FHIR server to ask"),
    ],
)
def test_a_service_is_ready_without_what_it_may_never_need(
    settings: dict[str, str], also: set[str], tmp_path: Path
) -> None:
    status, modules, _ = imported(_WORKER, CDS_STATE_DIR=str(tmp_path), **settings)
    assert status == 0
    # structlog looks for rich by itself.
    assert loaded(modules) - {"tables in the terminal"} == NEEDED | also


def test_a_database_that_is_as_it_should_be_needs_no_migrations(tmp_path: Path) -> None:
    _, first, _ = imported(_WORKER, CDS_STATE_DIR=str(tmp_path))
    _, second, _ = imported(_WORKER, CDS_STATE_DIR=str(tmp_path))
    only_to_migrate = {"alembic", "sqlalchemy.dialects.postgresql"}
    assert (only_to_migrate & first, only_to_migrate & second) == (only_to_migrate, set())
