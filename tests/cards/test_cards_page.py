"""`docs/cards.md` shows what is so."""

import json
import re
from pathlib import Path

from cds_service.cards import OVERRIDE_REASONS, PROFILES, load_profile

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "cards" / "golden"


def test_the_card_on_the_page_is_the_first_of_its_golden_file() -> None:
    [(name, block)] = re.findall(r"<!-- golden: (\S+) -->\n```markdown\n(.*?)```", PAGE, re.DOTALL)
    card = json.loads((GOLDEN / name).read_text(encoding="utf-8"))["cards"][0]
    assert card["detail"].startswith(block.rstrip("\n") + "\n")


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
