"""The chart of the EHR view, as tables: what stands in a record, and what a clinician reads."""

import json
from datetime import date
from typing import Any

import pytest

from cds_service.fhir import read_bundle
from cds_service.logic.words import unit
from cds_service.rule_tools import default_samples_dir, sample_records
from cds_service.workbench.views import PatientChart, done_words, folded, patient_chart

DAY = date(2026, 11, 24)
SNOMED, ICD, LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"


def chart_of(*resources: dict[str, Any], **patient: Any) -> PatientChart:
    person = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1985-09-30", **patient}
    own = [{"id": f"r{n}", "subject": {"reference": "Patient/p"}, **one} for n, one in enumerate(resources)]
    for one in own:
        if one["resourceType"] in {"AllergyIntolerance", "Immunization"}:
            one["patient"] = one.pop("subject")
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (person, *own)]}
    return patient_chart(read_bundle(json.dumps(bundle)), DAY)


def concept(text: str = "", *codes: tuple[str, str, str]) -> dict[str, Any]:
    coding = [{"system": s, "code": c, "display": d} for s, c, d in codes]
    return {**({"text": text} if text else {}), **({"coding": coding} if coding else {})}


def condition(code: dict[str, Any], clinical: str = "active", sure: str = "confirmed", **rest: Any) -> dict[str, Any]:
    states = {"clinicalStatus": concept("", ("", clinical, "")), "verificationStatus": concept("", ("", sure, ""))}
    return {"resourceType": "Condition", "code": code, **states, **rest}


def drug(text: str, dosage: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "authoredOn": "2026-02-10",
        **({"dosageInstruction": [dosage]} if dosage else {}),
        **rest,
    }


def result(text: str, day: str, **rest: Any) -> dict[str, Any]:
    category = concept("", ("", "laboratory", ""))
    common = {"resourceType": "Observation", "status": "final", "category": [category], "effectiveDateTime": day}
    return {**common, "code": {"text": text}, **rest}


def amount(value: float, unit: str, **rest: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, **rest}


LUPUS = concept("", (SNOMED, "55464009", "Systemic lupus erythematosus (disorder)"))
LUPUS_ICD = concept("", (ICD, "M32.9", "Systemic lupus erythematosus, unspecified"))
SLE = concept("SLE", (ICD, "M32.9", ""))


@pytest.mark.parametrize(
    ("person", "banner"),
    [
        ({}, "female · 41 years · born 1985-09-30"),
        ({"birthDate": "2025-09-20"}, "female · 14 months · born 2025-09-20"),
        ({"gender": None, "birthDate": None}, "sex not given · birth date not given"),
        ({"deceasedDateTime": "2026-01-05T10:00:00Z"}, "female · born 1985-09-30 · deceased 2026-01-05"),
    ],
)
def test_the_banner_says_sex_age_and_birth_date(person: dict[str, Any], banner: str) -> None:
    assert chart_of(**person).banner == banner


