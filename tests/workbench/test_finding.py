"""The matrix and the pages that are not there, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

WIDTHS = (320, 768, 1200)


def patients(page: Any) -> list[str]:
    """The second line of each row: which sample it is."""
    return [str(text) for text in page.locator("tbody th .who").all_inner_texts()]


def told(page: Any, text: str) -> None:
    page.get_by_role("status").filter(has_text=re.compile(f"^{text}$")).wait_for()


def overflow(page: Any) -> int:
    """Pixels that the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_people_and_trials_stand_in_words_with_their_ids_below(visit: Callable[[str], Any]) -> None:
    page = visit("/").page
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Woman of 41 with lupus"))
    assert row.locator("th .who").inner_text() == "sle"
    heading = page.get_by_role("columnheader").filter(has=page.get_by_role("link", name="NK510 in refractory SLE"))
    assert heading.locator("code").inner_text() == "NCT07083349"
    assert page.get_by_role("columnheader", name="Systemic lupus erythematosus").get_attribute("colspan") == "2"


def test_what_fits_is_found_and_the_address_keeps_it(visit: Callable[[str], Any]) -> None:
    page = visit("/").page
    told(page, "18 patients, 5 trials")
    page.get_by_label("Show").select_option("fits")
    page.get_by_label("Find patients").press_sequentially("woman lupus")
    told(page, "1 patient, 1 trial")
    assert patients(page) == ["sle-likely"]
    page.wait_for_url("**/workbench/?show=fits&patient=woman+lupus")
    page.reload()
    told(page, "1 patient, 1 trial")
    assert page.get_by_label("Find patients").input_value() == "woman lupus"
    page.get_by_label("Find patients").fill("")
    page.get_by_label("Find trials").fill("sclerosis")
    page.locator("tbody tr", has_text="als-likely").wait_for()
    told(page, "1 patient, 1 trial")
    assert patients(page) == ["als-likely"]
    page.get_by_label("Find trials").fill("gout")
    told(page, "Nothing fits what is asked for.")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_column_stays_and_only_the_matrix_scrolls(visit: Callable[[str], Any], width: int) -> None:
    page = visit("/").page
    page.set_viewport_size({"width": width, "height": 900})
    box, first = page.get_by_role("region", name="Verdicts"), page.locator("tbody th").first
    before = first.bounding_box()["x"]
    box.evaluate("it => { it.scrollLeft = 10_000; it.scrollTop = 300; }")
    moved = box.evaluate("it => it.scrollLeft")
    assert moved > 0 or width == max(WIDTHS)
    assert abs(first.bounding_box()["x"] - before) < 1
    top = box.bounding_box()["y"]
    assert abs(page.get_by_role("columnheader", name="Patient").bounding_box()["y"] - top) < 2
    assert overflow(page) == 0


MISSING = {
    "/nowhere": "There is no such page in the workbench.",
    "/trials/NCT00000000": "There is no trial 'NCT00000000' in the rules in use.",
    "/patients/nobody": "There is no sample patient 'nobody'.",
    "/patients/nobody/what-if": "There is no sample patient 'nobody'.",
    "/patients/upload-gone": "This upload is no longer in memory",
    "/codes/gone": "This table is no longer in memory",
    "/patients/sle/further/down": "There is no such page in the workbench.",
}


@pytest.mark.parametrize(("path", "text"), MISSING.items(), ids=list(MISSING))
def test_what_is_not_there_has_a_page_of_the_house(visit: Callable[[str], Any], path: str, text: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    watched = visit(path)
    page = watched.page
    # The browser itself writes a line for any answer that is not 2xx.
    assert [c for c in watched.complaints if "status of 404" not in c] == []
    assert len(watched.complaints) == 1
    watched.complaints.clear()
    assert page.get_by_role("heading", level=1).inner_text() == "Not found"
    assert text in page.locator("#content").inner_text()
    assert [v["id"] for v in axe.run(page).response["violations"]] == []
    page.get_by_role("link", name="All patients and trials").click()
    page.get_by_role("heading", name="Sample patients and trials").wait_for()


def test_a_day_that_is_none_is_told(visit: Callable[[str], Any]) -> None:
    page = visit("/").page
    day = page.get_by_label("As of")
    assert day.input_value() == "2026-11-24"
    day.fill("24.11.2026")
    day.press("Enter")
    page.get_by_text("“24.11.2026” is no date. Write it as 2026-11-24.").wait_for()
