"""Every clause of the text that a trial was written from stands in a criterion (READING.md, section 13)."""

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.library import Library
from cds_service.rule_tools import check_source, source_findings, trial_schema, unclaimed
from cds_service.trials import Trial

RULES = Path(__file__).parents[2] / "rules"
SEEDS = Path("/work/shared/seeds")
TRIALS = sorted(path.parent.name for path in RULES.glob("trials/*/trial.json"))

TEXT = """A trial in lupus

Inclusion Criteria

Patients who meet all of the following criteria can take part:

  1. Age 18 years or more; no pregnancy.
  2. One of: ① lupus ② nephritis

Exclusion Criteria
* Stroke

Trial contacts
Who to ask
"""


def span(text: str) -> dict[str, int]:
    return {"start": TEXT.index(text), "end": TEXT.index(text) + len(text)}


def criterion(id: str, *clauses: str) -> dict[str, Any]:
    kind = "inclusion" if id.startswith("inc") else "exclusion"
    return {"id": id, "kind": kind, "text": id, "review": "Ask", "source": [span(clause) for clause in clauses]}


CRITERIA = [
    criterion("inc-01", "Age 18 years or more"),
    criterion("inc-02", "no pregnancy."),
    criterion("inc-03", "One of", "① lupus", "② nephritis"),
    criterion("exc-01", "Stroke"),
]
WHOLE = {"start": TEXT.index("Inclusion"), "end": TEXT.index("Trial contacts")}
SOURCE = {"sha256": hashlib.sha256(TEXT.encode()).hexdigest(), **WHOLE}


def content(*criteria: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "NCT00000001", "title": "T", "short_title": "T", "status": "recruiting", "state": "draft",
        "registry": {"url": "https://clinicaltrials.gov/study/NCT00000001"}, "rules_version": "1.0.0",
        "source": SOURCE, "criteria": list(criteria), **fields,
    }  # fmt: skip


def trial(*criteria: dict[str, Any], **fields: Any) -> Trial:
    return Trial.model_validate(content(*criteria, **fields))


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        (None, []),
        ("inc-01", ["Age 18 years or more"]),
        ("inc-02", ["no pregnancy."]),
        ("inc-03", ["lupus", "nephritis"]),
        ("exc-01", ["Stroke"]),
    ],
)
def test_a_clause_that_no_criterion_claims_is_told(left_out: str | None, told: list[str]) -> None:
    found = unclaimed(trial(*(one for one in CRITERIA if one["id"] != left_out)), TEXT)
    assert [clause.text.strip() for clause in found] == told


def test_a_clause_that_is_claimed_in_part_is_told_too() -> None:
    found = unclaimed(trial(criterion("inc-01", "Age 18 years"), *CRITERIA[1:]), TEXT)
    assert [clause.text for clause in found] == ["Age 18 years or more"]


def test_a_source_gap_may_claim_what_no_criterion_takes_up() -> None:
    gap = {"text": "Nobody says how a stroke is shown", "source": span("Stroke")}
    assert unclaimed(trial(*CRITERIA[:3], source_gaps=[gap]), TEXT) == ()
    assert trial(*CRITERIA, source_gaps=[gap, "Another"]).gap_texts == (gap["text"], "Another")


@pytest.mark.parametrize(
    ("fields", "text", "codes"),
    [
        ({}, TEXT, []),
        ({"source": None}, TEXT, ["source-not-stated"]),
        ({}, TEXT + " ", ["source-other-text"]),
        ({"source": {**SOURCE, "end": 10_000}}, TEXT, ["source-span-outside", *["source-not-claimed"] * 2]),
    ],
    ids=["all is well", "no text stated", "another text", "beyond the text"],
)
def test_what_does_not_fit_is_found(fields: dict[str, Any], text: str, codes: list[str]) -> None:
    assert [finding.code for finding in source_findings(trial(*CRITERIA, **fields), text, "trial.json")] == codes


@pytest.mark.parametrize(
    ("source", "valid"),
    [
        ({"start": 3, "end": 7}, True),
        ([{"start": 3, "end": 7}, {"start": 9, "end": 12}], True),
        ({"start": -1, "end": 7}, False),
        ({"start": 3}, False),
        ([3, 7], False),
    ],
)
def test_a_criterion_has_one_span_or_a_list(library: Library, source: Any, valid: bool) -> None:
    made = content({**CRITERIA[0], "gate": False, "source": source})
    if valid:
        jsonschema.validate(made, trial_schema(library))
        assert len(Trial.model_validate(made).criteria[0].source) in (1, 2)
        return
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, trial_schema(library))
    with pytest.raises(ValueError, match="source"):
        Trial.model_validate(made)


def test_a_span_has_a_length() -> None:
    with pytest.raises(ValueError, match="'end' comes after 'start'"):
        trial({**CRITERIA[0], "source": {"start": 7, "end": 7}})


def test_the_command_compares_a_text_with_its_trial(tmp_path: Path) -> None:
    text = tmp_path / "source.txt"
    text.write_text("Another text")
    result = CliRunner().invoke(app, ["rules", "check", str(RULES), "--source", str(text)])
    assert result.exit_code == 1
    assert "source-other-text: no trial here was written from source.txt" in result.output


@pytest.mark.parametrize("id", TRIALS)
def test_every_criterion_of_our_trials_says_where_it_comes_from(id: str) -> None:
    found = Trial.model_validate(json.loads((RULES / "trials" / id / "trial.json").read_text()))
    assert found.source is not None
    assert [one.id for one in found.all_criteria() if not one.source] == []


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"the texts that our trials were written from are not in {SEEDS}")
@pytest.mark.parametrize("seed", sorted(SEEDS.glob("*.txt")) if SEEDS.is_dir() else [], ids=lambda path: path.name[:3])
def test_every_clause_of_our_sources_is_claimed(seed: Path) -> None:
    trials = [Trial.model_validate(json.loads(p.read_text())) for p in sorted(RULES.glob("trials/*/trial.json"))]
    assert check_source(trials, seed) == ()
