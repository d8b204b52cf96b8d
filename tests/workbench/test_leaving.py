"""Edits that are not saved, in a real browser: whoever leaves is asked, and what is being checked is said at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import until
from tests.workbench.serving import Service
from tests.workbench.test_editing import choose

pytestmark = pytest.mark.slow

PATH = "/trials/NCT07083349?patient=sle-likely"


def edited(visit: Callable[[str], Any]) -> Any:
    """The page of a trial with an edit that was checked."""
    page = visit(PATH).page
    choose(page, '[80, "g/L"]', 1, 3)
    page.keyboard.type("110")
    page.locator("[data-criterion=inc-04b]").get_by_text("✗ fail").wait_for()
    page.get_by_text("checking …").wait_for(state="hidden")
    return page


def asked(page: Any, leave: Callable[[], Any], *, goes: bool) -> list[str]:
    """The kinds of questions that the browser asks when somebody leaves, and is told to go or to stay."""
    found: list[str] = []

    def answer(dialog: Any) -> None:
        found.append(dialog.type)
        dialog.accept() if goes else dialog.dismiss()

    page.on("dialog", answer)
    leave()
    page.remove_listener("dialog", answer)
    return found


def test_a_link_asks_and_who_stays_keeps_the_edit(visit: Callable[[str], Any]) -> None:
    page = edited(visit)
    here = page.url
    page.get_by_role("link", name="Patients × trials").click()
    question = page.get_by_role("dialog", name="Leave without saving?")
    question.get_by_role("button", name="Stay").click()
    question.wait_for(state="hidden")
    assert page.url == here
    assert page.locator("[data-criterion=inc-04b]").get_by_text("✗ fail").is_visible()
    page.get_by_role("link", name="Patients × trials").click()
    question.wait_for()
    page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    assert page.url == here


def test_a_link_asks_and_who_leaves_gets_there_without_a_second_question(visit: Callable[[str], Any]) -> None:
    page = edited(visit)
    page.get_by_role("link", name="Patients × trials").click()

    def leave() -> None:
        page.get_by_role("button", name="Leave without saving").click()
        page.wait_for_url("**/workbench/")

    assert asked(page, leave, goes=False) == []


def test_loading_anew_asks(visit: Callable[[str], Any]) -> None:
    page = edited(visit)
    found: list[str] = []
    page.once("dialog", lambda dialog: (found.append(dialog.type), dialog.accept()))
    page.reload()
    assert found == ["beforeunload"]


def test_closing_asks(visit: Callable[[str], Any]) -> None:
    page = edited(visit)
    found: list[str] = []
    page.once("dialog", lambda dialog: (found.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    until(lambda: page.evaluate("1") == 1 and bool(found), "the question")
    assert found == ["beforeunload"]
    page.once("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("end", ["Undo all edits", "nothing typed"])
def test_without_edits_nobody_is_asked(visit: Callable[[str], Any], end: str) -> None:
    page = visit(PATH).page if end == "nothing typed" else edited(visit)
    if end != "nothing typed":
        page.get_by_role("button", name=end).click()
        page.get_by_text("As on disk; all checks pass").wait_for()
        page.get_by_text("checking …").wait_for(state="hidden")

    def leave() -> None:
        page.get_by_role("link", name="Patients × trials").click()
        page.wait_for_url("**/workbench/")

    assert asked(page, leave, goes=False) == []


def test_after_saving_nobody_is_asked(visit: Callable[[str], Any], served: Service) -> None:
    before = served.trial().read_bytes()
    page = visit(PATH).page
    choose(page, "NK510 in refractory SLE", 0, 5)
    page.keyboard.type("NK-510")
    page.get_by_text("All checks pass; 0 verdicts flip").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("As on disk; all checks pass").wait_for()
    page.get_by_text("checking …").wait_for(state="hidden")
    assert served.trial().read_bytes() != before

    def leave() -> None:
        page.reload()
        page.get_by_role("heading", level=1).wait_for()

    assert asked(page, leave, goes=False) == []


def test_a_keystroke_is_answered_by_the_page_itself(visit: Callable[[str], Any]) -> None:
    page = visit(PATH).page
    assert not page.get_by_text("checking …").is_visible()
    choose(page, '[80, "g/L"]', 1, 3)
    # In the turn of the keystroke, before anything could come from the service.
    shown = page.evaluate(
        """() => {
          const view = getElement(document.querySelector('.editor').id.slice(1)).editor;
          view.dispatch(view.state.replaceSelection("110"));
          return !document.getElementById("checking").hidden;
        }"""
    )
    assert shown
    page.locator("[data-criterion=inc-04b]").get_by_text("✗ fail").wait_for()
    page.get_by_text("checking …").wait_for(state="hidden")


def test_the_question_is_accessible(visit: Callable[[str], Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = edited(visit)
    page.get_by_role("link", name="Patients × trials").click()
    page.get_by_role("dialog").wait_for()
    violations = axe.run(page).response["violations"]
    assert [(v["id"], node["html"][:120]) for v in violations for node in v["nodes"]] == []
