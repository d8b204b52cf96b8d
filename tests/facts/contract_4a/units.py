"""docs/design.md, section 4, units as real feeds spell them: what is understood comes to the same, the rest is unknown."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import lab, observation, quantity

NOT_UNDERSTOOD = "unit_not_understood"

# fact, LOINC: what a unit makes of a number
LISTED: dict[tuple[str, str], dict[tuple[float, str], tuple[str, ...]]] = {
    ("lab.hemoglobin", "718-7"): {
        (80, "80"): ("g/L", "g/l", "gm/L", "grams/L", "mg/mL"),
        (8.0, "80"): ("g/dL", "g/dl", "G/DL", "gm/dL", "GM/DL", "g%", "g/100mL", " g/dL "),
        (5, "80.57"): ("mmol/L", "mmol/l"),
    },
    ("lab.leukocytes", "6690-2"): {
        (4.3, "4.3"): (
            *("10*9/L", "10^9/L", "x10^9/L", "x10E9/L", "10E9/L", "10⁹/L", "×10⁹/L", "Gpt/L", "G/L", "10*9/l"),
            *("10*3/uL", "10^3/uL", "10³/µL", "10³/μL", "x10E3/uL", "X10E3/UL", "K/uL", "K/UL", "k/ul", "K/mcL"),
            *("Thousand/uL", "thou/mm3", "1000/uL", "K/cumm", "/nL", "Tsd/µl", "x10(3)/uL"),
        ),
        (4300, "4.3"): ("/uL", "/µL", "cells/uL", "{cells}/uL", "/mm3", "/cumm", "cells/mcL"),
    },
    ("lab.platelets", "777-3"): {
        (183, "183"): ("10*3/uL", "K/uL", "x10E3/uL", "10^9/L", "Thousands/uL"),
        (183000, "183"): ("/uL", "/mm3"),
    },
    ("lab.alt", "1742-6"): {
        (40, "40"): ("U/L", "u/l", "IU/L", "[IU]/L", "Units/L", "UI/L", "mU/mL"),
        (2, "120"): ("ukat/L", "µkat/L", "μkat/L", "µkat/l"),
    },
    ("lab.creatinine", "2160-0"): {
        (1, "88.4016973126"): ("mg/dL", "MG/DL", "mg/dl", "mg/100mL", "mg%"),
        (90, "90"): ("umol/L", "µmol/L", "μmol/L", "mcmol/L", "umol/l", "UMOL/L"),
        (0.09, "90"): ("mmol/L",),
    },
    ("lab.egfr_ckd_epi", "98979-8"): {
        (30, "30"): (
            *("mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1.73 m2", "ml/min/1.73m²", "mL/min/1.73m^2"),
            *("mL/min/1.73_m2", "mL/min/1,73m2", "mL/min/1.73 sq. m"),
        ),
    },
    ("lab.albumin", "1751-7"): {(3, "30"): ("g/dL", "G/DL"), (30, "30"): ("g/L",)},
    ("lab.prothrombin_time", "5902-2"): {(13, "13"): ("s", "sec", "seconds", "SECONDS", "sec.")},
    ("vital.oxygen_saturation", "59408-5"): {(96, "96"): ("%", "percent", "% O2", "%{saturation}")},
    ("vital.body_weight", "29463-7"): {(60, "60"): ("kg", "KG", "kgs"), (60000, "60"): ("g", "grams")},
    ("vital.body_height", "8302-2"): {(165, "165"): ("cm", "CM"), (65, "165.1"): ("in", "[in_i]", "inches")},
    ("vital.bmi", "39156-5"): {(24, "24"): ("kg/m2", "kg/m^2", "kg/m²", "KG/M2")},
    ("vital.qtc", "8636-3"): {(480, "480"): ("ms", "msec", "milliseconds"), (0.48, "480"): ("s", "sec")},
    ("lab.urine_protein_24h", "2889-4"): {
        (1, "1"): ("g/d", "g/24h", "g/(24.h)", "g/day", "gm/24hr"),
        (1000, "1"): ("mg/24h", "mg/d", "mg/24hrs", "MG/24HR"),
    },
    ("lab.hbv_dna_iu", "29615-2"): {
        (100, "100"): ("IU/mL", "[IU]/mL", "UI/mL"),
        (0.1, "100"): ("k[IU]/mL",),
        (6000, "1000 to 1200"): ("copies/mL", "cp/mL"),
    },
    ("lab.hbv_dna", "29615-2"): {
        (100, "500 to 600"): ("IU/mL", "[IU]/mL", "UI/mL"),
        (100, "100"): ("copies/mL", "cp/mL"),
    },
}

# fact, LOINC: units of something else, and what nobody can read
UNLISTED: dict[tuple[str, str], tuple[str, ...]] = {
    ("lab.hemoglobin", "718-7"): ("ug/dL", "%", "g", "g/mol", "mmol/mol", "gram"),
    ("lab.leukocytes", "6690-2"): ("%", "10*3", "/HPF", "K", "M/uL", "g/L"),
    ("lab.alt", "1742-6"): ("U", "g/L", "MU/L", "L/U"),
    ("lab.creatinine", "2160-0"): ("mg/g", "mL/min", "mol", "mmol/d"),
    ("lab.egfr_ckd_epi", "98979-8"): ("mL/min", "mL/min/m2", "%"),
    ("lab.prothrombin_time", "5902-2"): ("%", "INR", "min"),
    ("vital.oxygen_saturation", "59408-5"): ("g", "mm[Hg]", "kPa", "mmHg"),
    ("vital.body_height", "8302-2"): ("kg", "%", "cm2"),
    ("vital.bmi", "39156-5"): ("kg", "%", "{percentile}"),
    ("lab.urine_protein_24h", "2889-4"): ("g/L", "mg/dL", "g"),
}


def _rows() -> Table:
    table: Table = {
        "a unit that is listed, however it is spelled": [
            row(f"{value} {unit}", fact, expected, lab(loinc, value, unit))
            for (fact, loinc), sizes in LISTED.items()
            for (value, expected), units in sizes.items()
            for unit in units
        ],
        "the same as text": [
            row(f"{value} {unit} as text", fact, expected, observation(loinc, valueString=f"{value} {unit}"))
            for (fact, loinc), sizes in LISTED.items()
            for (value, expected), units in sizes.items()
            for unit in units[:3]
        ],
        "a unit that is not listed": [
            row(f"5 {unit}", fact, NOT_UNDERSTOOD, lab(loinc, 5, unit))
            for (fact, loinc), units in UNLISTED.items()
            for unit in units
        ],
        "no unit where there is a dimension": [
            row("5 and no unit", fact, NOT_UNDERSTOOD, lab(loinc, 5)) for fact, loinc in LISTED
        ],
        "code and text of a quantity": [
            row(
                "the code counts where the text is not known",
                "lab.hemoglobin",
                "80",
                _coded(8, "Gramm je Deziliter", "g/dL"),
            ),
            row("they contradict each other", "lab.hemoglobin", NOT_UNDERSTOOD, _coded(8, "g/L", "g/dL")),
            row(
                "a code of another system and a good text",
                "lab.hemoglobin",
                "80",
                _coded(8, "g/dL", "258795003", "http://snomed.info/sct"),
            ),
            row("a UCUM code that is not listed", "lab.hemoglobin", NOT_UNDERSTOOD, _coded(8, "g/dL", "mg/dL")),
        ],
    }
    return table


def _coded(value: float, unit: str, code: str, system: str = "http://unitsofmeasure.org"):
    return observation("718-7", valueQuantity={**quantity(value, unit), "code": code, "system": system})


TABLE = _rows()
