"""Every page in a real browser: nothing in the console, nothing from outside, readable for everybody."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PAGES = {
    "/": "Sample patients and trials",
    "/trials": "Trials",
    "/trials/NCT07083349?patient=sle-likely": "NCT07083349",
    "/trials/NCT06676631?patient=lupus-nephritis": "NCT06676631",
    "/patients/sle-likely": "Woman of 34 with lupus, fully worked up",
    "/patients/sle-likely/what-if": "What if",
    "/ehr?patient=sle-likely": "EHR view",
    "/upload": "Upload a record",
    "/codes": "Codes seen",
    "/?as_of=2027-06-01": "Sample patients and trials",
}


@pytest.mark.parametrize(("path", "title"), PAGES.items(), ids=list(PAGES))
def test_a_page_loads_quietly_and_is_accessible(visit: Callable[[str], Any], path: str, title: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit(path).page
    assert title in page.get_by_role("heading", level=1).inner_text()
    violations = axe.run(page).response["violations"]
    told = [(v["id"], node["html"][:120]) for v in violations for node in v["nodes"]]
    assert told == []


def test_the_matrix_says_the_verdict_in_words(visit: Callable[[str], Any]) -> None:
    page = visit("/").page
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Woman of 34 with lupus, fully worked up"))
    assert "likely eligible" in row.inner_text()
    assert "possibly eligible" in row.inner_text()


def test_another_day_gives_other_verdicts(visit: Callable[[str], Any]) -> None:
    page = visit("/").page
    page.get_by_label("As of").fill("2027-12-24")
    page.get_by_label("As of").press("Enter")
    page.wait_for_url("**/workbench/?as_of=2027-12-24")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Woman of 34 with lupus, fully worked up"))
    assert "✓ likely eligible" not in row.inner_text()
