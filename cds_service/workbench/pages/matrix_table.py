"""The matrix as the text of an HTML table: thousands of elements of their own would take seconds to draw.

Whatever comes from rules or records goes through `escape`.
"""

from collections.abc import Callable, Sequence
from html import escape

from cds_service.workbench.views import SIGNS, TONES, Column, MatrixRow, groups, word

Address = Callable[..., str]
"""`Place.to`."""


def matrix_table(rows: Sequence[MatrixRow], columns: Sequence[Column], to: Address) -> str:
    """What stands inside of the table element; nothing without patients or trials, as a bare head would say nothing."""
    if not (rows and columns):
        return ""
    body = "".join(_row(row, columns, to) for row in rows)
    return f"<caption>Verdicts</caption>{_head(columns, to)}<tbody>{body}</tbody>"


def _head(columns: Sequence[Column], to: Address) -> str:
    diseases = "".join(
        f'<th scope="colgroup" colspan="{width}" class="group"><span>{escape(disease)}</span></th>'
        for disease, width in groups(columns)
    )
    trials = "".join(
        f'<th scope="col">{_link(column.title, to("trials", column.trial))}<code>{escape(column.trial)}</code></th>'
        for column in columns
    )
    return f'<thead><tr><th scope="col" rowspan="2" class="first">Patient</th>{diseases}</tr><tr>{trials}</tr></thead>'


def _row(row: MatrixRow, columns: Sequence[Column], to: Address) -> str:
    small = row.who if row.person == row.patient else row.patient
    first = f'{_link(row.person, to("patients", row.patient))}<span class="who">{escape(small)}</span>'
    return f'<tr><th scope="row" class="first">{first}</th>{"".join(_cell(row, column, to) for column in columns)}</tr>'


def _cell(row: MatrixRow, column: Column, to: Address) -> str:
    cell = row.cells[column.trial]
    tone = TONES[cell.verdict]
    shown = (
        f'<span class="badge {tone}">{SIGNS[tone]} {escape(word(cell.verdict))}</span>'
        f'<span class="told">{escape(cell.told)}</span>'
    )
    return f'<td><a class="cell" href="{escape(to("trials", column.trial, patient=row.patient))}">{shown}</a></td>'


def _link(text: str, href: str) -> str:
    return f'<a href="{escape(href)}">{escape(text)}</a>'
