"""What an answer costs grows with the request and never with its square. Work is counted, so no test asks a clock."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from benchmarks import grown_charts as charts
from benchmarks.decision import Decision
from cds_service.cards import DETAIL_LIMIT, Detail, DetailSection, detail
from cds_service.explanation import each_once
from cds_service.facts import describe
from tests.growth.counting import Compared, lines_run

SIZES = (100, 200, 400)
LIMIT = 2.3
"""Twice as much may cost that many times as much: 2 where it grows with the length, 4 where it does with the square."""

Cost = Callable[[Iterable[str], int], int]


@pytest.fixture(scope="module")
def cost(decision: Decision) -> Cost:
    @cache
    def of(names: tuple[str, ...], n: int) -> int:
        body = charts.request(names, n)
        decision.decide(body)
        return lines_run(lambda: decision.decide(body))

    return lambda names, n: of(tuple(names), n)


@pytest.mark.parametrize("names", [*((way,) for way in charts.WAYS), *charts.pairs()], ids="+".join)
def test_twice_as_long_is_twice_as_much_work(names: tuple[str, ...], cost: Cost) -> None:
    small, middle, large = (cost(names, n) for n in SIZES)
    # What does not grow at all falls out of the differences.
    assert large - middle <= LIMIT * max(middle - small, 100)


@pytest.mark.parametrize("way", list(charts.WAYS))
def test_no_entry_is_compared_with_all_others(way: str, decision: Decision, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = describe._entry
    monkeypatch.setattr(describe, "_entry", lambda *arguments: Compared(entry(*arguments)))
    monkeypatch.setattr(Compared, "times", 0)
    decision.decide(charts.request([way], 100))
    assert Compared.times <= 100


def test_entries_that_say_the_same_are_told_once_in_the_order_met() -> None:
    def entry(value: Any, **more: Any) -> dict[str, Any]:
        return {"name": "lab.platelets", "value": value, "unit": None, **more}

    raw = {"raw": {"value": "1", "unit": "g/L"}}
    entries = [entry(1, **raw), entry(None), entry(1, **raw), entry(1), entry(None), entry("1")]
    assert each_once(entries) == [entry(1, **raw), entry(None), entry(1), entry("1")]


def dropped_one_by_one(sizes: list[int], kept: int) -> list[int]:
    """The longest list gives up one, the first of those of the same length, until so many are left."""
    left = list(sizes)
    while sum(left) > kept:
        left[left.index(max(left))] -= 1
    return left


@pytest.mark.parametrize("sizes", [[], [0], [5], [3, 3], [1, 7, 4], [0, 9, 9, 2], [4, 4, 4]])
def test_the_longest_sections_give_up_lines(sizes: list[int]) -> None:
    for kept in range(sum(sizes)):
        assert detail._shortened(sizes, kept) == dropped_one_by_one(sizes, kept)


@pytest.mark.parametrize("lines", [300, 5_000])
def test_a_long_detail_is_as_long_as_it_may_be(lines: int) -> None:
    section = DetailSection("Results", tuple(f"result number {n} of many" for n in range(lines)))
    text = detail.as_markdown(Detail(sections=(section,)))
    assert text.endswith("Shortened.")
    assert DETAIL_LIMIT - len("- result number 100 of many\n") < len(text) <= DETAIL_LIMIT
