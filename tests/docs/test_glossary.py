"""docs/glossary.md: at most a dozen house words, each in use, and a page that defines one links here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md") if path.name != "glossary.md"}
CODE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cds_service").rglob("*.py"))
ROWS = re.findall(r"^\| \*\*(.+?)\*\* \| (.+?) \| \[(\S+)\]\((\S+)\) \|$", GLOSSARY, flags=re.MULTILINE)
WORDS = [word for word, *_ in ROWS]


def said(word: str) -> re.Pattern[str]:
    """Finds a word as prose and as a name of code has it: "near miss" and "near_miss"."""
    return re.compile(rf"(?<![a-z]){word.replace(' ', '[ _]')}(?:s|es)?(?![a-z])", flags=re.IGNORECASE)


def defines(page: str, word: str) -> bool:
    """Whether a page sets a word in italics or bold, as where it says what it means; a label has a capital."""
    return re.search(rf"(?<!\*)\*{{1,2}}{word}s?(?: [a-z]+)?\*{{1,2}}(?!\*)", page) is not None


def test_there_are_no_more_than_twelve_on_one_screen() -> None:
    assert 1 <= len(WORDS) <= 12
    assert sorted(set(WORDS)) == WORDS
    assert len(ROWS) == sum(line.startswith("| **") for line in GLOSSARY.splitlines())
    assert len(GLOSSARY.splitlines()) <= 35


@pytest.mark.parametrize("word", WORDS)
def test_each_is_a_word_of_the_code_and_of_other_pages(word: str) -> None:
    assert said(word).search(CODE), "nothing in the code is called so: take it out"
    assert any(said(word).search(page) for page in PAGES.values()), "no page says it: take it out"


@pytest.mark.parametrize(("word", "means", "page", "link"), ROWS)
def test_each_has_a_meaning_and_the_page_that_says_more_says_the_word(
    word: str, means: str, page: str, link: str
) -> None:
    assert means.endswith(".")
    assert link.partition("#")[0] == page
    assert said(word).search(PAGES[page])
    anchors = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
               for line in PAGES[page].splitlines() if line.startswith("#")}  # fmt: skip
    assert link.partition("#")[2] in {"", *anchors}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_that_defines_one_links_here(name: str) -> None:
    defined = [word for word in WORDS if defines(PAGES[name], word)]
    assert not defined or "(glossary.md)" in PAGES[name], f"{name} defines {', '.join(defined)}"


def test_a_newcomer_finds_it() -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "(docs/glossary.md)" in (ROOT / page).read_text(encoding="utf-8")
    assert "(glossary.md)" in PAGES["design.md"]


def test_what_defining_is() -> None:
    assert defines("an entry may be a *hint* (below)", "hint")
    assert defines("these are **hints**: they", "hint")
    assert defines("is *presumed\nabsent*".replace("\n", " "), "presumed")
    assert not defines("**Hint**: look it up", "hint")
    assert not defines("a hint is 3 * hint * 4, or `*hint`", "hint")
