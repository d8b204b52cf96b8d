"""Regular expressions of filters: the same answers as Python's own, in a time that no expression can spoil."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.terminology.sources.filters import compiled
from cds_service.terminology.sources.patterns import Pattern, PatternError
from cds_service.terminology.sources.source import UnsupportedFilterError

NAMES = ["a" * 250, "abcdefghi" * 27, "a b c d e f " * 20, "1" * 18]


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+Z",
        "(a|a)*Z",
        "(?:a|aa)*Z",
        "(a|a)" * 60 + "Z",
        "a?" * 60 + "a" * 60 + "Z",
        "a*" * 20 + "Z",
        ".*" * 20 + "Z",
        ".*a" * 20 + "Z",
        "[ab]*[ac]*[ad]*[ae]*[af]*Z",
        ".{1,80}" * 9 + "Z",
        "(a{0,9}){0,9}Z",
    ],
)
def test_expressions_that_would_take_for_ever_are_answered(pattern: str) -> None:
    assert not any(map(compiled(pattern).matches, NAMES))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r".*\(disorder\)", "Moon (disorder)", True),
        (r".*\(disorder\)", "Moon (disorder) ", False),
        ("^(S12\\.0.{2})[D]$", "S12.0XXD", True),
        ("^(S12\\.0.{2})[D]$", "S12.0XD", False),
        ("(?i)moon|tide", "TIDE", True),
        ("moon|tide", "TIDE", False),
        ("[^]a]+", "bcd", True),
        ("[a-c-]+?", "a-c", True),
        (r"\d{2,}", "1", False),
        (r"\d{2,}", "1234", True),
        ("a{0}b", "b", True),
        ("", "", True),
        ("a|", "", True),
        ("a{", "a{", True),
        ("胃.*", "胃炎", True),
        (".", "\n", False),
    ],
)
def test_what_fits_the_whole(pattern: str, text: str, fits: bool) -> None:
    assert compiled(pattern).matches(text) is fits


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "(a",
        "a)",
        "[",
        "*a",
        "a**",
        "a{2}{3}",
        "a{3,2}",
        "a^b",
        "a$b",
        r"\b",
        r"(a)\1",
        "(?=a)",
        "(?P<x>a)",
        "a(?i)",
        "\\",
        "[b-a]",
        "(" * 60 + ")" * 60,
        "(a{99}){99}",
        "a{9999999}",
        "a" * 501,
    ],
)
def test_what_is_not_read_says_so(pattern: str) -> None:
    with pytest.raises(UnsupportedFilterError):
        compiled(pattern)


PARTS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(", "(?:", ")", "|", "*", "+", "?", "{2}", "{1,}", "{0,2}"])


@given(st.lists(PARTS, max_size=8).map("".join), st.text("abc", max_size=6))
def test_it_answers_as_python_does(pattern: str, text: str) -> None:
    try:
        ours = Pattern(pattern)
    except PatternError:
        return
    assert ours.matches(text) == (re.fullmatch(pattern, text) is not None)
