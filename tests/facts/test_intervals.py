"""Number intervals: what text and comparators say, arithmetic to 12 digits, closed floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts.intervals import MAX, Interval, compared, parse_interval, parse_number, point

numbers = st.decimals(min_value=-1000, max_value=1000, places=3, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "interval", "unit"),
    [
        ("5", "5", ""),
        (" 5.20 ", "5.2", ""),
        ("5.2 mg/dL", "5.2", "mg/dL"),
        ("<1", "<1", ""),
        ("< 1", "<1", ""),
        ("<=1", "<=1", ""),
        ("≤ 1", "<=1", ""),
        (">20", ">20", ""),
        (">= 5", ">=5", ""),
        ("5-10", "5 to 10", ""),
        ("5 – 10 g/L", "5 to 10", "g/L"),
        ("5 to 10", "5 to 10", ""),
        ("-5", "-5", ""),
        ("up to 40", "<=40", ""),
        ("Up to 40 U/L", "<=40", "U/L"),
        ("1e3", "1000", ""),
        ("~100", "90 to 110", ""),
        ("3,5 mmol/L", "3.5", "mmol/L"),
    ],
)
def test_text(text: str, interval: str, unit: str) -> None:
    found = parse_interval(text)
    assert found is not None
    assert found[0].text() == interval
    assert found[1] == unit


@pytest.mark.parametrize(
    "text",
    ["", "-", "five", "NaN", "Infinity", "1e999", "1,234", "1.2.3", "10-5", ">5-10", "<", "٥", "9" * 40, "1-2-", "=>"],
)
def test_no_number(text: str) -> None:
    found = parse_interval(text)
    assert found is None or found[1] != ""


def test_a_comma_is_read_only_where_it_can_mean_one_thing() -> None:
    assert parse_number("1,5") == Decimal("1.5")
    assert parse_number("0,500") == Decimal("0.5")
    assert parse_number("1,500") is None


@given(numbers, st.sampled_from(["<", "<=", ">", ">=", "ap", "sa", "eb", None]))
def test_closed_bounds_are_inside_and_next_to_the_open_ones(value: Decimal, comparator: str | None) -> None:
    interval = compared(value, comparator)
    assert interval is not None
    lo, hi = interval.closed()
    assert lo <= hi
    if interval.lo is None:
        assert lo == -MAX
    elif interval.lo_open:
        assert lo > float(interval.lo)
    if interval.hi is None:
        assert hi == MAX
    elif interval.hi_open:
        assert hi < float(interval.hi)


@given(numbers, numbers, numbers)
def test_a_hull_holds_both_and_does_not_depend_on_the_order(a: Decimal, b: Decimal, c: Decimal) -> None:
    first, second = Interval(min(a, b), max(a, b)), point(c)
    both = first.hull(second)
    assert both == second.hull(first)
    assert both.lo is not None
    assert both.hi is not None
    assert both.lo <= c <= both.hi
    assert both.lo <= a <= both.hi


def test_a_hull_keeps_a_bound_closed_where_one_of_both_is() -> None:
    opened, closed = Interval(None, Decimal(5), hi_open=True), point(5)
    assert opened.hull(closed) == Interval(None, Decimal(5))
    assert opened.hull(opened) == opened


def test_conversion_is_exact_to_twelve_digits() -> None:
    assert point(Decimal("8.0")).scale((Decimal(10), Decimal(10))).closed() == (80.0, 80.0)
    assert point(Decimal("105.3")).over(Decimal("35.1")).closed() == (3.0, 3.0)
    wide = point(Decimal("0.3")).scale((Decimal(5), Decimal(6)))
    assert wide.closed() == (1.5, 1.8)
    below = point(Decimal("-0.3")).scale((Decimal(5), Decimal(6)))
    assert below.closed() == (-1.8, -1.5)


def test_an_impossible_interval_is_empty() -> None:
    below_zero = compared(Decimal(0), "<")
    assert below_zero is not None
    assert below_zero.at_least(Decimal(0)).is_empty
    assert not point(0).at_least(Decimal(0)).is_empty
