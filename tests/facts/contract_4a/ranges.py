"""docs/design.md, 4a, reference range: which limit of normal counts, in which unit, and what it comes to."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, concept, flag, lab, observation, patient, quantity
from tests.facts.small_rules import LOINC, SNOMED

ALT = "1742-6"
NONE = "no_reference_range"
TIMES = "lab.alt.x_uln"
MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
GENDER = "http://hl7.org/fhir/administrative-gender"


def alt(value: float, *ranges: Json, unit: str = "U/L", date: str = "2026-05-20", **elements: Any) -> Json:
    return lab(ALT, value, unit, date, referenceRange=list(ranges), **elements)


def up_to(value: float, unit: str | None = "U/L", **elements: Any) -> Json:
    return {"high": quantity(value, unit), **elements}


def meant(code: str) -> Json:
    return {"type": concept(code, MEANING)}


def for_(code: str | None, system: str | None = GENDER, text: str | None = None) -> Json:
    return {"appliesTo": [concept(code, system, text)]}


def aged(low: float | None, high: float | None, unit: str = "a") -> Json:
    ends = (("low", low), ("high", high))
    return {"age": {end: quantity(value, unit, code=unit) for end, value in ends if value is not None}}


def component(value: float, *ranges: Json) -> Json:
    part = {"code": concept(ALT, LOINC), "valueQuantity": quantity(value, "U/L"), "referenceRange": list(ranges)}
    return observation("24323-8", component=[part])


def creatinine(value: float, unit: str, *ranges: Json) -> Json:
    return lab("2160-0", value, unit, referenceRange=list(ranges))


def two_codings(code: str, local: str) -> Json:
    return {"coding": [{"system": MEANING, "code": code}, {"system": "http://lab.example.org/rr", "code": local}]}


def text(words: str) -> Json:
    return {"text": words}


MAN = patient(gender="male")
CHILD = patient(birthDate="2020-06-15")
ANYONE = patient(gender="unknown")

TABLE: Table = {
    "the observation's own range": [
        row("upper limit 40", TIMES, "3", alt(120, up_to(40))),
        row("a limit without unit is in the value's", TIMES, "3", alt(120, up_to(40, None))),
        row("no range: unknown", TIMES, "no_reference_range", alt(120)),
        row("not that of an older result", TIMES, "no_reference_range", alt(30, up_to(40), date="2026-05-01"), alt(120)),
        row("a lower limit alone is no upper one", TIMES, "no_reference_range", alt(120, {"low": quantity(5, "U/L")})),
        row("a limit of 0 is none", TIMES, "no_reference_range", alt(120, up_to(0))),
        row("a limit that cannot be read", TIMES, "no_reference_range", alt(120, {"high": {"unit": "U/L"}})),
        row("of the component", TIMES, "3", component(120, up_to(40))),
        row("the lower limit for x LLN", "lab.alt.x_lln", "3", alt(15, {"low": quantity(5, "U/L")})),
        row("the value known, the multiple not", "lab.alt", "120", alt(120)),
    ],
    "type normal or none": [
        row("normal", TIMES, "3", alt(120, up_to(40, **meant("normal")))),
        row("normal beside a therapeutic one", TIMES, "3", alt(120, up_to(40, **meant("normal")), up_to(90, **meant("therapeutic")))),
        row("none beside a recommended one", TIMES, "3", alt(120, up_to(40), up_to(90, **meant("recommended")))),
        row("a therapeutic one alone is none", TIMES, "no_reference_range", alt(120, up_to(40, **meant("therapeutic")))),
        row("a critical one alone is none", TIMES, "no_reference_range", alt(120, up_to(400, **meant("critical")))),
    ],
    "appliesTo and age fit the patient": [
        row("hers of two", TIMES, "4", alt(120, up_to(30, **for_("female")), up_to(40, **for_("male")))),
        row("his of two", TIMES, "3", alt(120, up_to(30, **for_("female")), up_to(40, **for_("male"))), person=MAN),
        row("in SNOMED CT", TIMES, "4", alt(120, up_to(30, **for_("248152002", SNOMED)), up_to(40, **for_("248153007", SNOMED)))),
        row("in words", TIMES, "4", alt(120, up_to(30, **for_(None, None, "Female")), up_to(40, **for_(None, None, "Male")))),
        row("his alone is none for her", TIMES, "no_reference_range", alt(120, up_to(40, **for_("male")))),
        row(
            "of whom the sex is not known",
            TIMES,
            "no_reference_range",
            alt(120, up_to(30, **for_("female")), up_to(40, **for_("male"))),
            person=ANYONE,
        ),
        row("an adult's of two", TIMES, "3", alt(120, up_to(60, **aged(0, 17)), up_to(40, **aged(18, None)))),
        row("a child's of two", TIMES, "2", alt(120, up_to(60, **aged(0, 17)), up_to(40, **aged(18, None))), person=CHILD),
        row("in months", TIMES, "2", alt(120, up_to(60, **aged(12, 216, "mo")), up_to(40, **aged(217, None, "mo"))), person=CHILD),
        row("an age that nobody knows", TIMES, "no_reference_range", alt(120, up_to(40, **aged(18, None))), person=patient(birthDate=None)),
        row(
            "the age and the sex",
            TIMES,
            "3",
            alt(
                120,
                up_to(40, **for_("female"), **aged(18, None)),
                up_to(60, **for_("female"), **aged(0, 17)),
                up_to(50, **for_("male"), **aged(18, None)),
            ),
        ),
    ],
    "exactly one limit must remain": [
        row("two that differ", TIMES, "no_reference_range", alt(120, up_to(40), up_to(60))),
        row("two that say the same", TIMES, "3", alt(120, up_to(40), up_to(40))),
        row("two that say the same in two units", TIMES, "3", alt(120, up_to(40), up_to(40, "IU/L"))),
        row("a lower and an upper limit apart", TIMES, "3", alt(120, {"low": quantity(5, "U/L")}, up_to(40))),
    ],
    "in another listed unit it is converted, in an unlisted one there is none": [
        row("µmol/L by mg/dL", "lab.creatinine.x_uln", "1.5", creatinine(132.602545969, "umol/L", up_to(1, "mg/dL"))),
        row("mg/dL by µmol/L", "lab.creatinine.x_uln", "1.5", creatinine(1.5, "mg/dL", up_to(88.4016973126, "umol/L"))),
        row("mg/dL by mg/dL", "lab.creatinine.x_uln", "1.5", creatinine(1.5, "mg/dL", up_to(1, "mg/dL"))),
        row("µkat/L by U/L", TIMES, "3", alt(2, up_to(40), unit="ukat/L")),
        row("a unit that is not listed", "lab.creatinine.x_uln", "no_reference_range", creatinine(1.5, "mg/dL", up_to(10, "g/dL"))),
        row("a unit that is none", TIMES, "no_reference_range", alt(120, up_to(40, "units"))),
    ],
    "text alone, where it is plain, in the value's unit": [
        row("from to", TIMES, "3", alt(120, text("0 - 40"))),
        row("without blanks", TIMES, "3", alt(120, text("5-40"))),
        row("with its unit", TIMES, "3", alt(120, text("5-40 U/L"))),
        row("at most", TIMES, "3", alt(120, text("<= 40"))),
        row("below", TIMES, "3", alt(120, text("<40"))),
        row("up to", TIMES, "3", alt(120, text("up to 40"))),
        row("in brackets", TIMES, "3", alt(120, text("[5 - 40]"))),
        row("by sex: not plain", TIMES, "no_reference_range", alt(120, text("M: 5-40, F: 5-30"))),
        row("a word", TIMES, "no_reference_range", alt(120, text("normal"))),
        row("a unit that is not listed", TIMES, "no_reference_range", alt(120, text("5-40 mg/dL"))),
        row("above only", TIMES, "no_reference_range", alt(120, text("> 5"))),
        *[
            row("as it is also written", TIMES, "3", alt(120, text(words)))
            for words in (
                "≤40", "＜40", "< 40", "=<40", "less than 40", "up to 40", "bis 40", "bis zu 40 U/L", "unter 40", "kleiner als 40",
                "max. 40", "at most 40", "0～40", "5 — 40", "5 bis 40", "5 to 40 U/L", "（5-40）", "小于40", "不超过40", "not more than 40",
            )
        ],
        row("beside a limit without a number", TIMES, "3", alt(120, {"high": {"unit": "U/L"}, "text": "5 - 40"})),
        row("the lower one", "lab.alt.x_lln", "3", alt(15, text(">= 5"))),
        row("mindestens", "lab.alt.x_lln", "3", alt(15, text("mindestens 5"))),
    ],
    "none where structure and text disagree": [
        row("text beside a limit agrees", TIMES, "3", alt(120, up_to(40, text="5 - 40"))),
        row("another limit", TIMES, NONE, alt(120, up_to(40, text="5 - 60"))),
        row("to 2 per cent", TIMES, "3", alt(120, up_to(40, text="<= 40.8"))),
        row("not to 3 per cent", TIMES, NONE, alt(120, up_to(40, text="<= 41.3"))),
        row("in another unit, converted", "lab.creatinine.x_uln", "1.5", creatinine(1.5, "mg/dL", {"high": quantity(1, "mg/dL"), "text": "44 - 88 umol/L"})),
        row("in another unit, and another limit", "lab.creatinine.x_uln", NONE, creatinine(1.5, "mg/dL", {"high": quantity(1, "mg/dL"), "text": "44 - 110 umol/L"})),
        row("the text has it the other way round", TIMES, NONE, alt(120, up_to(40, text=">40"))),
        row("the lower limits differ", TIMES, NONE, alt(120, {"low": quantity(5, "U/L"), **up_to(40, text="15 - 40")})),
        row("a longer text with our limit in it", TIMES, "3", alt(120, up_to(40, text="Women: 5 - 40; men: 5 - 60"))),
        row("a longer text without it", TIMES, NONE, alt(120, up_to(40, text="Women: 5 - 35; men: 5 - 60"))),
        row("a text that says nothing", TIMES, "3", alt(120, up_to(40, text="see comment"))),
        row("words without numbers", TIMES, "3", alt(120, up_to(40, text="adults"))),
    ],
    "none where the lower limit is above the upper": [
        row("swapped", TIMES, NONE, alt(120, {"low": quantity(40, "U/L"), **up_to(5)})),
        row("swapped in text", TIMES, NONE, alt(120, text("40 - 5"))),
        row("above by its unit", TIMES, NONE, alt(120, {"low": quantity(40, "ukat/L"), **up_to(45)})),
        row("no width at all", TIMES, NONE, alt(120, {"low": quantity(40, "U/L"), **up_to(40)})),
    ],
    "none where text or type says therapeutic, target, goal, critical": [
        *[
            row(words, "lab.inr.x_uln", NONE, lab("6301-6", 1.2, None, referenceRange=[{"high": quantity(1.2), "text": words}]))
            for words in ("Therapeutic range", "INR target", "goal", "Critical", "Therapiebereich", "Zielbereich", "kritisch", "治疗范围", "目标值", "危急值")
        ],
        row("a type in words", TIMES, NONE, alt(120, up_to(40, type={"text": "Therapeutic"}))),
        row("by the display of another system", TIMES, NONE, alt(120, up_to(40, type=concept("T", "http://lab.example.org", None, "Target range")))),
        row("beside a normal one it drops alone", TIMES, "3", alt(120, up_to(40), up_to(90, text="therapeutic < 90"))),
        row("codings are translations", TIMES, "3", alt(120, up_to(40, type=two_codings("normal", "NR")))),
        row("also where one says something else", TIMES, NONE, alt(120, up_to(40, type=two_codings("therapeutic", "NR")))),
        row("normal in words", TIMES, "3", alt(120, up_to(40, type={"text": "Normal Range"}))),
        row("a type that nobody knows", TIMES, NONE, alt(120, up_to(40, type=concept("XY", "http://lab.example.org")))),
    ],
    "none where the limit is none of this test": [
        row("an INR of up to 1.5", "lab.inr.x_uln", "1", lab("6301-6", 1.5, None, referenceRange=[up_to(1.5, None)])),
        row("an INR of 2 to 3 is a target", "lab.inr.x_uln", NONE, lab("6301-6", 2.5, None, referenceRange=[{"low": quantity(2), **up_to(3, None)}])),
        row("a thousand times too much", TIMES, NONE, alt(120, up_to(40, "U/mL"))),
        row("a limit of µkat/L in a column of U/L", TIMES, NONE, alt(120, up_to(0.6))),
        row("mg/dL in a column of µmol/L", "lab.creatinine.x_uln", NONE, creatinine(90, "umol/L", up_to(1.2, "umol/L"))),
    ],
    "none where the flag contradicts the range": [
        row("high and above", TIMES, "3", alt(120, up_to(40), interpretation=flag("H"))),
        row("far above", TIMES, "3", alt(120, up_to(40), interpretation=flag("HH"))),
        row("high inside", TIMES, NONE, alt(30, up_to(40), interpretation=flag("H"))),
        row("critical inside", TIMES, NONE, alt(30, up_to(40), interpretation=flag("HH"))),
        row("normal outside", TIMES, NONE, alt(120, up_to(40), interpretation=flag("N"))),
        row("normal below the lower limit", TIMES, NONE, alt(3, {"low": quantity(5, "U/L"), **up_to(40)}, interpretation=flag("N"))),
        row("normal inside", TIMES, "0.75", alt(30, up_to(40), interpretation=flag("N"))),
        row("low inside", TIMES, NONE, alt(30, {"low": quantity(5, "U/L"), **up_to(40)}, interpretation=flag("L"))),
        row("low and below", TIMES, "0.1", alt(4, {"low": quantity(5, "U/L"), **up_to(40)}, interpretation=flag("L"))),
        row("abnormal inside", TIMES, NONE, alt(30, {"low": quantity(5, "U/L"), **up_to(40)}, interpretation=flag("A"))),
        row("in words", TIMES, NONE, alt(30, up_to(40), interpretation=[concept(None, None, "High")])),
        row("on the limit both may be", TIMES, "1", alt(40, up_to(40), interpretation=flag("H"))),
        row("on the limit, normal", TIMES, "1", alt(40, up_to(40), interpretation=flag("N"))),
        row("a flag that is none of place", TIMES, "0.75", alt(30, up_to(40), interpretation=flag("U"))),
    ],
    "placeholders are none": [
        row("0 to 0", TIMES, NONE, alt(120, {"low": quantity(0, "U/L"), **up_to(0)})),
        row("0 to 9999", TIMES, NONE, alt(120, {"low": quantity(0, "U/L"), **up_to(9999)})),
        row("0 to 99999.99", "lab.hbv_dna.x_uln", NONE, lab("29615-2", 100, "{copies}/mL", referenceRange=[up_to(99999.99, None)])),
        row("in text", TIMES, NONE, alt(120, text("0 - 9999"))),
        *[row(f"as text: {words}", TIMES, NONE, alt(120, text(words))) for words in ("see comment", "-", "n/a", "siehe Kommentar", "见备注")],
        row("beside a real one they say nothing", TIMES, "3", alt(120, up_to(40), text("-"))),
    ],
    "intervals by their limit": [
        row("below the limit", TIMES, "<1", alt(40, up_to(40), comparator="<")),
        row("above three times the limit", "NCT07617779/exc-07a", "fail", alt(120, up_to(40), comparator=">")),
        row("at least three times may be just that", "NCT07617779/exc-07a", "unknown", alt(120, up_to(40), comparator=">=")),
        row("an exact multiple stays exact", "lab.alt.x_uln", "3", alt(105.3, up_to(35.1))),
    ],
}  # fmt: skip
