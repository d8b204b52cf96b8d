"""What is asked of somebody who is about to leave a page with edits that are not saved."""

from cds_service.workbench.elements import Text, box


def leaving_dialog(trial_id: str) -> None:
    """The question; `unsaved.js` opens it, and asks the browser's own where a page is closed or loaded anew."""
    with box("dialog", "leaving", id="leaving", aria_labelledby="leaving-title"):
        Text("h2", "Leave without saving?", id="leaving-title")
        Text("p", f"What you changed in {trial_id} would be lost.")
        with box("div", "bar"):
            Text("button", "Stay and go on editing", "primary", type="button", data_stay="")
            Text("button", "Leave without saving", type="button", data_leave="")
