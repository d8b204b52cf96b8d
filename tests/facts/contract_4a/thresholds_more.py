"""Every numeric threshold of the trials in ALS, lupus and leukaemia (CRITERIA.md): under it, at it and over it."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.contract_4a.thresholds import (
    ALBUMIN,
    ALT,
    ANC,
    APTT,
    AST,
    BILIRUBIN,
    BMI,
    CELLS,
    CLEARANCE,
    CREATININE,
    DIRECT,
    FVC,
    GILBERT,
    HB,
    INR,
    LVEF,
    PLATELETS,
    QTC,
    SPO2,
    WBC,
    around,
    count,
    house,
    liver,
    of,
    snomed,
)
from tests.facts.records import Json, coded, lab, observation, patient

ITEMS = ["82940-8", "82941-6", "82942-4", "82943-2", "82944-0", "82946-5", "82947-3", "82948-1", "82949-9"]
BREATHING = ["82950-7", "82951-5", "82952-3"]


def alsfrs(changed: str = "", to: int = 0) -> list[Json]:
    """The scale with every item at the least that is asked for, but for one."""
    items = {**dict.fromkeys(ITEMS, 2), **dict.fromkeys(BREATHING, 4)}
    if changed:
        items[changed] = to
    return [observation(code, valueInteger=value) for code, value in items.items()]


def man(weight: float, creatinine: float) -> tuple[Json, ...]:
    """What the clearance of a man of 40 years is computed from: (140 - 40) x weight / (72 x mg/dL)."""
    return lab("29463-7", weight, "kg"), lab(CREATININE, creatinine, "mg/dL")


OF_FORTY = patient(gender="male", birthDate="1986-01-01")

NCT06598202 = [
    row("every item at its least", "NCT06598202/inc-04", "pass", *alsfrs()),
    row("speech 1", "NCT06598202/inc-04", "fail", *alsfrs("82940-8", 1)),
    row("orthopnoea 3", "NCT06598202/inc-04", "fail", *alsfrs("82951-5", 3)),
    *around("NCT06598202/inc-05", BMI, "kg/m2", {17.9: "fail", 18: "pass", 30: "pass", 30.1: "fail"}),
    *around("NCT06598202/inc-06", FVC, "%", {69.9: "fail", 70: "pass"}),
    *around("NCT06598202/exc-04a", HB, "g/L", {99.9: "fail", 100: "pass"}),
    *around("NCT06598202/exc-04b", ANC, CELLS, {1.49: "fail", 1.5: "pass"}),
    *around("NCT06598202/exc-04c", PLATELETS, CELLS, {99: "fail", 100: "pass"}),
    *around("NCT06598202/exc-04d", WBC, CELLS, {3.99: "fail", 4: "pass", 11.99: "pass", 12: "fail"}),
    *around("NCT06598202/exc-04e", ALBUMIN, "g/L", {29.9: "fail", 30: "pass"}),
    row("both at 3 times", "NCT06598202/exc-04f", "fail", of(ALT, 120, "U/L", 40), of(AST, 120, "U/L", 40)),
    row("one of them", "NCT06598202/exc-04f", "unknown", of(ALT, 120, "U/L", 40), of(AST, 119, "U/L", 40)),
    row("both below", "NCT06598202/exc-04f", "pass", of(ALT, 119, "U/L", 40), of(AST, 119, "U/L", 40)),
    *around("NCT06598202/exc-05", CLEARANCE, "mL/min", {29.9: "fail", 30: "pass"}),
]  # fmt: skip

COUNTS = (
    ({}, "pass"), ({"anc": 1.49}, "fail"), ({"hb": 79.9}, "fail"), ({"platelets": 49.9}, "fail"),
)  # fmt: skip
NCT07083349 = [
    *(row(f"{low or 'all at their least'}", "NCT07083349/inc-04b", says, *count(date="2026-05-25", **low)) for low, says in COUNTS),
    *(row(f"{low or 'all at their least'}", "NCT07083349/inc-07c", says, *count(**low)) for low, says in (*COUNTS, ({"lymphocytes": 0.09}, "fail"))),
    *(row(f"SLEDAI-2K {value}", "NCT07083349/inc-05", says, snomed("273863009", value)) for value, says in ((8, "fail"), (9, "pass"))),
    *around("NCT07083349/inc-06", "5048-4", None, {40: "fail", 79: "fail", 80: "pass", 160: "pass"}),
    *(row(f"ALT {value}", "NCT07083349/inc-07a", says, *liver(ALT, value, "U/L", 40)) for value, says in ((120, "pass"), (120.1, "fail"))),
    *(row(f"AST {value}", "NCT07083349/inc-07a", says, *liver(AST, value, "U/L", 40)) for value, says in ((120, "pass"), (120.1, "fail"))),
    *(row(f"bilirubin {value}", "NCT07083349/inc-07a", says, *liver(BILIRUBIN, value, "umol/L", 20)) for value, says in ((30, "pass"), (30.1, "fail"))),
    *(
        row(f"Gilbert syndrome, bilirubin {total} and {direct}", "NCT07083349/inc-07a", says, GILBERT, of(DIRECT, direct, "umol/L", 5), *liver(BILIRUBIN, total, "umol/L", 20))
        for total, direct, says in ((60, 7.5, "pass"), (60.1, 7.5, "fail"), (60, 7.6, "fail"))
    ),
    row("creatinine at 1.5 times", "NCT07083349/inc-07b", "pass", of(CREATININE, 120, "umol/L", 80)),
    row("above, clearance 60", "NCT07083349/inc-07b", "pass", of(CREATININE, 120.1, "umol/L", 80), of(CLEARANCE, 60, "mL/min")),
    row("above, clearance 59.9", "NCT07083349/inc-07b", "fail", of(CREATININE, 120.1, "umol/L", 80), of(CLEARANCE, 59.9, "mL/min")),
    row("above, clearance never taken", "NCT07083349/inc-07b", "unknown", of(CREATININE, 120.1, "umol/L", 80)),
    *around("NCT07083349/exc-07b", QTC, "ms", {479: "pass", 480: "pass", 480.1: "fail"}),
    *around("NCT07083349/exc-07d", LVEF, "%", {49.9: "fail", 50: "pass"}),
]  # fmt: skip

NCT06027853 = [
    *(row(f"ECOG {value}", "NCT06027853/inc-04", says, observation("89247-1", valueInteger=value)) for value, says in ((0, "pass"), (1, "pass"), (2, "fail"))),
    row("creatinine at twice the limit", "NCT06027853/inc-05a", "pass", of(CREATININE, 160, "umol/L", 80)),
    row("above, clearance 50", "NCT06027853/inc-05a", "pass", of(CREATININE, 160.1, "umol/L", 80), of(CLEARANCE, 50, "mL/min")),
    row("above, clearance 49.9", "NCT06027853/inc-05a", "fail", of(CREATININE, 160.1, "umol/L", 80), of(CLEARANCE, 49.9, "mL/min")),
    row("clearance of exactly 50, derived", "NCT06027853/inc-05a", "pass", *man(36, 1), person=OF_FORTY),
    row("clearance below 50, derived, and no range", "NCT06027853/inc-05a", "unknown", *man(35.9, 1), person=OF_FORTY),
    *around("NCT06027853/inc-05b", BILIRUBIN, "umol/L", {40: "pass", 40.1: "fail"}, 20),
    *(row(f"ALT {value}", "NCT06027853/inc-05c", says, *liver(ALT, value, "U/L", 40)) for value, says in ((120, "pass"), (120.1, "fail"))),
    *(row(f"INR {value}", "NCT06027853/inc-05d", says, of(INR, value, None, 1.2), of(APTT, 45, "s", 30)) for value, says in ((1.8, "pass"), (1.81, "fail"))),
    *(row(f"aPTT {value}", "NCT06027853/inc-05d", says, of(INR, 1.8, None, 1.2), of(APTT, value, "s", 30)) for value, says in ((45, "pass"), (45.1, "fail"))),
    *(row(f"MFI {value}", "NCT06027853/inc-07", says, house("donor-specific-antibody-mfi", value)) for value, says in ((2000, "pass"), (2001, "fail"))),
    *around("NCT06027853/exc-10a", QTC, "ms", {479.9: "pass", 480: "fail"}),
    *around("NCT06027853/exc-10c", LVEF, "%", {49.9: "fail", 50: "pass"}),
    *around("NCT06027853/exc-11", SPO2, "%", {90: "fail", 90.1: "pass"}),
    *(row(f"NYHA class {code}", "NCT06027853/exc-10c", says, coded("88020-3", code), of(LVEF, 60, "%")) for code, says in (("420300004", "pass"), ("421704003", "fail"))),
    *(row(f"NYHA class {code}", "NCT06598202/exc-07", says, coded("88020-3", code)) for code, says in (("421704003", "pass"), ("420913000", "fail"))),
]  # fmt: skip

TABLE: Table = {"NCT06598202": NCT06598202, "NCT07083349": NCT07083349, "NCT06027853": NCT06027853}