@pytest.mark.parametrize(
    ("entries", "read"),
    [
        ([condition(LUPUS)], [("Systemic lupus erythematosus", "active", ())]),
        (  # two entries, two codings, words alike but for "unspecified": one disease, since the earlier day
            [condition(LUPUS, onsetDateTime="2018-01-02"), condition(LUPUS_ICD, onsetDateTime="2016-05-12")],
            [("Systemic lupus erythematosus", "active, since 2016-05-12", ())],
        ),
        (  # a third in other words is the same by its code
            [condition(LUPUS), condition(LUPUS_ICD), condition(SLE)],
            [("SLE", "active", ("Systemic lupus erythematosus",))],
        ),
        (  # what was, and is again
            [
                condition(concept("Pneumonia"), "resolved", onsetDateTime="2019-02", abatementDateTime="2019-03"),
                condition(concept("Pneumonia"), onsetDateTime="2026-11-02"),
            ],
            [("Pneumonia", "active, since 2026-11-02; resolved, 2019-02 to 2019-03", ())],
        ),
        (
            [
                condition(concept("Gout"), "resolved", onsetDateTime=f"{y}-01", abatementDateTime=f"{y}-02")
                for y in (2015, 2021, 2011, 2018)
            ],
            [("Gout", "resolved, 2021-01 to 2021-02; resolved, 2018-01 to 2018-02; 2 earlier", ())],
        ),
        (  # what is suspected is not what is stated
            [condition(LUPUS), condition(LUPUS, sure="provisional", recordedDate="2015-01-01")],
            [
                ("Systemic lupus erythematosus", "suspected; active, recorded 2015-01-01", ()),
                ("Systemic lupus erythematosus", "active", ()),
            ],
        ),
        ([condition(LUPUS, sure="entered-in-error")], []),
        (
            [condition(concept("Asthma"), onsetAge=amount(7, "years"), severity={"text": "mild"})],
            [("Asthma", "active, since the age of 7 years; mild", ())],
        ),
        ([condition(concept("", (ICD, "J45.909", "")))], [("J45.909", "active", ())]),
    ],
)
def test_each_disease_stands_once(entries: list[dict[str, Any]], read: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert [(p.words, p.told, p.also) for p in chart_of(*entries).problems] == read


def test_what_is_over_or_ruled_out_stands_behind() -> None:
    found = chart_of(
        condition(concept("Gout"), "resolved", abatementDateTime="2024"),
        condition(concept("Lymphoma"), sure="refuted"),
        condition(concept("Asthma"), onsetDateTime="1999"),
    ).problems
    assert [(p.words, p.told, p.past) for p in found] == [
        ("Asthma", "active, since 1999", False),
        ("Gout", "resolved, until 2024", True),
        ("Lymphoma", "ruled out; active", True),
    ]


TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        (drug("Prednisolone 10 mg daily"), ("Prednisolone 10 mg daily", "", "since 2026-02-10")),
        (drug("Prednisone 5 mg", {"text": "1 in the morning"}), ("Prednisone 5 mg", "1 in the morning", None)),
        (
            drug("MMF", {"doseAndRate": [{"doseQuantity": amount(500, "mg")}], "timing": TWICE}),
            ("MMF", "500 mg · twice a day", None),
        ),
        (
            drug(
                "Paracetamol",
                {
                    "doseAndRate": [{"doseQuantity": amount(1, "g")}],
                    "timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}},
                    "asNeededBoolean": True,
                    "route": {"text": "by mouth"},
                },
            ),
            ("Paracetamol", "1 g · once every 8 hours, by mouth, as needed", None),
        ),
        (drug("Ciclosporin", {"timing": {"code": {"text": "BID"}}}), ("Ciclosporin", "BID", None)),
        (drug("Belimumab", status="stopped"), ("Belimumab", "", "stopped, 2026-02-10")),
        (drug("Methotrexate", intent="plan"), ("Methotrexate", "", "plan, since 2026-02-10")),
        (drug("Penicillin", doNotPerform=True), ("Penicillin", "", "not to be given, since 2026-02-10")),
        (drug("Retracted", status="entered-in-error"), None),
    ],
)
def test_a_drug_is_shown_as_it_was_ordered(entry: dict[str, Any], read: tuple[str, str, str | None] | None) -> None:
    found = [(d.words, d.dose, d.told) for d in chart_of(entry).drugs]
    if read is None:
        assert found == []
    else:
        assert found == [(*read[:2], read[2] or "since 2026-02-10")]


def test_the_same_order_stands_once_and_what_is_stopped_behind() -> None:
    found = chart_of(
        drug("Azathioprine", status="stopped", authoredOn="2020-01-01"),
        drug("Prednisone", authoredOn="2026-09-01"),
        drug("prednisone", authoredOn="2026-06-01"),
    ).drugs
    assert [(d.words, d.told, d.past) for d in found] == [
        ("Prednisone", "since 2026-06-01", False),
        ("Azathioprine", "stopped, 2020-01-01", True),
    ]


