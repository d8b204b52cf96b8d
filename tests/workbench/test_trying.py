"""What if, the EHR view and the upload in a real browser."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import HANG
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


def test_the_ehr_view_shows_real_cards_and_posts_real_feedback(visit: Callable[[str], Any], served: Service) -> None:
    watched = visit("/ehr?patient=lupus-both")
    page = watched.page
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.get_by_role("button", name="Open the chart").click()
    cards = page.get_by_role("article")
    cards.first.wait_for()
    assert cards.count() == 2
    hook = json.loads(sent[0].post_data)
    assert sent[0].url == f"{served.address}/cds-services/clinical-trial-match"
    assert hook["hook"] == "patient-view"
    cards.first.get_by_role("button", name="Refer to study team").click()
    page.get_by_text("The service took the feedback").first.wait_for()
    feedback = json.loads(sent[-1].post_data)["feedback"][0]
    assert feedback["outcome"] == "accepted"
    reason = cards.nth(1).get_by_label("Reason")
    # Nobody gave one yet, so none is sent.
    assert reason.evaluate("it => it.options[it.selectedIndex].text") == "No reason given"
    cards.nth(1).get_by_role("button", name="Dismiss").click()
    page.get_by_text("Dismissed. The service took the feedback.").wait_for()
    feedback = json.loads(sent[-1].post_data)["feedback"][0]
    assert feedback["outcome"] == "overridden"
    assert "overrideReason" not in feedback


def opened(visit: Callable[[str], Any], patient: str) -> Any:
    """The page of a sample whose chart was opened and answered."""
    page = visit(f"/ehr?patient={patient}").page
    with page.expect_response("**/cds-services/clinical-trial-match"):
        page.get_by_role("button", name="Open the chart").click()
    return page


def trials_for_curl(served: Service, sample: str) -> list[str]:
    """The trials that a request without the desk gets cards of, as the printed curl line sends it."""
    body = (ROOT / "fhir_samples" / "requests" / f"patient-view-{sample}.json").read_bytes()
    request = urllib.request.Request(
        f"{served.address}/cds-services/clinical-trial-match", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=HANG) as answer:
        return [card["source"]["topic"]["code"] for card in json.load(answer)["cards"]]


def test_what_is_dismissed_in_the_desk_is_set_aside_there_and_only_there(
    visit: Callable[[str], Any], served: Service
) -> None:
    before = trials_for_curl(served, "sle")
    assert len(before) == 2
    page = opened(visit, "sle")
    cards = page.get_by_role("article")
    cards.first.wait_for()
    for number in range(2):
        cards.nth(number).get_by_label("Reason").select_option("Patient declined")
        cards.nth(number).get_by_role("button", name="Dismiss").click()
        cards.nth(number).get_by_text("Dismissed: Patient declined. The service took the feedback.").wait_for()
    page = opened(visit, "sle")
    page.get_by_text("2 trials set aside:").wait_for()
    assert page.get_by_role("article").count() == 0
    assert page.get_by_text("no trial fits").count() == 0
    assert trials_for_curl(served, "sle") == before
    page.get_by_role("button", name="show", exact=True).click()
    page.get_by_role("article").nth(1).wait_for()
    assert page.get_by_text("set aside").count() == 0
    # The next time they are set aside again.
    opened(visit, "sle").get_by_text("2 trials set aside:").wait_for()


def test_a_patient_without_a_trial_is_told_so(visit: Callable[[str], Any]) -> None:
    opened(visit, "healthy").get_by_text("No cards: no trial fits.").wait_for()


def test_the_chart_in_the_ehr_view_shows_nothing_that_is_presumed(visit: Callable[[str], Any]) -> None:
    page = visit("/ehr?patient=als-advanced").page
    chart = page.get_by_role("region", name="Chart").inner_text()
    assert "Amyotrophic lateral sclerosis" in chart
    assert [line for line in chart.splitlines() if "NYHA" in line or "Pregnancy status" in line] == []
    assert "presumed" not in chart


def test_lists_of_a_card_are_lists_in_the_ehr_view(visit: Callable[[str], Any]) -> None:
    page = opened(visit, "lupus-both")
    card = page.get_by_role("article").first
    card.get_by_text("Details of").click()
    assert card.locator("ul > li").count() > 5
    assert [text for text in card.locator("p").all_inner_texts() if "- " in text[:3] or "\n- " in text] == []


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
