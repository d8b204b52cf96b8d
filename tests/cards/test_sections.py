"""The words of a card, part by part."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cds_service.cards import (
    OVERRIDE_REASONS,
    CardOptions,
    age_words,
    apart,
    build_cards,
    cards_for,
    day_words,
    is_lasting,
    rounded,
    short,
)
from cds_service.cards.sections import about, capped, listed, sentence, within
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from cds_service.trials import Trial
from tests.cards.small_library import (
    AS_OF,
    bundle,
    card_of,
    condition,
    criterion,
    lab,
    matched,
    rituximab,
    section,
    trial,
)

Small = Callable[..., Library]
HB = criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]})
ALT = criterion("inc-03", {"<=": [{"var": "lab.alt.x_uln"}, 3]})
RANGE = [{"high": {"value": 35, "unit": "U/L"}}]


@pytest.mark.parametrize(
    ("title", "brief"),
    [
        ("Aspartate aminotransferase (AST)", "AST"),
        ("Antinuclear antibody (ANA) titre", "ANA titre"),
        ("Activated partial thromboplastin time (aPTT)", "aPTT"),
        ("eGFR (CKD-EPI)", "eGFR (CKD-EPI)"),
        ("Pregnancy test, serum (hCG)", "Serum pregnancy test (hCG)"),
        ("Creatinine clearance, reported", "Creatinine clearance"),
        ("Neutrophils, absolute", "Neutrophils"),
        ("Transplanted organ, complication of", "Complication of transplanted organ"),
        ("Haemoglobin", "Haemoglobin"),
    ],
)
def test_a_title_in_short(title: str, brief: str) -> None:
    assert short(title) == brief


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.828571428571, "0.829"),
        (29, "29"),
        (12345, "12345"),
        (107.43, "107"),
        ("<5", "< 5"),
        (">=0.1234", "≥ 0.123"),
        ("9 to 11", "9 to 11"),
    ],
)
def test_a_number_has_three_digits(value: Any, printed: str) -> None:
    assert rounded(value) == printed


@pytest.mark.parametrize(
    ("value", "limit", "printed"), [(44, 50, "44"), (1.5001, 1.5, "1.5001"), (79.96, 80, "79.96"), (80, 80, "80")]
)
def test_a_value_next_to_its_limit_has_the_digits_that_tell(value: float, limit: float, printed: str) -> None:
    assert apart(value, limit) == printed


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("2026-11-20T08:30:00+01:00", "2026-11-20"),
        ("2026-11", "2026-11"),
        ("2026-11-05/2026-11-05", "2026-11-05"),
        ("2026-11-05/2026-11-09", "2026-11-05 to 2026-11-09"),
        ("2026-11-05/…", "since 2026-11-05"),
        ("…/2026-11-05", "until 2026-11-05"),
        (None, ""),
    ],
)
def test_a_date_as_it_is_said(sent: str | None, said: str) -> None:
    assert day_words(sent) == said


def test_an_age_as_it_is_said() -> None:
    assert age_words((41, 41), (500, 500)) == "41 years"
    assert age_words((1, 1), (14, 15)) == "14 to 15 months"
    assert age_words((40, 41), (491, 499)) == "40 to 41 years"


def test_evidence_has_value_unit_ratio_and_date(small: Small) -> None:
    alt = {**lab("1742-6", 29, "U/L"), "referenceRange": RANGE}
    card = card_of(small(trial("NCT00000001", HB, ALT)), lab("718-7", 112, "g/L"), alt)
    assert "2026-11-20: haemoglobin 112 g/L, ALT 29 U/L (0.83 × ULN)" in section(card, "Evidence")


def test_a_value_is_shown_in_the_unit_of_the_chart(small: Small) -> None:
    card = card_of(small(trial("NCT00000001", HB)), lab("718-7", 11.2, "g/dL"))
    assert "2026-11-20: haemoglobin 11.2 g/dL" in section(card, "Evidence")


def test_a_unit_is_printed_and_not_spelt_in_ucum(small: Small) -> None:
    platelets = criterion("inc-02", {">=": [{"var": "lab.platelets"}, {"quantity": [50, "10*9/L"]}]})
    card = card_of(small(trial("NCT00000001", platelets)), lab("777-3", 141, "10*9/L"))
    assert "2026-11-20: platelets 141 ×10⁹/L" in section(card, "Evidence")


def test_what_is_presumed_is_named_and_counted(small: Small) -> None:
    never = criterion("exc-01", {"or": [{"var": "condition.stroke"}, {"var": "procedure.surgery"}]})
    card = card_of(small(trial("NCT00000001", never)))
    assert section(card, "Evidence")[-1] == ("Presumed absent, not on record: stroke, major surgery")


def test_a_record_that_is_past_shows_when_it_was(small: Small) -> None:
    recent = criterion("exc-01", {"within": [{"var": "medication.biologic"}, {"quantity": [4, "wk"]}]})
    card = card_of(small(trial("NCT00000001", recent)), rituximab("2026-01-05", "2026-02-05"))
    assert "Rituximab, 2026-01-05 to 2026-02-05" in section(card, "Evidence")


def test_an_entry_that_must_be_clarified_says_why(small: Small) -> None:
    recent = criterion("exc-01", {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]})
    mention = condition("0", "2026-10-01", code={"text": "stroke"})
    card = card_of(small(trial("NCT00000001", recent)), mention)
    assert section(card, "Missing") == [
        "Clarify stroke within the last 6 months: mentioned without a code (2026-10-01)"
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "yes (registry, undated)"),
        (
            {"registry": {"url": "https://a.example/1", "last_updated": "2026-03-01"}},
            "yes (registry, 2026-03-01)",
        ),
        (
            {"dates": {"completion": "2026-05-30"}},
            "yes (registry, undated), but completion was planned for 2026-05-30",
        ),
        (
            {"status": "not_yet_recruiting", "dates": {"start": "2026-12-01"}},
            "not yet (registry, undated); start planned for 2026-12-01",
        ),
        (
            {"status": "not_yet_recruiting", "dates": {"start": "2025-08-01"}},
            "not yet (registry, undated); start was planned for 2025-08-01",
        ),
        ({"status": "active_not_recruiting"}, "no longer (registry, undated)"),
        ({"status": "unknown"}, "not known (registry, undated)"),
        ({"status": "enrolling_by_invitation"}, "by invitation (registry, undated)"),
    ],
)
def test_the_status_is_honest(fields: Any, said: str) -> None:
    assert about.recruiting(Trial.model_validate(trial("NCT00000001", **fields)), AS_OF) == said


@pytest.mark.parametrize(
    ("fields", "summary", "next"),
    [
        (
            {},
            "May fit: Short NCT00000001 – order haemoglobin",
            "Get the missing result, check the points below, then refer.",
        ),
        (
            {"status": "not_yet_recruiting"},
            "May fit: Short NCT00000001 – order haemoglobin",
            "Get the missing result, check the points below, then ask whether it is open yet.",
        ),
        (
            {"status": "active_not_recruiting"},
            "Might fit: Short NCT00000001 – no longer recruits",
            "No referral: it no longer recruits.",
        ),
        (
            {"dates": {"completion": "2026-05-30"}},
            "Might fit: Short NCT00000001 – ask whether it still recruits",
            "No referral: the registry record is out of date. Ask whether it still recruits. 1 result would then be "
            "missing.",
        ),
    ],
)
def test_the_first_lines_say_what_to_do(small: Small, fields: Any, summary: str, next: str) -> None:
    card = card_of(small(trial("NCT00000001", HB, **fields)))
    assert card["summary"] == summary
    assert f"**Next:** {next}\n" in card["detail"]
    lupus = "Systemic lupus erythematosus since 2019-03-04 on record (SNOMED CT 55464009)"
    assert f"**Why:** {lupus}; 1 of 2 computed criteria pass, 1 is open.\n" in card["detail"]


def test_reviews_are_put_together_by_what_is_to_be_done(small: Small) -> None:
    reviews = [
        ("inc-02", "Confirm that doses are stable"),
        ("inc-03", "The study team obtains consent"),
        ("inc-04", "Confirm full recovery; bruises do not count"),
        ("exc-01", "Ask about allergies"),
        ("exc-02", "The investigator judges suitability"),
    ]
    people = [
        {"id": id, "kind": "inclusion" if id[0] == "i" else "exclusion", "text": "x", "review": review}
        for id, review in reviews
    ]
    card = card_of(small(trial("NCT00000001", *people)))
    assert section(card, "To check") == [
        "Confirm: doses are stable; full recovery (bruises do not count)",
        "Ask about allergies",
        "Study team: consent and judgement",
    ]


def test_a_remark_on_what_is_not_on_record_is_left_out(small: Small) -> None:
    stroke = {"var": "condition.stroke"}
    remark = criterion("exc-01", stroke, review="A transient attack does not exclude")
    question = criterion("exc-02", stroke, review="Ask about strokes that are not coded")
    card = card_of(small(trial("NCT00000001", remark, question)))
    assert section(card, "To check") == ["Ask about strokes that are not coded"]


def test_what_no_rule_can_decide_comes_first(small: Small) -> None:
    card = card_of(small(trial("NCT00000001", criterion("inc-02", None, text="The disease is refractory"))))
    assert section(card, "To check") == ["Check by hand: the disease is refractory"]
    assert card["summary"] == "May fit: Short NCT00000001 – check 1 criterion by hand"


def test_cohorts_that_fit_are_named(small: Small) -> None:
    cohorts = [
        {"id": "A", "title": "High dose", "criteria": [{**HB, "id": "inc-11"}]},
        {"id": "B", "title": "Low dose", "criteria": []},
        {"id": "C", "title": "Stroke", "criteria": [criterion("inc-12", {"var": "condition.stroke"})]},
    ]
    card = card_of(small(trial("NCT00000001", cohorts=cohorts)))
    assert section(card, "Cohorts that fit") == ["A (may fit): High dose; B (likely): Low dose"]


def test_the_last_card_says_what_was_left_out(small: Small) -> None:
    library = small(*(trial(f"NCT0000000{n}") for n in (1, 2, 3)))
    cards = cards_for(matched(library), CardOptions(max_cards=2), "seed")
    said = "Further trials, not shown for lack of room: NCT00000003."
    assert [said in card["detail"] for card in cards] == [False, True]


def test_the_last_card_says_that_there_was_no_time_for_others(small: Small) -> None:
    two = matched(small(*(trial(f"NCT0000000{n}") for n in (1, 2))))
    match = replace(two, timed_out=("NCT00000003", "NCT00000004"))
    said = "There was no time to look at 2 further trials: others may fit too."
    assert [said in card["detail"] for card in cards_for(match, CardOptions(), "seed")] == [False, True]


def test_the_dead_get_no_cards(small: Small) -> None:
    assert cards_for(matched(small(trial("NCT00000001")), deceasedBoolean=True), CardOptions(), "seed") == []


def test_joins() -> None:
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert (sentence("haemoglobin"), sentence("eGFR"), sentence("hCG (serum)")) == (
        "Haemoglobin",
        "eGFR",
        "hCG (serum)",
    )
    assert capped(["a", "b", "c"], 2) == ["a", "2 more"]
    assert within(["aaaa", "bbbb", "cccc"], 12) == ["aaaa", "bbbb", "1 more"]


def test_more_than_a_few_missing_facts_share_a_line(small: Small) -> None:
    limits = [("lab.hemoglobin", "g/L"), ("lab.platelets", "10*9/L"), ("lab.alt", "U/L"), ("lab.creatinine", "umol/L")]
    limits += [
        ("lab.clearance", "mL/min"),
        ("lab.hbv_dna", "[IU]/mL"),
        ("vital.lvef", "%"),
        ("vital.body_weight", "kg"),
    ]
    rules: list[Any] = [{">=": [{"var": name}, {"quantity": [80, unit]}]} for name, unit in limits]
    rules += [{"==": [{"var": "result.hiv"}, "negative"]}, {"<=": [{"var": "score.ecog"}, 2]}]
    card = card_of(small(trial("NCT00000001", *(criterion(f"inc-{n:02}", rule) for n, rule in enumerate(rules, 2)))))
    lines = section(card, "Missing")
    assert len(lines) == 9
    assert lines[0] == "Order haemoglobin: needs ≥ 80 g/L"
    assert lines[-1] == "Also record body weight and ECOG"
    assert card["summary"] == "May fit: Short NCT00000001 – order haemoglobin (+9 more)"


def test_what_was_not_sent_shares_a_line_and_is_said_at_the_end(small: Small) -> None:
    surgery = criterion("exc-01", {"within": [{"var": "procedure.surgery"}, {"quantity": [4, "wk"]}]})
    record = read_bundle(json.dumps(bundle()))
    gaps: Any = {"Observation": "not_supplied", "Procedure": "incomplete_record"}
    record = replace(record, whole=record.whole - gaps.keys(), gaps=gaps)
    [card] = cards_for(match(record, small(trial("NCT00000001", HB, surgery)), AS_OF), CardOptions(), "seed")
    assert section(card, "Missing") == [
        "Look up, as the EHR did not send it: haemoglobin; major surgery within the last 4 weeks"
    ]
    assert card["detail"].endswith(
        "The record came incomplete: observations were not sent; procedures were sent in part."
    )
    assert [s["label"] for s in card["suggestions"]] == ["Refer to study team: Short NCT00000001"]


def test_entries_that_could_not_be_read_are_counted(small: Small) -> None:
    card = card_of(small(trial("NCT00000001", HB)), lab("718-7", 112, "furlong"))
    assert card["detail"].endswith("1 entry of the record could not be read and did not count.")


def test_a_card_is_remembered_by_trial_and_key(small: Small) -> None:
    found = matched(small(trial("NCT00000001", HB)))
    [card] = build_cards(found, CardOptions(), "seed")
    assert card.trial_id == "NCT00000001"
    assert [c.body for c in build_cards(found, CardOptions(), "seed")] == cards_for(found, CardOptions(), "seed")
    assert build_cards(found, CardOptions(), "seed", already_shown={card.key}) == ()
    assert build_cards(found, CardOptions(), "seed", suppressed={"NCT00000001"}) == ()


def test_only_the_first_reasons_are_about_the_patient_and_not_the_moment() -> None:
    lasting = [reason["code"] for reason in OVERRIDE_REASONS if is_lasting(reason["system"], reason["code"])]
    assert lasting == ["patient-ineligible", "patient-refuses", "not-interested-in-research", "already-enrolled"]
    assert not is_lasting("urn:elsewhere", "patient-ineligible")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"<=": [{"var": "lab.alt.x_uln"}, 3]}, "needs at most 3 × ULN"),
        ({">=": [{"var": "lab.ana_titer"}, 80]}, "needs ≥ 1:80"),
        ({"!": [{"<": [{"var": "lab.hemoglobin"}, {"quantity": [8, "g/dL"]}]}]}, "needs ≥ 8 g/dL"),
        ({"<=": [{"quantity": [80, "g/L"]}, {"var": "lab.hemoglobin"}, {"quantity": [180, "g/L"]}]},
         "needs ≥ 80 g/L and ≤ 180 g/L"),
        ({"!=": [{"var": "result.hiv"}, "positive"]}, "needs negative"),
        ({">=": [{"var": "kidney.clearance"}, {"quantity": [60, "mL/min"]}]}, "for creatinine clearance ≥ 60 mL/min"),
        ({"<": [{"+": [{"var": "score.ecog"}, {"var": "lab.ana_titer"}]}, 90]}, "for ECOG + ANA titre < 90"),
        ({">=": [{"var": "lab.hemoglobin"}, {"if": [{"var": "condition.stroke"}, {"quantity": [100, "g/L"]},
                                                    {"quantity": [80, "g/L"]}]}]},
         "for haemoglobin ≥ (100 g/L if stroke, else 80 g/L)"),
    ],
)  # fmt: skip
def test_what_a_missing_fact_has_to_be(small: Small, rule: Any, said: str) -> None:
    [line, *_] = section(card_of(small(trial("NCT00000001", criterion("inc-02", rule)))), "Missing")
    assert line.partition(": ")[2] == said
