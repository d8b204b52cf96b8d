"""From JSON pointers to lines of text."""

import pytest

from cds_service.rule_tools import line_in_message, line_of

TEXT = """{
  "a/b": [1, {"x~y": "}\\"{"},
    [true, null,
     -1.5e3]],
  "c": {"d": 1,
    "e": {}}
}"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/a~1b", 2),
        ("/a~1b/1/x~0y", 2),
        ("/a~1b/2", 3),
        ("/a~1b/2/2", 4),
        ("/c", 5),
        ("/c/e", 6),
        ("/c/missing", 5),
        ("/nothing/at/all", 1),
        ("/a~1b/0/deeper", 2),
    ],
)
def test_the_line_of_a_place(pointer: str, line: int) -> None:
    assert line_of(TEXT, pointer) == line


@pytest.mark.parametrize("text", ["", "{", '{"a": [1, 2', '{"a" 1}', "]", '{"a": "'])
def test_text_that_is_no_json_has_no_lines_or_the_first(text: str) -> None:
    assert line_of(text, "/a/5/b") in {None, 1}


def test_the_line_that_a_finding_names() -> None:
    assert line_in_message("not JSON at line 12, column 3: Expecting ','") == 12
    assert line_in_message("unknown key") is None