RANGE = [{"low": amount(2.0, "10*9/L"), "high": amount(7.5, "10*9/L")}]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"valueQuantity": amount(2.4, "10*9/L"), "referenceRange": RANGE}, ("2.4 ×10⁹/L", "", "2.0–7.5")),
        ({"valueQuantity": amount(1.4, "10*9/L"), "referenceRange": RANGE}, ("1.4 ×10⁹/L", "low", "2.0–7.5")),
        # Limits in another unit mark nothing, and keep their unit.
        (
            {"valueQuantity": amount(1400, "/uL"), "referenceRange": RANGE},
            ("1400 /µL", "", "2.0 ×10⁹/L–7.5 ×10⁹/L"),
        ),
        ({"valueQuantity": amount(6.847148270943581, "mL/min")}, ("6.847 mL/min", "", "")),
        ({"valueQuantity": amount(0.0012345678, "g/L")}, ("0.001235 g/L", "", "")),
        ({"valueQuantity": amount(1234.56789, "ng/L")}, ("1235 ng/L", "", "")),
        # What the laboratory says goes before what follows from the limits.
        (
            {
                "valueQuantity": amount(1.4, "10*9/L"),
                "referenceRange": RANGE,
                "interpretation": [concept("", ("", "N", ""))],
            },
            ("1.4 ×10⁹/L", "", "2.0–7.5"),
        ),
        ({"valueQuantity": amount(5, "U/L", comparator="<")}, ("< 5 U/L", "", "")),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}, ("1:160", "", "")),
        ({"valueBoolean": True}, ("yes", "", "")),
        ({"valueBoolean": False}, ("no", "", "")),
        ({"valueString": "Non-reactive"}, ("Non-reactive", "", "")),
        ({"valueCodeableConcept": {"text": "Negative"}}, ("Negative", "", "")),
        (
            {"valueCodeableConcept": concept("", (SNOMED, "260385009", "Negative (qualifier value)"))},
            ("Negative", "", ""),
        ),
        ({"dataAbsentReason": {"text": "not performed"}}, ("none: not performed", "", "")),
        ({}, ("no value", "", "")),
        ({"valueQuantity": amount(10, "{score}")}, ("10", "", "")),
        (
            {"valueQuantity": amount(9, "mg"), "interpretation": [concept("", ("", "HH", ""))]},
            ("9 mg", "critically high", ""),
        ),
    ],
)
def test_a_value_is_shown_with_unit_flag_and_range(value: dict[str, Any], read: tuple[str, str, str]) -> None:
    [section] = chart_of(result("Test", "2026-11-19", **value)).results
    [line] = section.panels[0].results
    assert (line.value, line.flag, line.normal) == read


def test_results_stand_by_day_newest_first_and_the_older_ones_of_a_test_behind() -> None:
    [section] = chart_of(
        result("Haemoglobin", "2026-01-05", valueQuantity=amount(98, "g/L")),
        result("INR", "2026-05-05", valueQuantity=amount(1.1, "1")),
        result("Haemoglobin", "2026-11-19", valueQuantity=amount(112, "g/L")),
        result("Haemoglobin", "2025-01-05", valueQuantity=amount(91, "g/L")),
    ).results
    assert [(p.day, [(r.words, r.value) for r in p.results]) for p in section.panels] == [
        ("2026-11-19", [("Haemoglobin", "112 g/L")]),
        ("2026-05-05", [("INR", "1.1")]),
    ]
    assert [(r.day, r.value) for r in section.older] == [("2026-01-05", "98 g/L"), ("2025-01-05", "91 g/L")]


def test_the_same_result_sent_twice_stands_once() -> None:
    same = result("Height", "2026-11-19", valueQuantity=amount(166, "cm"))
    [section] = chart_of(same, same, result("Height", "2026-11-19", valueQuantity=amount(165, "cm"))).results
    assert [r.value for r in section.panels[0].results] == ["166 cm", "165 cm"]


def test_the_results_of_a_report_stand_under_its_name() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "Blood count"},
        "effectiveDateTime": "2026-11-19",
        "result": [{"reference": "Observation/r1"}],
    }
    [section] = chart_of(report, result("Leukocytes", "2026-11-19", valueQuantity=amount(5, "10*9/L"))).results
    assert [(p.title, p.day) for p in section.panels] == [("Blood count", "2026-11-19")]


def part(code: str, value: float) -> dict[str, Any]:
    return {"code": concept("", (LOINC, code, "")), "valueQuantity": amount(value, "mm[Hg]")}


def test_a_blood_pressure_is_one_line() -> None:
    both = {"component": [part("8480-6", 128), part("8462-4", 76)]}
    [section] = chart_of(result("Blood pressure", "2026-11-19", **both)).results
    assert [(r.words, r.value) for r in section.panels[0].results] == [("Blood pressure", "128/76 mmHg")]


