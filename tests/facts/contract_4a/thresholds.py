"""Every numeric threshold of the trials in SMA and lupus nephritis (CRITERIA.md): under it, at it and over it."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, condition, lab, quantity
from tests.facts.small_rules import HOUSE, SNOMED

HB, WBC, ANC, LYMPHOCYTES, PLATELETS = "718-7", "6690-2", "751-8", "731-0", "777-3"
ALT, AST, GGT, BILIRUBIN, DIRECT, CREATININE = "1742-6", "1920-8", "2324-2", "1975-2", "1968-7", "2160-0"
INR, PT, APTT, ALBUMIN, EGFR, CLEARANCE = "6301-6", "5902-2", "14979-9", "1751-7", "98979-8", "2164-2"
SPO2, LVEF, QTC, FVC, BMI, UPCR, URINE = "59408-5", "10230-1", "8636-3", "19872-1", "39156-5", "2890-2", "2889-4"
CELLS = "10*9/L"


def of(code: str, value: float, unit: str | None, limit: float | None = None) -> Json:
    ranges = {} if limit is None else {"referenceRange": [{"high": quantity(limit, unit)}]}
    return lab(code, value, unit, **ranges)


def house(code: str, value: float) -> Json:
    made = lab(code, value)
    return {**made, "code": {"coding": [{"system": HOUSE, "code": code}]}}


def snomed(code: str, value: float, unit: str | None = None) -> Json:
    return {**lab(code, value, unit), "code": {"coding": [{"system": SNOMED, "code": code}]}}


LIVER = (of(ALT, 40, "U/L", 40), of(AST, 40, "U/L", 40), of(BILIRUBIN, 20, "umol/L", 20), of(GGT, 40, "U/L", 40))
GILBERT = condition("27503000")
CLASS_FOUR = condition("36402006")


def liver(code: str, value: float, unit: str, limit: float) -> tuple[Json, ...]:
    """Normal liver tests but for one."""
    others = [one for one in LIVER if one["code"]["coding"][0]["code"] != code]
    return (*others, of(code, value, unit, limit))


def count(
    *, hb: float = 80, anc: float = 1.5, lymphocytes: float = 0.1, platelets: float = 50, date: str = "2026-05-20"
) -> tuple[Json, ...]:
    """A blood count at its least."""
    cells = {ANC: anc, LYMPHOCYTES: lymphocytes, PLATELETS: platelets}
    return lab(HB, hb, "g/L", date), *(lab(code, value, CELLS, date) for code, value in cells.items())


def around(place: str, code: str, unit: str | None, expected: dict[float, str], limit: float | None = None):
    return [
        row(f"{value:g} {unit or ''}".strip(), place, says, of(code, value, unit, limit))
        for value, says in expected.items()
    ]


NCT07617779 = [
    *around("NCT07617779/exc-01", "76516-4", "d", {244: "fail", 245: "pass", 246: "pass"}),
    *around("NCT07617779/exc-02", SPO2, "%", {95.9: "fail", 96: "pass", 96.1: "pass"}),
    row("12 hours", "NCT07617779/exc-04", "fail", house("niv-hours-per-day", 12)),
    row("11.9 hours", "NCT07617779/exc-04", "pass", house("niv-hours-per-day", 11.9)),
    row("720 minutes", "NCT07617779/exc-04", "fail", {**house("niv-hours-per-day", 0), "valueQuantity": quantity(720, "min/d")}),
    *(
        row(f"{name} {value:g} with a limit of {limit}", "NCT07617779/exc-07a", says, *liver(code, value, unit, limit))
        for name, code, unit, limit in (("ALT", ALT, "U/L", 40), ("AST", AST, "U/L", 40), ("GGT", GGT, "U/L", 40), ("bilirubin", BILIRUBIN, "umol/L", 20))
        for value, says in ((2.99 * limit, "pass"), (3 * limit, "pass"), (3.01 * limit, "fail"))
    ),
    *around("NCT07617779/exc-07b", CREATININE, "umol/L", {34.9: "pass", 35: "pass", 35.1: "fail"}, 35),
    *around("NCT07617779/exc-07c", HB, "g/L", {79.9: "fail", 80: "pass", 180: "pass", 180.1: "fail"}),
    *around("NCT07617779/exc-07c", HB, "g/dL", {7.99: "fail", 8: "pass", 18: "pass", 18.1: "fail"}),
    *around("NCT07617779/exc-07d", WBC, CELLS, {4.29: "fail", 4.3: "pass", 14.2: "pass", 14.3: "fail"}),
    *around("NCT07617779/exc-07e", PLATELETS, "K/uL", {182: "fail", 183: "pass", 614: "pass", 615: "fail"}),
    *around("NCT07617779/exc-07f", PT, "s", {12: "pass", 12.1: "unknown", 18: "unknown", 18.1: "fail"}, 12),
    row("binding 1:50, neutralising 1:200", "NCT07617779/exc-08", "pass", house("aav9-binding-antibody-titer", 50), house("aav9-neutralising-antibody-titer", 200)),
    row("binding 1:51", "NCT07617779/exc-08", "fail", house("aav9-binding-antibody-titer", 51), house("aav9-neutralising-antibody-titer", 200)),
    row("neutralising 1:201", "NCT07617779/exc-08", "fail", house("aav9-binding-antibody-titer", 50), house("aav9-neutralising-antibody-titer", 201)),
    row("Cobb angle 50", "NCT07617779/exc-20", "fail", snomed("285285000", 50, "deg")),
    row("Cobb angle 49.9", "NCT07617779/exc-20", "pass", snomed("285285000", 49.9, "deg")),
]  # fmt: skip

NCT06676631 = [
    row("UPCR 1.0", "NCT06676631/inc-03", "pass", CLASS_FOUR, of(UPCR, 1, "g/g")),
    row("UPCR 0.99, protein 0.99 a day", "NCT06676631/inc-03", "fail", CLASS_FOUR, of(UPCR, 0.99, "g/g"), of(URINE, 0.99, "g/d")),
    row("protein 1.0 a day", "NCT06676631/inc-03", "pass", CLASS_FOUR, of(URINE, 1, "g/d")),
    row("protein and creatinine 1:1, derived", "NCT06676631/inc-03", "pass", CLASS_FOUR, of("2888-6", 100, "mg/dL"), of("2161-8", 100, "mg/dL")),
    *(row(f"SLEDAI-2K {value}", "NCT06676631/inc-05", says, snomed("273863009", value)) for value, says in ((7, "fail"), (8, "pass"), (9, "pass"))),
    *(row(f"leukocytes {value}", "NCT06676631/inc-07a", says, of(WBC, value, CELLS), of(LYMPHOCYTES, 0.5, CELLS)) for value, says in ((1.99, "fail"), (2, "pass"))),
    *(row(f"lymphocytes {value}", "NCT06676631/inc-07a", says, of(WBC, 2, CELLS), of(LYMPHOCYTES, value, CELLS)) for value, says in ((0.49, "fail"), (0.5, "pass"))),
    *(row(f"ALT {value}", "NCT06676631/inc-07b", says, *liver(ALT, value, "U/L", 40)) for value, says in ((120, "pass"), (120.1, "fail"))),
    *(row(f"AST {value}", "NCT06676631/inc-07b", says, *liver(AST, value, "U/L", 40)) for value, says in ((120, "pass"), (120.1, "fail"))),
    *around("NCT06676631/inc-07c", BILIRUBIN, "umol/L", {30: "pass", 30.1: "fail"}, 20),
    *(row(f"bilirubin {value} with Gilbert syndrome", "NCT06676631/inc-07c", says, GILBERT, of(BILIRUBIN, value, "umol/L", 20)) for value, says in ((30.1, "pass"), (60, "pass"), (60.1, "fail"))),
    *around("NCT06676631/inc-07d", EGFR, "mL/min/1.73m2", {29.9: "fail", 30: "pass"}),
    *around("NCT06676631/inc-07e", SPO2, "%", {91.9: "fail", 92: "pass"}),
    *around("NCT06676631/inc-07f", LVEF, "%", {44.9: "fail", 45: "pass"}),
    *around("NCT06676631/inc-08", INR, None, {1.5: "pass", 1.51: "unknown"}),
    row("INR and prothrombin time too long", "NCT06676631/inc-08", "fail", of(INR, 1.81, None, 1.2), of(PT, 18.1, "s", 12)),
    row("INR within its own limits", "NCT06676631/inc-08", "pass", of(INR, 1.8, None, 1.2), of(PT, 18.1, "s", 12)),
    row("INR without a range", "NCT06676631/inc-08", "unknown", of(INR, 1.51, None), of(PT, 18.1, "s", 12)),
    row("prothrombin time at 1.5 times", "NCT06676631/inc-08", "pass", of(INR, 1.51, None), of(PT, 18, "s", 12)),
]  # fmt: skip

TABLE: Table = {"NCT07617779": NCT07617779, "NCT06676631": NCT06676631}
