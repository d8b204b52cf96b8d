"""Check digits: identifiers with single digits changed, against the documents that define them."""

import gzip
from pathlib import Path

import pytest

from cds_service.facts.catalogue import (
    MISPRINTED_LOINC,
    loinc_digit,
    loinc_problem,
    namespace_of,
    sctid_problem,
    verhoeff_digit,
)

CODES = Path(__file__).parents[3] / "shared" / "data" / "codes.tsv.gz"

# The examples of "6.8 Example SNOMED CT identifiers", and identifiers of SNOMED CT's own model.
RIGHT = [
    ("138875005", "concept"),  # the root
    ("116680003", "concept"),  # is a
    ("900000000000207008", "concept"),  # its core module
    ("900000000000003001", "concept"),  # fully specified name
    ("731000124108", "concept"),  # the module of the United States, in its namespace
    ("100005", "concept"),
    ("100014", "description"),
    ("100022", "relationship"),
    ("1290023401004", "concept"),
    ("1290023401015", "description"),
    ("9940000001029", "relationship"),
    ("11000001102", "concept"),
    ("10989121108", "concept"),
    ("1290989121103", "concept"),
    ("1290000001117", "description"),
    ("9940000001126", "relationship"),
    ("999999990989121104", "concept"),
]


@pytest.mark.parametrize(("code", "component"), RIGHT)
def test_an_identifier_of_the_specification_is_right(code: str, component: str) -> None:
    assert sctid_problem(code, component) is None


@pytest.mark.parametrize(("code", "component"), RIGHT)
def test_every_single_wrong_digit_and_swap_of_neighbours_is_found(code: str, component: str) -> None:
    wrong = [
        code[:at] + digit + code[at + 1 :] for at in range(len(code)) for digit in "0123456789" if digit != code[at]
    ]
    swapped = [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)]
    passed = [one for one in {*wrong, *swapped} - {code} if sctid_problem(one, component) is None]
    assert passed == []


@pytest.mark.parametrize(
    ("code", "component", "words"),
    [
        ("138875006", "concept", "check digit is wrong: 13887500 takes 5"),
        ("", "concept", "6 to 18 digits"),
        ("10005", "concept", "6 to 18 digits"),
        ("0138875005", "concept", "6 to 18 digits"),
        ("1388750050000000000", "concept", "6 to 18 digits"),
        ("13887500５", "concept", "6 to 18 digits"),  # a full-width 5
        ("138875005 ", "concept", "6 to 18 digits"),
        ("D2-50000", "concept", "6 to 18 digits"),  # a code of SNOMED RT
        ("1290000001117", "concept", "a SNOMED CT description, not a concept"),
        ("138875005", "description", "a SNOMED CT concept, not a description"),
        ("12345" + "99" + verhoeff_digit("1234599"), "concept", "partition 99 is none"),
        ("12345" + "10" + verhoeff_digit("1234510"), "concept", "asks for a namespace of seven digits"),
    ],
)
def test_what_is_no_identifier_says_why(code: str, component: str, words: str) -> None:
    assert words in (sctid_problem(code, component) or "")


def test_the_namespace_is_the_seven_digits_before_the_partition() -> None:
    assert namespace_of("731000124108") == "1000124"
    assert namespace_of("138875005") is None


# LOINC Users' Guide: 12345 takes 5; beside it usual codes, each of the table of codes.
@pytest.mark.parametrize(
    ("number", "digit"),
    [("12345", "5"), ("718", "7"), ("2160", "0"), ("4544", "3"), ("777", "3"), ("33914", "3"), ("LA6576", "8")],
)
def test_the_check_digit_of_loinc_is_that_of_its_guide(number: str, digit: str) -> None:
    assert loinc_digit(number) == digit
    assert loinc_problem(f"{number}-{digit}") is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("718-8", "check digit is wrong: 718 takes 7"),
        ("781-7", "check digit is wrong"),
        ("718", "hyphen"),
        ("718-77", "hyphen"),
        ("LA6576-9", "check digit is wrong: LA6576 takes 8"),
        ("LB6576-8", "hyphen"),
        ("７18-7", "hyphen"),
    ],
)
def test_what_is_no_loinc_code_says_why(code: str, words: str) -> None:
    assert words in (loinc_problem(code) or "")


def test_the_codes_that_loinc_misprinted_are_right_as_they_stand() -> None:
    assert len(MISPRINTED_LOINC) == 16
    assert [code for code in MISPRINTED_LOINC if loinc_digit(code[:-2]) == code[-1]] == []
    assert [code for code in MISPRINTED_LOINC if loinc_problem(code) is not None] == []


@pytest.mark.skipif(not CODES.exists(), reason="the table of codes is not part of the project")
@pytest.mark.parametrize(("system", "problem"), [("SNOMED", sctid_problem), ("LOINC", loinc_problem)])
def test_every_code_of_the_shared_table_is_right(system: str, problem) -> None:
    with gzip.open(CODES, "rt", encoding="utf-8") as table:
        codes = [row[1] for row in (line.split("\t") for line in table) if row[0] == system]
    assert len(codes) > 90_000
    assert [code for code in codes if problem(code) is not None] == []
