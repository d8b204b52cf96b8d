"""docs/design.md, 4a, reference range: which limit of normal counts, in which unit, and what it comes to."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, concept, lab, observation, patient, quantity
from tests.facts.small_rules import LOINC, SNOMED

ALT = "1742-6"
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
        row("beside a limit it is not read", TIMES, "3", alt(120, up_to(40, text="5 - 60"))),
    ],
    "intervals by their limit": [
        row("below the limit", TIMES, "<1", alt(40, up_to(40), comparator="<")),
        row("above three times the limit", "NCT07617779/exc-07a", "fail", alt(120, up_to(40), comparator=">")),
        row("at least three times may be just that", "NCT07617779/exc-07a", "unknown", alt(120, up_to(40), comparator=">=")),
        row("an exact multiple stays exact", "lab.alt.x_uln", "3", alt(105.3, up_to(35.1))),
    ],
}  # fmt: skip
