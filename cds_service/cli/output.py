"""What every command shares: its help, how it prints JSON, and how it ends where it can't go on."""

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from cds_service.cli.plain_help import PlainCommand
from cds_service.errors import CdsError, Finding

if TYPE_CHECKING:
    from cds_service.settings import Settings


class _Group(typer.Typer):
    """Commands whose help names no types of a program."""

    def command(self, name: str | None = None, **options: Any) -> Any:
        return super().command(name, **{"cls": PlainCommand, **options})


def command_group(help: str | None = None, **options: Any) -> typer.Typer:
    """A group of commands. Its help is plain text: with rich it would take two thirds of the time of `--help`."""
    return _Group(no_args_is_help=True, rich_markup_mode=None, help=help, **options)


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


def show_findings(findings: Sequence[Finding], rules_dir: Path | None = None) -> None:
    """One line per finding, as compilers write them, on standard error: `file:line: severity: code: criterion: message
    (hint)`. Without a line the place is the JSON pointer; `rules_dir`: where the lines are looked up."""
    if findings and rules_dir is not None:
        from cds_service.rule_files import Layers
        from cds_service.rule_tools import placed_in

        findings = placed_in(findings, Layers(rules_dir))
    for finding in findings:
        hint = f" ({finding.hint})" if finding.hint else ""
        place = f"#{finding.pointer}" if finding.pointer else ""
        place = finding.file + (place if finding.line is None else f":{finding.line}")
        of = f"{finding.criterion}: " if finding.criterion else ""
        sys.stderr.write(f"{place}: {finding.severity}: {finding.code}: {of}{finding.message}{hint}\n")


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
