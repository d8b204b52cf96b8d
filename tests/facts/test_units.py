"""Units: the spellings of feeds, both ways of saying one, and nothing that the fact does not list."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts.catalogue import ONE, Spellings, UnitTable
from cds_service.facts.intervals import point

SPELLINGS = Spellings(
    {"K/uL": "10*3/uL", "k/cumm": "10*3/uL", "mg%": "mg/dL", "score": "{score}", "G/L": "10*9/L"},
    {"g/L", "g/dL", "mg/dL"},
)
UNITS = {
    "10*9/L": ONE,
    "10*3/uL": ONE,
    "/uL": (Decimal("0.001"), Decimal("0.001")),
}
COUNT = UnitTable("10*9/L", UNITS, SPELLINGS)
RATIO = UnitTable("1", {"%": (Decimal("0.01"), Decimal("0.01"))}, SPELLINGS)
MASS = UnitTable("g/L", {"g/L": ONE, "g/dL": (Decimal(10), Decimal(10))}, SPELLINGS)
PROTEIN = UnitTable("mg/g", {"mg/g": ONE}, SPELLINGS)
CLEARANCE = UnitTable("mL/min", {"mL/min": ONE}, SPELLINGS)


@pytest.mark.parametrize(
    "raw",
    [
        "10*9/L",
        "10*9/l",
        "10^9/L",
        "x10^9/L",
        "X 10*9 / L",
        "10⁹/L",
        "10E9/L",
        "10e+09/L",
        "K/uL",
        "k/ul",
        "K/µL",
        "G/l",
    ],
)
def test_spellings_of_a_count(raw: str) -> None:
    assert COUNT.factor(raw) == ONE


@pytest.mark.parametrize("raw", ["10*7/L", "g/L", "", None, " ", "10*9", "9" * 1000, "K/uL " * 50, "{cells}"])
def test_what_is_not_listed_is_not_understood(raw: str | None) -> None:
    assert COUNT.factor(raw) is None


def test_a_unit_of_its_own_is_not_taken_for_another_in_other_case() -> None:
    assert MASS.factor("g/L") == ONE
    assert COUNT.factor("g/L") is None


@pytest.mark.parametrize("raw", [None, "", " ", "1", "{score}", "{INR}", "score"])
def test_without_dimension(raw: str | None) -> None:
    assert RATIO.factor(raw) == ONE
    assert RATIO.factor("%") == (Decimal("0.01"), Decimal("0.01"))
    assert RATIO.factor("s") is None


def test_an_annotation_behind_a_unit_changes_nothing_unless_it_counts_something_else() -> None:
    assert PROTEIN.factor("mg/g{creat}") == ONE
    assert CLEARANCE.factor("mL/min{body}") == ONE
    assert CLEARANCE.factor("mL/min/{1.73_m2}") is None
    assert CLEARANCE.factor("mL/min{1.73_m2}") is None


UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("unit", "code", "system", "understood"),
    [
        ("grams", "g/L", UCUM, True),
        ("g/L", "g/L", UCUM, True),
        ("g/L", "g/dL", UCUM, False),
        ("g/L", "kg/L", UCUM, False),
        ("g/L", "258795003", "http://snomed.info/sct", True),
        (None, "g/L", None, True),
        ("", "", None, False),
    ],
)
def test_the_code_and_the_unit(unit: str | None, code: str | None, system: str | None, understood: bool) -> None:
    assert (MASS.factor(unit, code, system) == ONE) is understood


def test_case_does_not_choose_between_units_of_different_size() -> None:
    table = UnitTable("mg", {"mg": ONE, "Mg": (Decimal("1e9"), Decimal("1e9"))}, Spellings())
    assert table.factor("mg") == ONE
    assert table.factor("Mg") == (Decimal("1e9"), Decimal("1e9"))
    assert table.factor("MG") is None


def test_a_spelling_that_stands_for_two_sizes_is_reported() -> None:
    table = UnitTable(
        "mg", {"mg": ONE, "ug": (Decimal("0.001"), Decimal("0.001"))}, Spellings({"M.G": "mg", "m.g": "ug"})
    )
    assert table.conflicts() == ()
    table = UnitTable(
        "U", {"U": ONE, "u": (Decimal(2), Decimal(2))}, Spellings({"unit": "U", "UNIT": "u", "Unit": "x"})
    )
    assert table.conflicts() == ("Unit",)
    assert table.factor("Unit") is None


def test_a_fact_may_say_which_unit_is_meant_where_none_is_given() -> None:
    table = UnitTable("h/d", {"h/d": ONE}, Spellings(), "h/d")
    assert table.factor(None) == ONE
    assert table.factor("min") is None


@given(st.decimals(min_value="0.001", max_value=10_000, places=3), st.sampled_from(sorted(UNITS)))
def test_conversion_and_back(value: Decimal, unit: str) -> None:
    factor = COUNT.factor(unit)
    assert factor is not None
    inverse = 1 / factor[0]
    assert point(value).scale(factor).scale((inverse, inverse)).closed() == (float(value), float(value))


@given(st.text(max_size=80), st.text(max_size=80) | st.none(), st.sampled_from([UCUM, None, "x"]))
def test_any_text_is_answered(unit: str, code: str | None, system: str | None) -> None:
    for table in (COUNT, RATIO, MASS):
        table.factor(unit, code, system)
