"""A count of events from the record to the card: two strokes in 24 months, up to three transfusions in 8 weeks."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards import CardOptions, cards_for
from cds_service.explanation import explain, fact_sheet
from cds_service.facts.catalogue import load_catalogue
from cds_service.facts.intervals import Interval
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import match
from cds_service.rule_tools.cases import read_fact
from cds_service.rule_tools.docs import RulesReference
from cds_service.settings import default_rules_dir

AS_OF = date(2026, 11, 24)
FIRST_DAY = "2024-11-24"
STROKES = "count.strokes_24_months"
TRANSFUSIONS = "count.transfusions_8_weeks"
COURSES = "count.glucocorticoid_courses"
FACTS = [
    {"name": STROKES, "title": "Strokes in the last 24 months", "of": "condition.stroke", "within": "P24M"},
    {
        "name": TRANSFUSIONS,
        "title": "Transfusions in the last 8 weeks",
        "of": "procedure.red_cell_transfusion",
        "within": "P8W",
    },
    {
        "name": COURSES,
        "title": "Courses of glucocorticoids in the last year",
        "of": "medication.systemic_glucocorticoid",
        "within": "P1Y",
    },
]
CRITERIA = [
    {
        "id": "inc-01",
        "kind": "inclusion",
        "gate": True,
        "text": "Two strokes in 24 months",
        "logic": {">=": [{"var": STROKES}, 2]},
    },
    {
        "id": "exc-01",
        "kind": "exclusion",
        "text": "More than 3 transfusions in 8 weeks",
        "logic": {">": [{"var": TRANSFUSIONS}, 3]},
    },
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Path:
    """The rules that come with the service, three counts, and one trial that asks for two of them."""
    folder = tmp_path_factory.mktemp("rules")
    for entry in default_rules_dir().iterdir():
        if entry.name not in {"facts", "trials"}:
            (folder / entry.name).symlink_to(entry)
    (folder / "facts").mkdir()
    for entry in (default_rules_dir() / "facts").iterdir():
        (folder / "facts" / entry.name).symlink_to(entry)
    counts = [{"kind": "count", **fact} for fact in FACTS]
    (folder / "facts" / "counts.json").write_text(json.dumps({"facts": counts}), encoding="utf-8")
    trial = {
        "id": "NCT00000001",
        "title": "Counted",
        "short_title": "Counted",
        "status": "recruiting",
        "phase": "Phase 2",
        "sponsor": "A sponsor",
        "registry": {"url": "https://clinicaltrials.gov/study/NCT00000001"},
        "interventions": [{"name": "a drug", "type": "drug"}],
        "sites": [{"name": "A site", "city": "Hangzhou", "country": "CN"}],
        "state": "active",
        "rules_version": "1.0.0",
        "criteria": CRITERIA,
    }
    (folder / "trials" / "NCT00000001").mkdir(parents=True)
    (folder / "trials" / "NCT00000001" / "trial.json").write_text(json.dumps(trial), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def counting(rules: Path) -> Library:
    return load_library(rules)


def stroke(id: str, onset: str | None, status: str = "") -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I63.9", "display": "Cerebral infarction"}
    found: dict[str, Any] = {"resourceType": "Condition", "id": id, "code": {"coding": [coding]}}
    if onset is not None:
        found["onsetDateTime"] = onset
    if status:
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        found["verificationStatus"] = {"coding": [{"system": system, "code": status}]}
    return found


def transfusion(id: str, days: int) -> dict[str, Any]:
    coding = {"system": "http://snomed.info/sct", "code": "288170000"}
    day = (AS_OF - timedelta(days=days)).isoformat()
    return {
        "resourceType": "Procedure",
        "id": id,
        "status": "completed",
        "code": {"coding": [coding]},
        "performedDateTime": day,
    }


def steroid(id: str, start: int, end: int) -> dict[str, Any]:
    coding = {"system": "http://www.whocc.no/atc", "code": "H02AB06"}
    days = {"start": (AS_OF - timedelta(days=start)).isoformat(), "end": (AS_OF - timedelta(days=end)).isoformat()}
    return {
        "resourceType": "MedicationStatement",
        "id": id,
        "status": "completed",
        "medicationCodeableConcept": {"coding": [coding]},
        "effectivePeriod": days,
    }


def bundle(*resources: dict[str, Any]) -> str:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1970-01-01"}
    own = [one | {"subject": {"reference": "Patient/p"}} for one in resources]
    entries = [{"resource": one} for one in (patient, *own)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


TWO = (stroke("s1", "2026-03-01"), stroke("s2", "2025-06-01"))


@pytest.mark.parametrize(
    ("resources", "name", "status", "value", "reason", "sources"),
    [
        ((), STROKES, "presumed", 0, None, []),
        (TWO, STROKES, "known", 2, None, ["s1", "s2"]),
        ((*TWO, stroke("s3", "2020-01-05")), STROKES, "known", 2, None, ["s1", "s2"]),
        ((*TWO, stroke("s3", "2025-06-01")), STROKES, "known", 2, None, ["s1", "s2", "s3"]),
        ((*TWO, stroke("s3", "2026-01", "provisional")), STROKES, "known", "2 to 3", "unconfirmed", ["s1", "s2", "s3"]),
        ((*TWO, stroke("s3", None)), STROKES, "known", "2 to 3", "undated", ["s1", "s2", "s3"]),
        ((*TWO, stroke("s3", "2026-01", "refuted")), STROKES, "known", 2, None, ["s1", "s2"]),
        ((stroke("s1", FIRST_DAY),), STROKES, "known", 1, None, ["s1"]),
        ((stroke("s1", "2024-11-23"),), STROKES, "presumed", 0, None, []),
        ((stroke("s1", "2024-11"),), STROKES, "known", "<=1", None, ["s1"]),
        ((transfusion("t", 56), transfusion("u", 57)), TRANSFUSIONS, "known", 1, None, ["t"]),
        ((steroid("a", 60, 50), steroid("b", 40, 30)), COURSES, "known", 1, None, ["a", "b"]),
        ((steroid("a", 60, 50), steroid("b", 30, 20)), COURSES, "known", 2, None, ["a", "b"]),
        ((steroid("a", 370, 350),), COURSES, "presumed", 0, None, []),
    ],
)
def test_what_the_sheet_says(  # noqa: PLR0917 (pytest hands over a table's columns by name)
    counting: Library,
    resources: tuple[dict[str, Any], ...],
    name: str,
    status: str,
    value: Any,
    reason: str | None,
    sources: list[str],
) -> None:
    [found] = fact_sheet(read_bundle(bundle(*resources)), counting, AS_OF, [name])["facts"]
    assert (found["status"], found["value"], found["reason"]) == (status, value, reason)
    assert sorted(item["source"].partition("/")[2] for item in found["evidence"]) == sources


@pytest.mark.parametrize(
    ("resources", "outcome", "basis"),
    [
        ((), "fail", "presumed"),
        (TWO[:1], "fail", "presumed"),
        (TWO, "pass", "documented"),
        ((TWO[0], stroke("s3", None)), "unknown", None),
        ((*TWO, stroke("s3", None)), "pass", "documented"),
    ],
)
def test_what_a_rule_makes_of_it(
    counting: Library, resources: tuple[dict[str, Any], ...], outcome: str, basis: str | None
) -> None:
    [found] = explain(match(read_bundle(bundle(*resources)), counting, AS_OF), "NCT00000001")["trials"]
    [one] = [c for c in found["criteria"] if c["id"] == "inc-01"]
    assert one["outcome"] == outcome
    if basis is not None:
        assert one["basis"] == basis


def test_of_a_record_that_is_not_whole_only_what_is_on_record_is_certain(counting: Library) -> None:
    """An entry that cannot be read may be another stroke."""
    unread = {"resourceType": "Condition", "id": "x", "code": "not a concept"}
    [found] = fact_sheet(read_bundle(bundle(*TWO, unread)), counting, AS_OF, [STROKES])["facts"]
    assert (found["status"], found["value"], found["reason"]) == ("known", ">=2", "incomplete_record")
    [found] = fact_sheet(read_bundle(bundle(unread)), counting, AS_OF, [STROKES])["facts"]
    assert (found["status"], found["value"], found["reason"]) == ("unknown", None, "incomplete_record")


def test_explain_shows_each_event_that_was_counted_and_no_other(counting: Library) -> None:
    old = stroke("old", "2020-01-05")
    [found] = explain(match(read_bundle(bundle(*TWO, old)), counting, AS_OF), "NCT00000001")["trials"]
    [one] = [c for c in found["criteria"] if c["id"] == "inc-01"]
    told = [(entry["name"], entry["value"], entry["date"], entry["source"]) for entry in one["facts"]]
    assert told == [
        (STROKES, 2, "2025-06-01", "Condition/s1, Condition/s2"),
        ("condition.stroke.history", "past", "2026-03-01", "Condition/s1"),
        ("condition.stroke.history", "past", "2025-06-01", "Condition/s2"),
    ]


def test_the_card_names_the_days(counting: Library) -> None:
    result = match(read_bundle(bundle(*TWO, stroke("s3", "2026-01", "provisional"))), counting, AS_OF)
    [card] = cards_for(result, CardOptions(), "seed")
    assert "Strokes in the last 24 months 2 to 3 (2026-03-01, 2025-06-01, perhaps 2026-01)" in card["detail"]
    assert "not on record: transfusions in the last 8 weeks" in card["detail"]


def test_the_reference_says_what_is_counted(counting: Library, rules: Path) -> None:
    told = RulesReference(counting, rules).fact(STROKES)
    assert told.read_from == "condition.stroke, those that began within 2 years"


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"of": "condition.unheard_of"}, "fact-unknown-part", "condition.unheard_of"),
        ({"of": "lab.hemoglobin"}, "fact-unknown-part", "lab.hemoglobin, which is no list of events"),
        ({"of": "condition.stroke.active"}, "fact-unknown-part", "which is no list of events"),
        ({"within": "24"}, "bad-value", "duration"),
        ({"fresh_for": "P1Y"}, "unknown-key", "fresh_for"),
    ],
)
def test_a_count_that_can_not_be_is_a_finding(tmp_path: Path, changed: dict[str, Any], code: str, words: str) -> None:
    (tmp_path / "facts").mkdir()
    for name in ("conditions.json", "laboratory.json"):
        (tmp_path / "facts" / name).symlink_to(default_rules_dir() / "facts" / name)
    fact = {"kind": "count", **FACTS[0], **changed}
    (tmp_path / "facts" / "counts.json").write_text(json.dumps({"facts": [fact]}), encoding="utf-8")
    catalogue, findings = load_catalogue(tmp_path)
    [found] = [one for one in findings if one.file == "facts/counts.json"]
    assert found.code == code
    assert words in found.message
    assert STROKES not in catalogue


@pytest.mark.parametrize(
    ("statement", "lo", "hi"),
    [(2, 2, 2), ([1, 3], 1, 3), ({"value": 2}, 2, 2), (">=2", 2, None), ("<2", 0, 2)],
)
def test_a_case_states_it_as_a_number(counting: Library, statement: Any, lo: int, hi: int | None) -> None:
    fact = read_fact(STROKES, statement, counting.catalogue, AS_OF)
    assert fact is not None
    assert isinstance(fact.value, Interval)
    assert (fact.value.lo, fact.value.hi) == (lo, hi)
