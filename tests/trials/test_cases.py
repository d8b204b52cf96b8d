"""Case files: what they may hold, that each fault is found at its place, and what running them shows."""

import copy
import json
from datetime import date

import pytest

from cds_service.rule_tools.cases import check_cases, documents, load_cases, mutate, run_cases
from cds_service.trials import load_trials, titles_of

ID = "NCT00000001"


def criterion(id, logic, **more):
    kind = "exclusion" if id.startswith("exc") else "inclusion"
    return {"id": id, "kind": kind, "text": f"criterion {id}", "logic": logic, **more}


HB = {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
TRIAL = {
    "id": ID,
    "title": "A small trial",
    "short_title": "A small trial",
    "status": "recruiting",
    "registry": {"url": "https://example.org"},
    "state": "active",
    "rules_version": "1.0.0",
    "criteria": [
        criterion("inc-01", {"var": "condition.sle"}, gate=True),
        criterion("inc-02", {">": [{"var": "score.sledai_2k"}, 8]}),
        criterion("inc-03", HB, lookback="P7D"),
        criterion("inc-04", HB),
        {"id": "inc-05", "kind": "inclusion", "text": "consent", "review": "ask"},
        {"id": "exc-01", "kind": "exclusion", "text": "s", "review": "ask", "screen": {"var": "condition.dysphagia"}},
        criterion("exc-02", {">": [{"var": "lab.ast.x_uln"}, 3]}),
        criterion("exc-03", {"if": [{"var": "condition.epilepsy"}, True, None]}),
    ],
    "cohorts": [
        {"id": "A", "title": "A", "criteria": [criterion("exc-18", {"var": "condition.stroke"})]},
        {"id": "B", "title": "B", "criteria": [criterion("exc-18", {"var": "condition.stroke"})]},
    ],
}
CASES = {
    "as_of": "2026-11-24",
    "base": {
        "facts": {
            "condition.sle": True,
            "score.sledai_2k": 9,
            "lab.hemoglobin": {"quantity": [114, "g/L"], "days_ago": 3},
            "condition.dysphagia": False,
            "lab.ast.x_uln": 1,
            "condition.epilepsy": False,
            "condition.stroke": False,
        },
        "expect": {"*": "pass", "exc-03": "unknown"},
        "screens": {"exc-01": "not on record"},
        "verdict": "possibly_eligible",
        "cohorts": {"A": "possibly_eligible", "B": "possibly_eligible"},
    },
    "cases": [],
}


class Small:
    """The small trial with a case file that a test changes."""

    def __init__(self, catalogue, folder):
        self.catalogue, self.folder = catalogue, folder
        place = folder / "trials" / ID
        place.mkdir(parents=True)
        (place / "trial.json").write_text(json.dumps(TRIAL))
        self.library, findings = load_trials(folder, catalogue)
        assert findings == ()
        self.trial = self.library.trial(ID)

    def cases(self, change=lambda content: None):
        content = copy.deepcopy(CASES)
        change(content)
        return self.text(json.dumps(content))

    def text(self, text):
        (self.folder / "trials" / ID / "cases.json").write_text(text)
        return load_cases(self.trial, self.folder, self.catalogue)

    def run(self, change=lambda content: None, sample=lambda story, as_of: None):
        return run_cases(self.cases(change), self.library, titles_of(self.catalogue), sample)

    def mutated(self, change):
        return mutate(self.run(change), self.library.vocabulary, self.catalogue)


@pytest.fixture
def small(library, tmp_path):
    return Small(library.catalogue, tmp_path)


def case(**parts):
    """Adds one case."""
    return lambda content: content["cases"].append({"name": "a case", **parts})


FAULTS = [
    ("unknown key", case(factz={}), "unknown-key", "/cases/0/factz"),
    ("no name", lambda c: c.update(cases=[{"facts": {}}]), "missing-key", "/cases/0/name"),
    ("facts beside a sample", case(sample="sle-likely", facts={"score.sledai_2k": 1}), "bad-value", "/cases/0"),
    ("no such outcome", case(expect={"inc-01": "passes"}), "bad-value", "/cases/0/expect/inc-01"),
    ("unknown fact", case(facts={"score.sledai": 9}), "case-unknown-fact", "/cases/0/facts/score.sledai"),
    ("fact nobody reads", case(facts={"score.ecog": 1}), "case-fact-not-read", "/cases/0/facts/score.ecog"),
    ("value where the ratio is read", case(facts={"lab.ast": None}), "case-fact-not-read", "/cases/0/facts/lab.ast"),
    (
        "wrong unit",
        case(facts={"lab.hemoglobin": {"quantity": [80, "g"]}}),
        "case-bad-statement",
        "/cases/0/facts/lab.hemoglobin/quantity/1",
    ),
    (
        "part of a fact",
        case(facts={"condition.sle.active": 1}),
        "case-fact-part",
        "/cases/0/facts/condition.sle.active",
    ),
    ("unknown criterion", case(expect={"inc-99": "pass"}), "case-unknown-criterion", "/cases/0/expect/inc-99"),
    (
        "unknown criterion of a cohort",
        case(cohort_expect={"A": {"inc-01": "pass"}}),
        "case-unknown-criterion",
        "/cases/0/cohort_expect/A/inc-01",
    ),
    ("unknown cohort", case(cohorts={"C": "likely_eligible"}), "case-unknown-cohort", "/cases/0/cohorts/C"),
    ("no screen there", case(screens={"inc-05": "unknown"}), "case-unknown-criterion", "/cases/0/screens/inc-05"),
    ("nothing expected", case(base=False, expect={"inc-01": "pass"}), "case-missing-expectation", "/cases/0/expect"),
    ("same name twice", lambda c: [case()(c), case()(c)], "case-repeated-name", "/cases/1/name"),
    ("fault in the base", lambda c: c["base"]["facts"].update(a=1), "case-unknown-fact", "/base/facts/a"),
]


@pytest.mark.parametrize(("what", "change", "code", "place"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_fault_is_found_at_its_place(small, what, change, code, place):
    found = small.cases(change).findings
    assert (code, place, f"trials/{ID}/cases.json") in {(f.code, f.pointer, f.file) for f in found}


def test_a_sound_file_has_no_findings(small):
    assert small.cases().findings == ()


def test_a_fault_of_the_base_is_told_once(small):
    cases = small.cases(lambda c: [c["base"]["facts"].update(a=1), case()(c)])
    assert [f.code for f in cases.findings] == ["case-unknown-fact"]


def test_a_fact_that_is_stated_twice_is_found(small):
    text = json.dumps(CASES).replace('"score.sledai_2k": 9', '"score.sledai_2k": 9, "score.sledai_2k": 8')
    assert [(f.code, f.pointer) for f in small.text(text).findings] == [
        ("duplicate-key", "/base/facts/score.sledai_2k")
    ]


def test_a_trial_without_cases_fails_its_test_but_not_the_check(small):
    assert [f.code for f in load_cases(small.trial, small.folder, small.catalogue).findings] == ["no-cases"]
    assert check_cases([small.trial], small.folder, small.catalogue) == ()


def test_a_case_states_only_what_differs(small):
    report = small.run(case(facts={"score.sledai_2k": 8}, expect={"inc-02": "fail"}, verdict="not_eligible"))
    assert report.mismatches == ()
    assert [ready.name for ready, _ in report.ran] == ["the base", "a case"]


def test_a_change_that_is_not_listed_is_an_error(small):
    facts = {"lab.hemoglobin": {"quantity": [79, "g/L"]}}
    report = small.run(case(facts=facts, expect={"inc-03": "fail"}))
    [mismatch] = report.mismatches
    assert (mismatch.what, mismatch.expected, mismatch.found) == ("inc-04", "pass", "fail")
    assert mismatch.because == ("no: haemoglobin ≥ 80 g/L (79 g/L, needs ≥ 80 g/L)",)
    assert not report.passed


def test_verdicts_are_compared_where_they_are_stated(small):
    report = small.run(case(verdict="not_eligible"))
    assert [(m.what, m.found) for m in report.mismatches] == [("verdict", "possibly_eligible")]


def test_cohorts_may_differ_in_a_criterion_that_they_share(small):
    apart = {"A": {"exc-18": "fail"}, "B": {"exc-18": "pass"}}
    report = small.run(case(facts={"condition.stroke": True}, cohort_expect=apart, cohorts={"A": "not_eligible"}))
    assert [m.what for m in report.mismatches] == ["exc-18 of cohort B"]


def test_a_screen_is_shown_and_never_decides(small):
    report = small.run(case(facts={"condition.dysphagia": True}))
    assert [(m.what, m.found) for m in report.mismatches] == [("the screen of exc-01", "on record")]


def test_a_case_without_the_base_stands_alone(small):
    assert not small.run(case(base=False, expect={"*": "unknown"}, verdict="undetermined")).mismatches


def test_another_day_may_be_taken_for_today(small):
    facts = {"lab.hemoglobin": {"quantity": [114, "g/L"], "on": "2026-11-20"}}
    assert not small.run(case(facts=facts, as_of="2026-11-27")).mismatches
    later = small.run(case(facts=facts, as_of="2026-11-28"))
    assert [(m.what, m.found) for m in later.mismatches] == [("inc-03", "unknown")]


def test_an_outcome_that_no_case_tests_is_found(small):
    report = small.run()
    missing = {c.place: c.missing for c in report.coverage if c.missing}
    assert missing["", "inc-02"] == ("fail", "unknown")
    assert ("", "inc-05") not in missing
    [found] = [f.message for f in report.findings if "inc-02" in f.message and "fail" in f.message]
    assert found.startswith("no case tests ")


def test_an_outcome_that_a_rule_never_has_need_not_be_tested(small):
    [never] = [c for c in small.run().coverage if c.place == ("", "exc-03")]
    assert never.cannot == {"pass"}
    assert never.missing == ("fail",)


def test_an_unknown_sample_is_found(small):
    report = small.run(case(sample="nobody", expect={"*": "pass"}))
    assert ("/cases/0/sample", "case-unknown-sample") in {(f.pointer, f.code) for f in report.findings}


def test_a_sample_runs_on_its_own_facts(small):
    def sample(story, as_of):
        assert (story, as_of) == ("somebody", date(2026, 1, 2))
        return documents({"score.sledai_2k": 9}, small.catalogue, as_of)

    change = case(sample="somebody", as_of="2026-01-02", expect={"*": "unknown", "inc-02": "pass"})
    assert not small.run(change, sample).mismatches


SLEDAI_8 = case(facts={"score.sledai_2k": 8}, expect={"inc-02": "fail"})


def test_a_fault_that_no_case_notices_survives(small):
    def of_sledai(report):
        return {s.mutant.mutation for s in report.survivors if s.place == ("", "inc-02")}

    assert of_sledai(small.mutated(lambda c: None)) == {"> → >=", "8 → 7"}
    assert of_sledai(small.mutated(SLEDAI_8)) == set()


def test_a_survivor_is_shown_in_the_trial_file(small):
    found = small.mutated(lambda c: None).findings
    at = {(f.file, f.pointer) for f in found if "inc-02" in f.message}
    assert at == {
        (f"trials/{ID}/trial.json", "/criteria/1/logic"),
        (f"trials/{ID}/trial.json", "/criteria/1/logic/>/1"),
    }


def test_a_lookback_is_tried_too(small):
    survivors = small.mutated(lambda c: None).survivors
    assert {"P7D → P6D", "P7D → P8D"} < {s.mutant.mutation for s in survivors if s.place == ("", "inc-03")}
    at_7 = case(facts={"lab.hemoglobin": {"quantity": [114, "g/L"], "days_ago": 7}})
    assert "P7D → P6D" not in {s.mutant.mutation for s in small.mutated(at_7).survivors}


def test_an_explained_mutant_is_no_survivor_and_an_idle_explanation_is_found(small):
    entry = {"criterion": "inc-02", "pointer": "/logic", "mutation": "> → >=", "why": "for the test"}
    report = small.mutated(lambda c: c.update(equivalent_mutants=[entry, {**entry, "mutation": "> → <"}]))
    assert "> → >=" not in {s.mutant.mutation for s in report.survivors if s.place == ("", "inc-02")}
    assert report.equivalent == 1
    assert [f.pointer for f in report.findings if f.code == "mutant-not-needed"] == ["/equivalent_mutants/1"]
