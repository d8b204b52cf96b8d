"""A record of one's own: read into memory, shown like a sample, never stored."""

from nicegui import ui

from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box
from cds_service.workbench.pages.layout import EHR, Place, frame


def upload_page(desk: Desk, place: Place) -> None:
    """The page."""
    with frame(desk, place, "Upload a record", "Upload"):
        ui.add_head_html(f"<script>{EHR}</script>")
        Text(
            "p",
            "A FHIR R4 Bundle as JSON: one patient's whole record. It stays in this process's memory, among the last "
            "20, under an address that only this browser is given; it is never written to disk and is gone after a "
            "restart.",
            "lead",
        )
        with box("label", "field"):
            Text("span", "Bundle (JSON)")
            chooser = box("input", type="file", accept=".json,application/json,application/fhir+json")
        target = place.to("upload-bundle")
        chooser.on("change", js_handler=f"(e) => sendBundle(e.target.files[0], '{target}')")
        Text("p", "", "told", id="upload-told", role="status")
