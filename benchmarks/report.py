"""What every part of the benchmark hands in, how it is shown, and how it gets into docs/performance.md."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Unit = Literal["×", "ms", "s", "MB", "%"]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that issue 9 sets, and what came out. `least`: whether more is better."""

    figure: str
    limit: float
    measured: float
    unit: Unit
    least: bool = False
    note: str = ""
    """Where the measurement was not the one that the target means, what was measured."""

    @property
    def met(self) -> bool:
        """Whether the measured value keeps to the limit."""
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    def row(self) -> tuple[str, str, str, str]:
        """Figure, target, measured, verdict; none where something else was measured."""
        verdict = "not judged" if self.note else "met" if self.met else "MISSED"
        measured = number(self.measured) + _unit(self.unit) + (f" ({self.note})" if self.note else "")
        return self.figure, f"{'≥' if self.least else '≤'} {number(self.limit)}{_unit(self.unit)}", measured, verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a part measured: `figures` for the JSON result, `lines` of Markdown to read, and the targets it decides.

    `missing` says what could not be measured here, and why.
    """

    figures: Mapping[str, Any]
    lines: Sequence[str]
    targets: Sequence[Target] = ()
    missing: Sequence[str] = ()
    plots: Mapping[str, str] = field(default_factory=dict)
    """File name -> SVG."""

    def to_json(self) -> dict[str, Any]:
        """Without what is for the eye."""
        targets = [{**asdict(target), "met": target.met} for target in self.targets]
        return {"figures": dict(self.figures), "targets": targets, "missing": list(self.missing)}


def number(value: float) -> str:
    """With as many places as tell something: 0.412, 4.31, 26.0, 1,290."""
    places = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{places}f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table with its columns in line; all but the first are set to the right."""
    body = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in (heads, *body)) for i in range(len(heads))]
    yield _line(heads, widths)
    yield "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
    yield from (_line(row, widths) for row in body)


def target_lines(targets: Iterable[Target]) -> list[str]:
    """The table of issue 9 with what came out."""
    return list(table(("Figure", "Target", "Measured", "Verdict"), (target.row() for target in targets)))


def replace_blocks(page: Path, blocks: Mapping[str, Sequence[str]], kind: str = "bench") -> list[str]:
    """Put each block's lines between its markers in `page`; return the names of the blocks that it does not have.

    The markers are `<!-- KIND: NAME -->` and `<!-- end: NAME -->`, each on a line of its own.
    """
    text, absent = page.read_text(encoding="utf-8"), []
    for name, lines in blocks.items():
        marked = re.compile(rf"(<!-- {kind}: {re.escape(name)} -->\n).*?(<!-- end: {re.escape(name)} -->\n)", re.DOTALL)
        filled = "\n" + "\n".join(lines).strip() + "\n\n"
        text, count = marked.subn(lambda found, filled=filled: found[1] + filled + found[2], text)
        if not count:
            absent.append(name)
    page.write_text(text, encoding="utf-8")
    return absent


def _unit(unit: Unit) -> str:
    return f" {unit}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
    return "| " + " | ".join(padded) + " |"
