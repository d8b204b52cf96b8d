"""The colours of the desk: all in one place, for both themes, and with enough contrast in each."""

import re
from pathlib import Path

import pytest

import cds_service.workbench

DESK = Path(cds_service.workbench.__file__).parent
COLOURS = DESK / "colours.css"
PAIRS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", COLOURS.read_text(encoding="utf-8")))
THEMES = {"light": 0, "dark": 1}
LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{)|\b(?:rgba?|hsla?|oklch)\(|:\s*(?:white|black|red|green|blue)\b")

TEXT = [
    ("ink", "ground"),
    ("ink", "paper"),
    ("ink", "head"),
    ("ink", "code-bg"),
    ("soft", "ground"),
    ("soft", "paper"),
    ("soft", "head"),
    ("soft", "code-bg"),
    ("soft", "open-bg"),
    ("blue", "ground"),
    ("blue", "paper"),
    ("blue", "hover"),
    ("bar-ink", "bar"),
    ("bar-bad", "bar"),
    ("fill-ink", "fill"),
    ("fill-ink", "fill-hover"),
    ("pressed-ink", "pressed"),
    ("threshold", "paper"),
    ("threshold", "normal"),
    ("as-of", "paper"),
    *((tone, f"{tone}-bg") for tone in ("good", "fair", "open", "bad", "person")),
]
SIGNS = [
    ("edge", "paper"),
    ("focus", "ground"),
    ("focus", "paper"),
    ("focus", "bar"),
    ("changed", "paper"),
    ("warn", "paper"),
    ("course", "paper"),
    ("course", "normal"),
    ("threshold", "normal"),
    ("as-of", "normal"),
    ("bad", "paper"),
]


def colour(name: str, theme: str) -> str:
    return PAIRS[name].split(", ")[THEMES[theme]]


def luminance(text: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(text[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "ground"), TEXT)
def test_text_can_be_read_on_its_ground(front: str, ground: str, theme: str) -> None:
    assert contrast(colour(front, theme), colour(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "ground"), SIGNS)
def test_edges_and_signs_can_be_seen_on_their_ground(front: str, ground: str, theme: str) -> None:
    assert contrast(colour(front, theme), colour(ground, theme)) >= 3


def test_every_colour_is_for_both_themes() -> None:
    declared = re.findall(r"--([\w-]+):", COLOURS.read_text(encoding="utf-8"))
    assert sorted(declared) == sorted(PAIRS)


def test_a_colour_stands_nowhere_else() -> None:
    files = [path for path in DESK.rglob("*") if path.suffix in {".css", ".js", ".py"} and path != COLOURS]
    assert len(files) > 20
    found = [(path.name, hit) for path in files for hit in LITERAL.findall(path.read_text(encoding="utf-8"))]
    assert found == []


def test_every_colour_that_a_sheet_names_is_there() -> None:
    named = {
        name
        for path in DESK.glob("*.css")
        for name in re.findall(r"var\(--([\w-]+)\)", path.read_text(encoding="utf-8"))
        if not name.startswith("column-")
    }
    assert named - PAIRS.keys() == set()
    assert PAIRS.keys() - named == set(), "a colour that nothing has"
