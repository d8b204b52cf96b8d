"""What if and the upload in a real browser."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.serving import ROOT, Service

pytestmark = pytest.mark.slow

SLE = ROOT / "fhir_samples" / "patients" / "sle-likely.json"


def test_one_changed_fact_shows_which_verdicts_flip(visit: Callable[[str], Any]) -> None:
    page = visit("/patients/sle-likely/what-if").page
    page.get_by_label("Fact", exact=True).select_option("lab.hemoglobin")
    page.get_by_text("Now: 108 g/L").wait_for()
    page.get_by_label("Instead").press_sequentially("7.9")
    page.get_by_label("Unit").select_option("g/dL")
    page.get_by_text("1 of 5 verdicts flip").wait_for()
    flipped = page.get_by_role("list", name="Flipped verdicts").inner_text()
    assert "NCT07083349" in flipped
    assert "not eligible" in flipped
    assert "inc-04b pass → fail" in flipped


def test_a_number_that_is_none_is_told(visit: Callable[[str], Any]) -> None:
    page = visit("/patients/sle-likely/what-if").page
    page.get_by_label("Fact", exact=True).select_option("lab.hemoglobin")
    page.get_by_text("Now: 108 g/L").wait_for()
    page.get_by_label("Instead").press_sequentially("low")
    page.get_by_text("'low' is no number").wait_for()


def test_a_condition_that_appears_rules_out(visit: Callable[[str], Any]) -> None:
    page = visit("/patients/sle-likely/what-if").page
    # The fact with which the page opens may be presumed absent too: only after another one the text tells them apart.
    page.get_by_label("Fact", exact=True).select_option("lab.hemoglobin")
    page.get_by_text("Now: 108 g/L").wait_for()
    page.get_by_label("Fact", exact=True).select_option("condition.pregnancy")
    page.get_by_text("Now: presumed absent (no record)").wait_for()
    page.get_by_label("Instead").select_option("on record")
    page.get_by_role("list", name="Flipped verdicts").get_by_text("not eligible").first.wait_for()


def test_an_upload_is_shown_like_a_sample_and_not_kept_on_disk(visit: Callable[[str], Any], served: Service) -> None:
    mark = "Never-Written-Anywhere"
    record = json.loads(SLE.read_text(encoding="utf-8"))
    record["entry"][0]["resource"]["name"] = [{"family": mark}]
    page = visit("/upload").page
    content = json.dumps(record).encode()
    page.get_by_label("Record").set_input_files({"name": "r.json", "mimeType": "application/json", "buffer": content})
    page.wait_for_url("**/patients/upload-*")
    page.get_by_role("heading", name="Uploaded record").wait_for()
    page.wait_for_load_state("networkidle")
    kept = [p for p in served.rules.parent.rglob("*") if p.is_file() and mark.encode() in p.read_bytes()]
    assert kept == []


def test_an_upload_that_is_no_bundle_is_told(visit: Callable[[str], Any], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[1, 2]", encoding="utf-8")
    watched = visit("/upload")
    watched.page.get_by_label("Record").set_input_files(wrong)
    watched.page.get_by_text("Not a usable record").wait_for()
    # The browser itself writes a line for any answer that is not 2xx.
    watched.complaints = [c for c in watched.complaints if "422" not in c]
