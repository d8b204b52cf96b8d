"""Numbers as feeds send them: value, unit, comparator, text, range, ratio. The tables are for a clinician to check."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.facts.fact import Fact
from tests.facts.records import Json, coded, concept, flag, lab, observation, quantity
from tests.facts.small_rules import LOINC

HB = ("lab.hemoglobin", "718-7")
BASE_EXCESS = ("lab.base_excess", "11555-0")
PLATELETS = ("lab.platelets", "777-3")
INR = ("lab.inr", "6301-6")
HBV_DNA = ("lab.hbv_dna", "29615-2")
HEIGHT = ("vital.body_height", "8302-2")
ECOG = ("score.ecog", "89247-1")

# fact, what the observation holds, the value in the canonical unit or the reason, why
NUMBERS: list[tuple[tuple[str, str], Json, str, str]] = [
    (HB, {"valueQuantity": quantity(8.0, "g/dL")}, "80", "8.0 g/dL is 80 g/L exactly"),
    (HB, {"valueQuantity": quantity(8, "gm/dL")}, "80", "a spelling from the table"),
    (HB, {"valueQuantity": quantity(8, "G/DL")}, "80", "case does not matter"),
    (HB, {"valueQuantity": quantity(8, "g / dL")}, "80", "nor do blanks"),
    (HB, {"valueQuantity": quantity(5, "mmol/L")}, "80.57", "by molar mass"),
    (HB, {"valueQuantity": quantity(80, "grams", code="g/L")}, "80", "the UCUM code is preferred"),
    (HB, {"valueQuantity": quantity(8, "g/L", code="g/dL")}, "unit_not_understood", "they differ"),
    (HB, {"valueQuantity": quantity(8, "g/L", code="kg/L")}, "unit_not_understood", "kg/L is not listed"),
    (HB, {"valueQuantity": quantity(8, "%")}, "unit_not_understood", "not listed"),
    (HB, {"valueQuantity": quantity(8)}, "unit_not_understood", "no unit where there is a dimension"),
    (HB, {"valueQuantity": quantity(8, "  ")}, "unit_not_understood", "a blank unit is none"),
    (HB, {"valueQuantity": {"unit": "g/L"}}, "value_not_understood", "a unit without a number"),
    (HB, {"valueQuantity": quantity(-8, "g/L")}, "value_not_understood", "below what is possible"),
    (BASE_EXCESS, {"valueQuantity": quantity(-8, "mmol/L")}, "-8", "this one may be below 0"),
    (HB, {"valueString": "7.2 g/dL"}, "72", "number and unit as text"),
    (HB, {"valueString": "7,2 g/dL"}, "72", "a decimal comma"),
    (HB, {"valueString": "1,234 g/L"}, "value_not_understood", "a thousand, or 1.234?"),
    (HB, {"valueString": "72"}, "unit_not_understood", "text without unit"),
    (HB, {"valueString": "72-75 g/L"}, "72 to 75", "a range as text"),
    (HB, {"valueInteger": 72}, "unit_not_understood", "an integer has no unit"),
    (HB, {"valueBoolean": True}, "value_not_understood", "not a number"),
    (HB, {"valueString": "NaN"}, "value_not_understood", "not a number"),
    (HB, {"valueString": "1e400 g/L"}, "value_not_understood", "beyond any measurement"),
    (HB, {"valueString": "9" * 500}, "value_not_understood", "hostile text"),
    (HB, {"valueDateTime": "2026-01-01"}, "value_not_understood", "a date is no number"),
    (HB, {"valueRange": {"low": quantity(7, "g/dL"), "high": quantity(75, "g/L")}}, "70 to 75", "Range"),
    (HB, {"valueRange": {"high": quantity(75, "g/L")}}, "<=75", "Range without low"),
    (HB, {"valueRange": {"low": quantity(75, "g/L")}}, ">=75", "Range without high"),
    (HB, {"valueRange": {}}, "value_not_understood", "empty Range"),
    (PLATELETS, {"valueQuantity": quantity(150, "K/uL")}, "150", "K/uL"),
    (PLATELETS, {"valueQuantity": quantity(150, "x10E3/uL")}, "150", "x10E3/uL"),
    (PLATELETS, {"valueQuantity": quantity(150, "10⁹/L")}, "150", "superscript"),
    (PLATELETS, {"valueQuantity": quantity(150, "x10^9/l")}, "150", "x10^9/l"),
    (PLATELETS, {"valueQuantity": quantity(150000, "/µL")}, "150", "micro sign"),
    (PLATELETS, {"valueQuantity": quantity(5, "K/uL", "<")}, "<5", "below 5, not 5"),
    (PLATELETS, {"valueQuantity": quantity(5, "K/uL", "<=")}, "<=5", "at most 5"),
    (PLATELETS, {"valueQuantity": quantity(600, "K/uL", ">")}, ">600", "above 600"),
    (PLATELETS, {"valueQuantity": quantity(600, "K/uL", ">=")}, ">=600", "at least 600"),
    (PLATELETS, {"valueQuantity": quantity(100, "K/uL", "ap")}, "90 to 110", "about: 10 %"),
    (PLATELETS, {"valueQuantity": quantity(100, "K/uL", "sa")}, ">100", "starts after"),
    (PLATELETS, {"valueQuantity": quantity(100, "K/uL", "eb")}, "<100", "ends before"),
    (PLATELETS, {"valueQuantity": quantity(100, "K/uL", "ad")}, "value_not_understood", "a dose, no result"),
    (PLATELETS, {"valueQuantity": quantity(0, "K/uL", "<")}, "value_not_understood", "nothing is below 0"),
    (PLATELETS, {"valueString": ">= 600 K/uL"}, ">=600", "comparator in text"),
    (PLATELETS, {"valueQuantity": quantity(600, "K/uL"), "interpretation": flag(">")}, ">600", "off the scale"),
    (INR, {"valueQuantity": quantity(1.1)}, "1.1", "no dimension, no unit"),
    (INR, {"valueQuantity": quantity(1.1, "INR", code="{INR}")}, "1.1", "an annotation"),
    (INR, {"valueQuantity": quantity(1.1, code="1")}, "1.1", "the unit 1"),
    (INR, {"valueQuantity": quantity(1.1, "s")}, "unit_not_understood", "seconds are no ratio"),
    (INR, {"valueString": "1.1"}, "1.1", "text"),
    (INR, {"valueRatio": {"numerator": {"value": 3}, "denominator": {"value": 2}}}, "1.5", "a ratio"),
    (INR, {"valueRatio": {"numerator": {"value": 3}, "denominator": {"value": 0}}}, "value_not_understood", "by 0"),
    (HBV_DNA, {"valueQuantity": quantity(1000, "IU/mL")}, "5000 to 6000", "1 IU is 5 to 6 copies"),
    (HBV_DNA, {"valueQuantity": quantity(20, "IU/mL", "<")}, "<120", "below 20 IU is below 120 copies"),
    (HBV_DNA, {"valueString": "Not detected"}, "0", "nothing found counts as 0"),
    (HBV_DNA, {"valueCodeableConcept": concept("260415000")}, "0", "coded: not detected"),
    (HBV_DNA, {"valueString": "Detected"}, "value_not_understood", "found, but how much?"),
    (PLATELETS, {"valueString": "Not detected"}, "value_not_understood", "only where the fact says so"),
    (HEIGHT, {"valueQuantity": quantity(1.62, "m")}, "162", "metres"),
    (ECOG, {"valueCodeableConcept": concept("LA9623", LOINC)}, "1", "a coded answer"),
    (ECOG, {"valueInteger": 1}, "1", "an integer"),
    (ECOG, {"valueQuantity": quantity(1, "{score}")}, "1", "a quantity"),
    (ECOG, {"valueString": "1"}, "1", "text"),
    (ECOG, {"valueCodeableConcept": {"text": "2"}}, "2", "a concept of text only"),
    (ECOG, {"valueCodeableConcept": concept("LA0000", LOINC, text="2")}, "value_not_understood", "which?"),
    (ECOG, {"valueInteger": 9}, "value_not_understood", "there is no ECOG 9"),
    (ECOG, {"valueString": "ECOG one"}, "value_not_understood", "words are not read"),
]  # fmt: skip


@pytest.mark.parametrize(("which", "holds", "expected", "why"), NUMBERS)
def test_numbers(which: tuple[str, str], holds: Json, expected: str, why: str, fact: Callable[..., Fact]) -> None:
    name, code = which
    assert said(fact(name, observation(code, **holds))) == expected, why


def said(fact: Fact) -> str | None:
    value: Any = fact.value
    return fact.reason if value is None else value.text()


def test_contradictory_answer_codes_are_not_understood(fact: Callable[..., Fact]) -> None:
    both = {"coding": [{"system": LOINC, "code": "LA9622"}, {"system": LOINC, "code": "LA9624"}]}
    assert said(fact("score.ecog", observation("89247-1", valueCodeableConcept=both))) == "value_not_understood"


# what the observation holds, n of 1:n, why
TITERS: list[tuple[Json, str, str]] = [
    ({"valueString": "1:80"}, "80", "as written"),
    ({"valueString": "1/80"}, "80", "with a slash"),
    ({"valueString": " 1 : 80 "}, "80", "with blanks"),
    ({"valueString": "1:1,280"}, "1280", "a titre is a whole number: the comma divides thousands"),
    ({"valueString": ">=1:80"}, ">=80", "at least"),
    ({"valueString": "≥ 1:80"}, ">=80", "at least"),
    ({"valueString": "<1:40"}, "<40", "below"),
    ({"valueString": "1:160 speckled pattern"}, "160", "the pattern does not matter"),
    ({"valueString": "1:160 speckled; 1:80 homogeneous"}, "value_not_understood", "two titres"),
    ({"valueString": "1:80 not reached"}, "value_not_understood", "other words may change it"),
    ({"valueString": "80"}, "80", "a bare number"),
    ({"valueInteger": 80}, "80", "an integer"),
    ({"valueQuantity": quantity(80, "titer")}, "80", "with the unit titer"),
    ({"valueQuantity": quantity(80, "{titer}", code="{titer}")}, "80", "with UCUM's annotation"),
    ({"valueQuantity": quantity(80, "U/mL")}, "unit_not_understood", "no titre"),
    ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 80}}}, "80", "a Ratio"),
    ({"valueRatio": {"numerator": {"value": 1, "comparator": ">"}, "denominator": {"value": 80}}}, ">80", "above 1:80"),
    ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 80, "comparator": "<"}}}, "<80", "below 1:80"),
    ({"valueRatio": {"numerator": {"value": 80}, "denominator": {"value": 1}}}, "value_not_understood", "upside down"),
    ({"valueString": "negative"}, "0", "nothing found counts as 0 here"),
    ({"valueString": "positive"}, "value_not_understood", "how much?"),
    ({"valueString": "1:0"}, "value_not_understood", "no titre"),
]  # fmt: skip


@pytest.mark.parametrize(("holds", "expected", "why"), TITERS)
def test_titers(holds: Json, expected: str, why: str, fact: Callable[..., Fact]) -> None:
    assert said(fact("lab.ana_titer", observation("5048-4", **holds))) == expected, why


def test_an_open_bound_is_the_next_float_inside(node: Callable[..., dict[str, Any]]) -> None:
    below = node("lab.platelets", lab("777-3", 5, "K/uL", comparator="<"))
    assert below["lo"] == 0.0
    assert below["hi"] < 5.0
    assert below["hi"] > 4.999999
    above = node("lab.platelets", lab("777-3", 600, "K/uL", comparator=">"))
    assert above["lo"] > 600.0
    assert above["hi"] > 1e300


def test_a_coded_negative_is_a_number_only_where_the_fact_says_so(fact: Callable[..., Fact]) -> None:
    assert said(fact("lab.hbv_dna", coded("29615-2", "260385009"))) == "0"
    assert said(fact("lab.platelets", coded("777-3", "260385009"))) == "value_not_understood"


GENE = {"code": concept("48018-6", LOINC), "valueCodeableConcept": concept("HGNC:11118", "http://www.genenames.org")}
OTHER_GENE = {
    "code": concept("48018-6", LOINC),
    "valueCodeableConcept": concept("HGNC:11117", "http://www.genenames.org"),
}
COPIES = {"code": concept("82155-3", LOINC), "valueQuantity": quantity(3, "1")}


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([GENE, COPIES], "3"),
        ([COPIES, GENE], "3"),
        ([{**GENE, "valueCodeableConcept": {"text": "SMN2"}}, COPIES], "3"),
        ([{"code": concept("48018-6", LOINC), "valueString": "smn2"}, COPIES], "3"),
        ([{**GENE, "valueCodeableConcept": concept("11118", "http://www.genenames.org")}, COPIES], "3"),
        ([OTHER_GENE, COPIES], "no_result"),
        ([GENE, OTHER_GENE, COPIES], "no_result"),
        ([COPIES], "no_result"),
        ([GENE, {**COPIES, "code": {"text": "Copy number"}}], "uncoded_mention"),
        ([OTHER_GENE, {**COPIES, "code": {"text": "Copy number"}}], "no_result"),
    ],
)
def test_copies_count_beside_their_gene(components: list[Json], expected: str, fact: Callable[..., Fact]) -> None:
    assert said(fact("genomics.smn2_copies", observation("69548-6", component=components))) == expected
