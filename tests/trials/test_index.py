"""With the index and without it: the same results for every trial that may get a card, and the same cards."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.invented_library import SYSTEM, write_library
from cds_service.cards import CardOptions, build_cards
from cds_service.deadline import Deadline
from cds_service.explanation import MOST_NAMED, undetermined
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library, check_library
from cds_service.matching import Match, match, undecided

AS_OF = date(2026, 11, 24)
SAMPLES = sorted((Path(__file__).parents[2] / "fhir_samples" / "patients").glob("*.json"))
SEED = "6417bd83-a44b-5824-a4a1-e081487e89da"
FACTS = (
    "condition.sle",
    "condition.sma",
    "condition.als",
    "condition.aml",
    "condition.invented_0001",
    "condition.invented_0002",
    "medication.systemic_glucocorticoid",
    "medication.riluzole",
)


# What may be wrong with a Condition: malformed so that its code can be read or not, a status that there is not.
ODD: list[dict[str, Any]] = [{"onsetDateTime": 7}, {"code": 7}, {"verificationStatus": {"text": "confiroed"}}]


def gate(chance: random.Random, depth: int = 3) -> Any:
    """A rule over a few diagnoses, drugs, the age and the sex, as nobody would write it."""
    if depth and chance.random() < 0.7:
        parts = [gate(chance, depth - 1) for _ in range(2)]
        return chance.choice(
            [
                {"and": parts},
                {"or": parts},
                {"and": parts},
                {"!": [parts[0]]},
                {"if": [parts[0], parts[1], None]},
                {"if": [parts[0], parts[1], {"!": [parts[1]]}]},
                {"==": parts},
            ]
        )
    name = chance.choice(FACTS)
    return chance.choice(
        [
            {"var": name},
            {"var": f"{name}.active"},
            {"var": f"{name}.history"},
            {"within": [{"var": name}, {"quantity": [2, "a"]}]},
            {"none": [{"var": name}, {"var": "active"}]},
            {">=": [{"var": "patient.age"}, {"quantity": [chance.choice([1, 18, 40, 60]), "a"]}]},
            {"<": [{"var": "patient.age"}, {"quantity": [chance.choice([6, 24, 400]), "mo"]}]},
            {"==": [{"var": "patient.sex"}, chance.choice(["male", "female"])]},
        ]
    )


def odd_trials(folder: Path, count: int) -> None:
    """Trials with such rules for gates, in criteria and in cohorts. What the checks refuse does not count."""
    chance = random.Random(9)
    sample = json.loads((folder / "trials" / "NCT07083349" / "trial.json").read_bytes())
    for number in range(count):
        id = f"ODD{number:05}"

        def criterion(name: str, kind: str, **more: Any) -> dict[str, Any]:
            return {"id": name, "kind": kind, "text": "Odd", "logic": gate(chance), **more}

        cohorts = [
            {
                "id": f"C{n}",
                "title": "Odd",
                "criteria": [criterion(f"c{n}-01", "inclusion", gate=chance.random() < 0.5)],
            }
            for n in range(chance.choice([0, 0, 1, 2]))
        ]
        criteria = [
            criterion("inc-01", "inclusion", gate=True),
            criterion("inc-02", "inclusion", gate=chance.random() < 0.3),
            criterion("exc-01", "exclusion"),
        ]
        state = chance.choice(["active"] * 8 + ["draft", "retired"])
        path = folder / "trials" / id / "trial.json"
        path.parent.mkdir()
        path.write_text(json.dumps({**sample, "id": id, "state": state, "criteria": criteria, "cohorts": cohorts}))


@cache
def library() -> Library:
    folder = Path(mkdtemp())
    write_library(folder, 20, seed=3)
    odd_trials(folder, 90)
    loaded, findings = check_library(folder)
    assert loaded is not None
    assert {f.code for f in findings} <= {
        "never-true",
        "never-false",
        "valueset-lasts-missing",
        "fact-without-plausible",
    }
    odd = [one for one in loaded.stored if one.id.startswith("ODD")]
    assert len(odd) > 50
    assert sum(bool(one.gates.entries) for one in odd) > 15
    return loaded


@st.composite
def patients(draw: st.DrawFn) -> Record:
    """A sample patient of another age or sex, with some resources gone, others added and some types not whole."""
    bundle = json.loads(draw(st.sampled_from(SAMPLES)).read_bytes())
    entries = []
    subject = ""
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            subject = f"Patient/{resource['id']}"
            resource["gender"] = draw(st.sampled_from(["female", "male", "other", resource["gender"]]))
            born = st.sampled_from(["2024", "2020-05-01", "2001", "1980-01-01", "1958", resource["birthDate"]])
            resource["birthDate"] = draw(born)
        elif draw(st.integers(0, 9)) == 0:
            continue
        entries.append(entry)
    for number in range(draw(st.integers(0, 2))):
        code = {"coding": [{"system": SYSTEM, "code": f"diagnosis-000{draw(st.integers(1, 4))}"}]}
        if draw(st.integers(0, 4)) == 0:
            code = {"text": "invented diagnosis 0001"}  # a hint
        added = {"resourceType": "Condition", "id": f"a{number}", "subject": {"reference": subject}, "code": code}
        added |= draw(st.sampled_from([{}, {}, {}, *ODD]))
        entries.append({"resource": added})
    record = read_bundle(json.dumps({**bundle, "entry": entries}))
    missing = draw(st.frozensets(st.sampled_from(["Condition", "MedicationRequest", "Observation"]), max_size=2))
    gaps = dict.fromkeys(missing, draw(st.sampled_from(["not_supplied", "incomplete_record"])))
    return replace(record, whole=record.whole - missing, gaps={**record.gaps, **gaps})


def fitting(found: Match) -> dict[str, Any]:
    fits = ("likely_eligible", "possibly_eligible")
    return {r.trial.id: r for r in found.trials if r.trial.state == "active" and r.verdict in fits}


def cards(found: Match, *, near: bool) -> list[Any]:
    options = CardOptions(max_cards=20, near_miss=near)
    return [card.body for card in build_cards(found, options, SEED)]


@settings(max_examples=60)
@given(patients(), st.booleans())
def test_the_index_changes_no_answer(record: Record, near: bool) -> None:
    plain = match(record, library(), AS_OF)
    screened = match(record, library(), AS_OF, candidates_only=True, near=near)
    every = {r.trial.id: r for r in plain.trials}
    assert fitting(screened) == fitting(plain)
    assert all(r == every[r.trial.id] for r in screened.trials)
    assert {r.trial.state for r in screened.trials} <= {"active"}
    assert len(screened.trials) + screened.screened_out == len(plain.trials) == len(library().trials)
    assert cards(screened, near=near) == cards(plain, near=near)
    assert undecided(screened) == undecided(plain)
    assert undetermined(screened) == undetermined(plain)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_patient_of_the_samples_has_as_many_candidates_as_with_five_trials(sample: Path) -> None:
    record = read_bundle(sample.read_bytes())
    evaluated = match(record, library(), AS_OF, candidates_only=True).trials
    real = {r.trial.id for r in evaluated if r.trial.id.startswith("NCT")}
    assert {r.trial.id for r in evaluated if not r.trial.id.startswith("ODD")} == real


def ticks(count: int) -> Iterator[bool]:
    yield from [False] * count
    while True:
        yield True


@pytest.mark.parametrize("screened", [False, True])
def test_what_there_is_no_time_for_is_skipped_and_told(screened: bool) -> None:
    record = read_bundle((SAMPLES[0].parent / "sle-likely.json").read_bytes())
    whole = match(record, library(), AS_OF, candidates_only=screened)
    clock = ticks(3)
    short = match(record, library(), AS_OF, candidates_only=screened, deadline=Deadline(lambda: next(clock)))
    assert short.trials == whole.trials[:4]
    assert short.timed_out == tuple(r.trial.id for r in whole.trials[4:])
    assert short.screened_out == whole.screened_out
    assert undecided(short), "nobody knows"


def test_without_conditions_it_is_undecided_after_a_look_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    record = read_bundle((SAMPLES[0].parent / "healthy.json").read_bytes())
    gaps = {**record.gaps, "Condition": "not_supplied"}
    record = replace(record, whole=record.whole - {"Condition"}, gaps=gaps)  # type: ignore[arg-type]
    found = match(record, library(), AS_OF, candidates_only=True)
    looked: list[int] = []
    compiled = type(library().compiled).compiled
    monkeypatch.setattr(
        type(library().compiled), "compiled", lambda self, place: looked.append(place) or compiled(self, place)
    )
    assert undecided(found)
    assert len(looked) < 20


def test_of_many_trials_that_could_not_be_judged_the_first_are_named_without_evaluating_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = json.loads((SAMPLES[0].parent / "healthy.json").read_bytes())
    broken = {"resourceType": "Condition", "id": "broken", "code": 7}
    record = read_bundle(json.dumps({**bundle, "entry": [*bundle["entry"], {"resource": broken}]}))
    found = match(record, library(), AS_OF, candidates_only=True)
    monkeypatch.setattr(type(library().compiled), "compiled", lambda self, place: pytest.fail("it was compiled"))
    open_trials = undetermined(found)
    assert open_trials is not None
    told = open_trials.as_json()
    assert told["count"] == len(open_trials.trials) > MOST_NAMED
    assert told["trials"] == list(open_trials.trials[:MOST_NAMED])
    assert told["entries"] == 1
    active = {one.id for one in library().stored if one.state == "active"}
    assert active.issuperset(open_trials.trials)