def test_two_tests_of_one_short_name_are_told_apart() -> None:
    names = ("Nuclear Ab [Titer] in Serum", "Nuclear Ab [Presence] in Serum")
    ana = [
        result("", "2026-11-19", code=concept("", (LOINC, f"{n}-1", name)), valueString="x")
        for n, name in enumerate(names)
    ]
    [section] = chart_of(*ana).results
    assert sorted(r.words for r in section.panels[0].results) == sorted(names)


def test_what_could_not_be_read_is_listed_as_the_chart_says_it() -> None:
    broken = {"resourceType": "Condition", "code": {"text": "Lupus nephritis"}, "clinicalStatus": 7}
    [entry] = chart_of(broken).unread
    assert entry.words == "Lupus nephritis"
    assert "Condition/r0" in entry.told


def test_other_parts_of_the_chart() -> None:
    found = chart_of(
        {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"text": "Hysterectomy"},
            "performedString": "2019",
        },
        {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "Influenza"}},
        {"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}, "criticality": "high"},
    )
    assert [(title, [(e.words, e.told) for e in entries]) for title, entries in found.others] == [
        ("Procedures", [("Hysterectomy", "2019")]),
        ("Immunisations", [("Influenza", "")]),
    ]
    assert [(e.words, e.told) for e in found.allergies] == [("Penicillin", "high risk")]


def test_every_entry_of_every_sample_stands_in_its_chart() -> None:
    for story, record in sample_records(default_samples_dir()).items():
        chart = patient_chart(record, DAY)
        shown = sum(len(panel.results) for section in chart.results for panel in section.panels)
        shown += sum(len(section.older) for section in chart.results)
        # Of a result with parts, each part is a line.
        assert shown == sum(len(entry.component) or 1 for entry in record.resources.get("Observation", ())), story
        assert len(chart.problems) == len(record.resources.get("Condition", ())), story


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        *(("10*9/L", "×10⁹/L"), ("x10^9/L", "×10⁹/L"), ("10E9/L", "×10⁹/L"), ("10e+09/L", "×10⁹/L")),
        *(("10*3/uL", "×10³/µL"), ("umol/L", "µmol/L"), ("u[IU]/mL", "µIU/mL"), ("units/L", "units/L")),
        *(("mm[Hg]", "mmHg"), ("Cel", "°C"), ("[degF]", "°F"), ("kg/m2", "kg/m²"), ("m^2", "m²")),
        *(("mL/min/{1.73_m2}", "mL/min/1.73 m²"), ("{copies}/mL", "copies/mL"), ("1", ""), ("g/dL", "g/dL")),
    ],
)
def test_units_are_written_as_people_do(written: str, printed: str) -> None:
    assert unit(written) == printed


DETAIL = "**A trial**\n\n**Why:** lupus\n\n**Next:** refer\n\n**Trial:** recruiting; Paris\n\n"


@pytest.mark.parametrize(
    ("detail", "first", "rest"),
    [
        (f"{DETAIL}**Missing**\n\n- ANA", DETAIL.strip(), "**Missing**\n\n- ANA"),
        (f"{DETAIL}---\n\n**Missing**\n\n- ANA", DETAIL.strip(), "**Missing**\n\n- ANA"),
        (f"{DETAIL}A note.", f"{DETAIL}A note.", ""),
        ("**A trial**\n\n**Missing**\n\n- ANA", "**A trial**\n\n**Missing**\n\n- ANA", ""),
        ("", "", ""),
    ],
)
def test_the_first_lines_of_a_detail_are_those_above_its_fold_or_its_first_list(
    detail: str, first: str, rest: str
) -> None:
    assert folded(detail) == (first, rest)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Refer to study team: NK510 for refractory SLE", "✓ Referral drafted"),
        ("Order: Antinuclear antibody (ANA) titre", "✓ Antinuclear antibody (ANA) titre ordered"),
        ("Order ANA titre", "✓ ANA titre ordered"),
        ("Repeat: Platelets", "✓ Platelets ordered again"),
        ("Call the study nurse", "✓ Accepted: Call the study nurse"),
    ],
)
def test_an_accepted_suggestion_says_what_was_done(label: str, said: str) -> None:
    assert done_words({"label": label}) == said
