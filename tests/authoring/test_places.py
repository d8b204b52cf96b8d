"""From JSON pointers to lines of text."""

import pytest

from cds_service.errors import Finding
from cds_service.rule_tools import line_of, placed

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


TRIAL = """{
  "criteria": [
    {"id": "inc-01", "text": "x"},
    {"id": "inc-02",
     "logic": {"var": "a"}}
  ],
  "cohorts": [
    {"id": "A",
     "criteria": [{"id": "s1-01", "text": "y"}]}
  ]
}"""


@pytest.mark.parametrize(
    ("pointer", "line", "criterion"),
    [
        ("/criteria/1/logic", 5, "inc-02"),
        ("/criteria/0", 3, "inc-01"),
        ("/cohorts/0/criteria/0/text", 9, "s1-01"),
        ("/cohorts/0/id", 8, None),
        ("/criteria", 2, None),
        ("/criteria/7/id", 2, None),
        ("/criteria/0/text/0/x", 3, "inc-01"),
        ("", 1, None),
    ],
)
def test_a_finding_gets_the_line_and_the_criterion_of_its_place(pointer: str, line: int, criterion: str | None) -> None:
    [found] = placed([Finding("trial.json", pointer, "unknown-fact", "error", "x")], lambda _: TRIAL)
    assert (found.line, found.criterion) == (line, criterion)


def test_findings_of_one_kind_stand_together_errors_first_in_the_order_of_lines() -> None:
    rows = [("/criteria/1", "b", "error"), ("/cohorts", "w", "warning"), ("/criteria/0", "a", "error")]
    rows += [("/criteria/0", "b", "error")]
    found = placed([Finding("trial.json", at, code, severity, "x") for at, code, severity in rows], lambda _: TRIAL)  # type: ignore[arg-type]
    assert [(one.code, one.line) for one in found] == [("b", 3), ("b", 4), ("a", 3), ("w", 7)]


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_text_without_the_place_leaves_the_finding_as_it_is(text: str) -> None:
    finding = Finding("trial.json", "/criteria/0", "not-json", "error", "x", line=4)
    [found] = placed([finding], lambda _: text)
    assert (found.line, found.criterion, found) == (4, None, finding)
