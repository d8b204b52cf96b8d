"""A record of one's own: read into memory, shown like a sample, never stored."""

import json

from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box
from cds_service.workbench.pages.layout import WorkbenchPlace, frame


def upload_page(desk: Desk, place: WorkbenchPlace) -> None:
    """The page."""
    with frame(desk, place, "Upload a record", "Upload"):
        Text(
            "p",
            "FHIR R4: a Bundle, NDJSON, a list of resources or a CDS Hooks request; as it is, as gz or as zip. A file "
            "with several patients lets you choose. It stays in this process's memory, among the last 20, under an "
            "address that only this browser is given; it is never written to disk and is gone after a restart.",
            "lead",
        )
        with box("div", "drop"):
            with box("label", "field"):
                Text("span", "Record (JSON, NDJSON, gz, zip)")
                chooser = box("input", type="file")
            Text("span", "Or drop a file here, or on any other page of the workbench.", "hint")
        target = place.to("upload-record")
        chooser.on("change", js_handler=f"(e) => sendRecord(e.target.files[0], {json.dumps(target)})")
