"""A patient: verdicts, charts, and the fact sheet with its evidence."""

from collections.abc import Iterable

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.fhir import Record
from cds_service.matching import Match, match
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, badge, box, link, table
from cds_service.workbench.pages.charts import show_charts
from cds_service.workbench.pages.layout import WorkbenchPlace, frame
from cds_service.workbench.pages.unread import UnreadEntries
from cds_service.workbench.views import SheetLine, all_series, sheet, telling, told, who


async def patient_page(desk: Desk, place: WorkbenchPlace, patient: str, record: Record) -> None:
    """The page of one patient."""
    page = _PatientPage(desk, place, record)
    await page.read()
    with frame(desk, place, desk.called(patient)):
        Text("p", f"{who(page.result)}. As of {place.as_of.isoformat()}.", "lead")
        with box("p", "links"):
            link("What if a fact were different?", place.to("patients", patient, "what-if"), "action")
            link("Open in the EHR view", place.to("ehr", patient=patient), "action")
        for issue in page.result.issues:
            Text("p", f"{f'{issue.resource} {issue.element}'.strip()}: {issue.message}", "notice open")
        page.build(patient)


class _PatientPage:
    """What of the page an answer to an unread entry may change."""

    def __init__(self, desk: Desk, place: WorkbenchPlace, record: Record) -> None:
        self.desk = desk
        self.place = place
        self.record = record
        self.unread = UnreadEntries(desk, self.again)

    async def read(self) -> None:
        """Match the record with the rules in use now."""
        library, as_of = self.desk.library(), self.place.as_of
        self.result = await run_sync(match, self.record, library, as_of)
        self.series = await run_sync(all_series, self.record, self.result)

    def build(self, patient: str) -> None:
        """Put it on the screen."""
        self.unread.build()
        self.unread.show(self.result)
        self._verdicts = ui.refreshable(lambda: _verdicts(self.result, self.place, patient))
        self._verdicts()
        show_charts(self.series, self.place, patient)
        self._sheet = ui.refreshable(lambda: _sheet(self.result))
        self._sheet()

    async def again(self) -> None:
        """Show what an answer made different; results over time stay, as no words are in them."""
        await self.read()
        self.unread.show(self.result)
        self._verdicts.refresh()
        self._sheet.refresh()


def _verdicts(result: Match, place: WorkbenchPlace, patient: str) -> None:
    Text("h2", "Verdicts")
    with table("Verdicts of this patient", ["Trial", "What", "Verdict", "Because"]):
        for found in result.trials:
            with box("tr"):
                with box("th", scope="row"):
                    link(found.trial.id, place.to("trials", found.trial.id, patient=patient))
                Text("td", found.trial.short_title)
                with box("td"):
                    badge(found.verdict)
                Text("td", told(found))


def _sheet(result: Match) -> None:
    Text("h2", "Fact sheet")
    for subject, lines in sheet(result).items():
        _facts(subject, lines)


def _facts(subject: str, lines: tuple[SheetLine, ...]) -> None:
    Text("h3", subject)
    there = [line for line in lines if telling(line)]
    if there:
        _lines(subject, there)
    others = [line for line in lines if not telling(line)]
    if others:
        with box("details", "others"):
            Text("summary", f"{len(others)} {'more' if there else ''} not on record or not known".replace("  ", " "))
            _lines(f"{subject}: not on record or not known", others)


def _lines(caption: str, lines: Iterable[SheetLine]) -> None:
    with table(caption, ["Fact", "Value", "Date", "As recorded", "Code", "Source"], "facts"):
        for line in lines:
            with box("tr"):
                with box("th", scope="row"):
                    Text("span", line.title)
                    Text("code", line.name)
                Text("td", line.said if line.known else f"not known: {line.said}", "" if line.known else "missing")
                Text("td", line.date)
                Text("td", line.raw)
                Text("td", line.code)
                Text("td", line.source)
