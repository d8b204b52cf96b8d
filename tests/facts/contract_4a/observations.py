"""docs/design.md, 4a, which observation: status, date, what is understood, components, reports, intervals."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import SUBJECT, Json, concept, flag, lab, observation, quantity
from tests.facts.small_rules import LOINC, SNOMED

HB, ALT, SLEDAI, PLATELETS = "718-7", "1742-6", "273863009", "777-3"
ERROR = {"dataAbsentReason": concept("error", "http://terminology.hl7.org/CodeSystem/data-absent-reason")}
SPRING = {"start": "2026-03-01", "end": "2026-05-21"}
CURVE = {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "80 81"}
FACT = "lab.hemoglobin"


def hb(value: Any, date: str | None = "2026-05-20", unit: str | None = "g/L", **elements: Any) -> Json:
    return lab(HB, value, unit, date, **elements)


def text(words: str, date: str = "2026-05-20", loinc: str = HB) -> Json:
    return observation(loinc, date, valueString=words)


def coded_unit(value: Any, unit: str, code: str) -> Json:
    return observation(HB, valueQuantity=quantity(value, unit, code=code))


def hb_part(value: Any) -> Json:
    return {"code": concept(HB, LOINC), "valueQuantity": quantity(value, "g/L")}


def panel(*components: Json, **elements: Any) -> Json:
    return observation("58410-2", component=list(components), **elements)


def both_codes(own: str, loinc: str) -> Json:
    return {"coding": [{"system": "urn:site:lab", "code": own}, {"system": LOINC, "code": loinc}]}


def sledai(**value: Any) -> Json:
    return {**observation(**value), "code": concept(SLEDAI, SNOMED)}


def report(*contained: Json, **elements: Any) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "code": concept("58410-2", LOINC),
        "subject": SUBJECT,
        "effectiveDateTime": "2026-05-20",
        "contained": list(contained),
        "result": [{"reference": f"#{one['id']}"} for one in contained],
        **elements,
    }


def inside(value: float, **elements: Any) -> Json:
    """An Observation within a report: without subject or date of its own."""
    made = lab(HB, value, "g/L", None, **elements)
    return {key: item for key, item in made.items() if key != "subject"}


TABLE: Table = {
    "final, amended and corrected ones count": [
        row("final", FACT, "80", hb(80)),
        row("amended", FACT, "80", hb(80, status="amended")),
        row("corrected", FACT, "80", hb(80, status="corrected")),
        row("the newest of the three", FACT, "82", hb(80, "2026-05-01"), hb(82, "2026-05-03", status="corrected")),
        row("whatever the case of the word", FACT, "80", hb(80, status="Final")),
    ],
    "preliminary and registered ones only where none of these exists": [
        row("preliminary alone", FACT, "80", hb(80, status="preliminary")),
        row("registered alone", FACT, "80", hb(80, status="registered")),
        row("an older final one wins", FACT, "90", hb(90, "2026-04-01"), hb(80, status="preliminary")),
        row("a corrected one wins", FACT, "90", hb(90, "2026-04-01", status="corrected"), hb(80, status="registered")),
        row("a cancelled one does not stand in their way", FACT, "80", hb(90, status="cancelled"), hb(80, status="registered")),
    ],
    "the others never": [
        row("entered in error", FACT, "no_result", hb(80, status="entered-in-error")),
        row("cancelled", FACT, "no_result", hb(80, status="cancelled")),
        row("unknown", FACT, "no_result", hb(80, status="unknown")),
        row("the good one before an error", FACT, "90", hb(90, "2026-04-01"), hb(8, status="entered-in-error")),
    ],
    "the newest decides, ties go to the later issued": [
        row("of two days", FACT, "80", hb(90, "2026-05-19"), hb(80)),
        row("of two times of day in two zones", FACT, "80", hb(90, "2026-05-20T09:00:00+02:00"), hb(80, "2026-05-20T07:30:00Z")),
        row("issued later", FACT, "80", hb(90, issued="2026-05-20T09:00:00Z"), hb(80, issued="2026-05-20T10:00:00Z")),
        row("not told apart: both may be it", FACT, "80 to 90", hb(90), hb(80)),
        row("an instant", FACT, "80", hb(90), {**hb(80, None), "effectiveInstant": "2026-05-21T08:00:00Z"}),
        row("a period, from its end", FACT, "80", hb(90), {**hb(80, None), "effectivePeriod": SPRING}),
    ],
    "what is not understood is unknown, and no older value hides it": [
        row("a unit that is not listed", FACT, "unit_not_understood", hb(90, "2026-05-01"), hb(8, unit="ug/dL")),
        row("no unit where there is a dimension", FACT, "unit_not_understood", hb(90, "2026-05-01"), hb(80, unit=None)),
        row("unreadable text", FACT, "value_not_understood", hb(90, "2026-05-01"), text("hemolysed")),
        row("a word where a number belongs", FACT, "value_not_understood", hb(90, "2026-05-01"), text("not detected")),
        row("a curve", FACT, "value_not_understood", hb(90, "2026-05-01"), observation(HB, valueSampledData=CURVE)),
        row("a time of day", FACT, "value_not_understood", hb(90, "2026-05-01"), observation(HB, valueTime="10:00:00")),
        row("a quantity without number", FACT, "value_not_understood", hb(90, "2026-05-01"), observation(HB, valueQuantity={"unit": "g/L"})),
        row("a unit that is only a blank", FACT, "unit_not_understood", hb(80, unit=" ")),
        row("a UCUM code that is not listed, whatever the text beside it", FACT, "unit_not_understood", coded_unit(80, "g/L", "mg/dL")),
        row("code and text that contradict each other", FACT, "unit_not_understood", coded_unit(8, "g/L", "g/dL")),
        row("a negative number of what cannot be negative", FACT, "value_not_understood", hb(-1)),
        row("an older one of these is of no account", FACT, "80", hb(8, "2026-05-01", unit="mg/dL"), hb(80)),
    ],
    "without any value it is passed over": [
        row("a reason why there is none", FACT, "90", hb(90, "2026-05-01"), observation(HB, **ERROR)),
        row("nothing at all", FACT, "90", hb(90, "2026-05-01"), observation(HB)),
        row("an empty text", FACT, "90", hb(90, "2026-05-01"), text("  ")),
        row("alone it is no result", FACT, "no_result", observation(HB, **ERROR)),
        row("a flag alone is no value of a number", FACT, "90", hb(90, "2026-05-01"), observation(HB, interpretation=flag("L"))),
    ],
    "without dimension: no unit, 1 and annotations": [
        row("no unit", "score.sledai_2k", "9", sledai(valueQuantity=quantity(9))),
        row("1", "score.sledai_2k", "9", sledai(valueQuantity=quantity(9, "1", code="1"))),
        row("{score}", "score.sledai_2k", "9", sledai(valueQuantity=quantity(9, "score", code="{score}"))),
        row("any annotation", "score.sledai_2k", "9", sledai(valueQuantity=quantity(9, "{SLEDAI}"))),
        row("a whole number", "score.sledai_2k", "9", sledai(valueInteger=9)),
        row("a number as text", "score.sledai_2k", "9", sledai(valueString="9")),
        row("another unit", "score.sledai_2k", "unit_not_understood", sledai(valueQuantity=quantity(9, "%", code="%"))),
        row("INR", "lab.inr", "1.5", lab("6301-6", 1.5, "{INR}")),
        row("the ratio as a word", "lab.inr", "1.5", lab("6301-6", 1.5, "ratio")),
        row("not in per cent", "lab.inr", "unit_not_understood", lab("6301-6", 1.5, "%")),
    ],
    "a component counts as an observation of its own": [
        row("haemoglobin in a panel", FACT, "80", panel(hb_part(80))),
        row("beside one without value", FACT, "80", panel(hb_part(80), {"code": concept(ALT, LOINC), **ERROR})),
        row("in a panel in error", FACT, "no_result", panel(hb_part(80), status="entered-in-error")),
        row("with the date of the whole", FACT, "90", panel(hb_part(80)), hb(90, "2026-05-21")),
        row("a component without value", FACT, "90", panel({"code": concept(HB, LOINC), **ERROR}), hb(90, "2026-05-01")),
    ],
    "results contained in a report count": [
        row("with the date of the report", FACT, "80", report({**inside(80), "id": "a"}), hb(90, "2026-05-01")),
        row("with a date of its own", FACT, "80", report({**inside(80), "id": "a", "effectiveDateTime": "2026-05-21"}), hb(90)),
        row("not those of a report in error", FACT, "no_result", report({**inside(80), "id": "a"}, status="entered-in-error")),
        row("not those in error within it", FACT, "no_result", report({**inside(80, status="entered-in-error"), "id": "a"})),
        row(
            "two of them",
            "lab.platelets",
            "120",
            report({**inside(80), "id": "a"}, {**lab(PLATELETS, 120, "10*9/L", None), "id": "b"}),
        ),
    ],
    "comparators, ranges and ratios are intervals": [
        row("below", FACT, "<80", hb(80, comparator="<")),
        row("at most", FACT, "<=80", hb(80, comparator="<=")),
        row("above", FACT, ">80", hb(80, comparator=">")),
        row("at least", FACT, ">=80", hb(80, comparator=">=")),
        row("below, as text", FACT, "<80", text("<80 g/L")),
        row("below, in another unit", FACT, "<80", text("< 8.0 g/dL")),
        row("a range", FACT, "80 to 90", observation(HB, valueRange={"low": quantity(80, "g/L"), "high": quantity(90, "g/L")})),
        row("a range in another unit", FACT, "80 to 90", observation(HB, valueRange={"low": quantity(8, "g/dL"), "high": quantity(9, "g/dL")})),
        row("a range as text", FACT, "80 to 90", text("80-90 g/L")),
        row("half a range", FACT, ">=80", observation(HB, valueRange={"low": quantity(80, "g/L")})),
        row("a ratio", FACT, "80", observation(HB, valueRatio={"numerator": quantity(8, "g"), "denominator": quantity(1, "dL")})),
        row("off the scale, said by the flag", FACT, ">240", hb(240, interpretation=flag(">"))),
        row("a decimal comma", FACT, "75", text("7,5 g/dL")),
        row("a comma that may divide thousands", FACT, "value_not_understood", text("7,500 g/L")),
    ],
    "a comparator at a threshold decides only where every value does": [
        row("below 80 is below 80", "NCT07617779/exc-07c", "fail", hb(80, comparator="<")),
        row("at most 80 may be 80", "NCT07617779/exc-07c", "unknown", hb(80, comparator="<=")),
        row("above 180", "NCT07617779/exc-07c", "fail", hb(180, comparator=">")),
        row("at least 180 may be 180", "NCT07617779/exc-07c", "unknown", hb(180, comparator=">=")),
        row("above 80 may be above 180", "NCT07617779/exc-07c", "unknown", hb(80, comparator=">")),
        row("below 81 may be 80", "NCT07617779/exc-07c", "unknown", hb(81, comparator="<")),
        row("at least 480", "NCT06027853/exc-10a", "fail", lab("8636-3", 480, "ms", comparator=">=")),
        row("above 480", "NCT07083349/exc-07b", "fail", lab("8636-3", 480, "ms", comparator=">")),
        row("at least 480 may be 480", "NCT07083349/exc-07b", "unknown", lab("8636-3", 480, "ms", comparator=">=")),
        row("below 480", "NCT06027853/exc-10a", "pass", lab("8636-3", 480, "ms", comparator="<")),
        row("at most 480", "NCT07083349/exc-07b", "pass", lab("8636-3", 480, "ms", comparator="<=")),
    ],
    "codes": [
        row("LOINC by its OID", FACT, "80", {**hb(80), "code": concept(HB, "urn:oid:2.16.840.1.113883.6.1")}),
        row("beside a code of the site", FACT, "80", {**hb(80), "code": both_codes("HGB", HB)}),
        row("by a display alone", FACT, "no_result", {**hb(80), "code": {"text": "Hemoglobin"}}),
        row("a code without system", FACT, "no_result", {**hb(80), "code": concept(HB, None)}),
        row("urine", "lab.creatinine", "no_result", lab("2161-8", 80, "umol/L")),
    ],
}  # fmt: skip
