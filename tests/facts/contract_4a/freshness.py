"""docs/design.md, 4a, freshness: how old evidence may be before the fact is unknown."""

from datetime import date, timedelta

from tests.facts.contract_4a.rows import AS_OF, Row, Table, row
from tests.facts.records import Json, coded, concept, flag, lab, observation, patient, quantity
from tests.facts.small_rules import HOUSE, LOINC, SNOMED

CHILD = patient(birthDate="2021-06-15")


def of(code: str, value: Json, system: str = LOINC) -> Json:
    return {**observation(code, None, **value), "code": concept(code, system)}


def number(value: float, unit: str | None) -> Json:
    return {"valueQuantity": quantity(value, unit)}


NEGATIVE = {"valueCodeableConcept": concept("260385009", SNOMED)}
# fact -> an observation of it without date, and how it reads
NINETY_DAYS: dict[str, tuple[Json, str]] = {
    "lab.hemoglobin": (of("718-7", number(80, "g/L")), "80"),
    "lab.creatinine": (of("2160-0", number(80, "umol/L")), "80"),
    "lab.inr": (of("6301-6", number(1.2, None)), "1.2"),
    "lab.upcr": (of("2890-2", number(0.5, "g/g")), "0.5"),
    "lab.egfr_ckd_epi": (of("98979-8", number(60, "mL/min/{1.73_m2}")), "60"),
    "lab.creatinine_clearance": (of("2164-2", number(60, "mL/min")), "60"),
    "vital.oxygen_saturation": (of("59408-5", number(97, "%")), "97"),
    "vital.body_weight": (of("29463-7", number(60, "kg")), "60"),
    "vital.bmi": (of("39156-5", number(22, "kg/m2")), "22"),
    "vital.qtc": (of("8636-3", number(440, "ms")), "440"),
    "score.sledai_2k": (of("273863009", number(9, None), SNOMED), "9"),
    "score.ecog": (of("89247-1", {"valueInteger": 1}), "1"),
    "score.nyha": (of("88020-3", {"valueCodeableConcept": concept("420300004", SNOMED)}), "1"),
    "score.alsfrs_r_speech": (of("82940-8", {"valueInteger": 4}), "4"),
}
ONE_YEAR: dict[str, tuple[Json, str]] = {
    "vital.lvef": (of("10230-1", number(55, "%")), "55"),
    "vital.fvc_percent_predicted": (of("19872-1", number(80, "%")), "80"),
    "vital.cobb_angle": (of("285285000", number(20, "deg"), SNOMED), "20"),
    "result.hbsag": (of("5196-1", NEGATIVE), "negative"),
    "result.hiv_antibody": (of("56888-1", NEGATIVE), "negative"),
    "result.treponema_pallidum_antibody": (of("24110-9", NEGATIVE), "negative"),
    "result.cmv_igm": (of("24119-0", NEGATIVE), "negative"),
    "lab.hbv_dna_iu": (of("29615-2", number(100, "[IU]/mL")), "100"),
    "lab.hbv_dna": (of("29615-2", number(100, "{copies}/mL")), "100"),
    "result.hcv_rna": (of("11259-9", NEGATIVE), "negative"),
    "lab.ana_titer": (of("5048-4", {"valueString": "1:80"}), "80"),
    "result.anti_dsdna": (of("31348-6", NEGATIVE), "negative"),
    "result.anti_smith": (of("5356-1", NEGATIVE), "negative"),
}
NO_LIMIT: dict[str, tuple[Json, str]] = {
    "vital.body_height": (of("8302-2", number(170, "cm")), "170"),
    "genomics.smn2_copies": (of("smn2-copies", {"valueInteger": 2}, HOUSE), "2"),
    "genomics.smn1_copies": (of("smn1-copies", {"valueInteger": 0}, HOUSE), "0"),
    "vital.gestational_age_at_birth": (of("76516-4", number(38, "wk")), "266"),
}


def on(observed: Json, day: date) -> Json:
    return {**observed, "effectiveDateTime": day.isoformat()}


