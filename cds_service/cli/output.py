"""What every command shares: its help, how it prints JSON, and how it ends where it can't go on."""

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from cds_service.errors import CdsError, Finding

if TYPE_CHECKING:
    from cds_service.settings import Settings


def command_group(help: str | None = None, **options: Any) -> typer.Typer:
    """A group of commands. Its help is plain text: with rich it would take two thirds of the time of `--help`."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=help, **options)


def is_json(format: str) -> bool:
    """Whether `--format` asks for JSON. Ends the command for any other word than `json` and `text`."""
    if format not in ("json", "text"):
        stop(f"--format is json or text, not {format!r}")
    return format == "json"


def print_json(document: Any) -> None:
    """To standard output, for people to read as well."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def must_exist(path: Path | None) -> None:
    """End the command, before anything is loaded, where a file or folder that was given does not exist."""
    if path is not None and not path.exists():
        stop(f"{path}: {os.strerror(errno.ENOENT)}")


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there. "All addresses" is none that can be asked, and an IPv6
    address stands in brackets (RFC 3986, section 3.2.2)."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{asked}]:{port}" if ":" in asked else f"http://{asked}:{port}"


def show_findings(findings: Sequence[Finding]) -> None:
    """One line per finding, as compilers write them, on standard error."""
    for finding in findings:
        hint = f" ({finding.hint})" if finding.hint else ""
        place = f"{finding.file}#{finding.pointer}" if finding.pointer else finding.file
        line = f"{place}: {finding.severity}: {finding.code}: {finding.message}{hint}"
        sys.stderr.write(line + "\n")


def settings_or_stop() -> "Settings":
    """The settings from the environment."""
    from cds_service.settings import load_settings

    try:
        return load_settings()
    except CdsError as problem:
        stop(str(problem))


def stop(message: str) -> NoReturn:
    """End the command with status 2; the message goes to standard error."""
    typer.echo(f"cds-service: {message}", err=True)
    raise typer.Exit(2)
