"""What `--help` of every command says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cds_service.cli import app


def commands(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not hasattr(found, "commands"):
        yield path
        return
    for name, inner in found.commands.items():
        yield from commands(inner, (*path, name))


@pytest.mark.parametrize("path", sorted(commands(get_command(app))), ids=" ".join)
def test_no_type_of_a_program_stands_in_the_help(path: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*path, "--help"]).output
    assert "Usage:" in said
    assert re.search(r"<[a-z ]+|list\[", said) is None
