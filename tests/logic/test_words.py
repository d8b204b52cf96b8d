"""Rules in plain words."""

from typing import Any

import pytest
from hypothesis import given, settings

from cds_service.logic import FactType, Vocabulary
from cds_service.logic.check import typed_rule
from cds_service.logic.words import number, quantity, title_of, unit, words, written
from tests.logic.small_world import FACTS, TITLES, VOCABULARY
from tests.logic.strategies import rules

MORE = {
    "lab.plt": FactType("number", "Platelets", "10*9/L", {"10*9/L": FACTS["lab.hb"].factors["g/L"]}),
    "lab.bili.x_uln": FactType("number", "Bilirubin, total × ULN"),
    "lab.alb.x_lln": FactType("number", "Albumin × LLN"),
    "condition.gilbert": FactType("events", "Gilbert syndrome"),
    "condition.gilbert.active": FactType("boolean", "Gilbert syndrome, active"),
    "score.nyha": FactType("number", "NYHA class"),
    "result.muscle_antibody": FactType("code", "", values=frozenset({"weakly_positive", "negative", "positive"})),
}
WORDS = Vocabulary({**FACTS, **MORE}, VOCABULARY.definitions, VOCABULARY.titles)
SAID = {
    **TITLES,
    "lab.plt": "Platelets",
    "lab.alt": "ALT",
    "lab.bili": "Bilirubin, total",
    "condition.gilbert": "Gilbert syndrome",
    "condition.gilbert.active": "Gilbert syndrome, active",
    "score.nyha": "NYHA class",
}
del SAID["lab.alt.x_uln"]

HB, ECOG, COPIES, AGE = {"var": "lab.hb"}, {"var": "score.ecog"}, {"var": "score.copies"}, {"var": "patient.age"}
ULN, BILI, STROKE = {"var": "lab.alt.x_uln"}, {"var": "lab.bili.x_uln"}, {"var": "condition.stroke"}
STEROID, SITS, STEADY = {"var": "medication.steroid"}, {"var": "sits"}, {"var": "defined.steady"}
ACTIVE, START, END = {"var": "active"}, {"var": "days_since_start"}, {"var": "days_since_end"}
COURSE, GILBERT, HBSAG = {"var": "days_since_course_start"}, {"var": "condition.gilbert"}, {"var": "result.hbsag"}
ONSET, DOSE = {"var": "onset.days_since"}, {"var": "days_since_dose_change"}
HALF_LIVES = {"var": "half_lives_since_end"}


def q(value: float, of: str) -> dict[str, list[Any]]:
    return {"quantity": [value, of]}


HAEMOGLOBIN = {">=": [HB, q(8, "g/dL")]}
CURRENT_FOR = {"and": [ACTIVE, {">=": [COURSE, q(2, "mo")]}]}

