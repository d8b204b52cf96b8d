"""docs/facts.md says what the catalogue holds."""

from pathlib import Path

from cds_service.authoring.facts_page import facts_page
from cds_service.library import load_library
from cds_service.settings import default_rules_dir

PAGE = Path(__file__).parents[2] / "docs" / "facts.md"


def test_the_page_is_current_and_has_a_heading_for_each_fact() -> None:
    library = load_library(default_rules_dir())
    text = PAGE.read_text(encoding="utf-8")
    assert text == facts_page(library.catalogue, default_rules_dir()), (
        "run `cds-service rules docs --facts --out docs/facts.md`"
    )
    assert [name for name in library.catalogue.facts if f"### `{name}`\n" not in text] == []
