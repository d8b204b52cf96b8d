"""UCUM by its own grammar: which codes are equal, which are not, and what is no code."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts.catalogue import QuantityFact, canonical
from cds_service.library import Library

EQUAL = [
    ("umol/L", "umol.L-1", "umol/l", "nmol/mL", "mmol/m3"),
    ("10*9/L", "10*3/uL", "10^3/uL", "/nL", "10*3/mm3", "1000/uL", "10*9.L-1", "{cells}/nL"),
    ("g/L", "mg/mL", "g.L-1", "kg/m3", "g{Hb}/L"),
    ("g/d", "g/(24.h)", "g.d-1"),
    ("ukat/L", "umol/(s.L)", "umol/s/L", "60.U/L"),
    ("U/L", "mU/mL", "umol/min/L"),
    ("[IU]/L", "[iU]/L", "m[IU]/mL"),
    ("mg/g", "mg/g{creat}", "ug/mg", "g/kg"),
    ("kg/m2", "kg.m-2"),
    ("mL/min/{1.73_m2}", "mL.min-1/{1.73_m2}", "mL/(min.{1.73_m2})"),
]


@pytest.mark.parametrize("codes", EQUAL, ids=lambda codes: codes[0])
def test_equal_codes_have_one_form(codes: tuple[str, ...]) -> None:
    assert canonical(codes[0]) is not None
    assert {canonical(code) for code in codes} == {canonical(codes[0])}


def test_other_units_have_other_forms() -> None:
    for (first, *_), (second, *_) in combinations(EQUAL, 2):
        assert canonical(first) != canonical(second)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("g/g", "mol/mol", "a ratio of masses is not one of amounts"),
        ("g/g", "1", "nor a mere number"),
        ("U/L", "[IU]/L", "an arbitrary unit is no catalytic one"),
        ("{copies}/mL", "{Log_copies}/mL", "a logarithm changes the number"),
        ("mL/min", "mL/min/{1.73_m2}", "so does an area"),
        ("mg/L", "Mg/L", "case matters"),
        ("%", "1", "per cent"),
    ],
)
def test_what_is_not_equal(one: str, other: str, why: str) -> None:
    assert canonical(one) != canonical(other), why


@pytest.mark.parametrize(
    "text", ["", "K/uL", "g//L", "(g", "g)", "10-3/uL", "mgdl", "g/L L", "{", "0.g", "g99", "x" * 200, "(" * 50 + "g"]
)
def test_what_is_no_code(text: str) -> None:
    assert canonical(text) is None


@given(st.text(alphabet="gLmuol./()-12345{}[]IU%*^ ", max_size=24))
def test_no_text_is_an_error(text: str) -> None:
    canonical(text)


def test_factors_of_the_catalogue_are_those_of_the_grammar(library: Library) -> None:
    """Two units of a fact with the same dimensions: their factors stand as their sizes do. A molar mass is data."""
    checked = 0
    for spec in library.catalogue:
        if not isinstance(spec, QuantityFact):
            continue
        forms = [(code, factor, canonical(code)) for code, factor in spec.units.items()]
        for (one, a, first), (other, b, second) in combinations(forms, 2):
            if first is None or second is None or (first.above, first.below) != (second.above, second.below):
                continue
            checked += 1
            for low, high in zip(a, b, strict=True):
                assert float(low / high) == pytest.approx(float(first.size / second.size), rel=1e-9), (one, other)
    assert checked > 100
