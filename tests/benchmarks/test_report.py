"""What is printed: numbers with as many places as tell something, verdicts, tables, and blocks of a page."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.plots import Line, chart
from benchmarks.report import Target, number, replace_blocks, table
from benchmarks.timing import percentile, ratio, timed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "0.012"), (0.4, "0.400"), (4.306, "4.31"), (25.97, "26.0"), (128.6, "129"), (1290.0, "1,290"), (5, "5")],
)
def test_a_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("target", "row"),
    [
        (Target("f", 0.4, 0.39, "×"), ("f", "≤ 0.400 ×", "0.390 ×", "met")),
        (Target("f", 0.4, 0.41, "×"), ("f", "≤ 0.400 ×", "0.410 ×", "MISSED")),
        (Target("f", 4, 4.0, "×", least=True), ("f", "≥ 4 ×", "4 ×", "met")),
        (Target("f", 4, 3.9, "×", least=True), ("f", "≥ 4 ×", "3.90 ×", "MISSED")),
        (Target("f", 60, 1.5, "s", note="5 trials only"), ("f", "≤ 60 s", "1.50 s (5 trials only)", "not judged")),
    ],
)
def test_a_target(target: Target, row: tuple[str, ...]) -> None:
    assert target.row() == row


def test_a_table() -> None:
    assert list(table(("A", "Count"), [("long", "1"), ("x", "22")])) == [
        "| A    | Count |",
        "| ---- | ----: |",
        "| long |     1 |",
        "| x    |    22 |",
    ]


def test_blocks_are_replaced_as_often_as_wanted_and_absent_ones_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- bench: x -->\nold\n<!-- end: x -->\nb\n")
    for _ in range(2):
        assert replace_blocks(page, {"x": ["new \\1"], "y": ["lost"]}) == ["y"]
        assert page.read_text() == "a\n<!-- bench: x -->\n\nnew \\1\n\n<!-- end: x -->\nb\n"


def test_percentiles_and_ratios_round_by_round() -> None:
    assert percentile(range(1, 101), 0.5) == 51
    assert percentile(range(1, 101), 0.99) == 100
    assert percentile([3.0], 0.99) == 3.0
    assert ratio({"a": [2.0, 30.0, 4.0], "b": [1.0, 10.0, 2.0]}, "a", "b") == 2.0


def test_passes_take_turns() -> None:
    order: list[str] = []
    times = timed({name: (lambda name=name: order.append(name)) for name in "ab"}, 3, least=1e-9)
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3}
    assert order[4:] == ["a", "b", "b", "a", "a", "b"], "two calls of each to see how long it takes"


@pytest.mark.parametrize("log", [False, True])
def test_a_chart_keeps_its_lines_inside_and_escapes_names(log: bool) -> None:
    line = Line("<b> & c", [(5, 1.0), (100, 20.0), (20_000, 300.0)])
    svg = chart("T", [line, Line("flat", [(5, 1.0), (20_000, 1.0)], dashed=True)], x="x", y="y", log_x=log, log_y=log)
    tree = ElementTree.fromstring(svg)
    names = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert "<b> & c" in names
    lines = list(tree.iter("{http://www.w3.org/2000/svg}polyline"))
    for drawn in lines:
        for point in drawn.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 60 < x < 600
            assert 40 < y < 340
