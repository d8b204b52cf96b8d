"""How every command prints JSON and how it ends where it can't go on."""

import json
from typing import Any, NoReturn

import typer

from cds_service.errors import CdsError
from cds_service.settings import Settings, load_settings


def is_json(format: str) -> bool:
    """Whether `--format` asks for JSON. Ends the command for any other word than `json` and `text`."""
    if format not in ("json", "text"):
        stop(f"--format is json or text, not {format!r}")
    return format == "json"


def print_json(document: Any) -> None:
    """To standard output, for people to read as well."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def settings_or_stop() -> Settings:
    """The settings from the environment."""
    try:
        return load_settings()
    except CdsError as problem:
        stop(str(problem))


def stop(message: str) -> NoReturn:
    """End the command with status 2; the message goes to standard error."""
    typer.echo(f"cds-service: {message}", err=True)
    raise typer.Exit(2)
