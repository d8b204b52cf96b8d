"""docs/design.md, 4a, time: windows, partial dates, durations and ages."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import UCUM, condition, lab, observation, patient, procedure, request
from tests.facts.small_rules import CVX, ICD10CM

RADIOTHERAPY = "33356009"
TRANSPLANT = "234336002"
PHOTOTHERAPY = "182668004"
PNEUMONIA = "233604007"
TUBERCULOSIS = "154283005"
ALS = "86044005"
PREDNISONE, AZATHIOPRINE = "8640", "1256"
RADIATED, LATELY_ILL = "NCT06027853/exc-02c", "NCT07617779/exc-06a"  # both within 4 weeks
TRANSPLANTED = "NCT07083349/exc-03a"  # within 3 months
VACCINATED = "NCT06598202/exc-10"  # within 1 month
ONSET = "NCT06598202/inc-02"  # at least 6 months and at most 2 years ago


def radiotherapy(**when):
    return procedure(RADIOTHERAPY, **when)


def transplant(on):
    return procedure(TRANSPLANT, performedDateTime=on)


def vaccination(on):
    code = {"coding": [{"system": CVX, "code": "140"}]}
    return {
        "resourceType": "Immunization",
        "id": "v",
        "status": "completed",
        "vaccineCode": code,
        "patient": {"reference": "Patient/p"},
        "occurrenceDateTime": on,
    }


def als(onset):
    return condition(ALS, onsetDateTime=onset)


def at_age(years):
    return condition("G12.21", ICD10CM, onsetAge={"value": years, "unit": "years", "system": UCUM, "code": "a"})


def born(on):
    return patient(birthDate=on)


def on_two_drugs(since):
    return [request(PREDNISONE, authored=since), request(AZATHIOPRINE, authored=since)]


TABLE: Table = {
    "as_of is a calendar date": [
        row("late in the evening of the day", "lab.hemoglobin", "80", lab("718-7", 80, "g/L", "2026-06-01T23:59:59Z")),
        row(
            "after the end of the day in the site's zone (UTC), though it is the first of June where it is written",
            "lab.hemoglobin",
            "no_result",
            lab("718-7", 80, "g/L", "2026-06-01T23:30:00-05:00"),
        ),
        row(
            "before the end of the day, though it is the second of June where it is written",
            "lab.hemoglobin",
            "80",
            lab("718-7", 80, "g/L", "2026-06-02T00:30:00+09:00"),
        ),
    ],
    "within N: the event overlaps the days from as_of - N to as_of, both included": [
        row("the first day of the window", RADIATED, "fail", radiotherapy(performedDateTime="2026-05-04")),
        row("the day before it", RADIATED, "pass", radiotherapy(performedDateTime="2026-05-03")),
        row("as_of itself", RADIATED, "fail", radiotherapy(performedDateTime="2026-06-01")),
        row(
            "a period that ends on the first day",
            RADIATED,
            "fail",
            radiotherapy(performedPeriod={"start": "2026-01-01", "end": "2026-05-04"}),
        ),
        row(
            "a period that ended the day before",
            RADIATED,
            "pass",
            radiotherapy(performedPeriod={"start": "2026-01-01", "end": "2026-05-03"}),
        ),
        row(
            "a period that begins on as_of",
            RADIATED,
            "fail",
            radiotherapy(performedPeriod={"start": "2026-06-01", "end": "2026-07-01"}),
        ),
        row(
            "begun long ago and still going on",
            RADIATED,
            "fail",
            radiotherapy(status="in-progress", performedPeriod={"start": "2026-01-01"}),
        ),
        row("a disease that lasts", LATELY_ILL, "fail", condition(TUBERCULOSIS, onsetDateTime="2024-01-01")),
        row("one that would be over by now", LATELY_ILL, "unknown", condition(PNEUMONIA, onsetDateTime="2024-01-01")),
        row(
            "one that ended on the first day",
            LATELY_ILL,
            "fail",
            condition(PNEUMONIA, clinical="resolved", onsetDateTime="2024-01-01", abatementDateTime="2026-05-04"),
        ),
        row(
            "one that ended the day before",
            LATELY_ILL,
            "pass",
            condition(PNEUMONIA, clinical="resolved", onsetDateTime="2024-01-01", abatementDateTime="2026-05-03"),
        ),
        row(
            "one that ended, nobody wrote when",
            LATELY_ILL,
            "unknown",
            condition(PNEUMONIA, clinical="resolved", onsetDateTime="2024-01-01"),
        ),
        row(
            "one that is over and began before the window may have ended in it; one that began in it was there",
            LATELY_ILL,
            "fail",
            condition(PNEUMONIA, clinical="resolved", onsetDateTime="2026-05-10"),
        ),
    ],
    "months and years go back by the calendar": [
        row("31 May - 3 months is 28 February", TRANSPLANTED, "fail", transplant("2026-02-28"), as_of="2026-05-31"),
        row("27 February is before that", TRANSPLANTED, "pass", transplant("2026-02-27"), as_of="2026-05-31"),
        row("in a leap year 29 February", TRANSPLANTED, "fail", transplant("2024-02-29"), as_of="2024-05-31"),
        row("where 28 February is outside", TRANSPLANTED, "pass", transplant("2024-02-28"), as_of="2024-05-31"),
        row("30 May - 3 months is 28 February", TRANSPLANTED, "fail", transplant("2026-02-28"), as_of="2026-05-30"),
        row("31 March - 1 month is 28 February", VACCINATED, "fail", vaccination("2026-02-28"), as_of="2026-03-31"),
        row("and not 27", VACCINATED, "pass", vaccination("2026-02-27"), as_of="2026-03-31"),
        row("1 March - 1 month is 1 February", VACCINATED, "fail", vaccination("2026-02-01"), as_of="2026-03-01"),
        row("31 January: before that", VACCINATED, "pass", vaccination("2026-01-31"), as_of="2026-03-01"),
    ],
    "what lies wholly after as_of is planned": [
        row("tomorrow", RADIATED, "pass", radiotherapy(performedDateTime="2026-06-02")),
        row("a period from tomorrow", RADIATED, "pass", radiotherapy(performedPeriod={"start": "2026-06-02"})),
        row("next month", RADIATED, "pass", radiotherapy(performedDateTime="2026-07")),
        row("a result of tomorrow", "lab.alt", "no_result", lab("1742-6", 40, "U/L", "2026-06-02")),
        row("a disease from tomorrow", "condition.sle", "no", condition(onsetDateTime="2026-06-02")),
        row("a drug from tomorrow", "medication.biologic", "no", request("121191", authored="2026-06-02")),
    ],
    "a partial date is clipped at as_of": [
        row(
            "May may be before or after the fourth of May",
            RADIATED,
            "unknown",
            radiotherapy(performedDateTime="2026-05"),
        ),
        row(
            "May is within six weeks, whichever day it was",
            "NCT07083349/exc-03b",
            "fail",
            procedure(PHOTOTHERAPY, performedDateTime="2026-05"),
        ),
        row("April is before May", RADIATED, "pass", radiotherapy(performedDateTime="2026-04")),
        row("this month, up to today", RADIATED, "fail", radiotherapy(performedDateTime="2026-06")),
        row(
            "this year, up to 20 January: all of it is within four weeks",
            RADIATED,
            "fail",
            radiotherapy(performedDateTime="2026"),
            as_of="2026-01-20",
        ),
        row("this year, in June", RADIATED, "unknown", radiotherapy(performedDateTime="2026")),
        row("no date at all", RADIATED, "unknown", radiotherapy()),
        row("a date that is none", RADIATED, "unknown", radiotherapy(performedDateTime="2026-02-30")),
    ],
    "durations compare dates": [
        row("exactly six months ago", ONSET, "pass", als("2025-12-01")),
        row("a day less", ONSET, "fail", als("2025-12-02")),
        row("exactly two years ago", ONSET, "pass", als("2024-06-01")),
        row("a day more", ONSET, "fail", als("2024-05-31")),
        row("31 August - 6 months is 28 February", ONSET, "pass", als("2026-02-28"), as_of="2026-08-31"),
        row("1 March is less", ONSET, "fail", als("2026-03-01"), as_of="2026-08-31"),
        row("29 February - 2 years is 28 February", ONSET, "pass", als("2022-02-28"), as_of="2024-02-29"),
        row("27 February is more", ONSET, "fail", als("2022-02-27"), as_of="2024-02-29"),
        row("all of November is more than six months ago", ONSET, "pass", als("2025-11")),
        row("of December only the first is", ONSET, "unknown", als("2025-12")),
        row("all of June two years ago", ONSET, "pass", als("2024-06")),
        row("May two years ago is too long", ONSET, "fail", als("2024-05")),
        row("a year that holds both", ONSET, "unknown", als("2024")),
        row("no onset: recorded last month, so it began no later", ONSET, "unknown", condition(ALS, recordedDate="2026-05-01")),
        row(
            "the date of the first symptom goes before the onset of the diagnosis",
            ONSET,
            "fail",
            als("2025-06-01"),
            observation("65222-2", valueDateTime="2023-01-15"),
        ),
        row(
            "in full two months",
            "NCT07083349/inc-04a",
            "pass",
            *on_two_drugs("2026-04-01"),
        ),
        row("a day less than two months", "NCT07083349/inc-04a", "fail", *on_two_drugs("2026-04-02")),
        row("in full three months", "NCT06676631/inc-06", "pass", *on_two_drugs("2026-03-01")),
        row("a day less than three months", "NCT06676631/inc-06", "fail", *on_two_drugs("2026-03-02")),
    ],
    "ages are completed units": [
        row("18 today", "NCT07083349/inc-01", "pass", person=born("2008-06-01")),
        row("18 tomorrow", "NCT07083349/inc-01", "fail", person=born("2008-06-02")),
        row("70 until tomorrow", "NCT07083349/inc-01", "pass", person=born("1955-06-02")),
        row("71 today", "NCT07083349/inc-01", "fail", person=born("1955-06-01")),
        row("65 until tomorrow", "NCT06676631/inc-01", "pass", person=born("1960-06-02")),
        row("66 today", "NCT06676631/inc-01", "fail", person=born("1960-06-01")),
        row("80 until tomorrow", "NCT06598202/inc-01", "pass", person=born("1945-06-02")),
        row("81 today", "NCT06598202/inc-01", "fail", person=born("1945-06-01")),
        row("18 today, without upper limit", "NCT06027853/inc-01", "pass", person=born("2008-06-01")),
        row("60 months until tomorrow", "NCT07617779/inc-01", "pass", person=born("2021-05-02")),
        row("61 months today", "NCT07617779/inc-01", "fail", person=born("2021-05-01")),
        row("23 months until tomorrow", "NCT07617779/s1-02", "pass", person=born("2024-06-02")),
        row("24 months today", "NCT07617779/s1-02", "fail", person=born("2024-06-01")),
        row("born on 29 February: 17 on the 28th", "NCT07083349/inc-01", "fail", person=born("2008-02-29"), as_of="2026-02-28"),
        row("18 on 1 March", "NCT07083349/inc-01", "pass", person=born("2008-02-29"), as_of="2026-03-01"),
        row("in a leap year 20 on the day", "patient.age", "20", person=born("2008-02-29"), as_of="2028-02-29"),
        row("born this month 18 years ago: 17 or 18", "NCT07083349/inc-01", "unknown", person=born("2008-06")),
        row("born the month before", "NCT07083349/inc-01", "pass", person=born("2008-05")),
        row("a year only", "patient.age", "17 to 18", person=born("2008")),
        row("a year only, in the middle of the range", "NCT07083349/inc-01", "pass", person=born("1990")),
        row("61 months at most: born in May, 60 or 61", "NCT07617779/inc-01", "unknown", person=born("2021-05")),
        row("no birth date", "patient.age", "not_supplied", person=born(None)),
        row("a birth date to come", "patient.age", "value_not_understood", person=born("2026-06-02")),
        row("born today", "patient.age", "0", person=born("2026-06-01")),
        row("a placeholder of long ago", "patient.age", "value_not_understood", person=born("1800-01-01")),
        row("no date of the calendar", "patient.age", "value_not_understood", person=born("1980-02-30")),
    ],
    "an onset given as an age lies between two birthdays": [
        row("44: from August 2024 to July 2025", ONSET, "pass", at_age(44), person=born("1980-08-01")),
        row("45: up to today, which is less than six months", ONSET, "unknown", at_age(45), person=born("1980-08-01")),
        row("43: some of it is more than two years ago", ONSET, "unknown", at_age(43), person=born("1980-08-01")),
        row("of whom nobody knows the birth date", ONSET, "unknown", at_age(44), person=born(None)),
    ],
}  # fmt: skip
