"""An entry that could not be read, answered on the patient's page in a real browser: one answer mends every chart."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.folders import condition
from tests.waiting import HANG
from tests.workbench.serving import ROOT, Service, service

pytestmark = pytest.mark.slow

SLE = ROOT / "fhir_samples" / "patients" / "sle-likely.json"
DAY = "?as_of=2026-11-24"
TRIAL = "NCT07083349"
WIDTHS = (320, 1200)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a site's folder, whose workbench writes."""
    pytest.importorskip("nicegui", reason="the workbench is not installed (extra `workbench`)")
    folder = tmp_path_factory.mktemp("answering")
    with service(folder, CDS_WORKBENCH_EDIT="true", CDS_SITE_DIR=str(folder / "site")) as running:
        yield running


def phrases(served: Service) -> Any:
    path = served.rules.parent / "site" / "phrases" / "site.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def uploaded(served: Service, *entries: dict[str, Any]) -> str:
    """The path of the page of the sample who fits, with further entries."""
    record = json.loads(SLE.read_text(encoding="utf-8"))
    patient = next(e["resource"]["id"] for e in record["entry"] if e["resource"]["resourceType"] == "Patient")
    for number, entry in enumerate(entries):
        own = {"id": f"unread-{number}", "subject": {"reference": f"Patient/{patient}"}}
        record["entry"].append({"resource": {**entry, **own}})
    request = urllib.request.Request(
        f"{served.workbench}/upload-record",
        data=json.dumps(record).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=HANG) as answer:
        page = str(json.load(answer)["people"][0]["page"])
    return page[page.index("/patients/") :] + DAY


def verdict(page: Any) -> str:
    row = page.get_by_role("table", name="Verdicts of this patient").get_by_role("row").filter(has_text=TRIAL)
    return str(row.inner_text())


def overflow(page: Any) -> int:
    """Pixels that the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", WIDTHS)
def test_none_of_these_is_one_click_and_the_trial_waits_no_longer(
    visit: Callable[[str], Any], served: Service, width: int
) -> None:
    text = f"Zwirbelding {width} qq"
    page = visit(uploaded(served, condition(text))).page
    page.set_viewport_size({"width": width, "height": 900})
    asked = page.get_by_role("list", name="Entries that could not be read")
    assert f"“{text}”" in asked.inner_text()
    assert "facts wait for it" in asked.inner_text()
    assert "likely eligible" not in verdict(page)
    assert overflow(page) <= 0
    page.get_by_role("button", name=f"None of these: “{text}”").click()
    page.get_by_role("status").get_by_text("Answered for every chart").wait_for()
    asked.wait_for(state="detached")
    page.get_by_role("cell", name="likely eligible").first.wait_for()
    assert "likely eligible" in verdict(page)
    assert text in phrases(served)["harmless"]["en"]
    # It is listed as read, and so it is in another chart with these words.
    page.get_by_text("read by their words").click()
    page.get_by_text(f"Condition/unread-0: {text}").wait_for()
    assert overflow(page) <= 0
    other = visit(uploaded(served, condition(text.upper()))).page
    assert other.get_by_text("could not be read").count() == 0
    assert "likely eligible" in verdict(other)


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_a_value_set_is_a_choice_and_a_click(visit: Callable[[str], Any], served: Service, width: int) -> None:
    text = f"Glibberitis {width} xx"
    page = visit(uploaded(served, condition(text))).page
    page.set_viewport_size({"width": width, "height": 900})
    assert verdict(page).count("unknown") == 1
    page.get_by_label("It is", exact=True).fill("Gilbert syndrome")
    page.get_by_role("button", name=f"It is that: “{text}”").click()
    page.get_by_role("status").get_by_text("is Gilbert syndrome").wait_for()
    page.get_by_role("list", name="Entries that could not be read").wait_for(state="detached")
    page.get_by_role("cell", name="likely eligible").first.wait_for()
    assert text in phrases(served)["phrases"]["gilbert-syndrome"]["en"]
    assert overflow(page) <= 0


def test_what_is_not_in_the_list_is_not_written(visit: Callable[[str], Any], served: Service) -> None:
    page = visit(uploaded(served, condition("Brimborium 7z"))).page
    page.get_by_label("It is", exact=True).fill("Plague")
    page.get_by_role("button", name="It is that").click()
    page.get_by_role("status").get_by_text("Choose what it is from the list").wait_for()
    assert "Brimborium 7z" not in json.dumps(phrases(served))


def test_a_name_of_another_set_is_refused_with_the_reason(visit: Callable[[str], Any], served: Service) -> None:
    text = "transplant kidney zwirbel"
    page = visit(uploaded(served, condition(text))).page
    page.get_by_role("button", name="None of these").click()
    page.get_by_role("status").get_by_text("Not written").wait_for()
    assert "name of" in page.get_by_role("list", name="Why it was not written").inner_text()
    assert text not in json.dumps(phrases(served))
    assert text in page.get_by_role("list", name="Entries that could not be read").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_an_entry_without_words_is_told_to_need_a_map(visit: Callable[[str], Any], served: Service, width: int) -> None:
    page = visit(uploaded(served, condition(system="urn:example:dx", code="D-17"))).page
    page.set_viewport_size({"width": width, "height": 900})
    asked = page.get_by_role("list", name="Entries that could not be read")
    assert "D-17" in asked.inner_text()
    assert '"source": "urn:example:dx"' in asked.inner_text()
    assert asked.get_by_role("button").count() == 0
    assert overflow(page) <= 0


def test_the_page_with_questions_is_accessible_and_the_what_if_page_points_to_it(
    visit: Callable[[str], Any], served: Service
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    path = uploaded(served, condition("Brimborium 8z"), condition(system="urn:example:dx", code="D-17"))
    page = visit(path).page
    violations = axe.run(page).response["violations"]
    assert [(v["id"], node["html"][:120]) for v in violations for node in v["nodes"]] == []
    what_if = visit(path.replace("?", "/what-if?")).page
    what_if.get_by_text("2 entries could not be read").wait_for()


@pytest.mark.parametrize(
    ("settings", "told", "command"),
    [
        ({"CDS_WORKBENCH_EDIT": "true"}, "set CDS_SITE_DIR", False),
        ({"CDS_SITE_DIR": "site"}, "CDS_WORKBENCH_EDIT=true", True),
    ],
    ids=["no-folder", "read-only"],
)
def test_where_nothing_may_be_written_it_is_said_what_to_set(
    browser: Any, tmp_path: Path, settings: dict[str, str], told: str, command: bool
) -> None:
    pytest.importorskip("nicegui", reason="the workbench is not installed (extra `workbench`)")
    with service(tmp_path, **settings) as running:
        page = browser.new_page()
        page.set_default_timeout(1_000 * HANG)
        page.goto(running.workbench + uploaded(running, condition("Brimborium's 9z")))
        page.get_by_role("heading", name="Entries that could not be read").wait_for()
        assert told in page.inner_text("body")
        assert page.get_by_role("button", name="None of these").count() == 0
        shown = "cds-service site answer 'Brimborium'\"'\"'s 9z' --is VALUESET" in page.inner_text("body")
        assert shown is command
        page.close()