def at_the_limit(facts: dict[str, tuple[Json, str]], last: date, limit: str) -> list[Row]:
    rows = []
    for fact, (observed, value) in facts.items():
        rows.append(row(f"{limit} old", fact, value, on(observed, last)))
        rows.append(row(f"a day more than {limit}", fact, "too_old", on(observed, last - timedelta(days=1))))
    return rows


TEST = "NCT07083349/inc-08"  # a pregnancy test within 1 week
COUNT = "NCT07083349/inc-04b"  # a blood count within 7 days
SAME_COUNT = "NCT07083349/inc-07c"  # the same without a limit of its own


def blood_count(day: str) -> list[Json]:
    return [
        lab("718-7", 90, "g/L", day),
        lab("751-8", 2, "10*9/L", day),
        lab("731-0", 1, "10*9/L", day),
        lab("777-3", 90, "10*9/L", day),
    ]


TABLE: Table = {
    "laboratory, vital signs, ECG, scores: 90 days": at_the_limit(NINETY_DAYS, AS_OF - timedelta(days=90), "90 days"),
    "imaging, function tests, serology, viral load, autoantibodies: 1 year": at_the_limit(
        ONE_YEAR, date(2025, 6, 1), "a year"
    ),
    "pregnancy test: 30 days": [
        row("30 days old", "result.pregnancy_test", "negative", coded("2118-8", "260385009", "2026-05-02")),
        row("a day more", "result.pregnancy_test", "too_old", coded("2118-8", "260385009", "2026-05-01")),
    ],
    "adult height, genomics, gestational age: no limit": [
        row("of twenty years ago", fact, value, on(observed, date(2006, 1, 1)))
        for fact, (observed, value) in NO_LIMIT.items()
    ],
    "a child's height: 90 days": [
        row("90 days old", "vital.body_height", "100", lab("8302-2", 100, "cm", "2026-03-03"), person=CHILD),
        row("a day more", "vital.body_height", "too_old", lab("8302-2", 100, "cm", "2026-03-02"), person=CHILD),
        row(
            "of whom nobody knows the age",
            "vital.body_height",
            "too_old",
            lab("8302-2", 100, "cm", "2026-03-02"),
            person=patient(birthDate=None),
        ),
        row("of an adult, measured as a child", "vital.body_height", "too_old", lab("8302-2", 120, "cm", "1990-06-01")),
        row("on the eve of the 18th birthday", "vital.body_height", "too_old", lab("8302-2", 170, "cm", "1998-06-14")),
        row("on the 18th birthday", "vital.body_height", "170", lab("8302-2", 170, "cm", "1998-06-15")),
        row("some time in the year of the 18th birthday", "vital.body_height", "too_old", lab("8302-2", 170, "cm", "1998")),
    ],
    "a criterion's lookback overrides it": [
        row("seven days old", COUNT, "pass", *blood_count("2026-05-25")),
        row("eight days old", COUNT, "unknown", *blood_count("2026-05-24")),
        row("which is fresh enough elsewhere", SAME_COUNT, "pass", *blood_count("2026-05-24")),
        row("a low one of eight days ago does not fail either", COUNT, "unknown", lab("718-7", 70, "g/L", "2026-05-24")),
        row("a test of a week ago", TEST, "pass", coded("2118-8", "260385009", "2026-05-25")),
        row("of eight days ago", TEST, "unknown", coded("2118-8", "260385009", "2026-05-24")),
    ],
    "partial and missing dates": [
        row("all of March is not within 90 days", "lab.hemoglobin", "too_old", lab("718-7", 80, "g/L", "2026-03")),
        row("all of April is", "lab.hemoglobin", "80", lab("718-7", 80, "g/L", "2026-04")),
        row("no date", "lab.hemoglobin", "undated", lab("718-7", 80, "g/L", None)),
        row("no date, where there is no limit", "vital.body_height", "170", lab("8302-2", 170, "cm", None)),
        row("a newer flagged result hides none", "lab.hemoglobin", "80", lab("718-7", 80, "g/L", interpretation=flag("L"))),
    ],
}  # fmt: skip
