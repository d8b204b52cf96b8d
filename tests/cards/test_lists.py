"""Lists in `detail` are lists whichever Markdown engine a client has, and whatever stands in their lines."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import markdown
import markdown2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds_service.cards import Detail, DetailSection, Paragraph, as_markdown
from tests.cards.hostile import visible

GOLDEN = Path(__file__).parent / "golden"
ENGINES: dict[str, Callable[[str], str]] = {
    "markdown2": markdown2.markdown,
    # As nicegui's `ui.markdown` calls it, and so the EHR view.
    "markdown2 with extras": lambda text: str(markdown2.markdown(text, extras=["fenced-code-blocks", "tables"])),
    "markdown-it-py": MarkdownIt("commonmark").render,
    "Python-Markdown": markdown.markdown,
}
DETAILS = [
    pytest.param(card["detail"], id=f"{path.stem}-{card['source']['topic']['code']}")
    for path in sorted(GOLDEN.glob("*.json"))
    for card in json.loads(path.read_text(encoding="utf-8"))["cards"]
    if "**" in card["detail"]
]


class Page(HTMLParser):
    """The texts of a page by the elements around them: `items` those in `ul > li`, `paragraphs` those in `p`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.items: list[str] = []
        self.paragraphs: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "li" and self.open[-1:] == ["ul"]:
            self.items.append("")
        if tag == "p":
            self.paragraphs.append("")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "p" in self.open:
            self.paragraphs[-1] += data
        elif "li" in self.open:
            self.items[-1] += data


def lines_of(detail: str) -> list[str]:
    """The lines of all lists."""
    return [line.removeprefix("- ") for line in detail.splitlines() if line.startswith("- ")]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("detail", DETAILS)
def test_each_line_of_a_golden_card_is_an_item_of_a_list(detail: str, engine: str) -> None:
    page = Page(ENGINES[engine](detail))
    lines = lines_of(detail)
    assert lines
    # The first words tell which line it is; none of these lines begins with something that is escaped.
    assert [item.split()[:2] for item in page.items] == [line.split()[:2] for line in lines]
    assert [text for text in page.paragraphs if text.startswith("- ") or "\n- " in text] == []


@pytest.mark.parametrize("detail", DETAILS)
def test_plain_text_has_a_blank_line_before_each_list_and_none_within(detail: str) -> None:
    for block in detail.split("\n\n"):
        starts = {line.startswith("- ") for line in block.splitlines()}
        assert starts in ({True}, {False}), block


@pytest.mark.parametrize("engine", ENGINES)
@given(lines=st.lists(visible, min_size=1, max_size=4))
@settings(deadline=None)
def test_whatever_a_line_holds_it_is_one_item(engine: str, lines: list[str]) -> None:
    detail = Detail((Paragraph("Why", "so"),), (DetailSection("Missing", tuple(lines)),), ("A note",))
    page = Page(ENGINES[engine](as_markdown(detail)))
    assert len(page.items) == len(lines)
    assert page.paragraphs[-1] == "A note"
