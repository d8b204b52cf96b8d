"""Whole answers, as they are sent and as they look in a narrow panel.

`UPDATE_GOLDEN=1 pytest tests/cards/test_golden.py` writes the files again; read them aloud before committing.
"""

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from cds_service.cards import PROFILES, CardOptions, cards_for
from cds_service.cli.show_results import show_cards
from cds_service.library import Library
from tests.cards.stories import SAMPLES, STORIES, Story

GOLDEN = Path(__file__).parent / "golden"
COLUMNS = 40
SAMPLE_STORIES = sorted(path.stem for path in SAMPLES.glob("*.json"))
SEED = "golden"


@pytest.mark.parametrize("story", SAMPLE_STORIES)
def test_the_sample_patients(library: Library, story: str) -> None:
    compare(story, Story(story), library, CardOptions())


@pytest.mark.parametrize("story", STORIES)
def test_stories_that_no_sample_tells(library: Library, story: str) -> None:
    compare(story, STORIES[story](), library, CardOptions(near_miss=True))


@pytest.mark.parametrize("profile", ["epic", "cerner"])
def test_what_other_clients_get(library: Library, profile: str) -> None:
    compare(f"{profile}-sle", Story("sle"), library, CardOptions(profile=PROFILES[profile]))


def test_no_golden_file_is_left_over() -> None:
    known = {*SAMPLE_STORIES, *STORIES, "epic-sle", "cerner-sle"}
    assert {path.stem for path in GOLDEN.iterdir()} == known


def compare(name: str, story: Story, library: Library, options: CardOptions) -> None:
    """Compare a story's answer with its golden files, or write them."""
    cards = cards_for(story.matched(library), options, SEED)
    found = {
        "json": json.dumps({"cards": cards}, indent=2, ensure_ascii=False) + "\n",
        "txt": panel(cards, markdown=options.profile.detail == "markdown"),
    }
    for suffix, text in found.items():
        path = GOLDEN / f"{name}.{suffix}"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path.name} is missing: write it with UPDATE_GOLDEN=1 and read it"
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: UPDATE_GOLDEN=1 writes it again"


def panel(cards: list[dict[str, object]], *, markdown: bool) -> str:
    """The cards in a terminal of 40 columns, without trailing blanks."""
    console = Console(file=io.StringIO(), width=COLUMNS, color_system=None, legacy_windows=False)
    show_cards({"cards": cards}, console, markdown=markdown)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"
