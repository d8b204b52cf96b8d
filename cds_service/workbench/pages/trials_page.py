"""The list of trials."""

from cds_service.trials import coverage_of
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, link, table
from cds_service.workbench.pages.layout import WorkbenchPlace, frame


def trials_page(desk: Desk, place: WorkbenchPlace) -> None:
    """Every trial of the rules in use."""
    with frame(desk, place, "Trials", "Trials"):
        body = table("Trials of the rules in use", ["Trial", "What", "State", "Recruiting", "Rules", "Criteria"])
        with body:
            for trial in desk.library().trials:
                with box("tr"):
                    with box("th", scope="row"):
                        link(trial.id, place.to("trials", trial.id))
                    Text("td", trial.trial.short_title)
                    Text("td", trial.state)
                    Text("td", trial.trial.status.replace("_", " "))
                    Text("td", trial.rules_version)
                    Text("td", coverage_of(trial.trial).text())
