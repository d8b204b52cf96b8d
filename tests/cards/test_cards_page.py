"""`docs/cards.md` and README show what is so. `UPDATE_GOLDEN=1` writes the cards that they show again."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards import FOLD, OVERRIDE_REASONS, PROFILES, load_profile

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "cards" / "golden"


def quoted(card: dict[str, Any]) -> str:
    """The card for README, as a quotation: title, what stands above the fold and the first list below it, buttons."""
    above, below = card["detail"].split(f"\n\n{FOLD}\n\n")
    heading, lines, *_ = below.split("\n\n")
    buttons = " ".join(f"[ {suggestion['label']} ]" for suggestion in card["suggestions"])
    text = "\n\n".join([f"**{card['summary']}**", above, heading, lines, "…", buttons])
    return "".join(f"> {line}".rstrip() + "\n" for line in text.splitlines())


def fenced(card: dict[str, Any]) -> str:
    """The whole detail, as it is sent."""
    return f"```markdown\n{card['detail']}\n```\n"


@pytest.mark.parametrize(("page", "shown"), [("README.md", quoted), ("docs/cards.md", fenced)])
def test_the_card_on_a_page_is_the_first_of_its_golden_file(page: str, shown: Callable[[dict[str, Any]], str]) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    [(start, name, block)] = re.findall(r"(<!-- golden: (\S+) -->\n)(.*?)<!-- end -->\n", text, re.DOTALL)
    wanted = shown(json.loads((GOLDEN / name).read_text(encoding="utf-8"))["cards"][0])
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text.replace(start + block, start + wanted), encoding="utf-8")
        block = wanted
    assert block == wanted, f"{page}: UPDATE_GOLDEN=1 writes it again"


def test_the_page_names_the_fold() -> None:
    assert f"a line of its own with `{FOLD}`" in PAGE


def test_the_profile_on_the_page_is_a_good_one(tmp_path: Path) -> None:
    [block] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "site.json"
    path.write_text(block)
    assert len(load_profile(str(path)).order_codes) == 2


def test_every_profile_is_on_the_page() -> None:
    assert [name for name in PROFILES if f"| `{name}` |" not in PAGE] == []


def test_the_page_counts_the_override_reasons() -> None:
    assert len(OVERRIDE_REASONS) == 6
    assert "`overrideReasons` are six" in PAGE
