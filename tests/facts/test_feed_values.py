"""Values as feeds write them: what a lab person reads, and what nobody can. With the project's own rules."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts import build_sheet
from cds_service.facts.fact import Fact
from cds_service.facts.intervals import Interval
from cds_service.library import Library
from tests.facts.records import Json, concept, flag, lab, observation, quantity, record
from tests.facts.small_rules import LOINC

AS_OF = date(2026, 6, 1)
SPELLINGS = Path(__file__).parents[3] / "shared" / "data" / "feed-spellings.tsv"
HB, WBC, PLT, CREA, AST, EGFR, LOAD, UPCR, LVEF, INR = (
    *("718-7", "6690-2", "777-3", "2160-0", "1920-8", "98979-8", "42595-9", "2890-2", "10230-1", "6301-6"),
)
HBSAG, ANTI_HBC = "5196-1", "13952-7"
Read = Callable[..., Fact]


@pytest.fixture(scope="module")
def read(library: Library) -> Read:
    def one(name: str, *resources: Json) -> Fact:
        return build_sheet(record(*resources), library.facts, AS_OF, [name])[name]

    return one


def said(fact: Fact) -> Any:
    if fact.value is None:
        return fact.reason
    return fact.value.text() if isinstance(fact.value, Interval) else fact.value


UNITS: list[tuple[str, str, float, str, str]] = [
    # fact, LOINC, value, unit as written, in the fact's own unit
    ("lab.platelets", PLT, 15.2, "万/µL", "152"),
    ("lab.platelets", PLT, 15.2, "萬/mm3", "152"),
    ("lab.platelets", PLT, 152, "千/mcL", "152"),
    ("lab.platelets", PLT, 152000, "个/μL", "152"),
    ("lab.platelets", PLT, 1.52, "10^5/uL", "152"),
    ("lab.leukocytes", WBC, 5.2, "X10-3/UL", "5.2"),
    ("lab.leukocytes", WBC, 5.2, "x10(3)/mcL", "5.2"),
    ("lab.leukocytes", WBC, 5.2, "Tsd./µl", "5.2"),
    ("lab.leukocytes", WBC, 5.2, "10^9/升", "5.2"),
    ("lab.leukocytes", WBC, 5.2, "тыс/мкл", "5.2"),
    ("lab.leukocytes", WBC, 5.2, "K/ÂµL", "5.2"),
    ("lab.leukocytes", WBC, 5200, "per mm3", "5.2"),
    ("lab.creatinine", CREA, 75, "umol.L-1", "75"),
    ("lab.creatinine", CREA, 75, "μmol·L⁻¹", "75"),
    ("lab.creatinine", CREA, 75, "微摩尔/升", "75"),
    ("lab.creatinine", CREA, 75, "nmol/mL", "75"),
    ("lab.hemoglobin", HB, 11.2, "g/100 ml", "112"),
    ("lab.hemoglobin", HB, 112, "g L-1", "112"),
    ("lab.hemoglobin", HB, 112, "克/升", "112"),
    ("lab.ast", AST, 40, "国际单位/升", "40"),
    ("lab.ast", AST, 40, "U/L (37°C)", "40"),
    ("lab.ast", AST, 40, "Intl Units/L", "40"),
    ("lab.egfr_ckd_epi", EGFR, 88, "mL/(min*1.73m^2)", "88"),
    ("lab.egfr_ckd_epi", EGFR, 88, "ml/min per 1.73 sq meters", "88"),
    ("lab.upcr", UPCR, 0.5, "g/gCr", "0.5"),
    ("lab.upcr", UPCR, 500, "mg/g肌酐", "0.5"),
    ("lab.upcr", UPCR, 0.5, "Ratio", "0.5"),
    ("lab.upcr", UPCR, 0.5, "mg/mg", "0.5"),
    ("lab.albumin", "1751-7", 600, "umol/L", "39.9"),
    ("lab.prothrombin_time", "5902-2", 12.5, "秒", "12.5"),
    ("vital.lvef", LVEF, 0.55, "1", "55"),
    ("lab.hbv_dna_iu", LOAD, 3, "lg IU/ml", "1000"),
    ("lab.hbv_dna_iu", LOAD, 5.2, "log10 IU/mL", "158489"),
    ("lab.hbv_dna_iu", "48398-2", 3, "log(IU/mL)", "1000"),
    ("lab.hbv_dna_iu", LOAD, 3, "{Log_copies}/mL", "166.666666667 to 200"),
    ("lab.hbv_dna", LOAD, 3, "{Log_copies}/mL", "1000"),
    ("lab.hbv_dna", LOAD, 3, "lg IU/ml", "5000 to 6000"),
    ("lab.hbv_dna", LOAD, 5.2, "log10 IU/mL", "792445 to 950934"),
    ("lab.hbv_dna", "48398-2", 3, "log(copies/mL)", "1000"),
]
REFUSED: list[tuple[str, str, float, str, str, str]] = [
    ("lab.leukocytes", WBC, 5.2, "%", "unit_not_understood", "a count in per cent contradicts its code"),
    ("vital.lvef", LVEF, 5.2, "10*9/L", "unit_not_understood", "per cent as a count as well"),
    ("lab.platelets", PLT, 0.2, "M/uL", "unit_not_understood", "a million, or a thousand of the Romans"),
    ("lab.platelets", PLT, 2, "lakh/cumm", "unit_not_understood", "feeds write it for 10^4 too"),
    ("lab.creatinine", CREA, 9, "mmol/mol", "unit_not_understood", "a ratio"),
    ("lab.hbv_dna_iu", LOAD, 3, "log", "unit_not_understood", "of what?"),
    ("lab.hbv_dna_iu", "48398-2", 1000, "IU/mL", "unit_not_understood", "the code says that it is a logarithm"),
    ("lab.egfr_ckd_epi", EGFR, 88, "log mL/min/1.73m2", "unit_not_understood", "no viral load"),
    ("lab.upcr", "34366-5", 0.5, "ratio", "unit_not_understood", "the code doesn't say that it is one of masses"),
    ("vital.lvef", LVEF, 55, "1", "value_not_understood", "no fraction"),
]


@pytest.mark.parametrize("case", UNITS, ids=str)
def test_a_unit_as_feeds_write_it(case: tuple[str, str, float, str, str], read: Read) -> None:
    name, loinc, value, unit, expected = case
    assert said(read(name, lab(loinc, value, unit))) == expected


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[-1])
def test_a_unit_that_says_something_else(case: tuple[str, str, float, str, str, str], read: Read) -> None:
    name, loinc, value, unit, reason, why = case
    assert said(read(name, lab(loinc, value, unit))) == reason, why


TEXTS: list[tuple[str, str, str, str]] = [
    ("lab.hemoglobin", HB, "11.2 g/dL L", "112"),
    ("lab.hemoglobin", HB, "L 11.2 g/dL", "112"),
    ("lab.hemoglobin", HB, "11,2 g/dl ↓", "112"),
    ("lab.inr", INR, "5.2 H*", "5.2"),
    ("lab.inr", INR, "1.1 (N)", "1.1"),
    ("lab.egfr_ckd_epi", EGFR, "GT 45 mL/min/1.73m2", ">45"),
    ("lab.egfr_ckd_epi", EGFR, "greater than 60 mL/min/1.73m2", ">60"),
    ("lab.egfr_ckd_epi", EGFR, "＞90 mL/min/1.73m2", ">90"),
    ("lab.egfr_ckd_epi", EGFR, "&gt;90 mL/min/1.73m2", ">90"),
    ("lab.egfr_ckd_epi", EGFR, "über 60 mL/min/1.73m2", ">60"),
    ("lab.egfr_ckd_epi", EGFR, "大于60 mL/min/1.73m2", ">60"),
    ("lab.egfr_ckd_epi", EGFR, "60以上 mL/min/1.73m2", ">=60"),
    ("lab.egfr_ckd_epi", EGFR, "at least 60 mL/min/1.73m2", ">=60"),
    ("lab.creatinine", CREA, "LT 0.2 mg/dL", "<17.6803394625"),
    ("lab.creatinine", CREA, "unter 50 µmol/L", "<50"),
    ("lab.creatinine", CREA, "less than or equal to 50 µmol/L", "<=50"),
    ("lab.platelets", PLT, "1.234.567 /µl", "1234.567"),
    ("lab.platelets", PLT, "150 000 /µL", "150"),
    ("lab.platelets", PLT, "150,000.0 /µL", "150"),
    ("lab.platelets", PLT, "3~5 K/uL", "3 to 5"),
    ("lab.hbv_dna_iu", LOAD, "<20 IU/mL (not detected)", "<20"),
    ("lab.hbv_dna", LOAD, "<20 IU/mL (not detected)", "<120"),
    ("lab.hbv_dna_iu", LOAD, "0 (-)", "unit_not_understood"),
    ("lab.hbv_dna_iu", LOAD, "未检出", "0"),
    ("lab.hbv_dna_iu", LOAD, "35 IU/mL (not detected)", "unit_not_understood"),
    ("lab.inr", INR, "1,234", "value_not_understood"),
    ("lab.inr", INR, "5.2 see comment", "value_not_understood"),
    ("lab.inr", INR, "1.1 / 1.2", "value_not_understood"),
    ("lab.hemoglobin", HB, "112 L", "unit_not_understood"),
]


@pytest.mark.parametrize(("name", "loinc", "text", "expected"), TEXTS)
def test_a_number_as_text(name: str, loinc: str, text: str, expected: str, read: Read) -> None:
    assert said(read(name, observation(loinc, valueString=text))) == expected


WORDS: dict[str, tuple[str, ...]] = {
    "negative": (
        *("(-)", "（－）", "-", "(-) 阴性", "阴性(-)", "陰性", "-阴性", "0.05 (-)", "0.00  (-)", "NEG (0.05)"),
        *("Negative (0.12 S/CO)", "Non-reactive 0.1", "<0.05 (阴性)", "未检出", "nicht nachweisbar", "No Reactivo"),
        *("NEGATİF", "음성", "не обнаружено", "0.05 Negative", "Negative (<1:80)"),
    ),
    "positive": (
        *("(+)", "++", "1+", "(3+)", "+阳性", "阳性＋", "强阳性", "Pos +", "3.25 (Positive)", "Positive (3.25 S/CO)"),
        *("Positive (A)", "1:320 positive", "Repeatedly reactive", "陽性", "양성", "reaktiv", "12.5 S/CO (+)"),
    ),
    "indeterminate": (
        *("±", "+-", "+/-", "(±)", "-/+", "weakly positive", "trace", "borderline", "equivocal", "Gray zone"),
        *("弱阳性", "弱阳性(±)", "可疑", "schwach positiv", "grenzwertig", "débil positivo", "1.02 (equivocal)"),
    ),
    "value_not_understood": (
        *("阳性 (-)", "阴性(+)", "Positive, negative", "Negative 1:160", "0.05 S/CO (+)", "12.5 S/CO (-)", "阴性 +-"),
        *("— ", "--", "+++++", "not negative", "None", "negative control", "Positive 3.2 and 4.1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [(text, expected) for expected, texts in WORDS.items() for text in texts]
)
def test_an_answer_in_words_and_signs(text: str, expected: str, read: Read) -> None:
    assert said(read("result.hbsag", observation(HBSAG, valueString=text))) == expected


def ranged(value: float, unit: str, low: float | None = None, high: float | None = None, text: str = "") -> Json:
    limits = {"low": low, "high": high}
    own = {key: quantity(limit) for key, limit in limits.items() if limit is not None} | (
        {"text": text} if text else {}
    )
    return {"valueQuantity": quantity(value, unit), "referenceRange": [own] if own else []}


def two_ranges(value: float, unit: str, *limits: tuple[float, float]) -> Json:
    ranges = [{"low": quantity(low), "high": quantity(high)} for low, high in limits]
    return {"valueQuantity": quantity(value, unit), "referenceRange": ranges}


NUMBERS: list[tuple[str, str, Json, str, str]] = [
    ("result.hbsag", HBSAG, ranged(1.0, "S/CO", high=1.0), "positive", "an index from its cut-off on"),
    ("result.hbsag", HBSAG, ranged(1.0, "COI", text="<1.0"), "positive", "also where the range reads below"),
    ("result.hbsag", HBSAG, ranged(0.99, "COI", text="<1.0"), "negative", "below its cut-off"),
    ("result.hbsag", HBSAG, ranged(1.0, "IU/mL", high=1.0), "negative", "no index: up to its limit"),
    ("result.hbsag", HBSAG, ranged(1.0, "S/CO"), "positive", "S/CO is a ratio to the cut-off"),
    ("result.hbsag", HBSAG, ranged(0.4, "S/CO"), "negative", "S/CO without a range"),
    ("result.hbsag", HBSAG, ranged(5, "COI"), "value_not_understood", "another index without a range"),
    ("result.hbsag", HBSAG, ranged(0.95, "COI", 0.9, 1.0), "indeterminate", "between two limits"),
    ("result.hbsag", HBSAG, ranged(0.5, "COI", 0, 1.0), "negative", "from 0 is no grey zone"),
    ("result.hbsag", HBSAG, ranged(0.5, "COI", 0.9, 1.0), "negative", "below both"),
    ("result.hbsag", HBSAG, ranged(0.1, "S/CO") | {"interpretation": flag("POS")}, "positive", "a flag wins"),
    ("result.anti_hbc", ANTI_HBC, ranged(0.1, "S/CO"), "value_not_understood", "competitive, no range"),
    ("result.anti_hbc", ANTI_HBC, ranged(5.0, "S/CO", high=1.0), "value_not_understood", "never by an upper limit"),
    ("result.anti_hbc", ANTI_HBC, ranged(0.1, "S/CO", low=1.0), "positive", "a lower limit alone"),
    ("result.anti_hbc", ANTI_HBC, ranged(1.8, "S/CO", text=">1.0"), "negative", "above it"),
    ("result.anti_hbc", ANTI_HBC, ranged(0.95, "S/CO", 0.9, 1.1), "value_not_understood", "two limits"),
    ("result.hbsag", HBSAG, ranged(0.5, "COI", text="bis 1,0"), "negative", "in words"),
    ("result.hbsag", HBSAG, ranged(0.5, "COI", 1.0, 0.9), "value_not_understood", "limits that are swapped"),
    ("result.hbsag", HBSAG, ranged(0.5, "COI", high=1.0) | {"interpretation": flag("H")}, "value_not_understood", "H"),
    ("result.hbsag", HBSAG, two_ranges(5, "COI", (0.8, 1.0), (0.9, 1.0)), "positive", "above both"),
    ("result.hbsag", HBSAG, two_ranges(0.5, "COI", (0.8, 1.0), (0.9, 1.0)), "value_not_understood", "in the gap?"),
    ("result.anti_hbc", ANTI_HBC, two_ranges(0.1, "S/CO", (1.0, 5), (1.0, 9)), "value_not_understood", "no"),
    ("result.hbv_dna", "48398-2", ranged(0, "log IU/mL"), "value_not_understood", "a logarithm of 0 is one copy"),
    ("result.hbv_dna", "48398-2", ranged(3.1, "log IU/mL"), "positive", "a load"),
]  # fmt: skip


@pytest.mark.parametrize("case", NUMBERS, ids=lambda case: case[-1])
def test_an_answer_from_a_number(case: tuple[str, str, Json, str, str], read: Read) -> None:
    name, loinc, holds, expected, why = case
    assert said(read(name, observation(loinc, **holds))) == expected, why


@pytest.mark.parametrize(
    ("code", "expected"), [("LA11842-4", "positive"), ("LA13549-3", "negative"), ("LA11832-5", "indeterminate")]
)
def test_answers_of_loinc(code: str, expected: str, read: Read) -> None:
    assert said(read("result.hbsag", observation(HBSAG, valueCodeableConcept=concept(code, LOINC)))) == expected


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
NO_VALUE: dict[str, Json] = {
    "an extension of the number": {
        "valueQuantity": {"_value": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}, "unit": "g/dL"}
    },
    "an extension of the quantity": {"valueQuantity": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
    "an extension of a text": {"_valueString": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
    "a reason as the coded value": {
        "valueCodeableConcept": concept("unknown", "http://terminology.hl7.org/CodeSystem/data-absent-reason")
    },
    "a null flavour as the coded value": {
        "valueCodeableConcept": concept("UNK", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor")
    },
    "a reason beside no value": {"dataAbsentReason": {"text": "error"}},
    "blank text": {"valueString": "  "},
}


@pytest.mark.parametrize("holds", NO_VALUE.values(), ids=NO_VALUE.keys())
def test_no_value_at_all_is_passed_over(holds: Json, read: Read) -> None:
    assert said(read("lab.hemoglobin", lab(HB, 9.0, "g/dL", "2026-05-01"), observation(HB, **holds))) == "90"


@pytest.mark.parametrize(
    "holds",
    [
        {"valueQuantity": {"unit": "g/dL"}},
        {"valueQuantity": {"value": 8}},
        {"valueString": "see report"},
        {"valueCodeableConcept": concept("x", "urn:site")},
    ],
)
def test_a_value_that_is_not_understood_hides_an_older_one(holds: Json, read: Read) -> None:
    assert read("lab.hemoglobin", lab(HB, 9.0, "g/dL", "2026-05-01"), observation(HB, **holds)).value is None


def test_a_corrected_result_replaces_another_of_the_same_moment(read: Read) -> None:
    at = "2026-05-20T08:00:00Z"
    first, second = lab(HB, 9.0, "g/dL", at), lab(HB, 11.0, "g/dL", at, status="corrected")
    assert said(read("lab.hemoglobin", first, second)) == "110"
    assert said(read("lab.hemoglobin", second, first)) == "110"
    assert said(read("lab.hemoglobin", first, lab(HB, 11.0, "g/dL", at))) == "90 to 110"
    later = {**first, "issued": "2026-05-22T00:00:00Z"}
    assert said(read("lab.hemoglobin", later, {**second, "issued": "2026-05-21T00:00:00Z"})) == "90"


def report(day: str, *results: str) -> Json:
    references = [{"reference": f"Observation/{result}"} for result in results]
    subject = {"reference": "Patient/p"}
    return {
        "resourceType": "DiagnosticReport",
        "id": f"report-{day}",
        "status": "final",
        "subject": subject,
        "effectiveDateTime": day,
        "result": references,
    }


def test_a_result_without_a_date_takes_that_of_its_report(read: Read) -> None:
    undated = {**lab(HB, 11.2, "g/dL", None), "id": "q"}
    assert read("lab.hemoglobin", undated).evidence[0].date == ""
    found = read("lab.hemoglobin", undated, report("2026-05-20", "q"))
    assert (said(found), found.age, found.evidence[0].date) == ("112", 12, "2026-05-20")


def test_of_two_reports_it_takes_the_interval_of_both_dates(read: Read) -> None:
    undated = {**lab(HB, 11.2, "g/dL", None), "id": "q"}
    found = read("lab.hemoglobin", undated, report("2026-05-20", "q"), report("2026-05-10", "q"))
    assert (found.least_age, found.age) == (12, 22)
    between = lab(HB, 9.0, "g/dL", "2026-05-15")
    assert said(read("lab.hemoglobin", undated, report("2026-05-20", "q"), report("2026-05-10", "q"), between)) == (
        "90 to 112"
    )


def test_a_report_that_does_not_count_gives_no_date(read: Read) -> None:
    undated = {**lab(HB, 11.2, "g/dL", None), "id": "q"}
    found = read("lab.hemoglobin", undated, {**report("2026-05-20", "q"), "status": "entered-in-error"})
    assert found.evidence[0].date == ""
    capitals = read("lab.hemoglobin", undated, {**report("2026-05-20", "q"), "status": "Entered-In-Error"})
    assert capitals.evidence[0].date == ""


def multiple(fact: Fact) -> Any:
    return said(fact.parts["x_uln"])


def test_multiples_of_the_limit_of_normal(read: Read) -> None:
    amount = ranged(3000, "[IU]/mL", high=1000)
    assert multiple(read("lab.hbv_dna_iu", observation(LOAD, **amount))) == "3"
    logarithm = read("lab.hbv_dna_iu", observation(LOAD, **ranged(3, "{Log_IU}/mL", high=2)))
    assert (said(logarithm), multiple(logarithm)) == ("1000", "no_reference_range")
    # The limit is in a unit that counts with this code alone.
    of_code = ranged(0.5, "Ratio") | {"referenceRange": [{"high": quantity(0.2, "Ratio")}]}
    assert multiple(read("lab.upcr", observation(UPCR, **of_code))) == "2.5"


@pytest.mark.parametrize("text", ["2026-05-20T24:00:00Z", "2026-05-20 08:00", "20.05.2026", "2026-05-20 (approx.)"])
def test_a_date_that_is_not_in_fhirs_form_is_read_with_an_issue(text: str, library: Library) -> None:
    of = record(lab(HB, 11.2, "g/dL", text))
    fact = build_sheet(of, library.facts, AS_OF, ["lab.hemoglobin"])["lab.hemoglobin"]
    assert (said(fact), fact.age) == ("112", 12)
    assert [issue.code for issue in of.issues] == ["odd_date"]


@pytest.mark.parametrize(
    ("value", "expected"), [("<0.2", "<17.6803394625"), ("＞0.2", ">17.6803394625"), ("0,9", "79.5615275813")]
)
def test_a_comparator_inside_the_number(value: str, expected: str, read: Read) -> None:
    assert said(read("lab.creatinine", lab(CREA, value, "mg/dL"))) == expected


def test_mdrd_is_named_where_ckd_epi_is_asked(read: Read) -> None:
    mdrd = lab("33914-3", 72, "mL/min/1.73m2")
    found = read("kidney.egfr", mdrd)
    assert found.reason == "other_method"
    assert found.evidence[0].note == "reported by MDRD, the criterion asks CKD-EPI"
    assert said(read("kidney.egfr", mdrd, lab(EGFR, 80, "mL/min/1.73m2"))) == "80"
    assert read("kidney.egfr", mdrd, lab(CREA, 80, "umol/L")).via == "derived.egfr_ckd_epi_2021"
    assert read("kidney.egfr").reason == "no_result"


# ---- removing a part of a quantity never makes an outcome surer; of every other element: test_saying_less

PARTS = ("unit", "code", "system", "interpretation", "referenceRange", "effectiveDateTime", "LOINC")
SAYINGS = [
    (
        name,
        loinc,
        {"valueQuantity": {"value": value, "unit": unit, "code": code, "system": "http://unitsofmeasure.org"}},
    )
    for name, loinc, value, unit, code in (
        ("lab.hemoglobin", HB, 11.2, "g/dL", "g/dL"),
        ("lab.hemoglobin", HB, 11.2, "gm/dl", "g/dL"),
        ("lab.leukocytes", WBC, 5.2, "K/uL", "10*3/uL"),
        ("lab.leukocytes", WBC, 5.2, "10^3/mL", "10*3/mL"),
        ("lab.upcr", UPCR, 0.5, "Ratio", "mg/mg"),
        ("lab.hbv_dna_iu", LOAD, 3, "log IU/mL", "{Log_IU}/mL"),
        ("lab.hbv_dna_iu", "48398-2", 3, "log IU/mL", "{Log_IU}/mL"),
        ("lab.inr", INR, 1.1, "ratio", "{INR}"),
        ("result.hbsag", HBSAG, 0.4, "S/CO", "{s_co_ratio}"),
        ("result.anti_hbc", ANTI_HBC, 0.4, "S/CO", "{s_co_ratio}"),
    )
]


@given(
    saying=st.sampled_from(SAYINGS),
    said_beside=st.tuples(
        st.sampled_from([None, "<", ">="]),
        st.sampled_from([None, "POS", "NEG", "IND"]),
        st.sampled_from([None, 0.3, 1.0]),
    ),
    gone=st.sets(st.sampled_from(PARTS), max_size=4),
)
def test_a_part_removed_never_makes_surer(
    saying: tuple[str, str, Json], said_beside: tuple[Any, ...], gone: set[str], library: Library
) -> None:
    name, loinc, holds = saying
    comparator, flagged, high = said_beside
    # A flag goes before the number: without it the number speaks, and says something else (saying_less_exempt).
    gone = gone - {"interpretation"} if flagged is not None and name.startswith("result.") else gone
    number = {**holds["valueQuantity"], **({} if comparator is None else {"comparator": comparator})}
    whole = observation(
        loinc,
        valueQuantity=number,
        interpretation=[] if flagged is None else flag(flagged),
        referenceRange=[] if high is None else [{"high": quantity(high)}],
    )
    less = {key: value for key, value in whole.items() if key not in gone}
    less["valueQuantity"] = {key: value for key, value in number.items() if key not in gone}
    if "LOINC" in gone:
        less["code"] = {"text": "a result"}

    def fact(one: Json) -> Fact:
        return build_sheet(record(one), library.facts, AS_OF, [name])[name]

    before, after = fact(whole), fact(less)
    assert after.value is None or after.value == before.value
    assert after.value is None or "LOINC" not in gone


@given(text=st.text(alphabet="阳阴性弱+-±()<>=.,:/0123459 posegativNELTG%", max_size=24))
def test_no_text_is_an_error_and_a_sign_beside_its_contrary_never_decides(text: str, library: Library) -> None:
    found = build_sheet(
        record(observation(HBSAG, valueString=text)), library.facts, AS_OF, ["result.hbsag", "lab.inr"]
    )["result.hbsag"]
    if "+" in text and "-" in text and not any(letter.isalnum() for letter in text):
        assert found.value is None


# Refused in the table, and read since: the contract reads log₁₀ units of a viral load. What 3 comes to, in copies/mL.
LOGARITHMS = {
    **dict.fromkeys(("Log IU/mL", "LogIU/mL", "[log_IU]/mL", "log10 IU/mL", "{Log_IU}/mL"), "5000-6000"),
    "log copies/mL": "1000",
}
# Read in the table, and unknown here, each with the reason. None of them is read otherwise.
NOT_READ = {
    "mkat/l": "millikatal by its letters, a thousand times what is meant",
    "mL/min": "not per 1.73 m², which the code of the eGFR says: of a small person it is another number",
    "x10^3/mL": "6,500 per litre by its letters, meant are millions: outside what is plausible",
    "lakh/cumm": "feeds write it for 10⁴ too",
    "lakh/mm3": "the same",
    "": "no unit where there is a dimension",
    "Low positive": "weakly positive is indeterminate",
    "弱阳性(+-)": "weakly positive is indeterminate",
    "None": "nothing found, or no result?",
}


@pytest.mark.skipif(not SPELLINGS.is_file(), reason=f"needs {SPELLINGS}, which is not part of the project")
def test_spellings_of_feeds(library: Library) -> None:
    """The shared spellings are read as a lab person reads them, and none otherwise; what is not read is listed."""
    rows = list(csv.DictReader(io.StringIO(SPELLINGS.read_text("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE))
    right, wrong, unread = 0, [], set()
    for row in rows:
        found, want = _of_row(row, library), LOGARITHMS.get(row["spelling"], row["want"])
        if found.value is None:
            if not want or want.startswith("indeterminate"):
                right += 1
            else:
                unread.add(row["spelling"])
        elif _is_wanted(found.value, want):
            right += 1
        else:
            wrong.append(row)
    assert not wrong
    assert unread == NOT_READ.keys()
    assert right / len(rows) >= 0.92


def _of_row(row: dict[str, str], library: Library) -> Fact:
    name = row["fact"].split()[0]
    if row["kind"] == "word":
        saying = observation(HBSAG, valueString=row["spelling"])
    else:
        code = library.catalogue.facts[name].codes[0]  # type: ignore[union-attr] - a row names an observed fact
        saying = {**lab("", float(row["value"]), row["spelling"] or None), "code": concept(code.code, code.system)}
    return build_sheet(record(saying), library.facts, AS_OF, [name])[name]


def _is_wanted(value: Any, want: str) -> bool:
    if not isinstance(value, Interval):
        return bool(value == want)
    low, _, high = want.partition("-")
    ends = [float(low), float(high or low)] if low else []
    return ends == [pytest.approx(float(end), rel=0.02) for end in (value.lo, value.hi) if end is not None]
