"""How the pages look, in a real browser: in both themes and from 320 px on, readable for everybody."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.workbench.histories import course
from tests.workbench.screenshots import PAGES, WIDTHS, ready, uploaded
from tests.workbench.serving import Service

pytestmark = pytest.mark.slow

RULES = {"rules": {"target-size": {"enabled": True}}}
"""Rules of axe beside those that are on: 24 px to tap on, WCAG 2.2, 2.5.8."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
GROUND = "() => getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(243, 245, 248)", "rgb(18, 24, 31)"


@pytest.fixture
def charts(visit: Callable[[str], Any], served: Service) -> Any:
    """The page of a patient with several results of a kind."""
    page = visit(uploaded(served, course()) + "?as_of=2026-11-24").page
    page.evaluate("document.querySelectorAll('.chart details').forEach((d) => { d.open = true; })")
    return page


def check(page: Any) -> None:
    """Nothing wider than the window at any width, and nothing that axe finds in either theme."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDER) == 0, f"wider than {width} px"
    for theme, width in (("light", 320), ("dark", 1200)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        violations = axe.run(page, options=RULES).response["violations"]
        told = [(v["id"], node["html"][:120]) for v in violations for node in v["nodes"]]
        assert told == [], f"{theme}, {width} px"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_at_every_width_in_both_themes(visit: Callable[[str], Any], name: str) -> None:
    watched = visit(PAGES[name])
    ready(watched.page)
    check(watched.page)
    if name == "not-found":
        said = [c for c in watched.complaints if "status of 404" in c]
        assert len(said) == 1, "the page itself, and nothing on it"
        watched.complaints.remove(said[0])


def test_charts_are_readable_at_every_width_in_both_themes(charts: Any) -> None:
    assert charts.locator("figure svg.plot").count() == 4
    check(charts)


def test_a_chart_tells_values_range_and_thresholds_in_words_and_as_a_table(charts: Any) -> None:
    told = charts.get_by_role("img", name="Haemoglobin").get_attribute("aria-label")
    assert "96 g/L on 2026-11-18" in told
    assert "NCT07083349 inc-04b: haemoglobin ≥ 80 g/L" in told
    table = charts.get_by_role("table", name="Results of Haemoglobin")
    assert "not drawn: implausible" in table.inner_text()


def test_letters_of_a_chart_keep_their_size_in_a_small_window(charts: Any) -> None:
    charts.set_viewport_size({"width": 320, "height": 900})
    sizes = charts.evaluate(
        "() => [...document.querySelectorAll('.plot text')]"
        ".map((t) => t.getBoundingClientRect().height).filter((height) => height)"
    )
    assert min(sizes) >= 10
    outside = charts.evaluate(
        "() => [...document.querySelectorAll('.plot text')].filter((t) => {"
        " const text = t.getBoundingClientRect(), around = t.closest('figure').getBoundingClientRect();"
        " return text.width && (text.left < around.left || text.right > around.right); }).map((t) => t.textContent)"
    )
    assert outside == []


def test_the_theme_is_the_system_s_until_one_is_chosen_which_is_remembered(visit: Callable[[str], Any]) -> None:
    page = visit("/trials").page
    try:
        for system, ground in (("light", LIGHT), ("dark", DARK)):
            page.emulate_media(color_scheme=system)
            assert page.evaluate(GROUND) == ground
        page.get_by_label("Theme").select_option("light")
        assert page.evaluate(GROUND) == LIGHT, "at once"
        other = visit("/upload").page
        other.emulate_media(color_scheme="dark")
        assert other.evaluate(GROUND) == LIGHT, "on every page"
        assert other.get_by_label("Theme").input_value() == "light"
        other.get_by_label("Theme").select_option("")
        assert other.evaluate(GROUND) == DARK, "the system's again"
    finally:
        page.context.clear_cookies()


def test_the_editor_follows_the_theme(visit: Callable[[str], Any]) -> None:
    page = visit("/trials/NCT07083349").page
    ground = "() => getComputedStyle(document.querySelector('.cm-editor')).backgroundColor"
    page.wait_for_function("() => document.querySelector('.cm-content').getAttribute('aria-label')")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => ({ground})() === 'rgb(255, 255, 255)'")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({ground})() !== 'rgb(255, 255, 255)'")


def test_on_paper_the_page_is_light_and_without_what_is_clicked(charts: Any) -> None:
    charts.emulate_media(color_scheme="dark", media="print")
    ink = charts.evaluate("() => getComputedStyle(document.querySelector('h1')).color")
    assert ink == "rgb(27, 39, 51)"
    assert not charts.get_by_role("navigation").is_visible()
    assert charts.locator("figure svg.plot").first.is_visible()


def test_the_day_stands_as_iso_8601_writes_it(visit: Callable[[str], Any]) -> None:
    assert visit("/").page.get_by_label("As of").input_value() == "2026-11-24"
