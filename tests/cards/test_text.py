"""Outside text shows as it is: nothing in it becomes markup, a link or a tag."""

import html
import re
import unicodedata

import pytest
from hypothesis import given

from cds_service.cards import (
    DETAIL_LIMIT,
    FOLD,
    SUMMARY_LIMIT,
    Detail,
    DetailSection,
    Paragraph,
    as_block,
    as_markdown,
    as_plain,
    cut,
    escaped,
    plain,
    unlinked,
    untagged,
)
from cds_service.cards import text as text_module
from tests.cards.hostile import texts, visible
from tests.cards.markdown import bare_links, shown, tags

PLACES = ("a: {}", "a {} b", "**a:** {}", "a ({}), {}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Antinuclear antibody (ANA) titre", "Antinuclear antibody (ANA) titre"),
        ("AST < 5 & ALT > 3", "AST < 5 & ALT > 3"),
        ("<5 U/L", "<5 U/L"),
        ("R&D {score} 100 % | \"quoted\" ~5", "R&D {score} 100 % | \"quoted\" \\~5"),
        ("sledai_2k_score", "sledai_2k_score"),
        ("10*9/L", "10\\*9/L"),
        ("3 * 4", "3 * 4"),
        ("<b>x</b>", "‹b>x‹/b>"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("[a](b)", "\\[a](b)"),
        ("C:\\temp", "C:\\\\temp"),
        ("me@example.org", "me (at) example. org"),
        ("http://evil.com", "http: // evil. com"),
        ("www.evil.com", "www. evil. com"),
        ("E.coli 1.5 mg", "E. coli 1.5 mg"),
    ],
)  # fmt: skip
def test_only_what_means_something_is_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


def without_short_cuts(line: str) -> str:
    """`escaped`, with every pattern tried on every text."""
    line = text_module._AT.sub(" (at) ", line)
    line = text_module._SLASHES.sub(lambda m: f"{m[1]}{' ' * bool(m[1])}{m[2]} ", line)
    line = text_module._HOST_DOT.sub(". ", text_module._WWW.sub(r"\1. ", line)).strip()
    line = text_module._ENTITY.sub(text_module._entity, text_module._TAG.sub("‹", line))
    line = text_module._STAR.sub(r"\\*", text_module._ALWAYS.sub(r"\\\g<0>", line))
    return text_module._UNDERSCORE.sub(text_module._underscore, line)


@given(texts)
def test_what_is_not_tried_would_change_nothing(text: str) -> None:
    assert escaped(text) == without_short_cuts(text)


@given(texts)
def test_blanks_come_one_at_a_time(text: str) -> None:
    shown = "".join(" " if c.isspace() or unicodedata.category(c) in text_module._BLANKED else c for c in text)
    shown = "".join(c for c in shown if unicodedata.category(c) != "Cf")
    assert plain(text, 10_000) == re.sub(r"\s+", " ", shown).strip()


@given(texts)
def test_a_line_stays_text_wherever_it_stands(text: str) -> None:
    said = escaped(plain(text))
    for place in PLACES:
        page = place.format(said, said)
        assert tags(page) <= {"p", "strong"}, page
        assert bare_links(page) == []
    assert tags(as_block(said)) <= {"p"}


@given(texts)
def test_a_line_shows_as_it_is(text: str) -> None:
    said = plain(text)
    assert shown(f"a {escaped(said)} b") == f"a {untagged(unlinked(said))} b"


@given(texts)
def test_text_without_markup_is_safe_in_a_page_that_escapes_nothing(text: str) -> None:
    page = as_plain(Detail((Paragraph("Why", text),), (DetailSection("List", (text,)),)))
    assert re.search(r"<[A-Za-z/!?]|<$", page) is None


@given(texts, texts, texts)
def test_a_detail_holds_nothing_but_its_own_structure(one: str, two: str, three: str) -> None:
    detail = Detail((Paragraph("Why", two),), (DetailSection("List", (one, two, three)),), (three,))
    page = as_markdown(detail)
    assert tags(page) <= {"p", "strong", "ul", "li", "hr"}
    assert bare_links(page) == []
    assert len(page) <= DETAIL_LIMIT


@given(visible)
def test_one_line_without_what_shows_nothing(text: str) -> None:
    said = plain(text)
    assert said == said.strip()
    assert "  " not in said
    assert not {unicodedata.category(c) for c in said} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two, three", 9, "one two…"),
        ("a" * 20, 10, "a" * 9 + "…"),
        ("one (two)", 6, "one…"),
    ],
)
def test_text_is_cut_at_a_word(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(texts)
def test_a_summary_counts_code_points(text: str) -> None:
    assert len(plain(text * 40, SUMMARY_LIMIT)) <= SUMMARY_LIMIT


def test_an_over_long_detail_gives_up_lines_and_says_so() -> None:
    lines = tuple(f"line {n} " + "word " * 100 for n in range(40))
    page = as_markdown(Detail((), (DetailSection("Short", ("kept",)), DetailSection("Long", lines))))
    assert len(page) <= DETAIL_LIMIT
    assert "- kept" in page
    assert page.endswith("Shortened.")


def test_empty_parts_leave_no_trace() -> None:
    why, nothing = Paragraph("Why", "so"), DetailSection("List", ())
    assert (as_markdown(Detail((why,), (nothing,), ("",))), as_plain(Detail((why,), (nothing,), ("",)))) == (
        "**Why:** so",
        "Why: so",
    )
    assert as_markdown(Detail((Paragraph("Why", ""),), (DetailSection("List", ("one",)),))) == "**List**\n\n- one"


def test_plain_text_has_no_markup() -> None:
    detail = Detail((Paragraph("Why", "10*9/L"),), (DetailSection("Missing", ("[x] one",)),))
    assert as_plain(detail) == "Why: 10*9/L\n\n---\n\nMISSING\n• [x] one"


@given(texts, texts)
def test_the_fold_stands_once_and_nothing_looks_like_it(above: str, below: str) -> None:
    detail = Detail(
        (Paragraph("Why", f"so {above}"),), (DetailSection("Missing", ("one", below, "---")),), (below, "---")
    )
    for page in (as_markdown(detail), as_plain(detail)):
        first, *rest = page.split(f"\n\n{FOLD}\n\n")
        assert (len(rest), FOLD in page.splitlines()) == (1, True)
        assert "Missing" not in first


def test_the_test_sees_a_tag_and_a_link_where_there_is_one() -> None:
    assert tags("<b>x</b> *y*") >= {"b", "em"}
    assert bare_links("see www.evil.com or me@example.org") != []
    assert html.unescape("&lt;") == "<"
