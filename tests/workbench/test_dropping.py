"""Records of one's own in a real browser: chosen or dropped, opened as a patient or in the EHR view."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.workbench.test_uploads import bundle, by_type, hook, ndjson

pytestmark = pytest.mark.slow

DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    (document.querySelector(".cm-content") ?? document.body).dispatchEvent(event);
  }
}"""


def drop(page: Any, name: str, data: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def chosen(page: Any, name: str, data: bytes) -> None:
    page.get_by_label("Record").set_input_files({"name": name, "mimeType": "text/plain", "buffer": data})


def fits(page: Any, trial: str, verdict: str) -> None:
    row = page.get_by_role("table", name="Verdicts of this patient").get_by_role("row").filter(has_text=trial)
    row.get_by_text(verdict).wait_for()


@pytest.mark.parametrize(
    ("name", "data"),
    [("sle.json.gz", gzip.compress(bundle("sle"))), ("sle.ndjson", ndjson("sle")), ("request.json", hook("sle"))],
)
def test_a_record_opens_and_goes_on_into_the_ehr_view(visit: Callable[[str], Any], name: str, data: bytes) -> None:
    page = visit("/upload").page
    chosen(page, name, data)
    page.wait_for_url("**/patients/upload-*")
    page.get_by_role("heading", name="Uploaded record").wait_for()
    page.get_by_role("link", name="Open in the EHR view").click()
    page.wait_for_url("**/ehr?patient=upload-*")
    page.get_by_role("region", name="Chart").get_by_text("Systemic lupus").first.wait_for()


def test_the_cards_of_an_uploaded_record_are_those_of_the_sample(visit: Callable[[str], Any]) -> None:
    page = visit("/ehr").page
    with page.expect_response("**/cds-services/clinical-trial-match") as answered:
        drop(page, "sle.json", bundle("sle"))
        page.wait_for_url("**/ehr?patient=upload-*")
    body = json.loads(answered.value.request.post_data)
    assert body["context"]["patientId"] == "sle"
    trials = [card["source"]["topic"]["code"] for card in answered.value.json()["cards"]]
    assert set(trials) == {"NCT07083349", "NCT06676631"}
    page.get_by_role("heading", name="Uploaded record").wait_for()
    page.get_by_role("article").nth(1).wait_for()


def test_of_several_patients_one_is_chosen(visit: Callable[[str], Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit("/upload").page
    chosen(page, "export.zip", by_type("sle", "als-likely"))
    page.get_by_text("2 patients. Choose one:").wait_for()
    assert [v["id"] for v in axe.run(page).response["violations"]] == []
    page.get_by_role("link", name="Patient als-likely, male").click()
    page.get_by_role("heading", name="Uploaded record: Patient als-likely").wait_for()
    fits(page, "NCT06598202", "likely eligible")


@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_a_feed_shows_what_it_holds_and_no_patient(visit: Callable[[str], Any], way: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit("/codes").page
    typed = {"resourceType": "Condition", "code": {"text": "Frau Mustermann hat Zwirbelknorz"}}
    data = ndjson("sle") + b"\n" + json.dumps(typed).encode() + b'\n{"resourceType": "Cond'
    if way == "chosen":
        page.get_by_label("Feed").set_input_files({"name": "f.ndjson", "mimeType": "text/plain", "buffer": data})
    else:
        drop(page, "f.ndjson", data)
    page.wait_for_url("**/codes/*")
    page.get_by_role("heading", name="Codes seen: f.ndjson").wait_for()
    page.get_by_text("Files, lines or entries that could not be read: 1").click()
    page.get_by_text("f.ndjson line").wait_for()
    row = page.get_by_role("table", name="Not understood").get_by_role("row").filter(has_text="(hidden)")
    assert "Condition" in row.inner_text()
    assert "fact read" in page.get_by_role("table", name="The rest").inner_text()
    assert "Mustermann" not in page.content()
    assert [v["id"] for v in axe.run(page).response["violations"]] == []


def test_a_file_that_is_no_feed_is_told(visit: Callable[[str], Any]) -> None:
    watched = visit("/codes")
    drop(watched.page, "notes.txt", b"hello")
    watched.page.get_by_text("Not a usable feed: notes.txt: the record is not JSON").wait_for()
    watched.complaints.clear()  # the browser itself writes of the status 422


@pytest.mark.parametrize("path", ["/", "/trials", "/patients/healthy", "/nowhere"])
def test_a_record_may_be_dropped_on_any_page(visit: Callable[[str], Any], path: str) -> None:
    watched = visit(path)
    drop(watched.page, "sle.json", bundle("sle"))
    watched.page.wait_for_url("**/patients/upload-*")
    watched.page.get_by_role("heading", name="Uploaded record").wait_for()
    watched.complaints = [c for c in watched.complaints if "status of 404" not in c]


def test_what_is_dropped_on_the_editor_does_not_become_its_text(visit: Callable[[str], Any]) -> None:
    page = visit("/trials/NCT07083349").page
    drop(page, "broken.ndjson", ndjson("sle") + b"\n{")
    page.get_by_text(re.compile(r"broken.ndjson line \d+: is not JSON")).wait_for()
    assert "resourceType" not in page.locator(".cm-content").first.inner_text()
    page.get_by_role("link", name="Patient sle").click()
    page.get_by_role("heading", name="Uploaded record").wait_for()


def test_what_is_damaged_is_told_with_its_place(visit: Callable[[str], Any]) -> None:
    watched = visit("/upload")
    chosen(watched.page, "sle.json.gz", gzip.compress(bundle("sle"))[:400])
    watched.page.get_by_text("Not a usable record: sle.json.gz: is cut off").wait_for()
    # The browser itself writes a line for any answer that is not 2xx.
    watched.complaints = [c for c in watched.complaints if "422" not in c]


@pytest.mark.parametrize("width", [320, 768, 1200])
def test_the_upload_page_fits_the_window(visit: Callable[[str], Any], width: int) -> None:
    page = visit("/upload").page
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
