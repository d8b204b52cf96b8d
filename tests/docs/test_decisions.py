"""docs/decisions/: every number is a page, or a line of its README says why there is none."""

import re
from pathlib import Path

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"
PAGES = {path: int(path.name[:4]) for path in DECISIONS.glob("[0-9]*.md")}
EXCUSED = {
    int(number): why
    for number, why in re.findall(
        r"^\| ([0-9]+) \| (.+) \|$", (DECISIONS / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
}


def test_numbers_have_no_holes_but_those_that_are_explained() -> None:
    numbers = set(PAGES.values())
    assert len(numbers) == len(PAGES), "two pages have the same number"
    missing = set(range(1, max(numbers) + 1)) - numbers
    assert missing == set(EXCUSED), "a page or a line of docs/decisions/README.md for each, and not both"


def test_each_page_is_named_and_headed_by_its_number() -> None:
    for page, number in PAGES.items():
        assert re.fullmatch(r"[0-9]{4}(-[a-z0-9]+)+\.md", page.name)
        heading = page.read_text(encoding="utf-8").partition("\n")[0]
        assert re.fullmatch(rf"# 0*{number}[.:] .+", heading), f"{page.name}: {heading}"
