"""Findings that answer a test: as its value, as the code of an observation, as a condition. And codes that leave the
specimen or the test open."""

from typing import Any

from tests.facts.contract_4a.rows import Row, Table, row
from tests.facts.records import Json, concept, condition, flag, lab, observation, verified
from tests.facts.small_rules import LOINC, SNOMED

SURFACE, HCV, HCV_RNA, HIV = "result.hbsag", "result.hcv_antibody", "result.hcv_rna", "result.hiv_antibody"
SYPHILIS, ANA, PREGNANT = "result.treponema_pallidum_antibody", "result.ana_qualitative", "result.pregnancy_test"
SATURATION, ALBUMIN = "vital.oxygen_saturation", "lab.albumin"
DETECTED = "165806002"  # hepatitis B surface antigen detected

OWN: dict[str, tuple[str, dict[str, str]]] = {
    SURFACE: ("5196-1", {DETECTED: "positive", "406117000": "positive"}),
    HCV: ("13955-0", {"314706002": "positive", "406104003": "positive", "370988000": "positive"}),
    HCV_RNA: ("11259-9", {"711331006": "positive", "760421000000100": "positive", "371140008": "positive"}),
    HIV: ("56888-1", {"713742005": "positive", "406109008": "positive"}),
    SYPHILIS: ("24110-9", {"390880002": "positive", "406116009": "positive"}),
    ANA: ("8061-4", {"165850001": "positive", "444551008": "positive"}),
}
"""Fact: a code of its test, and the findings that answer it by themselves."""

VALUE_ONLY: dict[str, tuple[str, dict[str, str]]] = {
    PREGNANT: ("2118-8", {"250423000": "positive", "250425007": "negative"}),
    HIV: ("56888-1", {"165816005": "positive", "165815009": "negative"}),
}
"""The same for findings that don't say of which test or specimen: they answer only the test that they are the value of."""


def finding(code: str, date: str | None = "2026-05-20", **elements: Any) -> Json:
    """An observation that has the finding as its code."""
    return observation("x", date, **{"code": concept(code), **elements})


def listed(code: str = DETECTED, onset: str | None = "2026-05-20", **elements: Any) -> Json:
    return condition(code, **({} if onset is None else {"onsetDateTime": onset}), **elements)


def called(words: str) -> Json:
    """The same condition with words beside its code."""
    return {**listed(), "code": concept(DETECTED, text=words)}


def valued(loinc: str, code: str) -> Json:
    return observation(loinc, valueCodeableConcept=concept(code))


def each(told: dict[str, tuple[str, dict[str, str]]], how: str) -> list[Row]:
    makers = {"value": valued, "code": lambda loinc, code: finding(code), "condition": lambda loinc, code: listed(code)}
    return [
        row(f"{code} as {how}", fact, answer, makers[how](loinc, code))
        for fact, (loinc, answers) in told.items()
        for code, answer in answers.items()
    ]


def of_another() -> list[Row]:
    """Each finding as the value of every other test, and what it says of every other test as a code or condition."""
    rows = []
    for fact, (loinc, _) in OWN.items():
        for other, (_, answers) in OWN.items():
            code = next(iter(answers))
            if other != fact:
                rows.append(row(f"{code} of {other}", fact, "value_not_understood", valued(loinc, code)))
                rows.append(row(f"{code} as a code", fact, "no_result", finding(code)))
                rows.append(row(f"{code} as a condition", fact, "no_result", listed(code)))
    return rows


NEGATIVE = observation("5196-1", "2026-05-25", valueString="negative")

