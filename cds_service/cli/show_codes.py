"""How the table of what a feed holds looks: in a terminal, as tab-separated values, as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.terminology.seen import BECAME, CodeLine, SightingTable

_MOST_SHOWN = 100
_COLUMNS = ("times", "kind", "system", "code", "words", "unit", "value_words", "became", "facts", "nearest")
_LIKE_A_FORMULA = ("=", "+", "-", "@")


def as_json(table: SightingTable, files: int, problems: int, min_patients: int) -> dict[str, Any]:
    """The table as a document: `summary`, and `entries` by frequency."""
    return {
        "summary": {
            "files": files,
            "unreadable": problems,
            "patients": table.patients,
            "more_patients": table.many_patients,
            "entries": table.entries,
            "judged": table.judged,
            "understood": table.understood,
            "share": None if table.share is None else round(table.share, 2),
            "became": {BECAME[outcome]: times for outcome, times in sorted(table.outcomes.items())},
            "min_patients": min_patients,
            "more_than_can_be_told_apart": table.is_full,
        },
        "entries": [_entry(line) for line in table.lines],
    }


def as_tsv(table: SightingTable) -> str:
    """A heading and a line for each kind of entry. No field holds a tab or a line break, nor begins like a formula."""
    rows = [_COLUMNS, *(_row(line) for line in table.lines)]
    return "".join("\t".join(map(_field, row)) + "\n" for row in rows)


def show_table(
    table: SightingTable, files: int, problems: int, min_patients: int, console: Console | None = None
) -> None:
    """The most frequent lines, and the sums below."""
    console = console or Console()
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("times", "entry", "unit, value", "became", "nearest facts"):
        grid.add_column(heading, overflow="fold", header_style="dim", justify="right" if heading == "times" else "left")
    for line in table.lines[:_MOST_SHOWN]:
        one = line.sighting
        measured = " ".join(filter(None, (one.unit, f"“{one.value}”" if one.value else "")))
        became = Text(BECAME[one.outcome]).append(_listed(one.facts), style="dim")
        cells = (str(line.times), _called(line), measured)
        grid.add_row(*map(Text, cells), became, Text("\n".join(near.fact for near in line.nearest)))
    console.print(grid)
    if len(table.lines) > _MOST_SHOWN:
        console.print(f"… and {len(table.lines) - _MOST_SHOWN} more lines (--format tsv lists them)", markup=False)
    console.print()
    for sentence in _sums(table, files, problems, min_patients):
        console.print(sentence, markup=False, highlight=False)


def _sums(table: SightingTable, files: int, problems: int, min_patients: int) -> Iterator[str]:
    least = "more than " if table.many_patients else ""
    counted = [(files, "file", "files"), (table.patients, "patient", "patients"), (table.entries, "entry", "entries")]
    said = [f"{number} {one if number == 1 else many}" for number, one, many in counted]
    yield f"{said[0]}, {least}{said[1]}, {said[2]}"
    for outcome, times in sorted(table.outcomes.items(), key=lambda item: -item[1]):
        yield f"  {times:>9}  {BECAME[outcome]}"
    if table.share is None:
        yield "Understood: there was nothing that a rule could read."
    else:
        yield f"Understood: {table.understood} of {table.judged} that a rule could read, {table.share:.2f} %."
    if problems:
        yield f"{problems} files, lines or entries could not be read: see standard error."
    if table.is_full:
        yield "There are more kinds of entries than can be told apart; the rest was counted together."
    hidden = sum(line.texts for line in table.lines if "(hidden)" in line.sighting)
    if hidden:
        yield (
            f"{hidden} texts that fewer than {min_patients} patients have are hidden, since they may hold names: "
            "--words shows them, --min-patients sets the number."
        )


def _entry(line: CodeLine) -> dict[str, Any]:
    one = line.sighting
    return {
        "times": line.times,
        "kind": one.kind,
        "system": one.system,
        "code": one.code,
        "words": one.words,
        "unit": one.unit,
        "value_words": one.value,
        "became": BECAME[one.outcome],
        "facts": list(one.facts),
        "texts": line.texts,
        "nearest": [
            {"fact": near.fact, "title": near.title, "how": near.how, "target": near.target, "score": near.score}
            for near in line.nearest
        ],
    }


def _row(line: CodeLine) -> tuple[str, ...]:
    one = line.sighting
    nearest = ", ".join(near.fact for near in line.nearest)
    facts = ", ".join(one.facts)
    told = (one.kind, one.system, one.code, one.words, one.unit, one.value, BECAME[one.outcome], facts, nearest)
    return (str(line.times), *told)


def _field(text: str) -> str:
    plain = " ".join(text.split())
    return f"'{plain}" if plain.startswith(_LIKE_A_FORMULA) else plain


def _called(line: CodeLine) -> str:
    one = line.sighting
    system = PRINTED_SYSTEMS.get(one.system) or one.system
    code = " ".join(filter(None, (system, one.code)))
    texts = f" ({line.texts} texts)" if line.texts > 1 else ""
    return "\n".join(filter(None, (one.kind, code, f"{one.words}{texts}")))


def _listed(facts: tuple[str, ...], most: int = 3) -> str:
    more = [] if len(facts) <= most else [f"+ {len(facts) - most} more"]
    return "".join(f"\n{name}" for name in (*facts[:most], *more))
