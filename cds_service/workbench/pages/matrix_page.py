"""The first page: sample patients × trials, verdicts by word, sign and colour."""

from anyio.to_thread import run_sync

from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, badge, box, link, table
from cds_service.workbench.pages.layout import Place, frame
from cds_service.workbench.views import Row, matrix


async def matrix_page(desk: Desk, place: Place) -> None:
    """Every sample with every trial."""
    library = desk.library()
    rows = await run_sync(matrix, desk.samples(), library, place.as_of)
    with frame(desk, place, "Sample patients and trials", "Patients × trials"):
        Text(
            "p",
            f"What the rules in use say of each sample patient as of {place.as_of.isoformat()}. "
            "Open a trial to read and try its rules, a patient to see what is known.",
            "lead",
        )
        headings = ["Patient", *(t.id for t in library.trials)]
        body = table("Verdicts", headings, "matrix")
        titles = {t.id: t.trial.short_title for t in library.trials}
        with body:
            with box("tr", "under"):
                Text("th", "Trial", scope="row")
                for trial in library.trials:
                    with box("td"):
                        link(titles[trial.id], place.to("trials", trial.id))
            for row in rows:
                _row(row, place)


def _row(row: Row, place: Place) -> None:
    with box("tr"):
        with box("th", scope="row"):
            link(row.patient, place.to("patients", row.patient))
            Text("span", row.who, "who")
        for cell in row.cells:
            with box("td"), link("", place.to("trials", cell.trial, patient=row.patient), "cell"):
                badge(cell.verdict)
                Text("span", cell.told, "told")
