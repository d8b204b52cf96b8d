"""The first page: sample patients × trials, verdicts by word, sign and colour."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.fhir import Record
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, button, choice, field
from cds_service.workbench.pages.layout import WorkbenchPlace, frame
from cds_service.workbench.pages.matrix_table import matrix_table
from cds_service.workbench.views import SHOWN, MatrixRow, Wanted

_PAGE = 25
"""Patients that are shown at once, and that are worked out before somebody else has a turn."""


async def matrix_page(desk: Desk, place: WorkbenchPlace, wanted: Wanted, page: int) -> None:
    """Samples with trials: what is `wanted` of them, from the page of that number on."""
    shown = _Matrix(desk, place, wanted, page)
    # What the page begins with; the others are worked out while it is looked at.
    first = _PAGE * shown.page if shown.is_plain else _PAGE
    await shown.work_out(dict(islice(shown.records.items(), first)))
    with frame(desk, place, "Sample patients and trials", "Patients × trials"):
        Text(
            "p",
            f"What the rules in use say of each sample patient as of {place.as_of.isoformat()}. "
            "Open a trial to read and try its rules, a patient to see what is known.",
            "lead",
        )
        shown.build()


class _Matrix:
    def __init__(self, desk: Desk, place: WorkbenchPlace, wanted: Wanted, page: int) -> None:
        self.place = place
        self.wanted = replace(wanted, show=wanted.show if wanted.show in SHOWN else "")
        self.page = max(1, page)
        self.matrix = desk.matrix(place.as_of)
        self.records = desk.samples()
        self.people = desk.people()

    @property
    def is_plain(self) -> bool:
        """Whether everything is wanted, so that a page is known without the verdicts of the others."""
        return self.wanted == Wanted()

    async def work_out(self, records: Mapping[str, Record]) -> None:
        """The rows of these patients."""
        await run_sync(self.matrix.rows, dict(records), self.people)

    def build(self) -> None:
        """Put it on the screen."""
        with box("div", "bar filters", role="search"):
            options = [(key, said) for key, (said, _) in SHOWN.items()]
            choice("Show", options, self.wanted.show, lambda key: self._want(show=key))
            field("Find patients", "search", self.wanted.patient, lambda text: self._want(patient=text), "input")
            field("Find trials", "search", self.wanted.trial, lambda text: self._want(trial=text), "input")
        self._told = Text("p", "", "told", role="status")
        with box("div", "scroll matrix-box", tabindex="0", role="region", aria_label="Verdicts") as self._box:
            self._table = ui.html("", sanitize=False, tag="table").classes("matrix")
        with box("nav", "bar pages", aria_label="Pages of patients") as self._pages:
            self._before = button("Previous patients", lambda: self._turn(-1))
            self._where = Text("span", "", "told")
            self._after = button("Next patients", lambda: self._turn(1))
        self._show()
        if len(self._rows()) < len(self.records):
            ui.timer(0.01, self._others, once=True)

    async def _others(self) -> None:
        """Work out the rest, some patients at a time, and show what comes of it."""
        waiting = iter([name for name, record in self.records.items() if self.matrix.known(name, record) is None])
        while some := list(islice(waiting, _PAGE)):
            await self.work_out({name: self.records[name] for name in some})
            self._show()

    def _want(self, **changed: str) -> None:
        self.wanted = replace(self.wanted, **changed)
        self.page = 1
        self._show(moved=True)

    def _turn(self, by: int) -> None:
        self.page += by
        self._show(moved=True)

    def _rows(self) -> list[MatrixRow]:
        found = (self.matrix.known(name, record) for name, record in self.records.items())
        return [row for row in found if row is not None]

    def _show(self, *, moved: bool = False) -> None:
        known = self._rows()
        rows, columns = self.wanted.of(known, self.matrix.columns)
        total = len(self.records) if self.is_plain else len(rows)
        pages = max(1, -(-total // _PAGE))
        self.page = min(max(1, self.page), pages)
        start = (self.page - 1) * _PAGE
        here = rows[start : start + _PAGE]
        content = matrix_table(here, columns, self.place.to)
        self._box.visible = bool(content)
        if content != self._table.content:
            self._table.content = content
        waiting = len(self.records) - len(known)
        self._told.text = _told(total, len(columns), waiting)
        self._pages.visible = pages > 1
        self._where.text = f"{start + 1} to {start + len(here)} of {total}"
        self._before.props["aria-disabled"] = "true" if self.page == 1 else "false"
        self._after.props["aria-disabled"] = "true" if self.page == pages else "false"
        if moved:
            # The address says what is seen, so that who comes back or passes it on sees the same.
            ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self._address())})")

    def _address(self) -> str:
        said = {"show": self.wanted.show, "patient": self.wanted.patient, "trial": self.wanted.trial}
        asked = {name: text for name, text in said.items() if text}
        if self.page > 1:
            asked["page"] = str(self.page)
        here = self.place.to()
        return here + (("&" if "?" in here else "?") + urlencode(asked) if asked else "")


def _told(patients: int, trials: int, waiting: int) -> str:
    if waiting:
        return f"Working out the verdicts: {waiting} patients to go …"
    if not (patients and trials):
        return "Nothing fits what is asked for."
    return f"{patients} {'patient' if patients == 1 else 'patients'}, {trials} {'trial' if trials == 1 else 'trials'}"