PHRASES: list[tuple[Any, str]] = [
    # numbers
    (HAEMOGLOBIN, "haemoglobin ≥ 8 g/dL"),
    (
        {"and": [HAEMOGLOBIN, {">=": [{"var": "lab.plt"}, q(50, "10*9/L")]}]},
        "haemoglobin ≥ 8 g/dL and platelets ≥ 50 ×10⁹/L",
    ),
    ({"<": [q(8, "g/dL"), HB]}, "haemoglobin > 8 g/dL"),
    ({"!": [HAEMOGLOBIN]}, "haemoglobin < 8 g/dL"),
    ({"==": [ECOG, 2]}, "ECOG performance status = 2"),
    ({"!=": [ECOG, 2]}, "ECOG performance status ≠ 2"),
    ({"<": [HB, {"var": "lab.alb"}]}, "haemoglobin < albumin"),
    ({">": [HB, {"var": "lab.alb"}]}, "haemoglobin > albumin"),
    ({"<=": [ULN, 3]}, "ALT at most 3 × ULN"),
    ({">": [ULN, 1]}, "ALT above ULN"),
    ({"!": [{">": [ULN, 1]}]}, "ALT at most ULN"),
    ({"<": [{"var": "lab.alb.x_lln"}, 1]}, "albumin below LLN"),
    ({"<=": [1, BILI, 1.5]}, "total bilirubin from ULN to 1.5 × ULN"),
    ({"<=": [ULN, BILI]}, "ALT (× ULN) ≤ total bilirubin (× ULN)"),
    # ranges
    ({"<=": [q(18, "a"), AGE, q(70, "a")]}, "age from 18 to 70 years"),
    ({"<=": [q(1, "a"), AGE, q(70, "a")]}, "age from 1 to 70 years"),
    ({"<=": [q(6, "mo"), AGE, q(70, "a")]}, "age from 6 months to 70 years"),
    ({"<": [q(18, "a"), AGE, q(70, "a")]}, "age > 18 and < 70 years"),
    ({"and": [{">=": [AGE, q(18, "a")]}, {"<": [AGE, q(70, "a")]}]}, "age ≥ 18 and < 70 years"),
    ({"!": [{"<=": [q(18, "a"), AGE, q(70, "a")]}]}, "age < 18 or > 70 years"),
    ({"or": [{">": [HB, q(180, "g/L")]}, {"<": [HB, q(80, "g/L")]}]}, "haemoglobin < 80 or > 180 g/L"),
    ({"or": [{">": [HB, q(18, "g/dL")]}, {"<": [HB, q(80, "g/L")]}]}, "haemoglobin < 80 g/L or > 18 g/dL"),
    ({"!": [{"or": [{"<": [HB, q(80, "g/L")]}, {">": [HB, q(180, "g/L")]}]}]}, "haemoglobin from 80 to 180 g/L"),
    (
        {"<=": [HB, {"var": "lab.alb"}, {"+": [HB, q(1, "g/L")]}]},
        "haemoglobin ≤ albumin and albumin ≤ haemoglobin + 1 g/L",
    ),
    ({"and": [{">": [HB, q(8, "g/dL")]}, {">": [HB, q(9, "g/dL")]}]}, "haemoglobin > 8 g/dL and haemoglobin > 9 g/dL"),
    # lists
    ({"in": [COPIES, [2, 3]]}, "SMN2 copies = 2 or 3"),
    ({"in": [COPIES, [2]]}, "SMN2 copies = 2"),
    ({"in": [COPIES, [2, 3, 4]]}, "SMN2 copies = 2, 3 or 4"),
    ({"!": [{"in": [COPIES, [2, 3]]}]}, "SMN2 copies neither 2 nor 3"),
    ({"==": [HBSAG, "positive"]}, "HBsAg positive"),
    ({"!=": [HBSAG, "positive"]}, "HBsAg not positive"),
    (
        {"in": [{"var": "result.muscle_antibody"}, ["weakly_positive", "positive"]]},
        "muscle antibody weakly positive or positive",
    ),
    # arithmetic
    ({">=": [{"+": [ECOG, COPIES]}, 4]}, "ECOG performance status + SMN2 copies ≥ 4"),
    ({">=": [{"-": [{"*": [ECOG, 2]}, COPIES]}, 4]}, "2 × ECOG performance status − SMN2 copies ≥ 4"),
    ({">=": [{"-": [ECOG]}, -2]}, "−ECOG performance status ≥ -2"),
    ({">=": [{"/": [{"+": [ECOG, None]}, 2]}, 1]}, "(ECOG performance status + an unknown number) ÷ 2 ≥ 1"),
    ({">=": [{"*": [ECOG, COPIES]}, 1]}, "ECOG performance status × SMN2 copies ≥ 1"),
    ({">=": [{"%": [ECOG, COPIES]}, 1]}, "ECOG performance status modulo SMN2 copies ≥ 1"),
    ({">=": [{"/": [ECOG, COPIES]}, 1]}, "ECOG performance status ÷ SMN2 copies ≥ 1"),
    ({">=": [{"max": [ECOG, COPIES, 1]}, 4]}, "the largest of ECOG performance status, SMN2 copies and 1 ≥ 4"),
    ({">=": [{"min": [ECOG]}, 4]}, "the smallest of ECOG performance status ≥ 4"),
    ({"<=": [BILI, {"if": [GILBERT, 3, 1.5]}]}, "total bilirubin (× ULN) ≤ (3 if Gilbert syndrome, else 1.5)"),
    (
        {">=": [{"+": [{"max": [ECOG, COPIES]}, 1]}, 4]},
        "(the largest of ECOG performance status and SMN2 copies) + 1 ≥ 4",
    ),
    # truth values
    (STROKE, "stroke"),
    ({"!": [STROKE]}, "no stroke"),
    (SITS, "sits independently"),
    ({"!": [SITS]}, "sits independently: no"),
    ({"var": "condition.stroke.history"}, "history of stroke"),
    ({"!": [{"var": "condition.gilbert.active"}]}, "no active Gilbert syndrome"),
    (STEADY, "steady"),
    ({"!": [STEADY]}, "steady: no"),
    ({"!!": [{"!": [{"!": [SITS]}]}]}, "sits independently"),
    ({"or": [SITS, True]}, "sits independently or always"),
    ({"and": [SITS, None]}, "sits independently and unknown"),
    ({"!": [{"and": [SITS, None, False]}]}, "sits independently: no; unknown; or always"),
    ({"==": [SITS, STROKE]}, "sits independently exactly when stroke"),
    ({"!=": [SITS, STROKE]}, "either sits independently or stroke, but not both"),
    ({"==": [SITS, True]}, "sits independently"),
    ({"==": [False, STROKE]}, "no stroke"),
    ({"!=": [STROKE, False]}, "stroke"),
    # joins
    ({"and": [SITS, {"or": [STROKE, GILBERT]}]}, "sits independently and (stroke or Gilbert syndrome)"),
    ({"or": [{"and": [SITS, STROKE]}, GILBERT]}, "(sits independently and stroke) or Gilbert syndrome"),
    ({"and": [SITS, {"and": [STROKE, GILBERT]}]}, "sits independently, stroke and Gilbert syndrome"),
    ({"and": [SITS, {"and": [STROKE]}]}, "sits independently and stroke"),
    ({"!": [{"and": [SITS, STROKE]}]}, "sits independently: no; or no stroke"),
    ({"and": [{"in": [COPIES, [2, 3]]}, SITS]}, "(SMN2 copies = 2 or 3) and sits independently"),
    ({"and": [{"<": [1, ECOG, 3]}, SITS]}, "(ECOG performance status > 1 and < 3) and sits independently"),
    (
        {"and": [{"or": [SITS, STROKE, {"or": [GILBERT, STEADY]}]}, SITS]},
        "(sits independently, stroke, Gilbert syndrome or steady) and sits independently",
    ),
    (
        {"and": [{"none": [STEROID, CURRENT_FOR]}, SITS]},
        "no systemic glucocorticoid that is current and has gone on for at least 2 months; and sits independently",
    ),
    # if
    (
        {"if": [GILBERT, {"<=": [BILI, 3]}, {"<=": [BILI, 1.5]}]},
        "if Gilbert syndrome, then total bilirubin at most 3 × ULN; otherwise total bilirubin at most 1.5 × ULN",
    ),
    ({"if": [GILBERT, {"<=": [BILI, 3]}, True]}, "if Gilbert syndrome, then total bilirubin at most 3 × ULN"),
    ({"!": [{"if": [GILBERT, {"<=": [BILI, 3]}, False]}]}, "if Gilbert syndrome, then total bilirubin above 3 × ULN"),
    ({"if": [GILBERT, True, False]}, "Gilbert syndrome"),
    ({"if": [GILBERT, False, True]}, "no Gilbert syndrome"),
    ({"!": [{"if": [GILBERT, True, False]}]}, "no Gilbert syndrome"),
    (
        {"if": [{"==": [COPIES, 0]}, True, {"==": [COPIES, 1]}, None, False]},
        "if SMN2 copies = 0, then yes; else if SMN2 copies = 1, then unknown; otherwise no",
    ),
    (
        {"if": [{"and": [SITS, STROKE, GILBERT]}, STROKE, SITS]},
        "if (sits independently, stroke and Gilbert syndrome), then stroke; otherwise sits independently",
    ),
    (
        {"and": [SITS, {"if": [GILBERT, {"<=": [BILI, 3]}, True]}]},
        "sits independently and (if Gilbert syndrome, then total bilirubin at most 3 × ULN)",
    ),
    # records
    ({"within": [STROKE, q(6, "mo")]}, "stroke within the last 6 months"),
    ({"!": [{"within": [STROKE, q(1, "wk")]}]}, "no stroke within the last week"),
    ({"active": [STEROID]}, "current systemic glucocorticoid"),
    ({"!": [{"active": [STEROID]}]}, "no current systemic glucocorticoid"),
    ({"none": [STEROID, ACTIVE]}, "no current systemic glucocorticoid"),
    ({"!": [{"none": [STEROID, ACTIVE]}]}, "current systemic glucocorticoid"),
    ({"some": [STEROID, True]}, "systemic glucocorticoid"),
    ({"none": [STEROID, True]}, "no systemic glucocorticoid"),
    ({"some": [STEROID, CURRENT_FOR]}, "systemic glucocorticoid, current, for at least 2 months"),
    (
        {"none": [STEROID, CURRENT_FOR]},
        "no systemic glucocorticoid that is current and has gone on for at least 2 months",
    ),
    ({"some": [STEROID, {"!": [ACTIVE]}]}, "systemic glucocorticoid, not current"),
    ({"some": [STEROID, {">": [START, q(4, "wk")]}]}, "systemic glucocorticoid, started more than 4 weeks ago"),
    ({"some": [STEROID, {"<": [END, q(4, "wk")]}]}, "systemic glucocorticoid, less than 4 weeks ago"),
    ({"none": [STEROID, {"<": [END, q(4, "wk")]}]}, "no systemic glucocorticoid that was there less than 4 weeks ago"),
    ({"some": [STEROID, {">=": [END, q(4, "wk")]}]}, "systemic glucocorticoid, ended at least 4 weeks ago"),
    ({"some": [STEROID, {"==": [START, q(4, "wk")]}]}, "systemic glucocorticoid, started exactly 4 weeks ago"),
    (
        {"some": [STEROID, {"!=": [START, q(4, "wk")]}]},
        "systemic glucocorticoid that has time since the start ≠ 4 weeks",
    ),
    ({"some": [STEROID, {"<": [START, END]}]}, "systemic glucocorticoid, time since the start < time since the end"),
    (
        {"some": [STEROID, {"or": [ACTIVE, {"<=": [q(1, "mo"), START, q(6, "mo")]}]}]},
        "systemic glucocorticoid that is current or (started at least 1 month ago and started at most 6 months ago)",
    ),
    (
        {"some": [STEROID, {"and": [ACTIVE, {">": [DOSE, q(2, "wk")]}]}]},
        "systemic glucocorticoid, current, dose unchanged for more than 2 weeks",
    ),
    ({"some": [STEROID, {"<": [DOSE, q(2, "wk")]}]}, "systemic glucocorticoid, dose changed less than 2 weeks ago"),
    ({"some": [STEROID, {"<=": [HALF_LIVES, 3]}]}, "systemic glucocorticoid, ended at most 3 half-lives ago"),
    (
        {"none": [STEROID, {">=": [DOSE, q(2, "wk")]}]},
        "no systemic glucocorticoid that has had its dose unchanged for at least 2 weeks",
    ),
    (
        {"all": [STEROID, {"or": [{"!": [ACTIVE]}, {">": [COURSE, q(4, "wk")]}]}]},
        "systemic glucocorticoid, and each record of it is not current or has gone on for more than 4 weeks",
    ),
    (
        {"!": [{"all": [STEROID, ACTIVE]}]},
        "no systemic glucocorticoid, or a record of it that is not current",
    ),
    (
        {"and": [STEADY, {"some": [STEROID, CURRENT_FOR]}]},
        "steady; and systemic glucocorticoid, current, for at least 2 months",
    ),
    ({">=": [ONSET, q(6, "mo")]}, "time since onset ≥ 6 months"),
]