TABLE: Table = {
    "a finding is the answer of its own test": each(OWN, "value") + each(VALUE_ONLY, "value"),
    "a finding as the code of an observation": each(OWN, "code"),
    "a finding as a condition": each(OWN, "condition"),
    "a finding never answers another test": of_another(),
    "a finding as a code, and a value beside it": [
        row("agrees", SURFACE, "positive", finding(DETECTED, valueBoolean=True)),
        row("agrees in words", SURFACE, "positive", finding(DETECTED, valueString="positive")),
        row("agrees by its flag", SURFACE, "positive", finding(DETECTED, interpretation=flag("POS"))),
        row("contradicts", SURFACE, "value_not_understood", finding(DETECTED, valueBoolean=False)),
        row("contradicts by its flag", SURFACE, "value_not_understood", finding(DETECTED, interpretation=flag("NEG"))),
        row("equivocal", SURFACE, "value_not_understood", finding(DETECTED, valueString="equivocal")),
        row("not understood", SURFACE, "value_not_understood", finding(DETECTED, valueString="see letter")),
        row(
            *("no value, for a reason", SURFACE, "no_result"),
            finding(DETECTED, dataAbsentReason=concept("unknown", "http://terminology.hl7.org/CodeSystem/data-absent-reason")),
        ),
        row("entered in error", SURFACE, "no_result", finding(DETECTED, status="entered-in-error")),
        row("the newest decides", SURFACE, "negative", finding(DETECTED), NEGATIVE),
        row("older than a year", SURFACE, "too_old", finding(DETECTED, "2024-05-20")),
    ],
    "a condition counts as a result of the day of its onset": [
        row("the newest decides", SURFACE, "negative", listed(), NEGATIVE),
        row("a newer finding", SURFACE, "positive", listed(onset="2026-05-28"), NEGATIVE),
        row("older than a year", SURFACE, "too_old", listed(onset="2020-01-01")),
        row("only recorded", SURFACE, "undated", listed(onset=None, recordedDate="2026-05-20")),
        row("only recorded, beside a test", SURFACE, "conflicting_results", listed(onset=None), NEGATIVE),
        row("a period", SURFACE, "positive", listed(onset=None, onsetPeriod={"start": "2026-05-20"})),
        row("planned", SURFACE, "no_result", listed(onset="2026-07-01")),
    ],
    "a condition that is doubted or over is a hint": [
        row("unconfirmed", SURFACE, "unconfirmed", listed(**verified("unconfirmed"))),
        row("differential", SURFACE, "unconfirmed", listed(**verified("differential"))),
        row("confirmed", SURFACE, "positive", listed(**verified("confirmed"))),
        row("refuted", SURFACE, "no_result", listed(**verified("refuted"))),
        row("entered in error", SURFACE, "no_result", listed(**verified("entered-in-error"))),
        row("resolved", SURFACE, "unconfirmed", condition(DETECTED, clinical="resolved", onsetDateTime="2026-05-20")),
        row("with an end", SURFACE, "unconfirmed", listed(abatementDateTime="2026-05-24")),
        row("a status that FHIR has not", SURFACE, "unconfirmed", listed(**verified("confiroed"))),
        row("doubt in words", SURFACE, "unconfirmed", called("rule out HBsAg positive")),
        row("somebody else's", SURFACE, "unconfirmed", called("FH of HBsAg positive")),
        row("its own name", SURFACE, "positive", called("Hepatitis B surface antigen detected (finding)")),
        row("beside a test it doesn't count", SURFACE, "negative", listed(**verified("unconfirmed")), NEGATIVE),
    ],
    "a code that leaves specimen or test open is a hint, where there is nothing else": [
        row("saturation in blood", SATURATION, "unconfirmed", lab("20564-1", 97, "%")),
        row("beside an older arterial one", SATURATION, "96", lab("59408-5", 96, "%"), lab("20564-1", 70, "%", "2026-05-25")),
        row("too low doesn't count either", SATURATION, "unconfirmed", lab("20564-1", 60, "%")),
        row("both codes on one result", SATURATION, "96", {**lab("20564-1", 96, "%"), "code": {"coding": [
            {"system": LOINC, "code": "20564-1"}, {"system": LOINC, "code": "59408-5"}]}}),
        row("without a value", SATURATION, "unconfirmed", observation("20564-1")),
        row("entered in error", SATURATION, "no_result", lab("20564-1", 97, "%", status="entered-in-error")),
        row("venous is none", SATURATION, "no_result", lab("2711-0", 97, "%")),
        row("albumin, of urine or serum", ALBUMIN, "unconfirmed", {**lab("x", 40, "g/L"), "code": concept("26758005", SNOMED)}),
        row("pregnancy test, urine or serum", PREGNANT, "unconfirmed", finding("250425007")),
        row("HIV negative, by which test?", HIV, "unconfirmed", finding("165815009")),
        row("a urine pregnancy test is another test", PREGNANT, "no_result", finding("167256004")),
        row("and no answer of the serum test", PREGNANT, "value_not_understood", valued("2118-8", "167256004")),
    ],
}  # fmt: skip
