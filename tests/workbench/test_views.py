"""What the pages show, as values: without a browser and without the library that draws them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cds_service.fhir import Record, read_bundle
from cds_service.library import Library
from cds_service.matching import Match, match
from cds_service.rule_tools import default_samples_dir, sample_reader
from cds_service.rule_tools.cases import StatementError
from cds_service.settings import default_rules_dir
from cds_service.workbench.views import (
    DraftCheck,
    TrialFlip,
    accepted,
    answer_of,
    changeable,
    check,
    completions,
    criteria_views,
    flips,
    nearest,
    outcomes,
    overridden,
    sheet,
    stated,
    statement,
    telling,
    thresholds,
    who,
)

RULES, SAMPLES = default_rules_dir(), default_samples_dir()
AS_OF = date(2026, 11, 24)
TRIAL = "NCT07083349"
TEXTS = {n: (RULES / "trials" / TRIAL / n).read_text(encoding="utf-8") for n in ("trial.json", "cases.json")}


def record(story: str) -> Record:
    return read_bundle((SAMPLES / "patients" / f"{story}.json").read_bytes())


@pytest.fixture(scope="module")
def likely(library: Library) -> Match:
    return match(record("sle-likely"), library, AS_OF)


def checked(library: Library, old: str = "", new: str = "", file: str = "trial.json") -> DraftCheck:
    texts = {**TEXTS, file: TEXTS[file].replace(old, new, 1) if old else TEXTS[file]}
    records = {story: record(story) for story in ("sle-likely", "lupus-both", "no-sle")}
    read = sample_reader(library, SAMPLES)
    return check(library, TRIAL, texts, records=records, patient="sle-likely", as_of=AS_OF, read_sample=read)


def test_the_text_on_disk_is_sound_and_changes_nothing(library: Library) -> None:
    found = checked(library)
    assert (found.can_save, found.problems, found.change, found.flips) == (True, (), None, ())


def test_an_edit_shows_the_outcome_before_and_after_with_the_reason(library: Library) -> None:
    found = checked(library, '"lab.hemoglobin"}, {"quantity": [80,', '"lab.hemoglobin"}, {"quantity": [110,')
    [changed] = [o for o in found.outcomes if o.was]
    assert (changed.place, changed.was, changed.outcome) == (("", "inc-04b"), "pass", "fail")
    assert changed.reasons == ("haemoglobin < 110 g/L: is 108 g/L, needs ≥ 110 g/L",)
    assert [(f.patient, f.new) for f in found.flips if f.flips] == [("sle-likely", "not_eligible")]
    assert not found.can_save, "a test case says otherwise"
    assert {p.file for p in found.problems} == {"cases.json"}


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ('"rules_version"', "rules_version", 15, "not JSON"),
        ('"lab.neutrophils"', '"lab.neutrofils"', 59, "unknown fact"),
        ('"kind": "inclusion"', '"kind": "inclusion", "extra": 1', 20, "unknown key"),
    ],
)
def test_a_fault_is_told_with_its_line_and_keeps_the_text_from_being_saved(
    library: Library, old: str, new: str, line: int, text: str
) -> None:
    found = checked(library, old, new)
    assert not found.can_save
    assert found.flips == ()
    assert found.outcomes, "those of the rules in use"
    assert any(p.line == line and text in p.text for p in found.problems), found.problems


def test_a_fault_in_the_cases_keeps_them_from_being_saved(library: Library) -> None:
    found = checked(library, '"expect"', '"expct"', "cases.json")
    assert not found.can_save
    assert {p.file for p in found.problems} == {"cases.json"}


def test_a_passing_criterion_tells_the_value_behind_it(likely: Match, library: Library) -> None:
    by_place = {o.place: o for o in outcomes(likely, library, TRIAL)}
    assert "haemoglobin ≥ 80 g/L: is 108 g/L" in by_place["", "inc-04b"].reasons


def test_an_unknown_criterion_tells_why_it_is_not_known(library: Library) -> None:
    found = outcomes(match(record("sle"), library, AS_OF), library, TRIAL)
    [ana] = [o for o in found if o.place == ("", "inc-06")]
    assert ana.outcome == "unknown"
    assert "not known (no result)" in ana.reasons[0]


def test_a_criterion_shows_rule_facts_units_and_tests(library: Library) -> None:
    draft = checked(library).draft
    assert draft.trial is not None
    [(_, views), *cohorts] = criteria_views(draft.trial, library, RULES, draft.cases)
    assert cohorts == []
    view = next(v for v in views if v.words.id == "inc-04b")
    assert json.loads(view.logic) == next(c.logic for c in draft.trial.trial.criteria if c.id == "inc-04b")
    hemoglobin = next(f for f in view.facts if f.name == "lab.hemoglobin")
    assert "718-7" in hemoglobin.read_from
    assert "g/dL" in hemoglobin.units
    assert "pass in" in view.tests
    assert "fail in" in view.tests


def test_thresholds_of_values_and_of_multiples_of_normal_are_drawn(library: Library) -> None:
    [hb] = [t for t in thresholds(library, "lab.hemoglobin") if (t.trial, t.criterion) == (TRIAL, "inc-04b")]
    assert (hb.value, hb.side) == (80.0, "")
    alt = next(t for t in thresholds(library, "lab.alt") if t.trial == TRIAL)
    assert (alt.side, alt.value, alt.at(None, 40.0), alt.at(None, None)) == ("high", 3.0, 120.0, None)


def test_the_fact_sheet_has_evidence_and_puts_what_is_there_first(likely: Match) -> None:
    found = sheet(likely)
    hb = next(line for line in found["Laboratory"] if line.name == "lab.hemoglobin")
    assert (hb.said, hb.date, hb.raw) == ("108 g/L", "2026-11-20", "10.8 g/dL")
    assert hb.source.startswith("Observation/")
    for lines in found.values():
        there = [telling(line) for line in lines]
        assert there == sorted(there, reverse=True)


def flipped(library: Library, story: str, name: str, text: str, unit: str = "") -> dict[str, TrialFlip]:
    before = match(record(story), library, AS_OF)
    fact = next(f for f in changeable(library) if f.name == name)
    changed = stated(before, name, statement(fact, text, unit))
    return {f.trial: f for f in flips(record(story), before, changed)}


@pytest.mark.parametrize(
    ("name", "text", "unit", "criterion"),
    [
        ("lab.hemoglobin", "7.9", "g/dL", "inc-04b"),
        ("lab.hemoglobin", "<70", "g/L", "inc-04b"),
        ("lab.alt.x_uln", "3.1", "", "inc-07a"),
        ("lab.alt", "500", "U/L", "inc-07a"),
        ("score.sledai_2k", "8", "", "inc-05"),
        ("patient.age", "71", "years", "inc-01"),
        ("condition.pregnancy", "on record", "", "exc-10"),
        ("condition.sle", "not on record", "", "inc-02"),
        ("result.pregnancy_test", "positive", "", "exc-10"),
    ],
)
def test_one_fact_otherwise_turns_the_trial(library: Library, name: str, text: str, unit: str, criterion: str) -> None:
    flip = flipped(library, "sle-likely", name, text, unit)[TRIAL]
    assert (flip.old, flip.new) == ("likely_eligible", "not_eligible")
    assert flip.because[0].new == "fail"


def test_a_fact_that_becomes_unknown_leaves_the_trial_possible(library: Library) -> None:
    assert flipped(library, "sle-likely", "lab.hemoglobin", "not known")[TRIAL].new == "possibly_eligible"
    assert flipped(library, "sle-likely", "condition.sle", "not known")[TRIAL].new == "undetermined"


def test_what_is_computed_follows_the_fact_that_is_changed(library: Library) -> None:
    before = match(record("sle-likely"), library, AS_OF)
    fact = next(f for f in changeable(library) if f.name == "lab.creatinine")
    changed = stated(before, "lab.creatinine", statement(fact, "700", "umol/L"))
    after = match(record("sle-likely"), library, AS_OF, changed)
    names = [n for n in after.sheet if n.startswith("derived.") and n in before.sheet]
    assert any(before.sheet.describe(n) != after.sheet.describe(n) for n in names)


def test_every_fact_that_can_be_chosen_can_be_stated(library: Library, likely: Match) -> None:
    for fact in changeable(library):
        text = {"number": "5", "date": "2026-01-01"}.get(fact.ask) or fact.answers[0]
        stated(likely, fact.name, statement(fact, text, fact.units[0] if fact.units else ""))
        stated(likely, fact.name, None)


def test_what_is_no_number_is_refused(library: Library, likely: Match) -> None:
    fact = next(f for f in changeable(library) if f.name == "lab.hemoglobin")
    with pytest.raises(ValueError, match="no number"):
        statement(fact, "low", "g/L")
    with pytest.raises(StatementError):
        stated(likely, fact.name, statement(fact, "5", "furlong"))


def test_the_nearest_limit_stands_first_and_nobody_grows_younger(library: Library) -> None:
    found = nearest(match(record("sle-nephritis"), library, AS_OF), "fail")
    assert found
    assert all("age" not in near.text for near in found)
    assert [n.failing for n in found] == sorted(n.failing for n in found)
    assert any("platelets" in near.text and "needs ≥ 50" in near.text for near in found)


def test_completions_offer_facts_units_keys_and_choices(library: Library) -> None:
    offers = completions(library)
    assert {"label": "lab.hemoglobin", "detail": "Haemoglobin"} in offers["name"]
    assert "g/dL" in {o["label"] for o in offers["unit"]}
    assert {">=", "lookback", "gate"} <= {o["label"] for o in offers["key"]}
    assert {o["label"] for o in offers["values"]["kind"]} == {"inclusion", "exclusion"}
    assert "recruiting" in {o["label"] for o in offers["values"]["status"]}


def test_feedback_has_the_shape_that_the_service_reads() -> None:
    card: dict[str, Any] = {"uuid": "c"}
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    taken = accepted(card, {"uuid": "s"}, at)["feedback"][0]
    assert taken == {
        "card": "c",
        "outcome": "accepted",
        "outcomeTimestamp": "2026-11-24T08:30:00Z",
        "acceptedSuggestions": [{"id": "s"}],
    }
    aside = overridden(card, {"code": "x", "display": "X"}, "", at)["feedback"][0]
    assert aside["overrideReason"] == {"reason": {"code": "x", "display": "X"}}
    assert "overrideReason" not in overridden(card, None, "", at)["feedback"][0]


def test_a_refusal_is_shown_with_what_it_says() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "No token."}]}
    assert answer_of(401, json.dumps(outcome)).problem == "401: No token."
    assert answer_of(0, "offline").problem == "no answer: offline"
    assert answer_of(200, '{"cards": [{"summary": "s"}]}').cards == ({"summary": "s"},)
    told = {"count": 22, "trials": [f"NCT{n}" for n in range(20)], "entries": 3}
    answer = answer_of(200, json.dumps({"cards": [], "extension": {"org.cds-service.undetermined": told}}))
    why = "22 trials could not be judged because 3 entries of the record could not be read: NCT0, "
    assert answer.undetermined.startswith(why)
    assert answer.undetermined.endswith("NCT19, 2 more.")
    assert answer_of(200, '{"cards": []}').undetermined == ""


def test_the_sample_day_is_that_of_the_samples() -> None:
    content = json.loads(Path(SAMPLES / "samples.json").read_text(encoding="utf-8"))
    assert date.fromisoformat(content["as_of"]) == AS_OF
    jsonschema.validate(content, {"type": "object", "required": ["as_of"]})


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ({"gender": "female", "birthDate": "1990-05-01"}, "female, 36 years"),
        ({"gender": "male", "birthDate": "2025-09-10"}, "male, 14 months"),
        ({"birthDate": "2016-11-24"}, "10 years"),
        ({"gender": "female"}, "female"),
        ({}, "Sex and age not known"),
    ],
)
def test_who_a_patient_is(library: Library, person: dict[str, str], told: str) -> None:
    bundle = json.dumps({"resourceType": "Patient", "id": "p", **person})
    assert who(match(read_bundle(bundle), library, date(2026, 11, 24))) == told
