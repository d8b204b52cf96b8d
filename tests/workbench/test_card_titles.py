"""The title of every sample card takes two lines at most in a panel of 320 px, as a browser sets it."""

import json
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "cards" / "golden"
TITLES = sorted(
    {
        card["summary"]
        for path in GOLDEN.glob("*.json")
        for card in json.loads(path.read_text(encoding="utf-8"))["cards"]
    }
)
LINE = 20
"""Pixels of one line."""
STYLE = f'font: bold 15px/{LINE}px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; margin: 0'


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    opened = browser.new_page(viewport={"width": 320, "height": 600})
    yield opened
    opened.close()


def lines(page: Any, text: str) -> float:
    page.set_content(f"<body style='margin: 0'><h3 style='{STYLE}'></h3>")
    page.locator("h3").evaluate("(node, text) => { node.textContent = text }", text)
    height: float = page.locator("h3").evaluate("node => node.getBoundingClientRect().height")
    return height / LINE


@pytest.mark.parametrize("title", TITLES)
def test_a_title_takes_two_lines(page: Any, title: str) -> None:
    assert lines(page, title) <= 2


def test_the_measure_tells_two_lines_from_three(page: Any) -> None:
    before = "Trial may fit: NK510 for refractory SLE (not yet recruiting) – missing: ANA titre, serum pregnancy test"
    assert (lines(page, "May fit"), lines(page, before)) == (1, 3)
