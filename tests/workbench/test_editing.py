"""The editor in a real browser: what is typed is checked at once, and only what is sound gets into the folder."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import HANG, until
from tests.workbench.serving import Service

pytestmark = pytest.mark.slow

SELECT = """([text, from, to]) => {
  const view = getElement(document.querySelector('.editor').id.slice(1)).editor;
  const at = view.state.doc.toString().indexOf(text);
  if (at < 0) throw new Error(`the text has no ${text}`);
  view.dispatch({ selection: { anchor: at + from, head: at + to }, scrollIntoView: true });
  view.focus();
}"""


def choose(page: Any, text: str, start: int, end: int) -> None:
    """Select a part of the first place where `text` stands."""
    page.evaluate(SELECT, [text, start, end])


def test_an_edit_changes_an_outcome_while_one_types(visit: Callable[[str], Any]) -> None:
    page = visit("/trials/NCT07083349?patient=sle-likely").page
    choose(page, '[80, "g/L"]', 1, 3)
    page.keyboard.type("110")
    criterion = page.locator("[data-criterion=inc-04b]")
    criterion.get_by_text("✗ fail").wait_for()
    assert "✓ pass" in criterion.inner_text(), "what it was is still there"
    assert "is 108 g/L, needs ≥ 110 g/L" in criterion.inner_text()
    flipped = page.get_by_role("list", name="Flipped patients")
    assert "Woman of 34 with lupus, fully worked up" in flipped.inner_text()
    assert "inc-04b pass → fail" in flipped.inner_text()


def test_a_broken_edit_is_told_with_its_line_and_cannot_be_saved(visit: Callable[[str], Any], served: Service) -> None:
    before = served.trial().read_bytes()
    page = visit("/trials/NCT07083349").page
    choose(page, '"lab.neutrophils"', 1, 16)
    page.keyboard.type("lab.neutrofils")
    page.keyboard.press("Escape")
    finding = page.get_by_role("list", name="Findings").get_by_text("unknown fact")
    finding.wait_for()
    assert "did you mean 'lab.neutrophils'?" in page.get_by_role("list", name="Findings").inner_text()
    save = page.get_by_role("button", name="Save")
    assert save.get_attribute("aria-disabled") == "true"
    save.click(force=True)
    page.get_by_text("Not saved").wait_for()
    assert served.trial().read_bytes() == before
    page.get_by_role("button", name="trial.json line").first.click()


def test_an_edit_that_a_test_case_contradicts_cannot_be_saved(visit: Callable[[str], Any], served: Service) -> None:
    before = served.trial().read_bytes()
    page = visit("/trials/NCT07083349").page
    choose(page, '{"var": "score.sledai_2k"}, 8]', 28, 29)
    page.keyboard.type("7")
    page.get_by_text("expected").first.wait_for()
    page.get_by_role("button", name="Save").click(force=True)
    page.get_by_text("Not saved").wait_for()
    assert served.trial().read_bytes() == before


def test_what_is_sound_is_saved_and_served_at_once(visit: Callable[[str], Any], served: Service) -> None:
    page = visit("/trials/NCT07083349").page
    choose(page, '"rules_version": "1.1.0"', 18, 23)
    page.keyboard.type("1.1.7")
    page.get_by_role("status").get_by_text(re.compile("^All checks pass")).wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert '"rules_version": "1.1.7"' in served.trial().read_text(encoding="utf-8")
    rules = {r["id"]: r["rules_version"] for r in version(served)["rules"]}
    assert rules["NCT07083349"] == "1.1.7"


def test_a_file_that_somebody_else_changed_is_not_written_over(visit: Callable[[str], Any], served: Service) -> None:
    page = visit("/trials/NCT06027853").page
    path = served.trial("NCT06027853")
    theirs = path.read_text(encoding="utf-8").replace('"rules_version": "1.1.0"', '"rules_version": "3.0.0"')
    path.write_text(theirs, encoding="utf-8")
    choose(page, '"rules_version": "1.1.0"', 18, 23)
    page.keyboard.type("2.0.0")
    page.get_by_role("status").get_by_text(re.compile("^All checks pass")).wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("changed on disk").wait_for()
    assert path.read_text(encoding="utf-8") == theirs


def test_the_editor_offers_facts_and_units(visit: Callable[[str], Any]) -> None:
    page = visit("/trials/NCT07083349").page
    choose(page, '"lab.hemoglobin"', 1, 15)
    page.keyboard.type("lab.hem", delay=30)
    offered = page.locator(".cm-tooltip-autocomplete")
    offered.get_by_text("lab.hemoglobin").first.wait_for()
    assert "Haemoglobin" in offered.inner_text()


def test_a_trial_is_edited_by_keyboard_alone(visit: Callable[[str], Any], served: Service) -> None:
    page = visit("/trials/NCT06598202").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('cm-content')"):
            break
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    page.get_by_role("status").get_by_text(re.compile("^All checks pass")).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    focused = "document.activeElement.textContent"
    for _ in range(5):
        if page.evaluate(focused) == "Save":
            break
        page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Save"
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert served.trial("NCT06598202").read_text(encoding="utf-8").endswith(" ")


def test_broken_rules_on_disk_are_told_on_every_page(visit: Callable[[str], Any], served: Service) -> None:
    path = served.trial("NCT07617779")
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound[:-20], encoding="utf-8")
    try:
        until(lambda: version(served)["rules_rejected"] is not None)
        page = visit("/").page
        assert "those from before are still in use" in page.get_by_role("alert").inner_text()
        assert "NCT07617779" in page.get_by_role("table").first.inner_text(), "the last good rules are shown"
    finally:
        path.write_text(sound, encoding="utf-8")
        until(lambda: version(served)["rules_rejected"] is None)


def version(served: Service) -> Any:
    with urllib.request.urlopen(f"{served.address}/version", timeout=HANG) as answer:
        return json.load(answer)
