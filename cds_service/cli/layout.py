"""Text in columns for a terminal: as wide as it is, lines broken between words, ids and links never."""

import os
import shutil
import textwrap
from collections.abc import Sequence

import typer

_NARROWEST, _WIDEST = 60, 110


def width() -> int:
    """Columns to write in: those of the terminal (or of COLUMNS), 80 where there is none."""
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((80, 24)).columns))


def wrapped(text: str, indent: int = 0, first: str | None = None) -> str:
    """Text within the width. `first`: what the first line begins with, in place of the indent."""
    lead = " " * indent
    found = textwrap.wrap(
        text,
        width(),
        initial_indent=lead if first is None else first,
        subsequent_indent=lead,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(found) or (first or "").rstrip()


def columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    """A row: each cell within its width, beside the others; the last one takes what is left. A longer word sticks out
    rather than break, and the next cell begins after it."""
    lines = 1
    blocks: list[list[str]] = []
    for cell, wide in zip(cells, widths, strict=True):
        block = textwrap.wrap(cell, max(8, wide), break_long_words=False, break_on_hyphens=False) or [""]
        blocks.append(block)
        lines = max(lines, len(block))
    rows = []
    for number in range(lines):
        row = ""
        for place, block in enumerate(blocks):
            text = block[number] if number < len(block) else ""
            start = sum(widths[:place]) + 2 * place
            row = row.ljust(start) if len(row) <= start else f"{row.rstrip()}  "
            row += text
        rows.append(row.rstrip())
    return "\n".join(rows)


def cut(text: str, most: int) -> str:
    """Text of at most so many characters, cut between words."""
    return textwrap.shorten(text, most, placeholder=" …")


def show(text: str = "", *, bold: bool = False, colour: str | None = None) -> None:
    """Print text. Colours only in a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    plain = bool(os.environ.get("NO_COLOR"))
    styled = text if plain or not (bold or colour) or not text else typer.style(text, fg=colour, bold=bold)
    typer.echo(styled)
