"""READING.md, 5, plausible: what no living person has is mostly a slip of the unit, and decides nothing."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, lab, observation, quantity

HB = "lab.hemoglobin"
LVEF = "vital.lvef"
ABSURD = "implausible"
NOT_READ = "value_not_understood"


def hb(value: float, unit: str, date: str = "2026-05-20", **elements: Any) -> Json:
    return lab("718-7", value, unit, date, **elements)


def lvef(value: float, unit: str) -> Json:
    return lab("10230-1", value, unit)


TABLE: Table = {
    "outside the plausible range the fact is unknown": [
        row("112 g/dL: meant were g/L", HB, ABSURD, hb(112, "g/dL")),
        row("11.2 g/L: meant were g/dL", HB, ABSURD, hb(11.2, "g/L")),
        row("the limits themselves are plausible", HB, "20", hb(20, "g/L")),
        row("on both sides", HB, "250", hb(250, "g/L")),
        row("just outside", HB, ABSURD, hb(250.1, "g/L")),
        row("an older value does not decide", HB, ABSURD, hb(112, "g/L", "2026-05-01"), hb(112, "g/dL")),
        row("an older absurd one does no harm", HB, "112", hb(112, "g/dL", "2026-05-01"), hb(112, "g/L")),
        row("nor does its multiple of the limit", f"{HB}.x_uln", ABSURD, hb(112, "g/dL", referenceRange=[{"high": quantity(16, "g/dL")}])),
        row("one of two of the same moment", HB, ABSURD, hb(112, "g/L"), hb(112, "g/dL")),
        row("the trial waits", "NCT07083349/inc-04b", "unknown", hb(112, "g/dL"), lab("777-3", 150, "10*9/L"), lab("751-8", 3, "10*9/L"), lab("731-0", 1, "10*9/L")),
        row("milliseconds as seconds", "vital.qtc", ABSURD, lab("8636-3", 430, "s")),
        row("an INR of a time in seconds", "lab.inr", ABSURD, lab("6301-6", 120, None)),
        row("metres as centimetres", "vital.body_height", ABSURD, lab("8302-2", 1.7, "cm")),
        row("grams as kilograms", "vital.body_weight", ABSURD, lab("29463-7", 3500, "kg")),
    ],
    "only what lies wholly outside": [
        row("below 25 may be 24", HB, "<25", hb(25, "g/L", comparator="<")),
        row("below 15 is none", HB, ABSURD, hb(15, "g/L", comparator="<")),
        row("below 20 is none, and 20 is not in it", HB, ABSURD, hb(20, "g/L", comparator="<")),
        row("above 240 may be 250", HB, ">240", hb(240, "g/L", comparator=">")),
        row("above 250 is none", HB, ABSURD, hb(250, "g/L", comparator=">")),
        row("a range across the limit", HB, "15 to 40", observation("718-7", valueString="15-40 g/L")),
    ],
    "exactly 0 is plausible where it occurs": [
        row("no neutrophils in aplasia", "lab.neutrophils", "0", lab("751-8", 0, "10*9/L")),
        row("no leukocytes", "lab.leukocytes", "0", lab("6690-2", 0, "10*9/L")),
        row("no platelets", "lab.platelets", "0", lab("777-3", 0, "10*9/L")),
        row("no virus", "lab.hbv_dna", "0", lab("29615-2", 0, "{copies}/mL")),
        row("no protein", "lab.urine_protein_24h", "0", lab("2889-4", 0, "g/d")),
        row("below the limit of detection", "lab.platelets", "<1", lab("777-3", 1, "10*9/L", comparator="<")),
        row("nearly 0 is none", "lab.platelets", ABSURD, lab("777-3", 0.2, "10*9/L")),
        row("no haemoglobin: nobody", HB, ABSURD, hb(0, "g/L")),
        row("no creatinine: nobody", "lab.creatinine", ABSURD, lab("2160-0", 0, "umol/L")),
    ],
    "a fraction where per cent is meant": [
        row("0.55 %", LVEF, NOT_READ, lvef(0.55, "%")),
        row("0.55 of a whole is 55 %", LVEF, "55", lvef(0.55, "1")),
        row("55 of a whole", LVEF, NOT_READ, lvef(55, "1")),
        row("55 %", LVEF, "55", lvef(55, "%")),
        row("0.97 % of oxygen", "vital.oxygen_saturation", NOT_READ, lab("59408-5", 0.97, "%")),
        row("97 of a whole", "vital.oxygen_saturation", NOT_READ, lab("59408-5", 97, "1")),
        row("of predicted, more than a whole", "vital.fvc_percent_predicted", "105", lab("19872-1", 1.05, "1")),
        row("neither per cent nor a fraction", "vital.oxygen_saturation", ABSURD, lab("59408-5", 5, "%")),
    ],
    "derived facts": [
        row("a part that is not plausible", "kidney.egfr", ABSURD, lab("2160-0", 88000, "umol/L")),
        row("a report that is not plausible is not stepped in for", "kidney.egfr", ABSURD, lab("62238-1", 9000, "mL/min/{1.73_m2}"), lab("2160-0", 80, "umol/L")),
        row("an older plausible part is not taken", "derived.egfr_ckd_epi_2021", ABSURD, lab("2160-0", 80, "umol/L", "2026-05-01"), lab("2160-0", 88000, "umol/L")),
        row("inches as centimetres: a mass index that nobody has", "derived.bmi", ABSURD, lab("8302-2", 55, "cm"), lab("29463-7", 80, "kg")),
        row("pounds as kilograms are not noticed", "derived.bmi", "51.2", lab("8302-2", 175, "cm"), lab("29463-7", 156.8, "kg")),
    ],
}  # fmt: skip
