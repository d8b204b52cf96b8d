"""READING.md, 12: an exception of the source leaves a fail open where it may hold, and nowhere else."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, coded, concept, condition, lab, patient, quantity, request
from tests.facts.small_rules import ICD10CM

STEROID = "NCT06027853/exc-02a"  # within 3 days, other than replacement
LIVER = "NCT07617779/exc-07a"  # above 3 × ULN, but for neonatal jaundice
ANTIBODY = "NCT07617779/exc-05a"  # HIV: the mother's in the first 18 months
NOSE = "NCT06598202/exc-02"
IV = "NCT07083349/exc-05"
POSITIVE, NEGATIVE = "10828004", "260385009"
INSUFFICIENCY = condition("E27.1", ICD10CM)
JAUNDICE = condition("P59.9", ICD10CM, "resolved")


def raised(loinc: str, value: float, unit: str, high: float) -> Json:
    return lab(loinc, value, unit, referenceRange=[{"high": quantity(high, unit)}])


BILIRUBIN, NORMAL_BILIRUBIN = raised("1975-2", 100, "umol/L", 20), raised("1975-2", 10, "umol/L", 20)
ALT = raised("1742-6", 400, "U/L", 40)
NORMAL = [raised(code, 20, "U/L", 40) for code in ("1742-6", "1920-8", "2324-2")]


def infant(born: str) -> Json:
    return patient(birthDate=born)


TABLE: Table = {
    "where the logic fails and `when` isn't certainly false: unknown": [
        row("prednisone, adrenal glands that work", STEROID, "fail", request(authored="2026-05-20")),
        row("prednisone in adrenal insufficiency", STEROID, "unknown", request(authored="2026-05-20"), INSUFFICIENCY),
        row("hydrocortisone, which may replace", STEROID, "unknown", request("5492", authored="2026-05-20")),
        row("no steroid at all", STEROID, "pass"),
        row("nor beside the insufficiency", STEROID, "pass", INSUFFICIENCY),
        row("a nose that is known to hinder", NOSE, "fail", condition("J33.9", ICD10CM)),
        row("a deviated septum need not", NOSE, "unknown", condition("J34.2", ICD10CM)),
        row("adults: HIV antibody", ANTIBODY, "fail", coded("56888-1", POSITIVE)),
        row("under 18 months", ANTIBODY, "unknown", coded("56888-1", POSITIVE), person=infant("2025-06-01")),
        row("18 months to the day", ANTIBODY, "fail", coded("56888-1", POSITIVE), person=infant("2024-12-01")),
        row("the day before", ANTIBODY, "unknown", coded("56888-1", POSITIVE), person=infant("2024-12-02")),
        row("negative passes at any age", ANTIBODY, "pass", coded("56888-1", NEGATIVE), person=infant("2025-06-01")),
    ],
    "`when` left out: always": [
        row("an intravenous antibiotic, given for nobody knows what", IV, "unknown", request("2193", authored="2026-05-25", dosageInstruction=[{"route": concept("47625008")}])),
        row("none", IV, "pass"),
    ],
    "what is not excepted still fails": [
        row("bilirubin 5 × ULN of an adult", LIVER, "fail", BILIRUBIN, *NORMAL),
        row("bilirubin in jaundice of the newborn", LIVER, "unknown", BILIRUBIN, *NORMAL, JAUNDICE),
        row("ALT 10 × ULN, where only bilirubin is excepted", LIVER, "fail", ALT, NORMAL_BILIRUBIN, JAUNDICE),
        row("ALT and bilirubin", LIVER, "fail", ALT, BILIRUBIN, JAUNDICE),
        row("nothing raised", LIVER, "pass", NORMAL_BILIRUBIN, *NORMAL, JAUNDICE),
    ],
}  # fmt: skip
