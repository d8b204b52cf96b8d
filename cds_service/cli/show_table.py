"""Several patients: who fits which trial, best first, with the first thing that is missing or in the way."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.cli.layout import columns, cut, show, width, wrapped
from cds_service.cli.show_explanation import COLOURS
from cds_service.explanation import VERDICT_WORDS, PlainWords, in_short, in_the_way, standings
from cds_service.matching import Match

HEADINGS = ("patient", "trial", "title", "verdict", "open", "first_missing", "source")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets take for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A patient and a trial. `open`: how many criteria are open; `missing`: the first that is missing or fails."""

    patient: str
    trial: str
    title: str
    verdict: str
    open: int
    missing: str
    short: str
    source: str
    rank: tuple[Any, ...]

    def cells(self) -> tuple[str, ...]:
        """In the order of `HEADINGS`."""
        return (self.patient, self.trial, self.title, self.verdict, str(self.open), self.missing, self.source)

    def as_json(self) -> dict[str, Any]:
        """The same by heading."""
        return dict(zip(HEADINGS, self.cells(), strict=True)) | {"open": self.open}


def rows_of(match: Match, patient: str, source: str, trial_id: str | None = None) -> list[TableRow]:
    """A row for each trial. `match` is of all trials, not a screened one."""
    words, rows = PlainWords(match), []
    for standing in standings(match, trial_id):
        trial = standing.result.trial
        if trial.state != "active" and trial_id is None:
            continue
        unknown = len(standing.having("unknown"))
        missing, short = in_the_way(standing, words), in_short(standing, words)
        if match.deceased:
            missing = short = "the patient has died"
        verdict = standing.result.verdict
        rank = (match.deceased, *standing.rank, patient)
        rows.append(TableRow(patient, trial.id, trial.short_title, verdict, unknown, missing, short, source, rank))
    return rows


def best_first(rows: Iterable[TableRow]) -> list[TableRow]:
    """The rows by who fits best."""
    return sorted(rows, key=lambda row: row.rank)


def show_table(rows: Sequence[TableRow], patients: int, problems: int) -> None:
    """As text, two lines a row at most: what is too long for the terminal is cut; in CSV and JSON it is not."""
    first = max([len("patient"), *(len(row.patient) for row in rows)])
    second = max([len("trial"), *(len(row.trial) for row in rows)])
    first = min(first, 36)
    rest = max(24, width() - first - second - 12 - 6)
    widths = (first, second, 12, rest)
    show(columns(("patient", "trial", "verdict", "first missing, or in the way"), widths), bold=True)
    for row in rows:
        said = cut(row.short, 2 * rest - 8)
        show(columns((row.patient, row.trial, VERDICT_WORDS[row.verdict], said), widths), colour=COLOURS[row.verdict])
    fits = len({row.patient for row in rows if row.verdict in {"likely_eligible", "possibly_eligible"}})
    unread = f"; {problems} could not be read" if problems else ""
    whose = "1 patient" if patients == 1 else f"{patients} patients"
    show(wrapped(f"{whose}, {fits} with a trial that fits or may fit{unread}. --patient shows one."))


def as_csv(rows: Sequence[TableRow]) -> str:
    """As CSV with a heading. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows([[_harmless(cell) for cell in row.cells()] for row in rows])
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULAS) or cell.startswith(_FORMULAS) else cell