def said(rule: Any) -> str:
    typed, findings = typed_rule(rule, WORDS)
    assert typed is not None, list(findings)
    return words(typed, SAID)


@pytest.mark.parametrize(("rule", "phrase"), PHRASES, ids=[phrase for _, phrase in PHRASES])
def test_a_rule_in_words(rule: Any, phrase: str) -> None:
    assert said(rule) == phrase


@given(rules)
@settings(max_examples=100)
def test_every_rule_has_words_and_negating_twice_leaves_them(rule: Any) -> None:
    typed, _ = typed_rule(rule, VOCABULARY)
    twice, _ = typed_rule({"!": [{"!": [rule]}]}, VOCABULARY)
    assert typed is not None
    assert twice is not None
    phrase = words(typed, TITLES)
    assert phrase
    assert phrase == words(twice, TITLES)
    assert phrase.count("(") == phrase.count(")")


@pytest.mark.parametrize(
    ("ucum", "printed"),
    [
        ("1", ""),
        ("g/L", "g/L"),
        ("10*9/L", "×10⁹/L"),
        ("10*-3", "×10⁻³"),
        ("umol/L", "µmol/L"),
        ("10*3/uL", "×10³/µL"),
        ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
        ("kg/m2", "kg/m²"),
        ("mm3", "mm³"),
        ("[IU]/mL", "IU/mL"),
        ("mm[Hg]", "mmHg"),
        ("{copies}/mL", "copies/mL"),
        ("Cel", "°C"),
        ("deg", "°"),
        ("%", "%"),
    ],
)
def test_units_are_printed_as_people_write_them(ucum: str, printed: str) -> None:
    assert unit(ucum) == printed
    assert quantity(2, ucum) == f"2 {printed}".rstrip()


@pytest.mark.parametrize(
    ("value", "printed"), [(80.0, "80"), (0.5, "0.5"), (1234567.0, "1234567"), (1e300, "1e+300"), (-2, "-2")]
)
def test_numbers_keep_all_their_digits(value: float, printed: str) -> None:
    assert number(value) == printed


def test_a_number_without_unit_is_printed_as_it_is_written() -> None:
    assert written("3") == "3"


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Haemoglobin", "haemoglobin"),
        ("HBsAg", "HBsAg"),
        ("eGFR by CKD-EPI, reported", "reported eGFR by CKD-EPI"),
        ("Gilbert syndrome", "Gilbert syndrome"),
        ("Sjögren's syndrome", "Sjögren's syndrome"),
        ("24-hour urine protein", "24-hour urine protein"),
        ("Cancer, other than skin", "cancer, other than skin"),
        ("A", "A"),
    ],
)
def test_a_title_in_the_middle_of_a_sentence(title: str, inside: str) -> None:
    assert title_of("x", {"x": title}) == inside


def test_a_name_without_title_is_read_as_words() -> None:
    assert title_of("lab.donor_specific_antibody", {}) == "donor specific antibody"
