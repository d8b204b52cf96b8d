"""A clinician at the EHR view, in a real browser: opens a chart, reads, accepts, dismisses."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import HANG
from tests.workbench.serving import ROOT, Service

pytestmark = pytest.mark.slow

FEEDBACK = "**/cds-services/clinical-trial-match/feedback"


def overflow(page: Any) -> int:
    """Pixels that the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def opened(visit: Callable[[str], Any], patient: str) -> Any:
    """The page of a person whose chart was opened by its address, with the answer on it."""
    page = visit(f"/ehr?patient={patient}").page
    page.get_by_text("Asking the service …").wait_for(state="detached")
    return page


def feedback_of(page: Any) -> list[Any]:
    """A list that grows with each feedback that the page sends."""
    sent: list[Any] = []
    page.on("request", lambda r: sent.append(json.loads(r.post_data)) if r.url.endswith("/feedback") else None)
    return sent


def boxes(page: Any) -> list[Any]:
    """Where everything stands in the panel, from its top."""
    script = """() => { const top = document.querySelector('aside.cards').getBoundingClientRect().top;
      return [...document.querySelectorAll('article, article h3, article .suggestion, article > a, article .dismissal')]
        .map(it => it.getBoundingClientRect()).map(r => [Math.round(r.top - top), Math.round(r.height)]); }"""
    return list(page.evaluate(script))


def trials_for_curl(served: Service, sample: str) -> list[str]:
    """The trials that a request without the desk gets cards of, as the printed curl line sends it."""
    body = (ROOT / "fhir_samples" / "requests" / f"patient-view-{sample}.json").read_bytes()
    request = urllib.request.Request(
        f"{served.address}/cds-services/clinical-trial-match", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=HANG) as answer:
        return [card["source"]["topic"]["code"] for card in json.load(answer)["cards"]]


@pytest.mark.parametrize(
    ("width", "patient"),
    [(320, "sle"), (768, "aml-possibly"), (1200, "lupus-both")],
)
def test_a_clinician_reads_accepts_and_dismisses(visit: Callable[[str], Any], width: int, patient: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(visit, patient)
    page.set_viewport_size({"width": width, "height": 900})
    sent = feedback_of(page)
    card, other = page.get_by_role("article").first, page.get_by_role("article").last
    assert card.get_by_role("heading").first.is_visible()
    for read_at_once in ("Why:", "Next:", re.compile("recruiting", re.IGNORECASE)):
        assert card.locator(".nicegui-markdown").first.get_by_text(read_at_once).first.is_visible()
    assert not card.get_by_text("Evidence").is_visible()
    card.get_by_text("More about").click()
    card.get_by_text("Evidence").wait_for()
    assert overflow(page) <= 0
    place = boxes(page)

    accepting = card.locator("button.suggestion").last
    accepting.dblclick()
    card.get_by_text("✓ ").wait_for()
    assert [one["feedback"][0]["outcome"] for one in sent] == ["accepted"]
    assert page.evaluate("document.activeElement.matches('button.suggestion.done')"), "the focus stays where it was"
    assert accepting.get_attribute("aria-disabled") == "true"

    other.get_by_label("Reason").select_option("More information needed")
    other.get_by_role("button", name="Dismiss").click()
    other.get_by_text("Dismissed: More information needed").wait_for()
    assert sent[-1]["feedback"][0]["overrideReason"]["reason"]["code"] == "need-more-info"
    assert page.evaluate("document.activeElement.textContent") == "Dismissed: More information needed"
    assert [one["feedback"][0]["outcome"] for one in sent] == ["accepted", "overridden"]
    assert boxes(page) == place, "nothing has moved"
    assert overflow(page) <= 0
    violations = axe.run(page).response["violations"]
    assert [(v["id"], node["html"][:120]) for v in violations for node in v["nodes"]] == []


def test_choosing_a_person_opens_the_chart_and_asks_at_once(visit: Callable[[str], Any], served: Service) -> None:
    page = visit("/ehr").page
    people = page.get_by_label("Open the chart of")
    with page.expect_request(lambda r: r.url == f"{served.address}/cds-services/clinical-trial-match") as asked:
        people.fill("Woman of 41 with lupus")
    hook = json.loads(asked.value.post_data)
    assert (hook["hook"], hook["context"]["patientId"]) == ("patient-view", "sle")
    page.get_by_role("heading", name="Woman of 41 with lupus").wait_for()
    page.get_by_role("article").first.wait_for()
    page.wait_for_url("**/ehr?patient=sle")
    # What fits one person only is enough, and the field is free for the next.
    people.fill("diabetes")
    people.press("Enter")
    page.get_by_role("heading", name="Man of 64 with diabetes and arthritis").wait_for()
    assert people.input_value() == ""


def test_a_person_of_the_list_is_opened_by_one_click(visit: Callable[[str], Any]) -> None:
    page = visit("/ehr").page
    assert page.get_by_label("As of").count() == 0, "the hook knows no day but today"
    page.get_by_role("button", name="Woman of 30 with asthma").click()
    page.get_by_text("No cards: no trial fits.").wait_for()


def test_nobody_of_that_name_is_told(visit: Callable[[str], Any]) -> None:
    page = visit("/ehr?patient=nobody").page
    page.get_by_role("alert").get_by_text("No such person").wait_for()
    assert page.get_by_role("list", name="People").is_visible()


def test_a_second_click_past_the_browser_is_taken_once(visit: Callable[[str], Any]) -> None:
    page = opened(visit, "lupus-nephritis")
    sent = feedback_of(page)
    page.evaluate("""() => { const button = document.querySelector('button.suggestion');
        button.click(); button.removeAttribute('aria-disabled'); button.click(); }""")
    page.get_by_text("✓ ").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert len(sent) == 1


def test_what_fails_is_said_in_its_place_and_can_be_tried_again(visit: Callable[[str], Any]) -> None:
    watched = visit("/ehr?patient=sle-likely")
    page = watched.page
    card = page.get_by_role("article").first
    card.wait_for()
    page.route(FEEDBACK, lambda route: route.abort())
    button = card.locator("button.suggestion").first
    button.click()
    card.get_by_role("alert").get_by_text("Not accepted").wait_for()
    assert button.get_attribute("aria-disabled") == "false"
    card.get_by_role("button", name="Dismiss").click()
    card.get_by_role("alert").get_by_text("Not dismissed").wait_for()
    page.unroute(FEEDBACK)
    button.click()
    card.get_by_text("✓ ").wait_for()
    assert card.get_by_text("Not accepted").count() == 0
    # The browser itself writes lines for a request that fails.
    assert watched.complaints
    watched.complaints = [c for c in watched.complaints if "feedback" not in c and "ERR_FAILED" not in c]


def test_without_a_reason_none_is_sent(visit: Callable[[str], Any]) -> None:
    page = opened(visit, "als-possibly")
    sent = feedback_of(page)
    card = page.get_by_role("article").first
    # Nobody gave one yet.
    assert card.get_by_label("Reason").evaluate("it => it.options[it.selectedIndex].text") == "No reason given"
    card.get_by_role("button", name="Dismiss").click()
    card.get_by_text("Dismissed", exact=True).wait_for()
    assert "overrideReason" not in sent[0]["feedback"][0]
    # What was dismissed takes no order any more.
    assert {b.get_attribute("aria-disabled") for b in card.locator("button").all()} == {"true"}


def test_what_is_dismissed_in_the_desk_is_set_aside_there_and_only_there(
    visit: Callable[[str], Any], served: Service
) -> None:
    before = trials_for_curl(served, "sle-nephritis")
    page = opened(visit, "sle-nephritis")
    cards = page.get_by_role("article")
    count = cards.count()
    assert count == len(before) > 0
    for card in cards.all():
        card.get_by_label("Reason").select_option("Patient declined")
        card.get_by_role("button", name="Dismiss").click()
        card.get_by_text("Dismissed: Patient declined").wait_for()
    page = opened(visit, "sle-nephritis")
    page.get_by_text("set aside:").wait_for()
    assert page.get_by_role("article").count() == 0
    assert page.get_by_text("no trial fits").count() == 0
    assert trials_for_curl(served, "sle-nephritis") == before
    page.get_by_role("button", name="show", exact=True).click()
    page.get_by_role("article").nth(count - 1).wait_for()
    assert page.get_by_text("set aside").count() == 0
    # The next time they are set aside again.
    opened(visit, "sle-nephritis").get_by_text("set aside:").wait_for()


def test_the_chart_shows_what_is_recorded_and_nothing_that_is_presumed(visit: Callable[[str], Any]) -> None:
    page = visit("/ehr?patient=sle").page
    chart = page.get_by_role("region", name="Chart").inner_text()
    for said in ("Prednisolone 10 mg daily", "Systemic lupus erythematosus", "2.4 ×10⁹/L", "71 µmol/L", "45–84"):
        assert said in chart
    assert "presumed" not in chart
    assert "immunosuppressant" not in chart
    titles = page.get_by_role("region", name="Chart").get_by_role("heading", level=3).all_inner_texts()
    assert titles == ["Problems", "Medication", "Laboratory", "Scores and questionnaires"]


def test_what_is_past_is_behind_a_click(visit: Callable[[str], Any]) -> None:
    chart = visit("/ehr?patient=sma-treated").page.get_by_role("region", name="Chart")
    assert chart.get_by_text("onasemnogene abeparvovec").count() == 0
    chart.get_by_text("Past medication and single doses (1)").click()
    chart.get_by_text("onasemnogene abeparvovec").wait_for()
    assert not chart.get_by_role("button", name="200 more").is_visible()


def test_lists_of_a_card_are_lists_in_the_ehr_view(visit: Callable[[str], Any]) -> None:
    page = opened(visit, "sma-possibly")
    card = page.get_by_role("article").first
    card.get_by_text("More about").click()
    assert card.locator("ul > li").count() >= 5
    assert [text for text in card.locator("p").all_inner_texts() if "- " in text[:3] or "\n- " in text] == []
